-- Tickets: one Slack thread and one GitHub issue, as equals.

CREATE TABLE tickets (
	id        TEXT    PRIMARY KEY,                -- random, never used again
	state     TEXT    NOT NULL CHECK (state IN ('new', 'opening', 'open', 'closed', 'withdrawn', 'refused', 'failed')),
	requester TEXT    NOT NULL DEFAULT '',        -- Slack id of who asked
	language  TEXT    NOT NULL DEFAULT '',
	issue     INTEGER NOT NULL DEFAULT 0,
	url       TEXT    NOT NULL DEFAULT '',
	details   TEXT    NOT NULL DEFAULT '{}'
) STRICT, WITHOUT ROWID;
CREATE INDEX tickets_issue ON tickets (issue) WHERE issue > 0;

-- The threads of a ticket. More than one where a flood was gathered in one ticket.
CREATE TABLE threads (
	team    TEXT    NOT NULL,
	channel TEXT    NOT NULL,
	ts      TEXT    NOT NULL,                     -- of the thread's first message
	ticket  TEXT    NOT NULL,
	sender  TEXT    NOT NULL,                     -- who mentioned us
	at      INTEGER NOT NULL,                     -- when, by the message's own time
	flood   INTEGER NOT NULL DEFAULT 0,           -- 1: over the sender's limit
	PRIMARY KEY (team, channel, ts)
) STRICT, WITHOUT ROWID;
CREATE INDEX threads_ticket ON threads (ticket);
CREATE INDEX threads_sender ON threads (sender, at);

-- What was said, redacted, in its latest version: issues are rendered from it.
CREATE TABLE messages (
	team    TEXT    NOT NULL,
	channel TEXT    NOT NULL,
	ts      TEXT    NOT NULL,
	ticket  TEXT    NOT NULL,
	comment INTEGER NOT NULL DEFAULT 0,           -- GitHub's id of the comment that holds it; 0: the body does
	details TEXT    NOT NULL,
	PRIMARY KEY (team, channel, ts)
) STRICT, WITHOUT ROWID;
CREATE INDEX messages_ticket ON messages (ticket);
