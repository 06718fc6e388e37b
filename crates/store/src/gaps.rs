//! Single questions the bot could not answer well, with what a person answered after them, and what became of the FAQ
//! drafts that were made from them. Which questions belong together is not known here.

use std::collections::HashMap;

use dialogue::{Action, Language};
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::columns::{Columns, value_rows, words};
use crate::database::{limited, now};
use crate::faq::{FaqRecord, newest_version};
use crate::messages::{Rating, Speaker, StoredDecision};
use crate::{Error, Store};

/// Messages of conversations with persons that are looked through at most, the newest.
const MOST_REPLIES: i64 = 20_000;
/// Keys that are written with one statement.
const BATCH: usize = 100;

/// A customer's message that was not answered well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    pub message_id: String,
    pub conversation_id: String,
    /// What is the same for the same question.
    pub key: String,
    pub question: String,
    pub language: Option<Language>,
    pub asked_at: i64,
    /// What the bot did.
    pub outcome: Action,
    /// The rule by which it did so, and the intent it saw.
    pub rule: Option<String>,
    pub intent: Option<String>,
    /// Whether the customer gave the bot's reply a thumbs down.
    pub thumbs_down: bool,
    /// What a person said next, until the customer spoke again.
    pub replies: Vec<PersonReply>,
}

/// What a person of the staff said to a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonReply {
    pub text: String,
    pub rating: Option<Rating>,
}

words! {
    /// What became of a draft.
    DraftOutcome {
        /// It became an entry.
        Accepted = "accepted",
        /// The FAQ shall not answer this.
        Dismissed = "dismissed",
    }
}

/// What becomes of a draft.
#[derive(Clone, Copy, Debug)]
pub struct DecidedDraft<'a> {
    pub id: &'a str,
    /// The questions it is made of.
    pub keys: &'a [String],
    pub outcome: DraftOutcome,
    /// The entry that was made of it.
    pub faq_id: Option<&'a str>,
}

/// What became of the draft that answered a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftDecision {
    pub key: String,
    pub draft_id: String,
    pub outcome: DraftOutcome,
    /// The entry that was made of it, as long as that is switched off and not deleted.
    pub waiting_entry: Option<String>,
    pub at: i64,
}

impl Store {
    /// Questions since a time that ended in a rephrase, a handover, a person's hands or a thumbs down, the newest first.
    /// A resolved question comes back only when it is asked again.
    pub async fn gaps(&self, since: i64, limit: usize) -> Result<Vec<Gap>, Error> {
        let rows = sqlx::query(
            "SELECT c.id, c.conversation_id, c.seq, c.question_key, c.text, c.language, c.created_at, c.outcome, \
             COALESCE(r.decision, c.decision) AS decision, r.rating \
             FROM messages c LEFT JOIN messages r ON r.reply_to = c.id \
             LEFT JOIN resolved_questions s ON s.question_key = c.question_key \
             WHERE c.role = 'customer' AND c.created_at >= $1 AND c.question_key <> '' \
               AND (c.outcome IN ('rephrase', 'handoff', 'silent') OR r.rating = 'down') \
               AND (s.resolved_at IS NULL OR c.created_at > s.resolved_at) \
             ORDER BY c.created_at DESC, c.id DESC LIMIT $2",
        )
        .bind(since)
        .bind(limited(limit))
        .fetch_all(self.read())
        .await?;
        let talks = self.talks_with_persons(since).await?;
        rows.iter().map(|row| read_gap(row, &talks)).collect()
    }

    /// What customers and persons said, in order, in each conversation in which a person spoke since a time.
    async fn talks_with_persons(&self, since: i64) -> Result<HashMap<String, Vec<Said>>, Error> {
        let rows = sqlx::query(
            "SELECT m.conversation_id, m.seq, m.role, m.text, m.rating FROM messages m \
             WHERE m.created_at >= $1 AND m.role IN ('customer', 'person') AND m.conversation_id IN ( \
               SELECT p.conversation_id FROM messages p WHERE p.role = 'person' AND p.created_at >= $1) \
             ORDER BY m.created_at DESC, m.id DESC LIMIT $2",
        )
        .bind(since)
        .bind(MOST_REPLIES)
        .fetch_all(self.read())
        .await?;
        let mut talks: HashMap<String, Vec<Said>> = HashMap::new();
        for row in &rows {
            let columns = Columns(row);
            let said = Said {
                seq: columns.integer("seq")?,
                role: columns.word("role")?,
                reply: PersonReply { text: columns.text("text")?, rating: columns.optional_word("rating")? },
            };
            talks.entry(columns.text("conversation_id")?).or_default().push(said);
        }
        talks.values_mut().for_each(|talk| talk.sort_by_key(|said| said.seq));
        Ok(talks)
    }

