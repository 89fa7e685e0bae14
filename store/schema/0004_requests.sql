-- What operators ask of the running bot by a command of its own, services that they paused, and events that they
-- gave up.

CREATE TABLE requests (
	id          INTEGER PRIMARY KEY,
	verb        TEXT    NOT NULL,
	what        TEXT    NOT NULL,
	at          INTEGER NOT NULL,
	answered_at INTEGER NOT NULL DEFAULT 0,
	refused     INTEGER NOT NULL DEFAULT 0,
	answer      TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX requests_open ON requests (id) WHERE answered_at = 0;

CREATE TABLE pauses (
	service TEXT PRIMARY KEY,
	at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- events again, with one more state: SQLite can't change a CHECK.
CREATE TABLE events_with_dropped (
	id         INTEGER PRIMARY KEY,
	key        TEXT    NOT NULL UNIQUE,           -- says what happened, not how it came to us
	subject    TEXT    NOT NULL,
	kind       TEXT    NOT NULL,
	at         INTEGER NOT NULL,                  -- when it happened
	taken_at   INTEGER NOT NULL,                  -- when it was stored
	decided_at INTEGER NOT NULL DEFAULT 0,        -- or dropped
	state      TEXT    NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'decided', 'parked', 'dropped')),
	tries      INTEGER NOT NULL DEFAULT 0,        -- decisions that failed
	error      TEXT    NOT NULL DEFAULT '',       -- of the last one
	body       TEXT    NOT NULL
) STRICT;
INSERT INTO events_with_dropped (id, key, subject, kind, at, taken_at, decided_at, state, tries, error, body)
	SELECT id, key, subject, kind, at, taken_at, decided_at, state, tries, error, body FROM events;
DROP TABLE events;
ALTER TABLE events_with_dropped RENAME TO events;
CREATE INDEX events_new ON events (subject, id) WHERE state = 'new';
CREATE INDEX events_parked ON events (id) WHERE state = 'parked';
CREATE INDEX events_subject ON events (subject, id);
