//! Small values that tests need.

use dialogue::{Action, Conversation, Decision, Language, QuickReply, Trace};
use store::{Exchange, FaqDraft, NewConversation, NewExchange, Store};

pub(crate) fn decision(action: Action, text: &str) -> Decision {
    Decision {
        action,
        language: Language::Chinese,
        text: text.to_owned(),
        whole: None,
        quick_replies: vec![QuickReply::plain("查物流")],
        sources: Vec::new(),
        intent: Some("order_status".to_owned()),
        faq_id: None,
        probability: Some(0.75),
        next: Conversation::default(),
        trace: Trace { rule: "template".to_owned(), ..Trace::default() },
    }
}

pub(crate) async fn new_conversation(store: &Store) -> String {
    store.create_conversation(NewConversation::default()).await.expect("a conversation").id
}

/// Stores one turn whose reply is `"re: " + text`.
pub(crate) async fn say(store: &Store, conversation_id: &str, client_id: &str, text: &str, action: Action) -> Exchange {
    let mut decision = decision(action, &format!("re: {text}"));
    decision.next.last_question = Some(text.to_owned());
    store.record_turn(exchange(conversation_id, client_id, text, &decision)).await.expect("a stored turn")
}

pub(crate) fn exchange<'a>(
    conversation_id: &str,
    client_id: &str,
    text: &str,
    decision: &'a Decision,
) -> NewExchange<'a> {
    NewExchange {
        conversation_id: conversation_id.to_owned(),
        client_message_id: client_id.to_owned(),
        expected_turn_count: None,
        customer_text: text.to_owned(),
        language: Some(Language::Chinese),
        decision,
    }
}

pub(crate) fn draft(id: &str, answer: &str) -> FaqDraft {
    FaqDraft {
        id: Some(id.to_owned()),
        question: format!("{id}?"),
        similar: vec!["多久发货".to_owned()],
        answer: answer.to_owned(),
        language: Some("zh".to_owned()),
        enabled: true,
        ..FaqDraft::default()
    }
}
