//! Accounts of the staff and what their role lets them do. Passwords come hashed and never leave in lists.

use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;

use crate::columns::{Columns, words};
use crate::database::{new_id, now};
use crate::{Error, Store};

words! {
    /// What somebody may do; a later one may do all that an earlier one may.
    Role {
        /// Reads.
        Viewer = "viewer",
        /// Answers customers.
        Agent = "agent",
        /// Changes the FAQ and templates, trains and promotes models.
        Editor = "editor",
        /// Manages accounts and tokens too.
        Owner = "owner",
    }
}

/// Somebody of the staff.
#[derive(Clone, Serialize, Deserialize)]
pub struct Account {
    pub id: String,
    /// Lower case.
    pub email: String,
    #[serde(skip)]
    pub password_hash: String,
    pub role: Role,
    pub created_at: i64,
    pub updated_at: i64,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Account")
            .field("id", &self.id)
            .field("email", &self.email)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Makes an account; an e-mail address, whatever its case, has one at most.
    pub async fn account_create(&self, email: &str, password_hash: &str, role: Role) -> Result<Account, Error> {
        let email = as_stored(email);
        let mut transaction = self.write().await?;
        let row = sqlx::query(
            "INSERT INTO accounts (id, email, password_hash, role, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5) \
             RETURNING id, email, password_hash, role, created_at, updated_at",
        )
        .bind(new_id())
        .bind(&email)
        .bind(password_hash)
        .bind(role.as_str())
        .bind(now())
        .fetch_one(&mut *transaction)
        .await
        .map_err(|error| Error::or_duplicate(error, "an account with the e-mail address", &email))?;
        transaction.commit().await?;
        read_account(&row)
    }

    /// The account with this id.
    pub async fn account(&self, id: &str) -> Result<Account, Error> {
        let row =
            sqlx::query("SELECT id, email, password_hash, role, created_at, updated_at FROM accounts WHERE id = $1")
                .bind(id)
                .fetch_optional(self.read())
                .await?;
        read_account(&row.ok_or_else(|| Error::not_found("account", id))?)
    }

    /// The account with this e-mail address, whatever its case.
    pub async fn account_by_email(&self, email: &str) -> Result<Option<Account>, Error> {
        let row =
            sqlx::query("SELECT id, email, password_hash, role, created_at, updated_at FROM accounts WHERE email = $1")
                .bind(as_stored(email))
                .fetch_optional(self.read())
                .await?;
        row.as_ref().map(read_account).transpose()
    }

    /// Every account, by e-mail address.
    pub async fn account_list(&self) -> Result<Vec<Account>, Error> {
        let rows =
            sqlx::query("SELECT id, email, password_hash, role, created_at, updated_at FROM accounts ORDER BY email")
                .fetch_all(self.read())
                .await?;
        rows.iter().map(read_account).collect()
    }

    /// Sets a new password and ends every session of the account.
    pub async fn account_set_password(&self, id: &str, password_hash: &str) -> Result<Account, Error> {
        let mut transaction = self.write().await?;
        let row = sqlx::query(
            "UPDATE accounts SET password_hash = $2, updated_at = $3 WHERE id = $1 \
             RETURNING id, email, password_hash, role, created_at, updated_at",
        )
        .bind(id)
        .bind(password_hash)
        .bind(now())
        .fetch_optional(&mut *transaction)
        .await?;
        let account = read_account(&row.ok_or_else(|| Error::not_found("account", id))?)?;
        sqlx::query("DELETE FROM sessions WHERE account_id = $1").bind(id).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(account)
    }

    /// Gives an account another role; the last owner stays one.
    pub async fn account_set_role(&self, id: &str, role: Role) -> Result<Account, Error> {
        let mut transaction = self.write().await?;
        keep_an_owner(&mut transaction, id, Some(role)).await?;
        let row = sqlx::query(
            "UPDATE accounts SET role = $2, updated_at = $3 WHERE id = $1 \
             RETURNING id, email, password_hash, role, created_at, updated_at",
        )
        .bind(id)
        .bind(role.as_str())
        .bind(now())
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.commit().await?;
        read_account(&row.ok_or_else(|| Error::not_found("account", id))?)
    }

    /// Removes an account and its sessions; the last owner stays.
    pub async fn account_delete(&self, id: &str) -> Result<(), Error> {
        let mut transaction = self.write().await?;
        keep_an_owner(&mut transaction, id, None).await?;
        sqlx::query("DELETE FROM sessions WHERE account_id = $1").bind(id).execute(&mut *transaction).await?;
        let gone = sqlx::query("DELETE FROM accounts WHERE id = $1").bind(id).execute(&mut *transaction).await?;
        transaction.commit().await?;
        if gone.rows_affected() == 0 {
            return Err(Error::not_found("account", id));
        }
        Ok(())
    }
}

async fn keep_an_owner(connection: &mut sqlx::AnyConnection, id: &str, next: Option<Role>) -> Result<(), Error> {
    if next == Some(Role::Owner) {
        return Ok(());
    }
    // Touching every owner's row keeps two changes at once from removing the last two owners.
    let owners =
        sqlx::query("UPDATE accounts SET role = role WHERE role = 'owner' RETURNING id").fetch_all(connection).await?;
    let owners = owners.iter().map(|row| Columns(row).text("id")).collect::<Result<Vec<_>, _>>()?;
    if owners.len() == 1 && owners[0] == id {
        return Err(Error::Invalid("this is the last owner; make another account an owner first".to_owned()));
    }
    Ok(())
}

fn as_stored(email: &str) -> String {
    email.trim().to_lowercase()
}

fn read_account(row: &AnyRow) -> Result<Account, Error> {
    let columns = Columns(row);
    Ok(Account {
        id: columns.text("id")?,
        email: columns.text("email")?,
        password_hash: columns.text("password_hash")?,
        role: columns.word("role")?,
        created_at: columns.integer("created_at")?,
        updated_at: columns.integer("updated_at")?,
    })
}
