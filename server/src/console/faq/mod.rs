//! The FAQ in the console: the list on the left, and beside it the editor, an entry's history, or an import.

mod bulk;
mod check;
mod desk;
mod editor;
mod form;
mod history;
mod list;
mod merge;
mod pending;
mod transfer;
mod tree;

use std::sync::{Mutex, PoisonError};

use actix_web::web::ServiceConfig;
use store::Store;

use self::tree::{Branch, branches};
use crate::error::ApiError;

pub(super) fn routes(routes: &mut ServiceConfig) {
    routes
        .service(list::show)
        .service(transfer::show)
        .service(transfer::import)
        .service(check::check)
        .service(bulk::choose)
        .service(bulk::change_many)
        .service(bulk::undo)
        .service(pending::begin)
        .service(pending::show)
        .service(pending::save)
        .service(pending::approve)
        .service(pending::send_back)
        .service(pending::remove)
        .service(pending::meet_published)
        .service(editor::write_new)
        .service(editor::add)
        .service(editor::edit)
        .service(editor::save)
        .service(editor::delete)
        .service(merge::save)
        .service(history::show)
        .service(history::restore);
}

/// The category tree, read again when the FAQ has changed.
#[derive(Debug, Default)]
pub(super) struct Categories {
    known: Mutex<Option<(i64, Vec<Branch>)>>,
}

impl Categories {
    async fn tree(&self, store: &Store) -> Result<Vec<Branch>, ApiError> {
        let revision = store.revision().await?;
        if let Some((at, tree)) = &*self.known.lock().unwrap_or_else(PoisonError::into_inner)
            && *at == revision
        {
            return Ok(tree.clone());
        }
        let tree = branches(&store.faq_categories().await?);
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((revision, tree.clone()));
        Ok(tree)
    }
}
