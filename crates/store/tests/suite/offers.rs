//! What was offered and what was chosen of it.

use dialogue::{Action, Language};
use store::{EntryUse, NewConversation, Offer, OfferPlace, OfferedQuestion, Rating, Store};

use crate::samples::{decision, exchange, say};

crate::on_both_databases!(
    offers_come_back_as_they_were_kept_and_are_forgotten_by_age,
    entries_are_counted_with_their_ratings_and_by_visitor,
);

fn offer(place: OfferPlace, chosen: Option<usize>) -> Offer {
    let question = |question: &str, faq_id: Option<&str>| OfferedQuestion {
        question: question.to_owned(),
        faq_id: faq_id.map(str::to_owned),
        features: vec![1.0, 0.25],
    };
    Offer {
        place,
        language: Some(Language::Chinese),
        page_group: "/returns".to_owned(),
        policy: "random".to_owned(),
        questions: vec![question("怎么退货", Some("return-zh")), question("转人工", None)],
        shown: vec![1, 0],
        chosen,
        answered: chosen.is_some(),
        offered_at: 0,
    }
}

async fn offers_come_back_as_they_were_kept_and_are_forgotten_by_age(store: Store) {
    let kept = [offer(OfferPlace::Start, Some(1)), offer(OfferPlace::Start, None), offer(OfferPlace::Typing, None)];
    store.add_offers(&kept).await.expect("kept");
    store.add_offers(&[]).await.expect("nothing to keep");
    let read = store.offers(OfferPlace::Start, 0, 10).await.expect("offers");
    let timeless: Vec<Offer> = read.iter().map(|one| Offer { offered_at: 0, ..one.clone() }).collect();
    assert!(timeless.contains(&kept[0]) && timeless.contains(&kept[1]) && read.len() == 2, "{read:?}");
    assert_eq!(store.offers(OfferPlace::Start, 0, 1).await.expect("offers").len(), 1);
    let later = read[1].offered_at + 1;
    assert_eq!(store.offers(OfferPlace::Start, later, 10).await.expect("offers"), []);
    assert_eq!(store.forget_offers(read[0].offered_at).await.expect("forgotten"), 0);
    assert_eq!(store.forget_offers(later + 60_000).await.expect("forgotten"), 3);
    assert_eq!(store.offers(OfferPlace::Start, 0, 10).await.expect("offers"), []);
}

async fn entries_are_counted_with_their_ratings_and_by_visitor(store: Store) {
    let begin = async |visitor: &str| {
        let new = NewConversation { visitor: Some(visitor.to_owned()), ..NewConversation::default() };
        store.create_conversation(new).await.expect("a conversation").id
    };
    let (mei, jun) = (begin("mei").await, begin("jun").await);
    let mut answer = decision(Action::Faq, "七天内都可以退");
    answer.faq_id = Some("return-zh".to_owned());
    for id in ["c1", "c2"] {
        store.record_turn(exchange(&mei, id, "怎么退货", &answer)).await.expect("a stored turn");
    }
    say(&store, &jun, "c1", "你好", Action::Smalltalk).await;
    let reply = store.messages(&mei, None, 10).await.expect("messages").swap_remove(1);
    store.add_feedback(&reply.id, Rating::Up, None).await.expect("rated");
    let uses = store.entry_use(0, 100).await.expect("uses");
    assert_eq!(uses["return-zh"], EntryUse { asked: 2, up: 1, down: 0 });
    assert_eq!(store.answered_to_visitor("mei", 10).await.expect("entries"), ["return-zh"]);
    assert_eq!(store.answered_to_visitor("jun", 10).await.expect("entries"), [""; 0]);
}
