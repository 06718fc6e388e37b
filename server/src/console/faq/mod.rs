//! The FAQ in the console: the list on the left, and beside it the editor, an entry's history, or an import.

mod check;
mod desk;
mod editor;
mod form;
mod history;
mod list;
mod merge;
mod transfer;

use std::sync::{Mutex, PoisonError};

use actix_web::web::ServiceConfig;
use store::Store;

use crate::error::ApiError;

pub(super) fn routes(routes: &mut ServiceConfig) {
    routes
        .service(list::show)
        .service(transfer::show)
        .service(transfer::import)
        .service(check::check)
        .service(editor::write_new)
        .service(editor::add)
        .service(editor::edit)
        .service(editor::save)
        .service(editor::delete)
        .service(merge::save)
        .service(history::show)
        .service(history::restore);
}

/// The categories in use, read again when the FAQ has changed.
#[derive(Debug, Default)]
pub(super) struct Categories {
    known: Mutex<Option<(i64, Vec<String>)>>,
}

impl Categories {
    async fn list(&self, store: &Store) -> Result<Vec<String>, ApiError> {
        let revision = store.revision().await?;
        if let Some((at, names)) = &*self.known.lock().unwrap_or_else(PoisonError::into_inner)
            && *at == revision
        {
            return Ok(names.clone());
        }
        let mut names: Vec<String> = store.faq_all().await?.into_iter().filter_map(|record| record.category).collect();
        names.sort();
        names.dedup();
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((revision, names.clone()));
        Ok(names)
    }
}
