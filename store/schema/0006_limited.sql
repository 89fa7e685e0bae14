-- 1: its service asked for the wait until not_before, and that holds after a restart.
ALTER TABLE actions ADD COLUMN limited INTEGER NOT NULL DEFAULT 0;
