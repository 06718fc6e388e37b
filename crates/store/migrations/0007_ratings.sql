-- What customers said of answers: their thumbs, by when they were given, and the messages after which the bot asked back. Both
-- are few among messages.
CREATE INDEX messages_by_rating ON messages (rated_at) WHERE rated_at IS NOT NULL;
CREATE INDEX messages_asked_back ON messages (created_at) WHERE outcome = 'clarify';
