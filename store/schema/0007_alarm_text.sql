-- What operators were told.
ALTER TABLE alarms ADD COLUMN text TEXT NOT NULL DEFAULT '';
