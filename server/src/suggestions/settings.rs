//! What of the suggestions is switched on; kept in the store, so that the console changes it while the service runs.

use serde::{Deserialize, Serialize};
use store::Store;

use crate::error::ApiError;

const KEY: &str = "suggestions";

/// What customers are offered.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Settings {
    /// Questions while they type.
    pub while_typing: bool,
    /// Questions near an answer from the FAQ, under it.
    pub also_asked: bool,
    /// Who chooses the questions that an empty chat opens with.
    pub starting: Starting,
}

/// Who chooses starting questions.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Starting {
    /// The bot's owner.
    #[default]
    Fixed,
    /// What was learned from what customers chose.
    Learned,
}

impl Default for Settings {
    fn default() -> Self {
        Self { while_typing: true, also_asked: true, starting: Starting::Fixed }
    }
}

impl Settings {
    /// The settings kept, or the defaults.
    pub async fn read(store: &Store) -> Result<Self, ApiError> {
        let kept = store.setting_get(KEY).await?;
        Ok(kept.and_then(|kept| serde_json::from_value(kept).ok()).unwrap_or_default())
    }

    /// Keeps them.
    pub async fn write(&self, store: &Store) -> Result<(), ApiError> {
        let value = serde_json::to_value(self).map_err(anyhow::Error::from)?;
        Ok(store.setting_put(KEY, &value).await?)
    }
}
