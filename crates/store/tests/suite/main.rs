//! One suite for both databases: each test runs on a fresh SQLite file and, where `FRONTDESK_TEST_POSTGRES_URL` names a
//! server, in a fresh PostgreSQL schema.

#![allow(clippy::cloned_ref_to_slice_refs, reason = "whole lists of messages are compared")]

mod conversations;
mod faq;
mod files;
mod gaps;
mod keeping;
mod offers;
mod samples;
mod staff;
mod turns;
mod work;

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::Connection;
use store::Store;

/// Makes a test on each database of every named `async fn(Store)`.
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let home = tempfile::tempdir().expect("a temporary folder");
                let store = store::Store::open_sqlite(&home.path().join("frontdesk.db")).await.expect("an open store");
                super::$name(store.clone()).await;
                store.close().await;
            })+
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let Some(store) = crate::postgres_store(stringify!($name)).await else { return };
                super::$name(store.clone()).await;
                store.close().await;
            })+
        }
    };
}
pub(crate) use on_both_databases;

static SCHEMAS: AtomicU32 = AtomicU32::new(0);

/// A store in a new schema of the test server; `None`, said loudly, where there is no server.
pub(crate) async fn postgres_store(test: &str) -> Option<Store> {
    let Ok(url) = std::env::var("FRONTDESK_TEST_POSTGRES_URL") else {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "CI must run the PostgreSQL tests: set FRONTDESK_TEST_POSTGRES_URL"
        );
        #[expect(clippy::print_stderr, reason = "whoever runs the tests must see that half of them did not run")]
        {
            eprintln!("SKIPPED on PostgreSQL: {test}; set FRONTDESK_TEST_POSTGRES_URL to run it");
        }
        return None;
    };
    let schema = format!("test_{}_{}", std::process::id(), SCHEMAS.fetch_add(1, Ordering::Relaxed));
    let mut connection = sqlx::PgConnection::connect(&url).await.expect("the PostgreSQL test server answers");
    let create = format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(create)).execute(&mut connection).await.expect("a new schema");
    connection.close().await.expect("a closed connection");
    let separator = if url.contains('?') { '&' } else { '?' };
    let url = format!("{url}{separator}options=-c%20search_path%3D{schema}");
    Some(Store::open(&url).await.expect("an open store"))
}
