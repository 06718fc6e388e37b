//! Zip archives from strangers: what unpacks to too much, is encrypted or damaged is refused before anything is built of it.

use std::io::{Cursor, Read as _};

use zip::ZipArchive;
use zip::result::ZipError;

use super::fault::FileFault;

/// All parts together may unpack to so much.
const UNPACKED_MIB: usize = 192;
/// More parts than any office file has.
const MAX_PARTS: usize = 10_000;

/// An office file opened.
pub(super) struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
}

impl<'a> Archive<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, FileFault> {
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
        if zip.len() > MAX_PARTS {
            return Err(FileFault::TooLarge { limit_mib: UNPACKED_MIB });
        }
        Ok(Self { zip })
    }

    pub(super) fn has(&self, part: &str) -> bool {
        self.zip.index_for_name(part).is_some()
    }

    /// Unpacks every part once into nothing: afterwards all of them are known to be whole and small enough.
    /// `see` is shown every piece, with the name of its part.
    pub(super) fn check(&mut self, mut see: impl FnMut(&str, &[u8]) -> Result<(), FileFault>) -> Result<(), FileFault> {
        let mut left = UNPACKED_MIB << 20;
        let mut buffer = vec![0; 64 << 10];
        for index in 0..self.zip.len() {
            let mut part = self.zip.by_index(index).map_err(damaged)?;
            let name = part.name().map_err(damaged)?.into_owned();
            loop {
                let read = part.read(&mut buffer).map_err(|error| damaged_part(&name, &error))?;
                if read == 0 {
                    break;
                }
                left = left.checked_sub(read).ok_or(FileFault::TooLarge { limit_mib: UNPACKED_MIB })?;
                see(&name, &buffer[..read])?;
            }
        }
        Ok(())
    }

    /// The text of a part; nothing where there is no such part.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, FileFault> {
        let part = match self.zip.by_name(name) {
            Ok(part) => part,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(error) => return Err(damaged(error)),
        };
        let mut bytes = Vec::new();
        let limit = UNPACKED_MIB << 20;
        let read = part.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(|error| damaged_part(name, &error))?;
        if read > limit {
            return Err(FileFault::TooLarge { limit_mib: UNPACKED_MIB });
        }
        crate::encoding::decode(&bytes).map(Some)
    }
}

/// What a workbook or document whose text goes past the limit is refused with.
pub(super) fn too_large() -> FileFault {
    FileFault::TooLarge { limit_mib: UNPACKED_MIB }
}

/// How much text may come of a file, in bytes, however often it repeats it.
pub(super) const TEXT_BYTES: usize = UNPACKED_MIB << 20;

fn damaged(error: ZipError) -> FileFault {
    match error {
        ZipError::UnsupportedArchive(reason) if reason == ZipError::PASSWORD_REQUIRED => FileFault::Protected,
        other => FileFault::Damaged { part: "ZIP".to_owned(), reason: other.to_string() },
    }
}

fn damaged_part(name: &str, error: &std::io::Error) -> FileFault {
    FileFault::Damaged { part: name.to_owned(), reason: error.to_string() }
}
