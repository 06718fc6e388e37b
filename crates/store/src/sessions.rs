//! Sessions of signed-in staff. Only hashes are kept: who reads the database cannot sign in with it.

use serde::{Deserialize, Serialize};

use crate::columns::Columns;
use crate::database::now;
use crate::{Error, Role, Store};

/// A session that is still valid, with the account it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub account_id: String,
    pub email: String,
    pub role: Role,
    pub created_at: i64,
    pub expires_at: i64,
}

impl Store {
    /// Begins a session that ends by itself at `expires_at` (milliseconds since 1970, UTC); sweeps out those that have.
    pub async fn session_create(&self, account_id: &str, token_hash: &str, expires_at: i64) -> Result<(), Error> {
        let at = now();
        let mut transaction = self.write().await?;
        sqlx::query("DELETE FROM sessions WHERE expires_at <= $1").bind(at).execute(&mut *transaction).await?;
        sqlx::query("INSERT INTO sessions (token_hash, account_id, created_at, expires_at) VALUES ($1, $2, $3, $4)")
            .bind(token_hash)
            .bind(account_id)
            .bind(at)
            .bind(expires_at)
            .execute(&mut *transaction)
            .await
            .map_err(|error| Error::or_not_found(error, "account", account_id))?;
        Ok(transaction.commit().await?)
    }

    /// The session of a token, unless it has ended; the role is the account's as of now.
    pub async fn session_by_token_hash(&self, token_hash: &str) -> Result<Option<Session>, Error> {
        let row = sqlx::query(
            "SELECT s.account_id, a.email, a.role, s.created_at, s.expires_at FROM sessions s \
             JOIN accounts a ON a.id = s.account_id WHERE s.token_hash = $1 AND s.expires_at > $2",
        )
        .bind(token_hash)
        .bind(now())
        .fetch_optional(self.read())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let columns = Columns(&row);
        Ok(Some(Session {
            account_id: columns.text("account_id")?,
            email: columns.text("email")?,
            role: columns.word("role")?,
            created_at: columns.integer("created_at")?,
            expires_at: columns.integer("expires_at")?,
        }))
    }

    /// Ends a session; ending one that is over is fine.
    pub async fn session_delete(&self, token_hash: &str) -> Result<(), Error> {
        let mut transaction = self.write().await?;
        sqlx::query("DELETE FROM sessions WHERE token_hash = $1").bind(token_hash).execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }
}
