//! A file that the system reads as it is needed, so that vectors of millions of sentences take no memory of ours.
#![allow(unsafe_code)]

use std::fs::File;
use std::path::Path;

use anyhow::Context as _;
use memmap2::Mmap;

/// A file of 16-bit numbers.
#[derive(Debug)]
pub(super) struct Mapped(Option<Mmap>);

impl Mapped {
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        if file.metadata()?.len() == 0 {
            return Ok(Self(None));
        }
        // SAFETY: the file is of this run's own making, in a folder that only one run at a time may use.
        let map = unsafe { Mmap::map(&file) };
        Ok(Self(Some(map.with_context(|| format!("cannot map {}", path.display()))?)))
    }

    /// The bytes of each number.
    pub(super) fn numbers(&self) -> &[[u8; 2]] {
        self.0.as_deref().map_or(&[], |bytes| bytes.as_chunks().0)
    }
}
