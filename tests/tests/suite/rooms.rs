//! Who may know whom: the rooms' dependencies are those that ARCHITECTURE.md allows, and each outside library
//! that belongs to one room stays in it.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// Each room with the rooms it may know.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("dialogue", &[]),
    ("model", &["text"]),
    ("retrieval", &["text"]),
    ("store", &["dialogue"]),
    ("assistant", &["text", "model", "retrieval", "dialogue"]),
    ("fine_tune", &["text", "model", "dialogue", "store"]),
    ("server", &["text", "model", "retrieval", "dialogue", "assistant", "store", "fine_tune"]),
    ("tests", &["text", "model", "retrieval", "dialogue", "assistant", "store", "fine_tune", "server"]),
];

/// Libraries that only the named rooms may use.
const OWNED_BY: &[(&str, &[&str])] = &[
    ("actix-web", &["server"]),
    ("sqlx", &["store"]),
    ("candle-core", &["model", "fine_tune"]),
    ("candle-nn", &["model", "fine_tune"]),
    ("tantivy", &["retrieval"]),
];

#[test]
fn rooms_know_only_whom_they_may() {
    let known = dependencies();
    let rooms: BTreeSet<&str> = MAY_KNOW.iter().map(|(room, _)| *room).collect();
    assert_eq!(known.keys().map(String::as_str).collect::<BTreeSet<_>>(), rooms, "every package is a listed room");
    for (room, allowed) in MAY_KNOW {
        let ours: BTreeSet<&str> =
            known[*room].iter().map(String::as_str).filter(|name| rooms.contains(name)).collect();
        let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
        let strangers: Vec<_> = ours.difference(&allowed).collect();
        assert!(strangers.is_empty(), "{room} must not know {strangers:?}");
    }
}

#[test]
fn libraries_stay_in_the_room_that_owns_them() {
    for (room, libraries) in dependencies() {
        for (library, owners) in OWNED_BY {
            assert!(
                !libraries.contains(*library) || owners.contains(&room.as_str()),
                "{room} must not use {library}; it belongs to {owners:?}"
            );
        }
    }
}

/// Direct, non-development dependencies of every package of the workspace.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata: Metadata = MetadataCommand::new()
        .manifest_path("../Cargo.toml")
        .no_deps()
        .exec()
        .expect("cargo metadata reads the workspace");
    metadata
        .packages
        .iter()
        .map(|package| {
            let names = package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
            (package.name.to_string(), names.map(|dependency| dependency.name.clone()).collect())
        })
        .collect()
}
