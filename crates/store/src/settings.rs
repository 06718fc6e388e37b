//! Small settings that outlive a restart, each a JSON value under a key.

use serde_json::Value;

use crate::columns::{Columns, to_json};
use crate::database::now;
use crate::{Error, Store};

impl Store {
    /// The value under a key, if there is one.
    pub async fn setting_get(&self, key: &str) -> Result<Option<Value>, Error> {
        let row =
            sqlx::query("SELECT value FROM settings WHERE key = $1").bind(key).fetch_optional(self.read()).await?;
        row.map(|row| Columns(&row).json("value")).transpose()
    }

    /// Sets the value under a key.
    pub async fn setting_put(&self, key: &str, value: &Value) -> Result<(), Error> {
        let mut transaction = self.write().await?;
        sqlx::query(
            "INSERT INTO settings (key, value, updated_at) VALUES ($1, $2, $3) \
             ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
        )
        .bind(key)
        .bind(to_json("value", value)?)
        .bind(now())
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }
}
