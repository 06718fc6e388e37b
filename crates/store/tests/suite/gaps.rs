//! Questions customers asked, those that went unanswered, and what became of the drafts made from them.

use dialogue::{Action, QuickReply, Source};
use store::{DecidedDraft, DraftOutcome, FaqDraft, Message, NewConversation, Rating, Store};

use crate::samples::{decision, draft, exchange, new_conversation, say};

crate::on_both_databases!(
    asked_questions_are_listed_once_with_what_was_asked_last_first,
    a_gap_carries_what_a_person_said_next,
    an_answer_that_did_not_help_is_a_gap,
    a_draft_can_be_decided_and_undecided,
    an_entry_that_goes_live_resolves_the_questions_it_was_drafted_from,
    what_customers_said_of_an_entry_counts_until_it_is_changed,
);

fn decided<'a>(id: &'a str, keys: &'a [String], outcome: DraftOutcome, faq_id: Option<&'a str>) -> DecidedDraft<'a> {
    DecidedDraft { id, keys, outcome, faq_id }
}

async fn asked_questions_are_listed_once_with_what_was_asked_last_first(store: Store) {
    let id = new_conversation(&store).await;
    say(&store, &id, "c1", "Can I park?", Action::Faq).await;
    say(&store, &id, "c2", "多久发货", Action::Template).await;
    say(&store, &id, "c3", "AB123", Action::Form).await;
    let last = say(&store, &id, "c4", "can I park", Action::Rephrase).await;
    let asked = store.asked_questions(0, 10).await.expect("questions");
    let found: Vec<_> = asked.iter().map(|question| (question.text.as_str(), question.count)).collect();
    assert_eq!(found, [("can I park", 2), ("多久发货", 1)]);
    assert_eq!((&asked[0].message_id, &asked[0].conversation_id), (&last.customer.id, &id));
    assert_eq!(store.asked_questions(0, 1).await.expect("questions").len(), 1);
    assert!(store.asked_questions(i64::MAX, 10).await.expect("questions").is_empty());
}

async fn a_gap_carries_what_a_person_said_next(store: Store) {
    let id = new_conversation(&store).await;
    say(&store, &id, "c1", "能修鞋吗", Action::Rephrase).await;
    say(&store, &id, "c2", "人工", Action::Handoff).await;
    let reply = store.add_person_message(&id, "mei", "您好").await.expect("a message");
    store.add_person_message(&id, "mei", "可以，周三送来。").await.expect("a message");
    store.add_feedback(&reply.id, Rating::Up, None).await.expect("feedback");
    say(&store, &id, "c3", "谢谢", Action::Silent).await;
    store.add_person_message(&id, "mei", "不客气").await.expect("a message");
    let other = new_conversation(&store).await;
    say(&store, &other, "c1", "能修包吗", Action::Rephrase).await;

    let gaps = store.gaps(0, 10).await.expect("gaps");
    let told: Vec<_> = gaps.iter().map(|gap| (gap.question.as_str(), gap.outcome, gap.replies.len())).collect();
    let expected = [
        ("能修包吗", Action::Rephrase, 0),
        ("谢谢", Action::Silent, 1),
        ("人工", Action::Handoff, 2),
        ("能修鞋吗", Action::Rephrase, 2),
    ];
    assert_eq!(told, expected);
    assert_eq!(gaps[3].rule.as_deref(), Some("template"));
    assert_eq!((gaps[3].replies[1].text.as_str(), gaps[3].replies[0].rating), ("可以，周三送来。", Some(Rating::Up)));
    store.resolve_unanswered(&gaps[0].key, "mei").await.expect("resolved");
    assert_eq!(store.gaps(0, 10).await.expect("gaps").len(), 3);
}

async fn an_answer_that_did_not_help_is_a_gap(store: Store) {
    let id = new_conversation(&store).await;
    let stored = say(&store, &id, "c1", "保修多久", Action::Faq).await;
    assert!(store.gaps(0, 10).await.expect("gaps").is_empty());
    store.add_feedback(&stored.replies[0].id, Rating::Down, None).await.expect("feedback");
    let gaps = store.gaps(0, 10).await.expect("gaps");
    assert!(gaps[0].thumbs_down);
    assert_eq!((gaps[0].outcome, gaps[0].intent.as_deref()), (Action::Faq, Some("order_status")));
}

async fn a_draft_can_be_decided_and_undecided(store: Store) {
    let keys: Vec<String> = (0..250).map(|number| format!("key{number}")).collect();
    store.decide_draft(decided("d1", &keys, DraftOutcome::Dismissed, None), "mei").await.expect("decided");
    store.faq_put(FaqDraft { enabled: false, ..draft("f1", "好的") }, None, "mei").await.expect("an entry");
    store.decide_draft(decided("d2", &keys[..1], DraftOutcome::Accepted, Some("f1")), "mei").await.expect("decided");
    let decisions = store.draft_decisions().await.expect("decisions");
    assert_eq!(decisions.len(), 250);
    let accepted = decisions.iter().find(|one| one.key == "key0").expect("a decision");
    assert_eq!((accepted.outcome, accepted.waiting_entry.as_deref()), (DraftOutcome::Accepted, Some("f1")));
    assert!(store.undecide_draft("d1").await.expect("undecided"));
    assert!(!store.undecide_draft("d1").await.expect("undecided"));
    assert_eq!(store.draft_decisions().await.expect("decisions").len(), 1);
}

