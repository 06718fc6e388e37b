//! The FAQ: versions, revisions, conflicts, imports.

use std::sync::atomic::{AtomicUsize, Ordering};

use store::{Error, FaqDraft, FaqFilter, ImportProgress, Store};
use tokio::sync::Notify;

use crate::samples::draft;

crate::on_both_databases!(
    every_change_makes_a_version_and_a_revision,
    a_change_on_an_old_version_is_refused,
    a_delete_is_a_tombstone_that_can_be_restored,
    an_import_changes_only_what_differs,
    a_bad_row_imports_nothing,
    a_large_import_tells_how_far_it_is_and_makes_one_version_of_each_row,
    an_import_that_breaks_off_before_it_is_decided_leaves_nothing,
    an_edit_saved_while_an_import_is_written_stays,
    changes_since_give_each_entry_once_in_order,
    concurrent_edits_get_their_own_revisions_and_wake_followers,
    lists_find_text_literally,
);

async fn every_change_makes_a_version_and_a_revision(store: Store) {
    let first = store.faq_put(draft("a", "48 小时"), None, "mei").await.expect("a version");
    let second = store.faq_put(draft("a", "24 小时"), Some(1), "li").await.expect("a version");
    assert_eq!((first.version, first.revision, second.version, second.revision), (1, 1, 2, 2));
    assert_eq!(store.faq_get("a").await.expect("it"), second);
    assert_eq!(store.faq_history("a").await.expect("history"), [second, first]);
    assert_eq!(store.revision().await.expect("a revision"), 2);
    assert_eq!(*store.revisions().borrow(), 2);
}

async fn a_change_on_an_old_version_is_refused(store: Store) {
    store.faq_put(draft("a", "1"), Some(0), "mei").await.expect("a version");
    for expected in [0, 2] {
        let refused = store.faq_put(draft("a", "2"), Some(expected), "li").await;
        assert!(matches!(refused, Err(Error::VersionConflict { current: 1, .. })), "{refused:?}");
    }
    assert!(matches!(store.faq_delete("a", Some(9), "li").await, Err(Error::VersionConflict { current: 1, .. })));
    assert_eq!(store.revision().await.expect("a revision"), 1);
}

async fn a_delete_is_a_tombstone_that_can_be_restored(store: Store) {
    store.faq_put(draft("a", "1"), None, "mei").await.expect("a version");
    store.faq_put(draft("a", "2"), None, "mei").await.expect("a version");
    assert!(store.faq_delete("a", Some(2), "mei").await.expect("a tombstone").deleted);
    assert!(matches!(store.faq_get("a").await, Err(Error::NotFound { .. })));
    assert!(matches!(store.faq_delete("a", None, "mei").await, Err(Error::NotFound { .. })));
    let restored = store.faq_restore("a", 1, "li").await.expect("a version");
    assert_eq!((restored.version, restored.revision, restored.answer.as_str(), restored.deleted), (4, 4, "1", false));
    assert_eq!(store.faq_history("a").await.expect("history").len(), 4);
    assert!(matches!(store.faq_restore("a", 99, "li").await, Err(Error::NotFound { .. })));
}

async fn an_import_changes_only_what_differs(store: Store) {
    let drafts = || vec![draft("a", "1"), draft("b", "2"), draft("c", "3")];
    let preview = store.faq_import_preview(drafts(), &|_| {}).await.expect("a preview");
    assert_eq!((preview.added, store.revision().await.expect("a revision")), (3, 0));
    store.faq_import(drafts(), "mei").await.expect("an import");
    let again = store
        .faq_import(vec![draft("a", "1"), draft("b", "changed"), draft("d", "4")], "mei")
        .await
        .expect("an import");
    assert_eq!((again.added, again.changed, again.unchanged, again.revision), (1, 1, 1, 5));
    assert_eq!(store.faq_get("a").await.expect("it").version, 1);
}

async fn a_bad_row_imports_nothing(store: Store) {
    let refused = store.faq_import(vec![draft("a", "1"), draft("b", " ")], "mei").await;
    assert!(matches!(refused, Err(Error::Invalid(ref message)) if message.contains("\"b\"")), "{refused:?}");
    assert_eq!(store.faq_list(&FaqFilter::default(), 10, 0).await.expect("a list"), (Vec::new(), 0));
}

fn many(n: usize, answer: &str) -> Vec<FaqDraft> {
    (0..n).map(|number| draft(&format!("entry-{number:04}"), answer)).collect()
}

