-- How often a job was begun, how often the service died under it, and whether somebody asked to cancel it.
ALTER TABLE jobs ADD COLUMN starts BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN crashes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN cancel_asked BIGINT NOT NULL DEFAULT 0;
