//! Accounts, sessions, tokens, audit, settings.

use serde_json::json;
use store::{AuditFilter, Error, Role, Store};

crate::on_both_databases!(
    an_email_address_has_one_account,
    the_last_owner_stays,
    a_session_ends_by_time_by_sign_out_and_by_a_new_password,
    a_revoked_token_opens_nothing,
    audit_and_settings_read_back,
);

async fn an_email_address_has_one_account(store: Store) {
    let made = store.account_create(" Mei@Example.com ", "hash", Role::Agent).await.expect("an account");
    assert_eq!(made.email, "mei@example.com");
    assert!(matches!(store.account_create("mei@example.COM", "x", Role::Owner).await, Err(Error::Duplicate { .. })));
    let found = store.account_by_email("MEI@example.com").await.expect("a look-up").expect("an account");
    assert_eq!((found.id, found.password_hash.as_str(), found.role), (made.id, "hash", Role::Agent));
    assert!(Role::Viewer < Role::Agent && Role::Agent < Role::Editor && Role::Editor < Role::Owner);
}

async fn the_last_owner_stays(store: Store) {
    let owner = store.account_create("owner@localhost", "hash", Role::Owner).await.expect("an account").id;
    assert!(matches!(store.account_delete(&owner).await, Err(Error::Invalid(_))));
    assert!(matches!(store.account_set_role(&owner, Role::Viewer).await, Err(Error::Invalid(_))));
    store.account_create("second@localhost", "hash", Role::Owner).await.expect("an account");
    store.account_delete(&owner).await.expect("a deleted account");
    assert!(matches!(store.account(&owner).await, Err(Error::NotFound { .. })));
}

async fn a_session_ends_by_time_by_sign_out_and_by_a_new_password(store: Store) {
    let account = store.account_create("mei@example.com", "hash", Role::Editor).await.expect("an account").id;
    store.session_create(&account, "over", 1).await.expect("a session");
    assert!(store.session_by_token_hash("over").await.expect("a look-up").is_none());
    for token in ["one", "two"] {
        store.session_create(&account, token, i64::MAX).await.expect("a session");
    }
    let session = store.session_by_token_hash("one").await.expect("a look-up").expect("a session");
    assert_eq!((session.email.as_str(), session.role), ("mei@example.com", Role::Editor));
    store.session_delete("one").await.expect("signed out");
    assert!(store.session_by_token_hash("one").await.expect("a look-up").is_none());
    store.account_set_password(&account, "new").await.expect("a new password");
    assert!(store.session_by_token_hash("two").await.expect("a look-up").is_none());
    assert!(matches!(store.session_create("nobody", "t", 1).await, Err(Error::NotFound { .. })));
}

async fn a_revoked_token_opens_nothing(store: Store) {
    let token = store.token_create("crm", Role::Agent, "hash").await.expect("a token");
    assert_eq!(store.token_by_hash("hash").await.expect("a look-up"), Some(token.clone()));
    let revoked = store.token_revoke(&token.id).await.expect("revoked");
    assert!(store.token_by_hash("hash").await.expect("a look-up").is_none());
    assert_eq!(store.token_list().await.expect("a list"), [revoked]);
}

async fn audit_and_settings_read_back(store: Store) {
    for subject in ["a", "b"] {
        store.audit_add("mei", "faq.put", subject, &json!({"version": 1})).await.expect("an entry");
    }
    let all = store.audit_list(&AuditFilter::default(), 10, None).await.expect("entries");
    assert_eq!(all.iter().map(|entry| entry.subject.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!(store.audit_list(&AuditFilter::default(), 10, Some(&all[0].id)).await.expect("entries"), all[1..]);
    store.setting_put("theme", &json!({"dark": true})).await.expect("set");
    store.setting_put("theme", &json!("light")).await.expect("set");
    assert_eq!(store.setting_get("theme").await.expect("a look-up"), Some(json!("light")));
    assert_eq!(store.setting_get("none").await.expect("a look-up"), None);
}
