//! Keeping the FAQ: many entries changed at once and taken back, and edits that wait to be published.

use dialogue::Link;
use store::{BranchMove, BulkChange, BulkEdit, BulkTarget, Error, FaqDraft, FaqFilter, PendingState, Store};

use crate::samples::draft;

crate::on_both_databases!(
    channels_and_links_are_kept_with_every_version,
    a_bulk_edit_is_one_change_with_one_undo,
    an_undo_leaves_what_was_changed_since,
    a_bulk_edit_changes_nothing_when_one_entry_cannot_be_changed,
    a_branch_moves_with_all_below_it,
    an_edit_waits_until_it_is_approved,
    an_approval_never_overwrites_what_was_published_since,
    one_edit_waits_at_a_time,
);

fn filed(id: &str, category: &str) -> FaqDraft {
    FaqDraft { category: Some(category.to_owned()), ..draft(id, "yes") }
}

async fn put(store: &Store, entry: FaqDraft) {
    store.faq_put(entry, None, "mei").await.expect("a version");
}

fn edit(target: BulkTarget, change: BulkChange) -> BulkEdit {
    BulkEdit { target, change, note: "spring".to_owned(), expected_revision: None }
}

fn ids(ids: &[&str]) -> BulkTarget {
    BulkTarget::Ids(ids.iter().map(|&id| id.to_owned()).collect())
}

async fn category(store: &Store, id: &str) -> String {
    store.faq_get(id).await.expect("an entry").category.unwrap_or_default()
}

async fn channels_and_links_are_kept_with_every_version(store: Store) {
    let link = Link { title: "尺码表".to_owned(), url: "https://shop.example/sizes".to_owned() };
    put(&store, FaqDraft { channels: vec!["widget".to_owned()], links: vec![link.clone()], ..draft("a", "1") }).await;
    put(&store, draft("a", "2")).await;
    let restored = store.faq_restore("a", 1, "li").await.expect("a version");
    assert_eq!((restored.channels, restored.links), (vec!["widget".to_owned()], vec![link]));
    assert!(store.faq_get("a").await.expect("an entry").channels == ["widget"]);
}

async fn a_bulk_edit_is_one_change_with_one_undo(store: Store) {
    for id in ["a", "b", "c"] {
        put(&store, filed(id, "x")).await;
    }
    put(&store, FaqDraft { enabled: false, ..filed("d", "x") }).await;
    let off = edit(
        BulkTarget::Filter(FaqFilter { branch: Some("x".to_owned()), ..FaqFilter::default() }),
        BulkChange { enabled: Some(false), ..BulkChange::default() },
    );
    let tried = store.faq_bulk_preview(&off).await.expect("a preview");
    assert_eq!((tried.changed.len(), tried.unchanged, tried.id), (3, 1, None));
    assert_eq!(store.revision().await.expect("a revision"), 4, "a preview changes nothing");
    let done = store.faq_bulk(&off, "li").await.expect("a bulk edit");
    assert_eq!((done.changed.len(), done.revision), (3, 7));
    let now = store.faq_get("b").await.expect("an entry");
    assert_eq!((now.enabled, now.note.as_deref(), now.updated_by.as_str()), (false, Some("spring"), "li"));
    assert_eq!(now.bulk, done.id);
    let id = done.id.expect("an id");
    let undone = store.faq_bulk_undo(&id, "mei").await.expect("an undo");
    assert_eq!((undone.changed.len(), undone.left.len()), (3, 0));
    assert!(store.faq_get("b").await.expect("an entry").enabled);
    assert!(!store.faq_get("d").await.expect("an entry").enabled, "what was off before stays off");
    assert!(matches!(store.faq_bulk_undo(&id, "mei").await, Err(Error::Duplicate { .. })));
    assert!(matches!(store.faq_bulk_undo("nothing", "mei").await, Err(Error::NotFound { .. })));
    let again = store.faq_bulk_undo(&undone.id.expect("an id"), "mei").await.expect("an undo of the undo");
    assert_eq!(again.changed.len(), 3);
    assert!(!store.faq_get("b").await.expect("an entry").enabled);
}

async fn an_undo_leaves_what_was_changed_since(store: Store) {
    put(&store, draft("a", "1")).await;
    put(&store, draft("b", "1")).await;
    let gone = edit(ids(&["a", "b"]), BulkChange { delete: true, ..BulkChange::default() });
    let done = store.faq_bulk(&gone, "li").await.expect("a bulk edit");
    assert!(matches!(store.faq_get("a").await, Err(Error::NotFound { .. })));
    put(&store, draft("b", "written anew")).await;
    let undone = store.faq_bulk_undo(&done.id.expect("an id"), "li").await.expect("an undo");
    assert_eq!((undone.changed.len(), undone.left), (1, vec!["b".to_owned()]));
    assert_eq!(store.faq_get("a").await.expect("an entry").answer, "1");
    assert_eq!(store.faq_get("b").await.expect("an entry").answer, "written anew");
}

