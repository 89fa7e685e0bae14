-- The conversations that the bot is in or was in, and how far each was read back.
CREATE TABLE channels (
	id        TEXT    PRIMARY KEY,
	team      TEXT    NOT NULL,
	kind      TEXT    NOT NULL CHECK (kind IN ('channel', 'group', 'im', 'mpim')),
	shared    INTEGER NOT NULL,                   -- 1: with other companies
	member    INTEGER NOT NULL,                   -- 1: the bot is in it, and it is not archived
	listed_at INTEGER NOT NULL,                   -- when Slack last listed it
	cursor    TEXT    NOT NULL,                   -- ts: what was said until then is known; '' is nothing
	read_at   INTEGER NOT NULL DEFAULT 0          -- when the last finished read of it began
) STRICT, WITHOUT ROWID;
CREATE INDEX channels_member ON channels (read_at) WHERE member = 1;
CREATE INDEX channels_listed ON channels (listed_at);

-- The tickets whose threads are compared with what Slack has.
CREATE INDEX tickets_open ON tickets (id) WHERE state IN ('new', 'opening', 'open');
