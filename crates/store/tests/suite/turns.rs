//! Turns: stored once, in order, together.

use std::collections::HashSet;

use dialogue::Action;
use store::{Error, Speaker, Status, Store};

use crate::samples::{decision, exchange, new_conversation, say};

crate::on_both_databases!(
    a_turn_reads_back_as_it_was_stored,
    the_same_client_message_id_gets_the_stored_reply,
    concurrent_duplicates_store_one_exchange,
    concurrent_conversations_keep_order_without_gaps,
    two_decisions_on_one_state_cannot_both_be_stored,
    an_unknown_conversation_fails_alone,
    a_silent_turn_keeps_its_decision_on_the_customers_message,
    a_person_who_took_over_meanwhile_keeps_the_conversation,
);

async fn a_turn_reads_back_as_it_was_stored(store: Store) {
    let id = new_conversation(&store).await;
    let stored = say(&store, &id, "c1", "我的快递到哪了 \0😀", Action::Template).await;
    assert!(!stored.duplicate);
    assert_eq!(stored.customer.text, "我的快递到哪了 😀");
    let messages = store.messages(&id, None, 10).await.expect("messages");
    assert_eq!(messages, [vec![stored.customer.clone()], stored.replies.clone()].concat());
    let kept = messages[1].decision.as_ref().expect("a decision");
    assert_eq!((kept.action, kept.probability), (Action::Template, Some(0.75)));
    assert_eq!(kept.trace["rule"], "template");
    let conversation = store.conversation(&id).await.expect("the conversation");
    assert_eq!((conversation.turn_count, conversation.state.last_question.is_some()), (1, true));
    let behind = store.messages(&id, Some(&stored.customer.id), 10).await.expect("messages");
    assert_eq!(behind, stored.replies);
}

async fn the_same_client_message_id_gets_the_stored_reply(store: Store) {
    let id = new_conversation(&store).await;
    let first = say(&store, &id, "c1", "你好", Action::Smalltalk).await;
    let again = say(&store, &id, "c1", "something else", Action::Rephrase).await;
    assert!(again.duplicate);
    assert_eq!((again.customer, again.replies), (first.customer, first.replies));
    assert_eq!(again.status, Status::Bot);
    assert_eq!(store.conversation(&id).await.expect("the conversation").turn_count, 1);
}

async fn concurrent_duplicates_store_one_exchange(store: Store) {
    let id = new_conversation(&store).await;
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..32 {
        let (store, id) = (store.clone(), id.clone());
        callers.spawn(async move { say(&store, &id, "same", &format!("try {caller}"), Action::Faq).await });
    }
    let results = callers.join_all().await;
    assert_eq!(results.iter().filter(|result| !result.duplicate).count(), 1);
    assert_eq!(results.iter().map(|result| &result.replies[0].id).collect::<HashSet<_>>().len(), 1);
    assert_eq!(store.messages(&id, None, 100).await.expect("messages").len(), 2);
}

async fn concurrent_conversations_keep_order_without_gaps(store: Store) {
    let mut conversations = tokio::task::JoinSet::new();
    for number in 0..16 {
        let store = store.clone();
        conversations.spawn(async move {
            let id = new_conversation(&store).await;
            for turn in 0..12 {
                let text = format!("{number}/{turn}");
                let stored = say(&store, &id, &format!("c{turn}"), &text, Action::Template).await;
                assert_eq!(stored.replies[0].text, format!("re: {text}"));
            }
            (number, id)
        });
    }
    for (number, id) in conversations.join_all().await {
        let messages = store.messages(&id, None, 100).await.expect("messages");
        assert_eq!(messages.iter().map(|message| message.seq).collect::<Vec<_>>(), (1..=24).collect::<Vec<_>>());
        let said =
            messages.iter().filter(|message| message.role == Speaker::Customer).map(|message| message.text.clone());
        assert_eq!(said.collect::<Vec<_>>(), (0..12).map(|turn| format!("{number}/{turn}")).collect::<Vec<_>>());
        let conversation = store.conversation(&id).await.expect("the conversation");
        assert_eq!(conversation.turn_count, 12);
        assert_eq!(conversation.state.last_question, Some(format!("{number}/11")));
    }
}

async fn two_decisions_on_one_state_cannot_both_be_stored(store: Store) {
    let id = new_conversation(&store).await;
    let decision = decision(Action::Form, "订单号？");
    let one = store::NewExchange { expected_turn_count: Some(0), ..exchange(&id, "a", "一", &decision) };
    let other = store::NewExchange { expected_turn_count: Some(0), ..exchange(&id, "b", "二", &decision) };
    let (one, other) = tokio::join!(store.record_turn(one), store.record_turn(other));
    let refused = [one.err(), other.err()].into_iter().flatten().collect::<Vec<_>>();
    assert!(matches!(refused[..], [Error::TurnConflict { current: 1, .. }]), "{refused:?}");
    assert_eq!(store.messages(&id, None, 10).await.expect("messages").len(), 2);
}

async fn an_unknown_conversation_fails_alone(store: Store) {
    let id = new_conversation(&store).await;
    let decision = decision(Action::Template, "好的");
    let (good, bad) = tokio::join!(
        store.record_turn(exchange(&id, "c1", "在吗", &decision)),
        store.record_turn(exchange("nowhere", "c1", "在吗", &decision))
    );
    assert!(good.is_ok());
    assert!(matches!(bad, Err(Error::NotFound { what: "conversation", .. })));
}

async fn a_silent_turn_keeps_its_decision_on_the_customers_message(store: Store) {
    let id = new_conversation(&store).await;
    let stored = say(&store, &id, "c1", "还在吗", Action::Silent).await;
    assert!(stored.replies.is_empty());
    let messages = store.messages(&id, None, 10).await.expect("messages");
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].decision.as_ref().expect("a decision").action, Action::Silent);
}

async fn a_person_who_took_over_meanwhile_keeps_the_conversation(store: Store) {
    let id = new_conversation(&store).await;
    store.add_person_message(&id, "mei@example.com", "您好，我来帮您").await.expect("a person's message");
    say(&store, &id, "c1", "谢谢", Action::Template).await;
    let conversation = store.conversation(&id).await.expect("the conversation");
    assert_eq!(conversation.status, Status::Person);
    assert_eq!(conversation.state.handed_over, dialogue::HandoffState::Person);
}
