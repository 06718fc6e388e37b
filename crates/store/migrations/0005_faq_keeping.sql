-- Where an entry serves and what it links to; what stands behind a version: a note, who approved it, the bulk edit it belongs to.
ALTER TABLE faq ADD COLUMN channels TEXT NOT NULL DEFAULT '[]';
ALTER TABLE faq ADD COLUMN links TEXT NOT NULL DEFAULT '[]';
ALTER TABLE faq ADD COLUMN note TEXT;
ALTER TABLE faq ADD COLUMN approved_by TEXT;
ALTER TABLE faq ADD COLUMN bulk TEXT;
ALTER TABLE faq_history ADD COLUMN channels TEXT NOT NULL DEFAULT '[]';
ALTER TABLE faq_history ADD COLUMN links TEXT NOT NULL DEFAULT '[]';
ALTER TABLE faq_history ADD COLUMN note TEXT;
ALTER TABLE faq_history ADD COLUMN approved_by TEXT;
ALTER TABLE faq_history ADD COLUMN bulk TEXT;
CREATE INDEX faq_history_by_bulk ON faq_history (bulk);

-- Edits of many entries at once; one that takes another back names it.
CREATE TABLE faq_bulk_edits (
    id TEXT PRIMARY KEY,
    note TEXT NOT NULL,
    entries BIGINT NOT NULL,
    done_by TEXT NOT NULL,
    done_at BIGINT NOT NULL,
    undoes TEXT,
    undone_by TEXT
);

-- Edits that are not published yet, at most one an entry.
CREATE TABLE faq_pending (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    base_version BIGINT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    note TEXT,
    written_by TEXT NOT NULL,
    reviewed_by TEXT,
    updated_at BIGINT NOT NULL
);
CREATE INDEX faq_pending_by_state ON faq_pending (state, updated_at);
