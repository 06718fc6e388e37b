//! Brings a database to the newest schema, each step once and whole. Refuses a database from a newer program.

use sqlx::AnyConnection;
use sqlx::Connection;

use crate::Error;
use crate::columns::Columns;
use crate::database::{Engine, now};

/// Every step in order; its place (from one) is the schema's number. Never change a step that was released: add one.
const STEPS: [&str; 7] = [
    include_str!("../migrations/0001_first.sql"),
    include_str!("../migrations/0002_jobs_go_on.sql"),
    include_str!("../migrations/0003_faq_drafts.sql"),
    include_str!("../migrations/0004_suggestions.sql"),
    include_str!("../migrations/0005_faq_keeping.sql"),
    include_str!("../migrations/0006_faq_imports.sql"),
    include_str!("../migrations/0007_ratings.sql"),
];

/// Any number serves, as long as nothing else on the server takes the same advisory lock.
const TAKE_LOCK: &str = "SELECT pg_advisory_xact_lock(5236187024197)";

/// The newest schema this program knows.
pub(crate) fn newest() -> i64 {
    STEPS.len() as i64
}

/// Runs the steps a database lacks, in one transaction that other starting programs wait for.
pub(crate) async fn migrate(connection: &mut AnyConnection, engine: Engine) -> Result<(), Error> {
    let mut transaction = match engine {
        Engine::Sqlite => connection.begin_with("BEGIN IMMEDIATE").await?,
        Engine::Postgres => connection.begin().await?,
    };
    if engine == Engine::Postgres {
        sqlx::raw_sql(TAKE_LOCK).execute(&mut *transaction).await?;
    }
    sqlx::query("CREATE TABLE IF NOT EXISTS schema_steps (step BIGINT PRIMARY KEY, applied_at BIGINT NOT NULL)")
        .execute(&mut *transaction)
        .await?;
    let row =
        sqlx::query("SELECT COALESCE(MAX(step), 0) AS step FROM schema_steps").fetch_one(&mut *transaction).await?;
    let found = Columns(&row).integer("step")?;
    if found > newest() {
        return Err(Error::SchemaTooNew { found, known: newest() });
    }
    for (step, sql) in (1_i64..).zip(STEPS).skip(usize::try_from(found).unwrap_or(0)) {
        sqlx::raw_sql(sql).execute(&mut *transaction).await?;
        sqlx::query("INSERT INTO schema_steps (step, applied_at) VALUES ($1, $2)")
            .bind(step)
            .bind(now())
            .execute(&mut *transaction)
            .await?;
    }
    Ok(transaction.commit().await?)
}
