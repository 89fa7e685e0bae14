-- The machine: what happened (events), what the bot does about it (actions), and when to look again (subjects).
-- Times are integer milliseconds UTC; 0 is "not yet".

CREATE TABLE boots (
	id INTEGER PRIMARY KEY,
	at INTEGER NOT NULL
) STRICT;

CREATE TABLE events (
	id         INTEGER PRIMARY KEY,
	key        TEXT    NOT NULL UNIQUE,           -- says what happened, not how it came to us
	subject    TEXT    NOT NULL,
	kind       TEXT    NOT NULL,
	at         INTEGER NOT NULL,                  -- when it happened
	taken_at   INTEGER NOT NULL,                  -- when it was stored
	decided_at INTEGER NOT NULL DEFAULT 0,
	state      TEXT    NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'decided', 'parked')),
	tries      INTEGER NOT NULL DEFAULT 0,        -- decisions that failed
	error      TEXT    NOT NULL DEFAULT '',       -- of the last one
	body       TEXT    NOT NULL
) STRICT;
CREATE INDEX events_new ON events (subject, id) WHERE state = 'new';
CREATE INDEX events_parked ON events (id) WHERE state = 'parked';
CREATE INDEX events_subject ON events (subject, id);

CREATE TABLE actions (
	id          INTEGER PRIMARY KEY,
	subject     TEXT    NOT NULL,
	service     TEXT    NOT NULL,
	kind        TEXT    NOT NULL,
	slot        TEXT    NOT NULL DEFAULT '',
	lane        TEXT    NOT NULL DEFAULT '',      -- what the service's limits count together
	priority    INTEGER NOT NULL,                 -- lower goes first
	at          INTEGER NOT NULL,                 -- when what caused it happened: the age that orders the queue
	planned_at  INTEGER NOT NULL,
	not_before  INTEGER NOT NULL DEFAULT 0,
	started     INTEGER NOT NULL DEFAULT 0,       -- of the first attempt whose outcome is open
	finished_at INTEGER NOT NULL DEFAULT 0,
	epoch       INTEGER NOT NULL DEFAULT 0,       -- counts claims: the fence against answers of older calls
	tries       INTEGER NOT NULL DEFAULT 0,       -- attempts that failed
	state       TEXT    NOT NULL DEFAULT 'planned'
		CHECK (state IN ('planned', 'doing', 'done', 'failed', 'withdrawn', 'observed')),
	answer      INTEGER NOT NULL DEFAULT 0,       -- 1: its outcome is an event of its subject
	body        TEXT    NOT NULL,
	result      TEXT    NOT NULL DEFAULT '',
	error       TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX actions_open ON actions (service, priority, at, id) WHERE state IN ('planned', 'doing');
CREATE INDEX actions_order ON actions (subject, service, id) WHERE state IN ('planned', 'doing');
CREATE INDEX actions_subject ON actions (subject, id);
CREATE INDEX actions_started ON actions (service, started) WHERE started > 0;

-- What was posted first in a slot: later shows edit it.
CREATE TABLE slots (
	subject TEXT NOT NULL,
	slot    TEXT NOT NULL,
	ref     TEXT NOT NULL,
	PRIMARY KEY (subject, slot)
) STRICT, WITHOUT ROWID;

-- One row for each subject that is due now (an undecided event: due 0) or later (its next timer).
CREATE TABLE subjects (
	key   TEXT    PRIMARY KEY,
	due   INTEGER NOT NULL,
	timer INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX subjects_due ON subjects (due);

-- People, channels and groups, as Slack last told us.
CREATE TABLE directory (
	id      TEXT    PRIMARY KEY,
	kind    TEXT    NOT NULL CHECK (kind IN ('person', 'channel', 'group')),
	name    TEXT    NOT NULL,
	details TEXT    NOT NULL,
	read_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What only an operator can mend: told once, until it is over.
CREATE TABLE alarms (
	what       TEXT    PRIMARY KEY,
	raised_at  INTEGER NOT NULL,
	cleared_at INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