    /// What became of drafts, by question.
    pub async fn draft_decisions(&self) -> Result<Vec<DraftDecision>, Error> {
        let rows = sqlx::query(
            "SELECT d.question_key, d.draft_id, d.outcome, d.decided_at, f.id AS waiting_entry FROM draft_decisions d \
             LEFT JOIN faq f ON f.id = d.faq_id AND f.enabled = 0 AND f.deleted = 0 ORDER BY d.question_key",
        )
        .fetch_all(self.read())
        .await?;
        rows.iter()
            .map(|row| {
                let columns = Columns(row);
                Ok(DraftDecision {
                    key: columns.text("question_key")?,
                    draft_id: columns.text("draft_id")?,
                    outcome: columns.word("outcome")?,
                    waiting_entry: columns.optional_text("waiting_entry")?,
                    at: columns.integer("decided_at")?,
                })
            })
            .collect()
    }

    /// Writes down what becomes of a draft, for each of its questions.
    pub async fn decide_draft(&self, draft: DecidedDraft<'_>, by: &str) -> Result<(), Error> {
        let DecidedDraft { id, keys, outcome, faq_id } = draft;
        let mut transaction = self.write().await?;
        for keys in keys.chunks(BATCH) {
            let sql = format!(
                "INSERT INTO draft_decisions (question_key, draft_id, outcome, faq_id, decided_by, decided_at) VALUES {} \
                 ON CONFLICT (question_key) DO UPDATE SET draft_id = excluded.draft_id, outcome = excluded.outcome, \
                 faq_id = excluded.faq_id, decided_by = excluded.decided_by, decided_at = excluded.decided_at",
                value_rows(keys.len(), &["{}"; 6])
            );
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for key in keys {
                query = query.bind(key).bind(id).bind(outcome.as_str()).bind(faq_id).bind(by).bind(now());
            }
            query.execute(&mut *transaction).await?;
        }
        // The entry may be live already.
        if let (DraftOutcome::Accepted, Some(faq_id)) = (outcome, faq_id)
            && let Some(entry) = newest_version(&mut transaction, faq_id).await?
            && entry.enabled
            && !entry.deleted
        {
            resolve_drafted(&mut transaction, &entry).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Forgets what became of a draft; false where nothing was decided.
    pub async fn undecide_draft(&self, draft_id: &str) -> Result<bool, Error> {
        let mut transaction = self.write().await?;
        let forgotten = sqlx::query("DELETE FROM draft_decisions WHERE draft_id = $1")
            .bind(draft_id)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(forgotten.rows_affected() > 0)
    }
}

/// An entry that goes live answers the questions it was drafted from.
pub(crate) async fn resolve_drafted(connection: &mut AnyConnection, entry: &FaqRecord) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO resolved_questions (question_key, resolved_by, resolved_at) \
         SELECT question_key, CAST($2 AS TEXT), CAST($3 AS BIGINT) FROM draft_decisions \
         WHERE faq_id = $1 AND outcome = 'accepted' \
         ON CONFLICT (question_key) DO UPDATE SET resolved_by = excluded.resolved_by, resolved_at = excluded.resolved_at",
    )
    .bind(&entry.id)
    .bind(&entry.updated_by)
    .bind(entry.updated_at)
    .execute(connection)
    .await?;
    Ok(())
}

struct Said {
    seq: i64,
    role: Speaker,
    reply: PersonReply,
}

fn read_gap(row: &AnyRow, talks: &HashMap<String, Vec<Said>>) -> Result<Gap, Error> {
    let columns = Columns(row);
    let decision: Option<StoredDecision> = columns.optional_json("decision")?;
    let rating: Option<Rating> = columns.optional_word("rating")?;
    let (conversation_id, seq) = (columns.text("conversation_id")?, columns.integer("seq")?);
    let after = talks.get(&conversation_id).into_iter().flatten().skip_while(|said| said.seq <= seq);
    let next = after.skip_while(|said| said.role == Speaker::Customer).take_while(|said| said.role == Speaker::Person);
    Ok(Gap {
        message_id: columns.text("id")?,
        key: columns.text("question_key")?,
        question: columns.text("text")?,
        language: columns.optional_word("language")?,
        asked_at: columns.integer("created_at")?,
        outcome: columns.word("outcome")?,
        rule: decision.as_ref().and_then(|decision| decision.trace["rule"].as_str()).map(str::to_owned),
        intent: decision.and_then(|decision| decision.intent),
        thumbs_down: rating == Some(Rating::Down),
        replies: next.map(|said| said.reply.clone()).collect(),
        conversation_id,
    })
}
