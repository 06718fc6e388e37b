//! The groups for a terminal and as a page.

use std::fmt::Write as _;

use super::{Group, Mined, Reply};
use crate::terminal::quoted;
use crate::web::{self, Cell, cards};

/// Groups and examples that are shown on a terminal.
const GROUPS: usize = 30;
const EXAMPLES: usize = 3;

/// The groups for a terminal.
pub(super) fn table(mined: &Mined) -> String {
    let mut out = format!(
        "{} conversations, {} messages: {} groups hold {}, {} belong to none\n",
        mined.conversations,
        mined.messages,
        mined.groups.len(),
        mined.messages - mined.strays,
        mined.strays
    );
    for group in mined.groups.iter().take(GROUPS) {
        let share = group.size as f64 / mined.messages.max(1) as f64 * 100.0;
        let _ = writeln!(out, "\n{}  {} messages ({share:.1} %)  {}", group.name, group.size, group.words.join(" · "));
        group.examples.iter().take(EXAMPLES).for_each(|text| {
            let _ = writeln!(out, "  “{}”", quoted(text));
        });
        group.replies.iter().take(1).for_each(|reply| {
            let _ = writeln!(out, "  → {}", told(reply, &quoted(&reply.text)));
        });
    }
    if mined.groups.len() > GROUPS {
        let _ = writeln!(out, "\n… and {} more groups: --html FILE or --json lists all", mined.groups.len() - GROUPS);
    }
    out
}

fn told(reply: &Reply, text: &str) -> String {
    let resolved = reply.resolved.map_or_else(String::new, |share| format!(", {:.0} % resolved", share * 100.0));
    format!("“{text}” ({}×{resolved})", reply.times)
}

/// The groups as a page.
pub(super) fn page(mined: &Mined) -> String {
    let mut body = String::new();
    let figures = [
        ("Conversations", mined.conversations.to_string(), String::new()),
        ("Messages", mined.messages.to_string(), format!("{} belong to no group", mined.strays)),
        ("Groups", mined.groups.len().to_string(), "by meaning".to_owned()),
    ];
    cards(&mut body, &figures);
    let row = |group: &Group| {
        vec![
            Cell::number(group.size),
            Cell::text(&group.name),
            Cell::text(group.words.join(" · ")),
            Cell::List(group.examples.iter().take(8).cloned().collect()),
            Cell::List(group.replies.iter().map(|reply| told(reply, &reply.text)).collect()),
        ]
    };
    let rows: Vec<Vec<Cell>> = mined.groups.iter().map(row).collect();
    let head = ["Messages", "Name", "Telling words", "Examples", "Agents' replies"];
    web::table(&mut body, "What customers come for", &head, &rows);
    web::page("Mined from logs", &body)
}
