//! What customers said of FAQ answers: by their thumbs, and by what they chose when the bot asked them back.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;

use crate::columns::Columns;
use crate::database::limited;
use crate::faq_import::one_row;
use crate::messages::{Rating, StoredDecision};
use crate::{Error, Store};

/// Entries that one statement asks about.
const BATCH: usize = 200;

/// A question, the entry that answered it, and whether that helped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatedAnswer {
    pub question: String,
    pub faq_id: String,
    pub helpful: bool,
    pub at: i64,
}

/// The same with whose word it is: a visitor, or a conversation of nobody known, has one on each question and entry, the last.
struct Word {
    speaker: String,
    key: String,
    answer: RatedAnswer,
}

impl Store {
    /// What customers have said since a time of answers from one entry alone, the newest first, as long as the entry has not
    /// been changed since; the newest `limit` thumbs and as many times that somebody was asked back are looked at. Whoever
    /// was asked back and chose an entry's question has found that entry helpful.
    pub async fn rated_answers(&self, since: i64, limit: usize) -> Result<Vec<RatedAnswer>, Error> {
        let mut words = self.thumbs(since, limit).await?;
        words.extend(self.choices(since, limit).await?);
        words.sort_by_key(|word| std::cmp::Reverse(word.answer.at));
        let changed_at = self.changed_at(words.iter().map(|word| word.answer.faq_id.as_str()).collect()).await?;
        let mut heard = HashSet::new();
        words.retain(|Word { speaker, key, answer }| {
            let still_meant = changed_at.get(&answer.faq_id).is_some_and(|changed| *changed <= answer.at);
            still_meant && heard.insert((speaker.clone(), key.clone(), answer.faq_id.clone()))
        });
        Ok(words.into_iter().map(|word| word.answer).collect())
    }

    async fn thumbs(&self, since: i64, limit: usize) -> Result<Vec<Word>, Error> {
        let rows = sqlx::query(
            "SELECT COALESCE(v.visitor, v.id) AS speaker, c.question_key, c.text, r.decision, r.rating, r.rated_at AS at \
             FROM messages r JOIN messages c ON c.id = r.reply_to JOIN conversations v ON v.id = c.conversation_id \
             WHERE r.rated_at >= $1 AND r.role = 'bot' ORDER BY r.rated_at DESC LIMIT $2",
        )
        .bind(since)
        .bind(limited(limit))
        .fetch_all(self.read())
        .await?;
        let word = |row: &AnyRow| {
            let helpful = Columns(row).word::<Rating>("rating")? == Rating::Up;
            read_word(row, helpful)
        };
        rows.iter().filter_map(|row| word(row).transpose()).collect()
    }

    async fn choices(&self, since: i64, limit: usize) -> Result<Vec<Word>, Error> {
        let rows = sqlx::query(
            "SELECT COALESCE(v.visitor, v.id) AS speaker, c.question_key, c.text, chosen.text AS chosen_text, \
             back.decision AS asked_back, r.decision, r.created_at AS at \
             FROM messages c JOIN conversations v ON v.id = c.conversation_id JOIN messages back ON back.reply_to = c.id \
             JOIN messages chosen ON chosen.conversation_id = c.conversation_id AND chosen.seq = back.seq + 1 \
             JOIN messages r ON r.reply_to = chosen.id \
             WHERE c.created_at >= $1 AND c.role = 'customer' AND c.outcome = 'clarify' AND chosen.role = 'customer' \
             ORDER BY c.created_at DESC LIMIT $2",
        )
        .bind(since)
        .bind(limited(limit))
        .fetch_all(self.read())
        .await?;
        let word = |row: &AnyRow| {
            let columns = Columns(row);
            let asked_back: Option<StoredDecision> = columns.optional_json("asked_back")?;
            let chosen = columns.text("chosen_text")?;
            let was_offered = asked_back.is_some_and(|back| back.quick_replies.iter().any(|one| one.text == chosen));
            if was_offered { read_word(row, true) } else { Ok(None) }
        };
        rows.iter().filter_map(|row| word(row).transpose()).collect()
    }

    /// When each of these entries was last changed; deleted ones are left out.
    async fn changed_at(&self, ids: HashSet<&str>) -> Result<HashMap<String, i64>, Error> {
        let ids: Vec<&str> = ids.into_iter().collect();
        let mut changed_at = HashMap::new();
        for ids in ids.chunks(BATCH) {
            let sql = format!("SELECT id, updated_at FROM faq WHERE deleted = 0 AND id IN {}", one_row(ids.len()));
            let query = sqlx::query(sqlx::AssertSqlSafe(sql));
            let rows = ids.iter().fold(query, |query, id| query.bind(*id)).fetch_all(self.read()).await?;
            for row in &rows {
                changed_at.insert(Columns(row).text("id")?, Columns(row).integer("updated_at")?);
            }
        }
        Ok(changed_at)
    }
}

/// A customer's word on a reply; none where it was not one entry's, or the message was not the whole question.
fn read_word(row: &AnyRow, helpful: bool) -> Result<Option<Word>, Error> {
    let columns = Columns(row);
    let decision: Option<StoredDecision> = columns.optional_json("decision")?;
    let whole = |decision: &StoredDecision| {
        decision.sources.len() <= 1 && decision.trace["joined_with_previous"] != serde_json::Value::Bool(true)
    };
    let Some(faq_id) = decision.filter(whole).and_then(|decision| decision.faq_id) else { return Ok(None) };
    Ok(Some(Word {
        speaker: columns.text("speaker")?,
        key: columns.text("question_key")?,
        answer: RatedAnswer { question: columns.text("text")?, faq_id, helpful, at: columns.integer("at")? },
    }))
}
