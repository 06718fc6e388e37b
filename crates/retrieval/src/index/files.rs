//! The files of an index in its folder: which they are, whether they are sound, and taking them away.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use tantivy::Index;
use tantivy::directory::Directory as _;

use crate::Error;
use crate::table::CountsFile;

/// Compares the files of an index with their checksums.
pub(super) fn verify(index: &Index, dir: &Path) -> Result<(), Error> {
    let directory = index.directory();
    let is_broken = |path: &PathBuf| match directory.validate_checksum(path) {
        Ok(sound) => !sound,
        // An edit may have cleared it away meanwhile.
        Err(_) => directory.exists(path).unwrap_or(true),
    };
    match files(index, dir).par_iter().find_any(|path| is_broken(path)) {
        Some(file) => Err(Error::damaged(dir, format!("{} does not match its checksum", file.display()))),
        None => Ok(()),
    }
}

/// The size of all files of an index.
pub(super) fn bytes(index: &Index, dir: &Path) -> u64 {
    files(index, dir).iter().filter_map(|file| std::fs::metadata(dir.join(file)).ok()).map(|file| file.len()).sum()
}

/// The files in a folder that the last commit of its index names.
fn files(index: &Index, dir: &Path) -> Vec<PathBuf> {
    let segments = index.searchable_segment_metas().unwrap_or_default();
    let is_named = |name: &str| {
        segments.iter().any(|segment| match name.strip_prefix(&segment.id().uuid_string()) {
            // Those of other commits may have been cut off.
            Some(kind) if kind.ends_with(".del") => {
                segment.delete_opstamp().is_some_and(|opstamp| kind == format!(".{opstamp}.del"))
            }
            Some(kind) => !kind.ends_with(".temp"),
            None => false,
        })
    };
    let names = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|file| file.file_name());
    names.filter(|name| name.to_str().is_some_and(is_named)).map(PathBuf::from).collect()
}

/// Empties a damaged index's folder of files; folders inside are not ours and stay.
pub(super) fn remove(dir: &Path) -> Result<(), Error> {
    let listing = std::fs::read_dir(dir).map_err(|source| Error::io(dir, source))?;
    for file in listing {
        let path = file.map_err(|source| Error::io(dir, source))?.path();
        if path.is_file() && is_index_file(&path) {
            std::fs::remove_file(&path).map_err(|source| Error::io(&path, source))?;
        }
    }
    Ok(())
}

/// tantivy's segment files are named by 32 hexadecimal digits.
fn is_index_file(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    CountsFile::is_named(name)
        || matches!(name.trim_end_matches(".new"), "meta.json" | ".managed.json" | "calibration.json")
        || (stem.len() == 32 && stem.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