async fn a_large_import_tells_how_far_it_is_and_makes_one_version_of_each_row(store: Store) {
    store.faq_import(many(30, "first"), "mei").await.expect("an import");
    store.faq_delete("entry-0007", None, "mei").await.expect("a tombstone");
    let (compared, written) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let watcher = |progress: ImportProgress| {
        assert!(progress.compared >= compared.swap(progress.compared, Ordering::SeqCst), "{progress:?}");
        assert!(progress.written >= written.swap(progress.written, Ordering::SeqCst), "{progress:?}");
    };
    let twice = [many(450, "once"), many(450, "second")].concat();
    let outcome = store.faq_import_watched(twice, "li", &watcher).await.expect("an import");
    assert_eq!((outcome.added, outcome.changed, outcome.unchanged, outcome.revision), (421, 29, 0, 31 + 450));
    assert_eq!((compared.into_inner(), written.into_inner()), (450, 450));
    for (id, versions) in [("entry-0000", 2), ("entry-0007", 3), ("entry-0449", 1)] {
        let history = store.faq_history(id).await.expect("history");
        assert_eq!(
            (history.len(), history[0].answer.as_str(), history[0].updated_by.as_str()),
            (versions, "second", "li")
        );
    }
    let again = store.faq_import(many(450, "second"), "li").await.expect("an import");
    assert_eq!((again.unchanged, again.revision), (450, outcome.revision));
}

async fn an_import_that_breaks_off_before_it_is_decided_leaves_nothing(store: Store) {
    let reached = Notify::new();
    let watcher = |progress: ImportProgress| {
        if progress.compared >= 400 {
            reached.notify_one();
        }
    };
    tokio::select! {
        done = store.faq_import_watched(many(900, "1"), "mei", &watcher) => panic!("it was not broken off: {done:?}"),
        () = reached.notified() => {}
    }
    assert_eq!(store.faq_list(&FaqFilter::default(), 10, 0).await.expect("a list"), (Vec::new(), 0));
    assert_eq!(store.revision().await.expect("a revision"), 0);
    store.faq_import(many(900, "2"), "mei").await.expect("the same import again");
    assert_eq!(store.faq_list(&FaqFilter::default(), 10, 0).await.expect("a list").1, 900);
}

async fn an_edit_saved_while_an_import_is_written_stays(store: Store) {
    let reached = Notify::new();
    let watcher = |progress: ImportProgress| {
        if progress.written >= 200 {
            reached.notify_one();
        }
    };
    let edit = async {
        reached.notified().await;
        store.faq_put(draft("entry-0899", "edited"), None, "li").await.expect("a version")
    };
    let (imported, edited) = tokio::join!(store.faq_import_watched(many(900, "imported"), "mei", &watcher), edit);
    assert_eq!(imported.expect("an import").added, 900);
    assert_eq!(edited.version, 1, "the edit came before its row was written");
    assert_eq!(store.faq_get("entry-0899").await.expect("it"), edited);
    assert_eq!(store.faq_get("entry-0898").await.expect("it").answer, "imported");
}

async fn changes_since_give_each_entry_once_in_order(store: Store) {
    for (id, answer) in [("a", "1"), ("b", "1"), ("a", "2")] {
        store.faq_put(draft(id, answer), None, "mei").await.expect("a version");
    }
    store.faq_delete("b", None, "mei").await.expect("a tombstone");
    let changes = store.faq_changes_since(0, 10).await.expect("changes");
    let seen = changes.iter().map(|(revision, record)| (*revision, record.id.as_str(), record.deleted));
    assert_eq!(seen.collect::<Vec<_>>(), [(3, "a", false), (4, "b", true)]);
    assert_eq!(store.faq_changes_since(3, 10).await.expect("changes").len(), 1);
    assert!(store.faq_changes_since(4, 10).await.expect("changes").is_empty());
}

async fn concurrent_edits_get_their_own_revisions_and_wake_followers(store: Store) {
    let mut follower = store.revisions();
    let mut editors = tokio::task::JoinSet::new();
    for editor in 0..20 {
        let store = store.clone();
        editors.spawn(async move {
            let id = format!("entry-{}", editor % 4);
            store.faq_put(draft(&id, &editor.to_string()), None, "mei").await.expect("a version").revision
        });
    }
    let mut revisions = editors.join_all().await;
    revisions.sort_unstable();
    assert_eq!(revisions, (1..=20).collect::<Vec<_>>());
    assert_eq!(*follower.wait_for(|revision| *revision >= 20).await.expect("a revision"), 20);
    for entry in 0..4 {
        let history = store.faq_history(&format!("entry-{entry}")).await.expect("history");
        assert_eq!(history.iter().map(|record| record.version).collect::<Vec<_>>(), [5, 4, 3, 2, 1]);
    }
}

async fn lists_find_text_literally(store: Store) {
    store.faq_put(draft("a", "100% cotton"), None, "mei").await.expect("a version");
    store.faq_put(draft("b", "100 wool'; DROP TABLE faq; --"), None, "mei").await.expect("a version");
    let find = async |text: &str| {
        let filter = FaqFilter { text: Some(text.to_owned()), ..FaqFilter::default() };
        store.faq_list(&filter, 10, 0).await.expect("a list").1
    };
    assert_eq!((find("100%").await, find("'; drop").await, find("100").await, find("发货").await), (1, 1, 2, 2));
    let english = FaqFilter { language: Some("en".to_owned()), ..FaqFilter::default() };
    assert_eq!(store.faq_list(&english, 10, 0).await.expect("a list").1, 0);
}
