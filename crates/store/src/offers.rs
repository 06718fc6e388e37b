//! What customers were offered before they asked, and what they chose. Holds nothing of who they were or what they typed.

use std::collections::HashMap;

use dialogue::Language;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;

use crate::columns::{Columns, to_json, value_rows, words};
use crate::database::{limited, new_id, now};
use crate::messages::StoredDecision;
use crate::{Error, Store};

/// Offers written with one statement.
const BATCH: usize = 100;

words! {
    /// Where questions are offered.
    OfferPlace {
        /// In an empty chat.
        Start = "start",
        /// While somebody types.
        Typing = "typing",
        /// Under an answer.
        Answer = "answer",
    }
}

/// A question that was or could have been offered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OfferedQuestion {
    pub question: String,
    /// The entry that answers it, where it is one.
    pub faq_id: Option<String>,
    /// What was known of it, as numbers whose meaning the caller knows.
    #[serde(default)]
    pub features: Vec<f32>,
}

/// One offer and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    pub place: OfferPlace,
    pub language: Option<Language>,
    /// The group of pages that the visitor was on.
    pub page_group: String,
    /// Who chose what to show.
    pub policy: String,
    /// All that could have been shown.
    pub questions: Vec<OfferedQuestion>,
    /// Which of them were, the first one first.
    pub shown: Vec<usize>,
    /// The place in `shown` of the one that was chosen.
    pub chosen: Option<usize>,
    /// What was asked then had an answer.
    pub answered: bool,
    /// Milliseconds since 1970; set by the store.
    pub offered_at: i64,
}

/// How an entry's answers were taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EntryUse {
    /// How often it was the answer.
    pub asked: u32,
    /// Ratings.
    pub up: u32,
    pub down: u32,
}

impl Store {
    /// Keeps offers.
    pub async fn add_offers(&self, offers: &[Offer]) -> Result<(), Error> {
        let mut transaction = self.write().await?;
        for offers in offers.chunks(BATCH) {
            let sql = format!(
                "INSERT INTO suggestion_offers (id, place, language, page_group, policy, questions, shown, chosen, \
                 answered, offered_at) VALUES {}",
                value_rows(offers.len(), &["{}"; 10])
            );
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for offer in offers {
                query = query
                    .bind(new_id())
                    .bind(offer.place.as_str())
                    .bind(offer.language.map(Language::code))
                    .bind(&offer.page_group)
                    .bind(&offer.policy)
                    .bind(to_json("questions", &offer.questions)?)
                    .bind(to_json("shown", &offer.shown)?)
                    .bind(offer.chosen.and_then(|chosen| i64::try_from(chosen).ok()))
                    .bind(i64::from(offer.answered))
                    .bind(now());
            }
            query.execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// The latest offers at a place since a time, in their order.
    pub async fn offers(&self, place: OfferPlace, since: i64, limit: usize) -> Result<Vec<Offer>, Error> {
        let rows = sqlx::query(
            "SELECT place, language, page_group, policy, questions, shown, chosen, answered, offered_at \
             FROM suggestion_offers WHERE place = $1 AND offered_at >= $2 ORDER BY offered_at DESC, id DESC LIMIT $3",
        )
        .bind(place.as_str())
        .bind(since)
        .bind(limited(limit))
        .fetch_all(self.read())
        .await?;
        rows.iter().rev().map(read_offer).collect()
    }

    /// Forgets offers older than a time, and says how many.
    pub async fn forget_offers(&self, before: i64) -> Result<u64, Error> {
        let mut transaction = self.write().await?;
        let forgotten = sqlx::query("DELETE FROM suggestion_offers WHERE offered_at < $1")
            .bind(before)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(forgotten.rows_affected())
    }

    /// How often entries were the answer among the last `limit` replies since a time, and how they were rated.
    pub async fn entry_use(&self, since: i64, limit: usize) -> Result<HashMap<String, EntryUse>, Error> {
        let rows = sqlx::query(
            "SELECT decision, rating FROM messages WHERE created_at >= $1 AND role = 'bot' \
             ORDER BY created_at DESC LIMIT $2",
        )
        .bind(since)
        .bind(limited(limit))
        .fetch_all(self.read())
        .await?;
        let mut uses: HashMap<String, EntryUse> = HashMap::new();
        for row in &rows {
            let columns = Columns(row);
            let decision: Option<StoredDecision> = columns.optional_json("decision")?;
            let Some(faq_id) = decision.and_then(|decision| decision.faq_id) else { continue };
            let used = uses.entry(faq_id).or_default();
            used.asked += 1;
            match columns.optional_text("rating")?.as_deref() {
                Some("up") => used.up += 1,
                Some("down") => used.down += 1,
                _ => {}
            }
        }
        Ok(uses)
    }

    /// The entries that answered a visitor in the last conversations, the latest first, each once.
    pub async fn answered_to_visitor(&self, visitor: &str, limit: usize) -> Result<Vec<String>, Error> {
        let rows = sqlx::query(
            "SELECT m.decision FROM messages m JOIN conversations c ON c.id = m.conversation_id \
             WHERE c.visitor = $1 AND m.role = 'bot' ORDER BY m.created_at DESC LIMIT $2",
        )
        .bind(visitor)
        .bind(limited(limit))
        .fetch_all(self.read())
        .await?;
        let mut answered = Vec::new();
        for row in &rows {
            let decision: Option<StoredDecision> = Columns(row).optional_json("decision")?;
            if let Some(faq_id) = decision.and_then(|decision| decision.faq_id)
                && !answered.contains(&faq_id)
            {
                answered.push(faq_id);
            }
        }
        Ok(answered)
    }
}

fn read_offer(row: &AnyRow) -> Result<Offer, Error> {
    let columns = Columns(row);
    Ok(Offer {
        place: columns.word("place")?,
        language: columns.optional_word("language")?,
        page_group: columns.text("page_group")?,
        policy: columns.text("policy")?,
        questions: columns.json("questions")?,
        shown: columns.json("shown")?,
        chosen: columns.optional_integer("chosen")?.and_then(|chosen| usize::try_from(chosen).ok()),
        answered: columns.flag("answered")?,
        offered_at: columns.integer("offered_at")?,
    })
}
