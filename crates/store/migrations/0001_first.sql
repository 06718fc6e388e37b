-- Spoken by SQLite and PostgreSQL alike: TEXT, BIGINT (flags are 0 or 1, times are milliseconds since 1970 UTC), JSON as TEXT.

CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('faq_revision', 0);
INSERT INTO counters (name, value) VALUES ('model_promotion', 0);

CREATE TABLE conversations (
    id TEXT PRIMARY KEY,
    token_hash TEXT UNIQUE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    language TEXT,
    visitor TEXT,
    page TEXT,
    status TEXT NOT NULL,
    assigned_to TEXT,
    state TEXT NOT NULL,
    turn_count BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    last_text TEXT
);
CREATE INDEX conversations_by_activity ON conversations (updated_at, id);
CREATE INDEX conversations_by_status ON conversations (status, updated_at, id);

CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    seq BIGINT NOT NULL,
    role TEXT NOT NULL,
    text TEXT NOT NULL,
    language TEXT,
    client_message_id TEXT,
    reply_to TEXT,
    outcome TEXT,
    question_key TEXT,
    decision TEXT,
    author TEXT,
    created_at BIGINT NOT NULL,
    rating TEXT,
    rating_reason TEXT,
    rated_at BIGINT,
    UNIQUE (conversation_id, seq),
    UNIQUE (conversation_id, client_message_id)
);
CREATE INDEX messages_by_question ON messages (reply_to);
CREATE INDEX messages_by_time ON messages (created_at);

CREATE TABLE resolved_questions (
    question_key TEXT PRIMARY KEY,
    resolved_by TEXT NOT NULL,
    resolved_at BIGINT NOT NULL
);

CREATE TABLE faq (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    revision BIGINT NOT NULL UNIQUE,
    question TEXT NOT NULL,
    similar_questions TEXT NOT NULL,
    answer TEXT NOT NULL,
    language TEXT,
    category TEXT,
    valid_from TEXT,
    valid_until TEXT,
    enabled BIGINT NOT NULL,
    deleted BIGINT NOT NULL,
    updated_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE faq_history (
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    revision BIGINT NOT NULL UNIQUE,
    question TEXT NOT NULL,
    similar_questions TEXT NOT NULL,
    answer TEXT NOT NULL,
    language TEXT,
    category TEXT,
    valid_from TEXT,
    valid_until TEXT,
    enabled BIGINT NOT NULL,
    deleted BIGINT NOT NULL,
    updated_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (id, version)
);

CREATE TABLE templates (
    intent TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    updated_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE template_history (
    intent TEXT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    updated_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (intent, version)
);

CREATE TABLE labels (
    message_id TEXT PRIMARY KEY REFERENCES messages (id),
    intent TEXT,
    labelled_by TEXT NOT NULL,
    labelled_at BIGINT NOT NULL
);
CREATE INDEX labels_by_time ON labels (labelled_at, message_id);

CREATE TABLE label_history (
    id TEXT PRIMARY KEY,
    message_id TEXT NOT NULL REFERENCES messages (id),
    intent TEXT,
    labelled_by TEXT NOT NULL,
    labelled_at BIGINT NOT NULL
);

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    params TEXT NOT NULL,
    progress TEXT,
    error TEXT,
    last_event BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    updated_at BIGINT NOT NULL
);
CREATE INDEX jobs_by_status ON jobs (status, created_at);

CREATE TABLE job_events (
    job_id TEXT NOT NULL REFERENCES jobs (id),
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (job_id, seq)
);

CREATE TABLE models (
    version TEXT PRIMARY KEY,
    path TEXT NOT NULL,
    metrics TEXT NOT NULL,
    added_at BIGINT NOT NULL
);

CREATE TABLE model_promotions (
    seq BIGINT PRIMARY KEY,
    version TEXT NOT NULL REFERENCES models (version),
    fallback TEXT,
    kind TEXT NOT NULL,
    promoted_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    promoted_at BIGINT NOT NULL
);

CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_account ON sessions (account_id);

CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE TABLE audit (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX audit_by_time ON audit (at, id);

CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
