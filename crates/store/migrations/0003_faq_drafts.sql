-- What became of the FAQ drafts made from unanswered questions, by question: taken over as an entry, or not wanted.
CREATE TABLE draft_decisions (
    question_key TEXT PRIMARY KEY,
    draft_id TEXT NOT NULL,
    outcome TEXT NOT NULL,
    faq_id TEXT,
    decided_by TEXT NOT NULL,
    decided_at BIGINT NOT NULL
);
CREATE INDEX draft_decisions_by_draft ON draft_decisions (draft_id);
CREATE INDEX draft_decisions_by_entry ON draft_decisions (faq_id);
