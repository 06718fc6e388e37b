//! What changed between two texts, in words and Chinese characters, for people to read.

/// A stretch of text that is in both, only in the new one, or only in the old one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Same(String),
    Added(String),
    Removed(String),
}

/// Above this many comparisons the whole text counts as replaced.
const MOST_COMPARISONS: usize = 4_000_000;

/// The pieces that lead from `old` to `new`, in reading order.
pub(super) fn pieces(old: &str, new: &str) -> Vec<Piece> {
    if old == new {
        return merged(vec![Piece::Same(old.to_owned())]);
    }
    let (before, after) = (tokens(old), tokens(new));
    if before.len().saturating_mul(after.len()) > MOST_COMPARISONS {
        return merged(vec![Piece::Removed(old.to_owned()), Piece::Added(new.to_owned())]);
    }
    let common = common_suffixes(&before, &after);
    let (mut i, mut j, mut found) = (0, 0, Vec::new());
    while i < before.len() || j < after.len() {
        if i < before.len() && j < after.len() && before[i] == after[j] {
            found.push(Piece::Same(before[i].to_owned()));
            (i, j) = (i + 1, j + 1);
        } else if i < before.len() && (j == after.len() || common[i + 1][j] >= common[i][j + 1]) {
            found.push(Piece::Removed(before[i].to_owned()));
            i += 1;
        } else {
            found.push(Piece::Added(after[j].to_owned()));
            j += 1;
        }
    }
    merged(found)
}

/// Longest common subsequence of every pair of suffixes; `[i][j]` is that of `before[i..]` and `after[j..]`.
fn common_suffixes(before: &[&str], after: &[&str]) -> Vec<Vec<u32>> {
    let mut common = vec![vec![0; after.len() + 1]; before.len() + 1];
    for i in (0..before.len()).rev() {
        for j in (0..after.len()).rev() {
            common[i][j] =
                if before[i] == after[j] { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    common
}

/// Runs of ASCII letters and digits whole, every other character on its own.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut start = 0;
    let mut in_word = false;
    for (at, character) in text.char_indices() {
        let word = character.is_ascii_alphanumeric();
        if at > start && !(word && in_word) {
            tokens.push(&text[start..at]);
            start = at;
        }
        in_word = word;
    }
    if start < text.len() {
        tokens.push(&text[start..]);
    }
    tokens
}

/// Neighbours of a kind joined, empty ones dropped.
fn merged(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::new();
    for piece in pieces {
        match (joined.last_mut(), piece) {
            (Some(Piece::Same(text)), Piece::Same(more))
            | (Some(Piece::Added(text)), Piece::Added(more))
            | (Some(Piece::Removed(text)), Piece::Removed(more)) => text.push_str(&more),
            (_, Piece::Same(text) | Piece::Added(text) | Piece::Removed(text)) if text.is_empty() => {}
            (_, piece) => joined.push(piece),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(old: &str, new: &str, expected: &str) {
        let found = pieces(old, new);
        let shown: String = found
            .iter()
            .map(|piece| match piece {
                Piece::Same(text) => text.clone(),
                Piece::Added(text) => format!("[+{text}]"),
                Piece::Removed(text) => format!("[-{text}]"),
            })
            .collect();
        assert_eq!(shown, expected);
        let side = |keep: fn(&Piece) -> Option<&String>| found.iter().filter_map(keep).cloned().collect::<String>();
        assert_eq!(
            side(|piece| match piece {
                Piece::Same(text) | Piece::Removed(text) => Some(text),
                Piece::Added(_) => None,
            }),
            old
        );
        assert_eq!(
            side(|piece| match piece {
                Piece::Same(text) | Piece::Added(text) => Some(text),
                Piece::Removed(_) => None,
            }),
            new
        );
    }

    #[test]
    fn a_change_is_shown_by_word_and_by_chinese_character() {
        check("ships in 24 hours", "ships in 48 hours", "ships in [-24][+48] hours");
        check("三天内发货", "两天内发货", "[-三][+两]天内发货");
        check("", "new", "[+new]");
        check("old", "", "[-old]");
        check("same", "same", "same");
        check("a b c", "a c", "a [-b ]c");
    }

    #[test]
    fn very_long_texts_are_replaced_whole() {
        let (old, new) = ("一".repeat(3_000), "二".repeat(3_000));
        assert_eq!(pieces(&old, &new), [Piece::Removed(old), Piece::Added(new)]);
    }
}
