-- Ratings are few among messages, and looked for by when they were given.
CREATE INDEX messages_by_rating ON messages (rated_at) WHERE rated_at IS NOT NULL;
