//! What only SQLite files can show: durability settings, backups, damage, newer schemas, other writers.

use std::path::Path;

use dialogue::Action;
use sqlx::{Connection, Row};
use store::{Error, Store};

use crate::samples::{draft, new_conversation, say};

async fn open_in(home: &Path) -> Store {
    Store::open_sqlite(&home.join("front desk #1?.db")).await.expect("an open store")
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_opening_again() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let store = open_in(home.path()).await;
    let id = new_conversation(&store).await;
    say(&store, &id, "c1", "你好", Action::Smalltalk).await;
    store.close().await;
    assert!(matches!(store.ping().await, Err(Error::Closed)));
    let store = open_in(home.path()).await;
    assert_eq!(store.messages(&id, None, 10).await.expect("messages").len(), 2);
    store.check_integrity().await.expect("a sound database");
}

#[tokio::test]
async fn a_backup_holds_everything_and_overwrites_nothing() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let store = open_in(home.path()).await;
    store.faq_put(draft("a", "1"), None, "mei").await.expect("a version");
    let target = home.path().join("backup'1.db");
    store.backup_to(&target).await.expect("a backup");
    assert!(matches!(store.backup_to(&target).await, Err(Error::TargetExists { .. })));
    let copy = Store::open_sqlite(&target).await.expect("an open copy");
    assert_eq!(copy.faq_get("a").await.expect("it").answer, "1");
    assert!(store.backup_to(&home.path().join("missing/backup.db")).await.is_err());
    store.faq_put(draft("a", "2"), None, "mei").await.expect("still writable");
}

#[tokio::test]
async fn a_damaged_file_and_a_newer_schema_are_refused_clearly() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let damaged = home.path().join("damaged.db");
    std::fs::write(&damaged, vec![0x5a; 8192]).expect("a file");
    assert!(matches!(Store::open_sqlite(&damaged).await, Err(Error::Corrupt { .. })));
    let newer = home.path().join("newer.db");
    Store::open_sqlite(&newer).await.expect("an open store").close().await;
    let mut other =
        sqlx::SqliteConnection::connect(&format!("sqlite://{}", newer.display())).await.expect("a connection");
    sqlx::raw_sql("INSERT INTO schema_steps (step, applied_at) VALUES (99, 0)")
        .execute(&mut other)
        .await
        .expect("a row");
    assert!(matches!(Store::open_sqlite(&newer).await, Err(Error::SchemaTooNew { found: 99, .. })));
    assert!(matches!(Store::open_sqlite(&home.path().join("no/such/folder.db")).await, Err(Error::NotWritable { .. })));
    assert!(matches!(Store::open("mysql://localhost/x").await, Err(Error::Invalid(_))));
    assert!(matches!(Store::open("postgres://127.0.0.1:1/none").await, Err(Error::Unreachable { .. })));
}

#[tokio::test]
async fn a_lock_held_elsewhere_is_reported_and_passes() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let path = home.path().join("locked.db");
    let store = Store::open_sqlite(&path).await.expect("an open store");
    let mut other =
        sqlx::SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.expect("a connection");
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.expect("a lock");
    let refused = store.faq_put(draft("a", "1"), None, "mei").await;
    assert!(matches!(refused, Err(Error::Locked { .. })), "{refused:?}");
    let mode = sqlx::query("PRAGMA journal_mode").fetch_one(&mut other).await.expect("a row");
    assert_eq!(mode.get::<String, _>(0), "wal");
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.expect("no lock");
    store.faq_put(draft("a", "1"), None, "mei").await.expect("a version");
}

#[tokio::test]
async fn a_change_of_another_process_is_noticed() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let (store, other) = (open_in(home.path()).await, open_in(home.path()).await);
    let mut revisions = store.revisions();
    other.faq_put(draft("a", "1"), None, "mei").await.expect("a version");
    assert_eq!(*revisions.wait_for(|revision| *revision == 1).await.expect("a revision"), 1);
}

#[tokio::test]
async fn a_decided_import_is_finished_by_whoever_opens_the_store_next() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let store = open_in(home.path()).await;
    let drafts: Vec<_> = (0..900).map(|number| draft(&number.to_string(), "1")).collect();
    let reached = tokio::sync::Notify::new();
    let watcher = |progress: store::ImportProgress| {
        if progress.written >= 200 {
            reached.notify_one();
        }
    };
    tokio::select! {
        done = store.faq_import_watched(drafts, "mei", &watcher) => panic!("it was not broken off: {done:?}"),
        () = reached.notified() => {}
    }
    store.close().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(home.path().join("front desk #1?.db"));
    let mut other = sqlx::SqliteConnection::connect_with(&options).await.expect("a connection");
    sqlx::raw_sql("UPDATE faq_imports SET touched_at = 1").execute(&mut other).await.expect("an hour later");
    other.close().await.expect("a closed connection");
    let store = open_in(home.path()).await;
    let all = store.faq_all().await.expect("entries");
    assert_eq!(all.len(), 900);
    assert!(all.iter().all(|record| record.version == 1 && record.updated_by == "mei"));
    assert_eq!(store.revision().await.expect("a revision"), 900);
}
