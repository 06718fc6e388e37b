//! What the service's FAQ index compares meanings by: the base that comes with the program, or an encoder of the operator's.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use assistant::{FolderEncoder, meaning};
use retrieval::Encoder;
use store::Store;

use crate::faq_follower::entry;

/// The encoder for an index, the operator's where one is configured.
#[derive(Clone, Debug)]
pub(crate) struct FaqEncoder {
    pub(crate) reads: Option<Arc<dyn Encoder>>,
    own: Option<Arc<FolderEncoder>>,
}

impl FaqEncoder {
    /// Opens the encoder for an index: the operator's as the index was made with it or, where that was another one or when there
    /// were hardly any questions yet, by the questions that there are now.
    pub(crate) async fn open(folder: Option<&Path>, index: &Path, store: &Store) -> anyhow::Result<Self> {
        let Some(folder) = folder else { return Ok(Self { reads: meaning(), own: None }) };
        let records = store.faq_all().await?;
        let (folder, index) = (folder.to_owned(), index.to_owned());
        let open = move || {
            let entries: Vec<_> = records.into_iter().map(entry).collect();
            match FolderEncoder::of_index(&index) {
                Ok(Some(known)) if known.serves(&folder, entries.len()) => Ok(known),
                // What an index was made with and cannot be read any more is of no use to the one that is built now.
                _ => FolderEncoder::open(&folder, &entries)
                    .with_context(|| format!("cannot use {} as [faq] encoder", folder.display())),
            }
        };
        let own = Arc::new(tokio::task::spawn_blocking(open).await??);
        Ok(Self { reads: Some(Arc::clone(&own) as Arc<dyn Encoder>), own: Some(own) })
    }

    /// Notes beside an index what it is made with from now on.
    pub(crate) fn keep(&self, index: &Path) -> anyhow::Result<()> {
        Ok(self.own.as_ref().map_or_else(|| FolderEncoder::forget(index), |own| own.keep(index))?)
    }
}
