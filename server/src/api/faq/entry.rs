//! An entry on the wire: as an editor writes it, and as it is stored.

use retrieval::Link;
use serde::{Deserialize, Serialize};
use store::FaqRecord;
use utoipa::ToSchema;

use super::super::wire::LinkReply;
use crate::error::ApiError;

/// An FAQ entry as an editor writes it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FaqRequest {
    /// Chosen by the service when absent.
    pub id: Option<String>,
    pub question: String,
    /// Other ways to ask the same.
    #[serde(default)]
    pub similar: Vec<String>,
    pub answer: String,
    /// `zh` or `en`; detected from the question when absent.
    pub language: Option<String>,
    pub category: Option<String>,
    /// First day the entry is valid, `YYYY-MM-DD`.
    pub valid_from: Option<String>,
    /// Last day the entry is valid, `YYYY-MM-DD`.
    pub valid_until: Option<String>,
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Where it serves, of `widget`, `rasa` and `api`; everywhere when empty.
    #[serde(default)]
    pub channels: Vec<String>,
    /// What customers may read further.
    #[serde(default)]
    pub links: Vec<LinkReply>,
    /// The version that was edited; `If-Match` says the same.
    pub version: Option<i64>,
}

fn yes() -> bool {
    true
}

/// An FAQ entry as it is stored.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FaqReply {
    pub id: String,
    pub version: i64,
    /// The FAQ revision that this version made.
    pub revision: i64,
    pub question: String,
    pub similar: Vec<String>,
    pub answer: String,
    pub language: Option<String>,
    pub category: Option<String>,
    pub valid_from: Option<String>,
    pub valid_until: Option<String>,
    pub enabled: bool,
    /// Where it serves, of `widget`, `rasa` and `api`; everywhere when empty.
    pub channels: Vec<String>,
    pub links: Vec<LinkReply>,
    pub deleted: bool,
    pub updated_by: String,
    /// Milliseconds since 1970, UTC.
    pub updated_at: i64,
    /// Why this version was made.
    pub note: Option<String>,
    /// Who published what `updated_by` wrote.
    pub approved_by: Option<String>,
    /// The bulk edit that made this version.
    pub bulk: Option<String>,
}

impl From<FaqRecord> for FaqReply {
    fn from(record: FaqRecord) -> Self {
        Self {
            id: record.id,
            version: record.version,
            revision: record.revision,
            question: record.question,
            similar: record.similar,
            answer: record.answer,
            language: record.language,
            category: record.category,
            valid_from: record.valid_from,
            valid_until: record.valid_until,
            enabled: record.enabled,
            channels: record.channels,
            links: record.links.into_iter().map(LinkReply::from).collect(),
            deleted: record.deleted,
            updated_by: record.updated_by,
            updated_at: record.updated_at,
            note: record.note,
            approved_by: record.approved_by,
            bulk: record.bulk,
        }
    }
}

impl FaqRequest {
    /// The entry of this id, checked the way a file's row is checked.
    pub(crate) fn entry(self, id: String) -> Result<retrieval::FaqEntry, ApiError> {
        let entry = retrieval::FaqEntry {
            id,
            question: self.question,
            similar: self.similar,
            answer: self.answer,
            language: self.language,
            category: self.category,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            enabled: self.enabled,
            channels: self.channels,
            links: self.links.into_iter().map(|LinkReply { title, url }| Link { title, url }).collect(),
        };
        entry.checked().map_err(|fault| ApiError::Invalid(fault.to_string()))
    }
}
