//! The FAQ's revision as a signal: readers wake when this process or another one changed the FAQ.

use std::sync::Weak;
use std::time::Duration;

use tokio::sync::watch;

use crate::columns::Columns;
use crate::database::Database;
use crate::{Error, Inner, Store};

/// How long a change made by another process may stay unnoticed.
const POLL: Duration = Duration::from_millis(500);

impl Store {
    /// The FAQ's revision: it grows with every change and never goes back.
    pub async fn revision(&self) -> Result<i64, Error> {
        read(self.database()).await
    }

    /// Follows the revision: at once for changes made here, within half a second for those of other processes.
    pub fn revisions(&self) -> watch::Receiver<i64> {
        self.inner.revisions.subscribe()
    }

    pub(crate) fn announce(&self, revision: i64) {
        raise(&self.inner.revisions, revision);
    }
}

pub(crate) async fn read(database: &Database) -> Result<i64, Error> {
    let row =
        sqlx::query("SELECT value FROM counters WHERE name = 'faq_revision'").fetch_one(&database.readers).await?;
    Columns(&row).integer("value")
}

/// Looks for changes of other processes until the store is dropped or closed.
pub(crate) fn follow(store: Weak<Inner>) {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(POLL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let Some(inner) = store.upgrade() else { return };
            match read(&inner.database).await {
                Ok(revision) => raise(&inner.revisions, revision),
                Err(Error::Closed) => return,
                Err(error) => tracing::warn!(%error, "the FAQ revision cannot be read; trying again"),
            }
        }
    });
}

fn raise(revisions: &watch::Sender<i64>, revision: i64) {
    revisions.send_if_modified(|known| {
        let newer = revision > *known;
        *known = revision.max(*known);
        newer
    });
}