async fn an_entry_that_goes_live_resolves_the_questions_it_was_drafted_from(store: Store) {
    let id = new_conversation(&store).await;
    say(&store, &id, "c1", "能修鞋吗", Action::Rephrase).await;
    let key = store.gaps(0, 10).await.expect("gaps")[0].key.clone();
    let off = FaqDraft { enabled: false, ..draft("shoes", "可以") };
    store.faq_put(off.clone(), None, "mei").await.expect("an entry");
    store.decide_draft(decided("d1", &[key], DraftOutcome::Accepted, Some("shoes")), "mei").await.expect("decided");
    assert_eq!(store.unanswered(0, 10).await.expect("unanswered").len(), 1, "nobody is answered by what is off");
    store.faq_put(FaqDraft { enabled: true, ..off }, None, "mei").await.expect("an entry");
    assert!(store.unanswered(0, 10).await.expect("unanswered").is_empty());
    assert!(store.gaps(0, 10).await.expect("gaps").is_empty());
    assert_eq!(store.draft_decisions().await.expect("decisions")[0].waiting_entry, None);
}

/// Asks a question that some entries answer; the bot's reply.
async fn answered(store: &Store, conversation_id: &str, client_id: &str, text: &str, faq_ids: &[&str]) -> Message {
    let mut given = decision(Action::Faq, "七天内都可以退");
    given.faq_id = faq_ids.first().map(|id| (*id).to_owned());
    let source = |id: &&str| Source { faq_id: (*id).to_owned(), question: format!("{id}?"), links: Vec::new() };
    given.sources = faq_ids.iter().map(source).collect();
    let turn = store.record_turn(exchange(conversation_id, client_id, text, &given)).await.expect("a stored turn");
    turn.replies.into_iter().next().expect("the bot answered")
}

async fn what_customers_said_of_an_entry_counts_until_it_is_changed(store: Store) {
    store.faq_import(vec![draft("return-zh", "可以退"), draft("ship-zh", "两天")], "mei").await.expect("entries");
    let said = async || {
        let said = store.rated_answers(0, 10).await.expect("ratings");
        let told = said.into_iter().map(|one| (one.question, one.faq_id, one.helpful));
        told.collect::<Vec<_>>()
    };
    let word = |question: &str, id: &str, helpful| (question.to_owned(), id.to_owned(), helpful);
    let (one, other) = (new_conversation(&store).await, new_conversation(&store).await);
    let first = answered(&store, &one, "c1", "能退吗", &["return-zh"]).await;
    store.add_feedback(&first.id, Rating::Up, None).await.expect("rated");
    let again = answered(&store, &one, "c2", "能退吗", &["return-zh"]).await;
    assert_eq!(said().await, [word("能退吗", "return-zh", true)], "what was not rated says nothing");
    store.add_feedback(&again.id, Rating::Down, None).await.expect("rated");
    assert_eq!(said().await, [word("能退吗", "return-zh", false)], "a conversation has one word, its last");
    for _ in 0..2 {
        let new = NewConversation { visitor: Some("jun".to_owned()), ..NewConversation::default() };
        let id = store.create_conversation(new).await.expect("a conversation").id;
        let reply = answered(&store, &id, "c1", "寄到哪", &["ship-zh"]).await;
        store.add_feedback(&reply.id, Rating::Down, None).await.expect("rated");
    }
    assert_eq!(
        said().await,
        [word("寄到哪", "ship-zh", false), word("能退吗", "return-zh", false)],
        "one visitor, one word"
    );
    let both = answered(&store, &other, "c1", "能退吗，多久到", &["return-zh", "ship-zh"]).await;
    store.add_feedback(&both.id, Rating::Down, None).await.expect("rated");
    assert_eq!(said().await.len(), 2, "nobody knows which of two was meant");

    let mut asked_back = decision(Action::Clarify, "您想问哪个？");
    asked_back.quick_replies = vec![QuickReply::plain("多久发货"), QuickReply::plain("怎么退货")];
    store.record_turn(exchange(&other, "c2", "什么时候", &asked_back)).await.expect("a stored turn");
    answered(&store, &other, "c3", "多久发货", &["ship-zh"]).await;
    store.record_turn(exchange(&other, "c4", "那个呢", &asked_back)).await.expect("a stored turn");
    answered(&store, &other, "c5", "我要别的", &["ship-zh"]).await;
    let [chosen, stayed] = [word("什么时候", "ship-zh", true), word("寄到哪", "ship-zh", false)];
    assert_eq!(said().await, [chosen.clone(), stayed.clone(), word("能退吗", "return-zh", false)]);
    assert!(store.rated_answers(i64::MAX, 10).await.expect("ratings").is_empty());

    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    store.faq_import(vec![draft("return-zh", "三十天内可以退")], "mei").await.expect("an entry");
    assert_eq!(said().await, [chosen, stayed], "another answer begins anew");
}
