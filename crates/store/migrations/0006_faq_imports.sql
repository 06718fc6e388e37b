-- Imports on their way. Rows gather in short transactions; an import is decided at one moment (`decided_revision`), and from
-- then on its rows become versions batch by batch, whatever happens. One that is not decided leaves nothing.
CREATE TABLE faq_imports (
    id TEXT PRIMARY KEY,
    editor TEXT NOT NULL,
    decided_revision BIGINT,
    touched_at BIGINT NOT NULL
);

CREATE TABLE faq_import_rows (
    import_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (import_id, seq)
);
