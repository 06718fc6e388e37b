//! Tokens of programs. Only hashes are kept; a revoked token stays in the list and opens nothing.

use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;

use crate::columns::Columns;
use crate::database::{new_id, now};
use crate::{Error, Role, Store};

/// A program's token, without the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    pub id: String,
    pub name: String,
    pub role: Role,
    pub created_at: i64,
    pub revoked_at: Option<i64>,
}

impl Store {
    /// Makes a token known by its hash.
    pub async fn token_create(&self, name: &str, role: Role, token_hash: &str) -> Result<ApiToken, Error> {
        let mut transaction = self.write().await?;
        let row = sqlx::query(
            "INSERT INTO tokens (id, name, role, token_hash, created_at) VALUES ($1, $2, $3, $4, $5) \
             RETURNING id, name, role, created_at, revoked_at",
        )
        .bind(new_id())
        .bind(name)
        .bind(role.as_str())
        .bind(token_hash)
        .bind(now())
        .fetch_one(&mut *transaction)
        .await
        .map_err(|error| Error::or_duplicate(error, "token", name))?;
        transaction.commit().await?;
        read_token(&row)
    }

    /// The token with this hash, unless it was revoked.
    pub async fn token_by_hash(&self, token_hash: &str) -> Result<Option<ApiToken>, Error> {
        let row = sqlx::query(
            "SELECT id, name, role, created_at, revoked_at FROM tokens WHERE token_hash = $1 AND revoked_at IS NULL",
        )
        .bind(token_hash)
        .fetch_optional(self.read())
        .await?;
        row.as_ref().map(read_token).transpose()
    }

    /// Every token, the newest first, revoked ones included.
    pub async fn token_list(&self) -> Result<Vec<ApiToken>, Error> {
        let rows =
            sqlx::query("SELECT id, name, role, created_at, revoked_at FROM tokens ORDER BY created_at DESC, id DESC")
                .fetch_all(self.read())
                .await?;
        rows.iter().map(read_token).collect()
    }

    /// Revokes a token for good; revoking it again keeps the first time.
    pub async fn token_revoke(&self, id: &str) -> Result<ApiToken, Error> {
        let mut transaction = self.write().await?;
        let row = sqlx::query(
            "UPDATE tokens SET revoked_at = COALESCE(revoked_at, $2) WHERE id = $1 \
             RETURNING id, name, role, created_at, revoked_at",
        )
        .bind(id)
        .bind(now())
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.commit().await?;
        read_token(&row.ok_or_else(|| Error::not_found("token", id))?)
    }
}

fn read_token(row: &AnyRow) -> Result<ApiToken, Error> {
    let columns = Columns(row);
    Ok(ApiToken {
        id: columns.text("id")?,
        name: columns.text("name")?,
        role: columns.word("role")?,
        created_at: columns.integer("created_at")?,
        revoked_at: columns.optional_integer("revoked_at")?,
    })
}
