//! Measures how many exchanges a second 64 callers get stored durably: `cargo run --release -p store --example record_turns`.
//! Takes the database's address as its only argument; without one it uses a temporary SQLite file.

use std::time::Instant;

use dialogue::{Action, Conversation, Decision, Language, Trace};
use store::{NewConversation, NewExchange, Store};

const N_CALLERS: usize = 64;
const N_TURNS: usize = 200;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the figures are what this program is for")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let home = tempfile::tempdir()?;
    let url = std::env::args().nth(1).unwrap_or_else(|| format!("sqlite:{}", home.path().join("bench.db").display()));
    let store = Store::open(&url).await?;
    let started = Instant::now();
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..N_CALLERS {
        callers.spawn(talk(store.clone()));
    }
    let mut waits = Vec::with_capacity(N_CALLERS * N_TURNS);
    while let Some(caller) = callers.join_next().await {
        waits.extend(caller??);
    }
    let rate = (N_CALLERS * N_TURNS) as f64 / started.elapsed().as_secs_f64();
    waits.sort_unstable_by(f64::total_cmp);
    println!(
        "{rate:.0} exchanges/s; wait p50 {:.1} ms, p99 {:.1} ms",
        waits[waits.len() / 2],
        waits[waits.len() * 99 / 100]
    );
    store.close().await;
    Ok(())
}

/// One customer who waits for each reply; gives the waits in milliseconds.
async fn talk(store: Store) -> Result<Vec<f64>, store::Error> {
    let id = store.create_conversation(NewConversation::default()).await?.id;
    let decision = decision();
    let mut waits = Vec::with_capacity(N_TURNS);
    for turn in 0..N_TURNS {
        let started = Instant::now();
        let exchange = NewExchange {
            conversation_id: id.clone(),
            client_message_id: turn.to_string(),
            expected_turn_count: None,
            customer_text: "我的快递到哪了，订单号 AB12345678".to_owned(),
            language: Some(Language::Chinese),
            decision: &decision,
        };
        store.record_turn(exchange).await?;
        waits.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(waits)
}

fn decision() -> Decision {
    Decision {
        action: Action::Template,
        language: Language::Chinese,
        text: "订单 AB12345678 正在路上，一般 2 到 4 天送到。".to_owned(),
        whole: None,
        quick_replies: Vec::new(),
        sources: Vec::new(),
        intent: Some("order_status".to_owned()),
        faq_id: None,
        probability: Some(0.97),
        next: Conversation::default(),
        trace: Trace { rule: "template".to_owned(), ..Trace::default() },
    }
}
