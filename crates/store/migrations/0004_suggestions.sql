-- What customers were offered and what they chose: no text of theirs, no visitor, no conversation. Questions are the
-- staff's own words; `shown` are places in `questions`, `chosen` is a place in `shown`.
CREATE TABLE suggestion_offers (
    id TEXT PRIMARY KEY,
    place TEXT NOT NULL,
    language TEXT,
    page_group TEXT NOT NULL,
    policy TEXT NOT NULL,
    questions TEXT NOT NULL,
    shown TEXT NOT NULL,
    chosen BIGINT,
    answered BIGINT NOT NULL,
    offered_at BIGINT NOT NULL
);
CREATE INDEX suggestion_offers_by_place ON suggestion_offers (place, offered_at);
CREATE INDEX conversations_by_visitor ON conversations (visitor, created_at);
