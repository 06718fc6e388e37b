//! Conversations, feedback, and questions without an answer.

use dialogue::Action;
use store::{ConversationFilter, Error, NewConversation, Rating, Status, Store};

use crate::samples::{new_conversation, say};

crate::on_both_databases!(
    a_token_opens_its_conversation_only,
    lists_are_filtered_by_status_and_by_what_was_said,
    a_conversation_in_which_nothing_was_said_can_be_left_out,
    a_conversation_in_which_nothing_was_said_is_forgotten_after_a_while,
    pages_follow_each_other_without_a_gap,
    a_person_takes_over_and_hands_back,
    feedback_is_kept_and_replaced,
    unanswered_questions_come_grouped_and_go_when_resolved,
);

async fn a_token_opens_its_conversation_only(store: Store) {
    let new = || NewConversation { token_hash: Some("hash".to_owned()), ..NewConversation::default() };
    let made = store.create_conversation(new()).await.expect("a conversation");
    let found = store.conversation_by_token_hash("hash").await.expect("a look-up").expect("a conversation");
    assert_eq!(found.id, made.id);
    assert!(store.conversation_by_token_hash("other").await.expect("a look-up").is_none());
    assert!(matches!(store.create_conversation(new()).await, Err(Error::Duplicate { .. })));
    assert!(matches!(store.conversation("nowhere").await, Err(Error::NotFound { .. })));
    assert!(matches!(store.messages("nowhere", None, 5).await, Err(Error::NotFound { .. })));
}

async fn lists_are_filtered_by_status_and_by_what_was_said(store: Store) {
    let (one, other) = (new_conversation(&store).await, new_conversation(&store).await);
    say(&store, &one, "c1", "100% Cotton_shirt' OR 1=1 --", Action::Handoff).await;
    say(&store, &other, "c1", "100 cottonXshirt", Action::Template).await;
    let list = async |status, text: &str| {
        let text = Some(text.to_owned()).filter(|text| !text.is_empty());
        let found = store
            .list_conversations(&ConversationFilter { status, text, ..Default::default() }, 10, None)
            .await
            .expect("a list");
        found.into_iter().map(|conversation| conversation.id).collect::<Vec<_>>()
    };
    assert_eq!(list(None, "").await, [other.clone(), one.clone()]);
    assert_eq!(list(Some(Status::Waiting), "").await, [one.clone()]);
    assert_eq!(list(None, "100%").await, [one.clone()]);
    assert_eq!(list(None, "COTTON_").await, [one.clone()]);
    assert_eq!(list(None, "' or 1=1").await, [one]);
    assert!(list(None, "!").await.is_empty());
}

async fn a_conversation_in_which_nothing_was_said_is_forgotten_after_a_while(store: Store) {
    let (silent, spoken) = (new_conversation(&store).await, new_conversation(&store).await);
    say(&store, &spoken, "c1", "运费多少", Action::Template).await;
    let begun = store.conversation(&silent).await.expect("it is there").updated_at;
    assert_eq!(store.forget_unspoken(begun).await.expect("none is older"), 0);
    assert_eq!(store.forget_unspoken(i64::MAX).await.expect("one is"), 1);
    assert!(matches!(store.conversation(&silent).await, Err(Error::NotFound { .. })));
    assert!(store.conversation(&spoken).await.is_ok());
}

async fn a_conversation_in_which_nothing_was_said_can_be_left_out(store: Store) {
    let (silent, spoken) = (new_conversation(&store).await, new_conversation(&store).await);
    say(&store, &spoken, "c1", "你好", Action::Smalltalk).await;
    let list = async |only_spoken| {
        let filter = ConversationFilter { only_spoken, ..Default::default() };
        let found = store.list_conversations(&filter, 10, None).await.expect("a list");
        found.into_iter().map(|conversation| conversation.id).collect::<Vec<_>>()
    };
    assert_eq!(list(true).await, [spoken.clone()]);
    assert_eq!(list(false).await, [spoken, silent]);
}

async fn pages_follow_each_other_without_a_gap(store: Store) {
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(new_conversation(&store).await);
    }
    made.reverse();
    let mut seen: Vec<String> = Vec::new();
    loop {
        let page = store.list_conversations(&ConversationFilter::default(), 2, seen.last().map(String::as_str)).await;
        let page = page.expect("a page");
        if page.is_empty() {
            break;
        }
        seen.extend(page.into_iter().map(|conversation| conversation.id));
    }
    assert_eq!(seen, made);
}

async fn a_person_takes_over_and_hands_back(store: Store) {
    let id = new_conversation(&store).await;
    say(&store, &id, "c1", "转人工", Action::Handoff).await;
    assert_eq!(store.conversation(&id).await.expect("it").status, Status::Waiting);
    let message = store.add_person_message(&id, "mei", "我在").await.expect("a message");
    assert_eq!((message.seq, message.author.as_deref()), (3, Some("mei")));
    let taken = store.conversation(&id).await.expect("it");
    assert_eq!((taken.status, taken.assigned_to.as_deref()), (Status::Person, Some("mei")));
    assert_eq!(taken.last_text.as_deref(), Some("我在"));
    let back = store.set_status(&id, Status::Bot, "mei").await.expect("it");
    assert_eq!(
        (back.status, back.assigned_to, back.state.handed_over),
        (Status::Bot, None, dialogue::HandoffState::Bot)
    );
}

async fn feedback_is_kept_and_replaced(store: Store) {
    let id = new_conversation(&store).await;
    let stored = say(&store, &id, "c1", "多久发货", Action::Faq).await;
    let reply = &stored.replies[0].id;
    store.add_feedback(reply, Rating::Up, None).await.expect("feedback");
    let rated = store.add_feedback(reply, Rating::Down, Some("答非所问")).await.expect("feedback");
    let feedback = rated.feedback.expect("feedback");
    assert_eq!((feedback.rating, feedback.reason.as_deref()), (Rating::Down, Some("答非所问")));
    assert_eq!(store.message(reply).await.expect("it").feedback.expect("feedback").rating, Rating::Down);
    assert!(matches!(store.add_feedback(&stored.customer.id, Rating::Up, None).await, Err(Error::NotFound { .. })));
}

async fn unanswered_questions_come_grouped_and_go_when_resolved(store: Store) {
    let id = new_conversation(&store).await;
    say(&store, &id, "c1", "Do you ship to Canada?", Action::Rephrase).await;
    say(&store, &id, "c2", "do you ship to canada", Action::Handoff).await;
    say(&store, &id, "c3", "你好", Action::Smalltalk).await;
    let poor = say(&store, &id, "c4", "能开发票吗", Action::Faq).await;
    store.add_feedback(&poor.replies[0].id, Rating::Down, None).await.expect("feedback");
    let groups = store.unanswered(0, 10).await.expect("groups");
    let counts = groups.iter().map(|group| (group.count, group.rephrased, group.handed_over, group.thumbs_down));
    assert_eq!(counts.collect::<Vec<_>>(), [(2, 1, 1, 0), (1, 0, 0, 1)]);
    assert_eq!(groups[0].question, "do you ship to canada");
    store.resolve_unanswered(&groups[0].key, "mei").await.expect("resolved");
    assert_eq!(store.unanswered(0, 10).await.expect("groups").len(), 1);
    assert!(store.unanswered(i64::MAX, 10).await.expect("groups").is_empty());
}
