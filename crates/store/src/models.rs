//! Which models exist, which one answers, and how that came about. The bundles themselves are files elsewhere.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::columns::{Columns, to_json, words};
use crate::database::{next_number, now};
use crate::{Error, Store};

/// A model bundle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelRecord {
    pub version: String,
    pub path: String,
    pub metrics: Value,
    pub added_at: i64,
    /// Whether this one answers now.
    pub current: bool,
}

words! {
    /// How a model came to answer.
    PromotionKind { Promote = "promote", Rollback = "rollback" }
}

/// One switch of the answering model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promotion {
    /// Counts the switches.
    pub seq: i64,
    pub version: String,
    /// What a rollback from here leads to.
    pub fallback: Option<String>,
    pub kind: PromotionKind,
    pub promoted_by: String,
    pub reason: String,
    pub promoted_at: i64,
}

impl Store {
    /// Makes a model known; it answers only once it is promoted.
    pub async fn model_add(&self, version: &str, path: &str, metrics: &Value) -> Result<ModelRecord, Error> {
        let at = now();
        let mut transaction = self.write().await?;
        sqlx::query("INSERT INTO models (version, path, metrics, added_at) VALUES ($1, $2, $3, $4)")
            .bind(version)
            .bind(path)
            .bind(to_json("metrics", metrics)?)
            .bind(at)
            .execute(&mut *transaction)
            .await
            .map_err(|error| Error::or_duplicate(error, "model", version))?;
        transaction.commit().await?;
        Ok(ModelRecord {
            version: version.to_owned(),
            path: path.to_owned(),
            metrics: metrics.clone(),
            added_at: at,
            current: false,
        })
    }

    /// Every model, the newest first.
    pub async fn model_list(&self) -> Result<Vec<ModelRecord>, Error> {
        let mut connection = self.read().acquire().await?;
        let current = last_promotion(&mut connection).await?.map(|promotion| promotion.version);
        let rows =
            sqlx::query("SELECT version, path, metrics, added_at FROM models ORDER BY added_at DESC, version DESC")
                .fetch_all(&mut *connection)
                .await?;
        rows.iter().map(|row| read_model(row, current.as_deref())).collect()
    }

    /// The model with this version.
    pub async fn model_get(&self, version: &str) -> Result<ModelRecord, Error> {
        let models = self.model_list().await?;
        models.into_iter().find(|model| model.version == version).ok_or_else(|| Error::not_found("model", version))
    }

    /// The model that answers, if one was ever promoted.
    pub async fn model_current(&self) -> Result<Option<ModelRecord>, Error> {
        Ok(self.model_list().await?.into_iter().find(|model| model.current))
    }

    /// Makes a model the one that answers; promoting the one that answers already changes nothing.
    pub async fn model_promote(&self, version: &str, by: &str, reason: &str) -> Result<ModelRecord, Error> {
        let mut transaction = self.write().await?;
        let seq = next_number(&mut transaction, "model_promotion").await?;
        let last = last_promotion(&mut transaction).await?;
        if last.as_ref().is_none_or(|last| last.version != version) {
            let promotion = Promotion {
                seq,
                version: version.to_owned(),
                fallback: last.map(|last| last.version),
                kind: PromotionKind::Promote,
                promoted_by: by.to_owned(),
                reason: reason.to_owned(),
                promoted_at: now(),
            };
            insert_promotion(&mut transaction, &promotion).await?;
            transaction.commit().await?;
        }
        self.model_get(version).await
    }

    /// Goes back to the model that answered before the current one; again and again leads further back.
    pub async fn model_rollback(&self, by: &str) -> Result<ModelRecord, Error> {
        let mut transaction = self.write().await?;
        let seq = next_number(&mut transaction, "model_promotion").await?;
        let last = last_promotion(&mut transaction).await?;
        let nothing = || Error::Invalid("there is no earlier model to go back to".to_owned());
        let (left, version) = last.and_then(|last| Some((last.version, last.fallback?))).ok_or_else(nothing)?;
        let row = sqlx::query(
            "SELECT fallback FROM model_promotions WHERE version = $1 AND kind = 'promote' ORDER BY seq DESC LIMIT 1",
        )
        .bind(&version)
        .fetch_optional(&mut *transaction)
        .await?;
        let fallback = row.map(|row| Columns(&row).optional_text("fallback")).transpose()?.flatten();
        let promotion = Promotion {
            seq,
            // Two models that were promoted in turn must not lead back to each other for ever.
            fallback: fallback.filter(|fallback| *fallback != left),
            version: version.clone(),
            kind: PromotionKind::Rollback,
            promoted_by: by.to_owned(),
            reason: format!("rolled back from {left}"),
            promoted_at: now(),
        };
        insert_promotion(&mut transaction, &promotion).await?;
        transaction.commit().await?;
        self.model_get(&version).await
    }

    /// Every switch, the latest first.
    pub async fn model_promotions(&self) -> Result<Vec<Promotion>, Error> {
        let rows = sqlx::query(
            "SELECT seq, version, fallback, kind, promoted_by, reason, promoted_at FROM model_promotions ORDER BY seq DESC",
        )
        .fetch_all(self.read())
        .await?;
        rows.iter().map(read_promotion).collect()
    }
}

async fn last_promotion(connection: &mut AnyConnection) -> Result<Option<Promotion>, Error> {
    let row = sqlx::query(
        "SELECT seq, version, fallback, kind, promoted_by, reason, promoted_at FROM model_promotions ORDER BY seq DESC LIMIT 1",
    )
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(read_promotion).transpose()
}

async fn insert_promotion(connection: &mut AnyConnection, promotion: &Promotion) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO model_promotions (seq, version, fallback, kind, promoted_by, reason, promoted_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(promotion.seq)
    .bind(&promotion.version)
    .bind(&promotion.fallback)
    .bind(promotion.kind.as_str())
    .bind(&promotion.promoted_by)
    .bind(&promotion.reason)
    .bind(promotion.promoted_at)
    .execute(connection)
    .await
    .map_err(|error| Error::or_not_found(error, "model", &promotion.version))?;
    Ok(())
}

fn read_model(row: &AnyRow, current: Option<&str>) -> Result<ModelRecord, Error> {
    let columns = Columns(row);
    let version = columns.text("version")?;
    Ok(ModelRecord {
        current: current == Some(version.as_str()),
        version,
        path: columns.text("path")?,
        metrics: columns.json("metrics")?,
        added_at: columns.integer("added_at")?,
    })
}

fn read_promotion(row: &AnyRow) -> Result<Promotion, Error> {
    let columns = Columns(row);
    Ok(Promotion {
        seq: columns.integer("seq")?,
        version: columns.text("version")?,
        fallback: columns.optional_text("fallback")?,
        kind: columns.word("kind")?,
        promoted_by: columns.text("promoted_by")?,
        reason: columns.text("reason")?,
        promoted_at: columns.integer("promoted_at")?,
    })
}