async fn a_bulk_edit_changes_nothing_when_one_entry_cannot_be_changed(store: Store) {
    put(&store, draft("a", "1")).await;
    put(&store, FaqDraft { valid_until: Some("2026-01-01".to_owned()), ..draft("b", "1") }).await;
    let late = BulkChange { valid_from: Some("2026-06-01".to_owned()), ..BulkChange::default() };
    let refused = store.faq_bulk(&edit(ids(&["a", "b"]), late.clone()), "li").await;
    assert!(matches!(refused, Err(Error::Invalid(ref words)) if words.contains("\"b\"")), "{refused:?}");
    assert!(matches!(store.faq_bulk(&edit(ids(&["a", "z"]), late.clone()), "li").await, Err(Error::NotFound { .. })));
    let stale = BulkEdit { expected_revision: Some(1), ..edit(ids(&["a"]), late) };
    assert!(matches!(store.faq_bulk(&stale, "li").await, Err(Error::VersionConflict { current: 2, .. })));
    assert_eq!(store.revision().await.expect("a revision"), 2);
}

async fn a_branch_moves_with_all_below_it(store: Store) {
    for (id, category) in [("a", "ship"), ("b", "ship/fees"), ("c", "shipping"), ("d", "ship_x/y")] {
        put(&store, filed(id, category)).await;
    }
    let branch = |path: &str| FaqFilter { branch: Some(path.to_owned()), ..FaqFilter::default() };
    assert_eq!(store.faq_list(&branch("ship"), 10, 0).await.expect("a list").1, 2);
    assert_eq!(store.faq_list(&branch("ship_"), 10, 0).await.expect("a list").1, 0, "nothing of a pattern in it");
    let counts = store.faq_categories().await.expect("categories");
    assert_eq!(counts.len(), 4);
    let moved = BranchMove { from: "ship".to_owned(), to: "orders/delivery".to_owned() };
    let everything = BulkTarget::Filter(FaqFilter::default());
    let done =
        store.faq_bulk(&edit(everything, BulkChange { branch: Some(moved), ..BulkChange::default() }), "li").await;
    assert_eq!(done.expect("a bulk edit").changed.len(), 2);
    let now = [category(&store, "a").await, category(&store, "b").await, category(&store, "c").await];
    assert_eq!(now, ["orders/delivery", "orders/delivery/fees", "shipping"]);
}

async fn an_edit_waits_until_it_is_approved(store: Store) {
    put(&store, draft("a", "live")).await;
    let saved = store.faq_pending_put(draft("a", "new"), 1, Some(0), "mei").await.expect("an edit");
    assert_eq!((saved.version, saved.state), (1, PendingState::Draft));
    assert_eq!(
        (store.faq_get("a").await.expect("an entry").answer.as_str(), store.revision().await.expect("one")),
        ("live", 1)
    );
    let sent = store.faq_pending_submit("a", Some(1)).await.expect("sent");
    let back = store.faq_pending_return("a", Some(sent.version), "too short", "li").await.expect("sent back");
    assert_eq!(
        (back.state, back.note.as_deref(), back.reviewed_by.as_deref()),
        (PendingState::Returned, Some("too short"), Some("li"))
    );
    let again = store.faq_pending_put(draft("a", "longer"), 1, Some(back.version), "mei").await.expect("an edit");
    assert_eq!(store.faq_pending_list(Some(PendingState::Draft)).await.expect("a list"), [again.clone()]);
    assert!(store.faq_pending_list(Some(PendingState::Review)).await.expect("a list").is_empty());
    let live = store.faq_pending_approve("a", Some(again.version), "li").await.expect("published");
    assert_eq!(
        (live.answer.as_str(), live.updated_by.as_str(), live.approved_by.as_deref()),
        ("longer", "mei", Some("li"))
    );
    assert_eq!(store.faq_pending("a").await.expect("read"), None);
    assert!(matches!(store.faq_pending_approve("a", None, "li").await, Err(Error::NotFound { .. })));
}

async fn an_approval_never_overwrites_what_was_published_since(store: Store) {
    put(&store, draft("a", "1")).await;
    store.faq_pending_put(draft("a", "waiting"), 1, None, "mei").await.expect("an edit");
    put(&store, draft("a", "2")).await;
    let refused = store.faq_pending_approve("a", None, "li").await;
    assert!(matches!(refused, Err(Error::VersionConflict { what: "FAQ entry", current: 2, .. })), "{refused:?}");
    assert_eq!(store.faq_get("a").await.expect("an entry").answer, "2");
    assert!(store.faq_pending("a").await.expect("read").is_some(), "the edit still waits");
    store.faq_pending_put(draft("new", "first"), 0, None, "mei").await.expect("an edit");
    assert!(matches!(store.faq_get("new").await, Err(Error::NotFound { .. })));
    assert_eq!(store.faq_pending_approve("new", None, "li").await.expect("published").version, 1);
}

async fn one_edit_waits_at_a_time(store: Store) {
    store.faq_pending_put(draft("a", "1"), 0, Some(0), "mei").await.expect("an edit");
    let other = store.faq_pending_put(draft("a", "2"), 0, Some(0), "li").await;
    assert!(matches!(other, Err(Error::VersionConflict { what: "draft", current: 1, .. })), "{other:?}");
    assert!(matches!(store.faq_pending_drop("a", Some(7)).await, Err(Error::VersionConflict { .. })));
    store.faq_pending_drop("a", Some(1)).await.expect("dropped");
    assert_eq!(store.faq_pending("a").await.expect("read"), None);
}
