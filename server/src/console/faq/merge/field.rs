//! One field of three versions: what both began from, theirs and yours; and what comes of it.

use std::collections::BTreeSet;

use super::super::form::{EntryForm, Field};

/// Where the merged value of a field comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Nobody changed it.
    Neither,
    Theirs,
    Yours,
    /// Both changed it to the same.
    Both,
    /// Both changed it, each in their way.
    Open,
}

/// One field of the three versions.
#[derive(Debug)]
pub(super) struct Merged {
    pub(super) field: Field,
    pub(super) origin: Origin,
    pub(super) base: String,
    pub(super) theirs: String,
    pub(super) yours: String,
    /// What is saved, or for an open field what is offered to be edited.
    pub(super) value: String,
}

impl Merged {
    pub(super) fn of(field: Field, [base, theirs, yours]: [&EntryForm; 3]) -> Self {
        let [base, theirs, yours] = [base, theirs, yours].map(|form| field.value(form));
        let origin = match (theirs == base, yours == base) {
            (true, true) => Origin::Neither,
            (false, true) => Origin::Theirs,
            (true, false) => Origin::Yours,
            (false, false) if theirs == yours => Origin::Both,
            (false, false) => Origin::Open,
        };
        let value = match origin {
            Origin::Theirs => theirs.clone(),
            Origin::Open if field.is_list() => joined(&base, &theirs, &yours),
            _ => yours.clone(),
        };
        Self { field, origin, base, theirs, yours, value }
    }

    /// The value that the button beside it stands for.
    pub(super) fn picked(&self, pick: &str, edited: Option<&String>) -> Option<String> {
        match pick {
            "theirs" => Some(self.theirs.clone()),
            "yours" => Some(self.yours.clone()),
            "edited" => edited.cloned(),
            _ => None,
        }
    }
}

/// Their lines without those that you took out, then those that you added.
fn joined(base: &str, theirs: &str, yours: &str) -> String {
    let [had, have, mine] = [base, theirs, yours].map(|text| text.lines().collect::<BTreeSet<_>>());
    let kept = theirs.lines().filter(|line| mine.contains(line) || !had.contains(line));
    let added = yours.lines().filter(|line| !had.contains(line) && !have.contains(line));
    kept.chain(added).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(answer: &str, category: &str) -> EntryForm {
        EntryForm { answer: answer.to_owned(), category: category.to_owned(), ..EntryForm::default() }
    }

    #[test]
    fn only_what_both_sides_changed_is_left_open() {
        let check = |base, theirs, yours, origin, value: &str| {
            let merged = Merged::of(Field::Answer, [&form(base, ""), &form(theirs, ""), &form(yours, "")]);
            assert_eq!((merged.origin, merged.value.as_str()), (origin, value));
        };
        check("a", "a", "a", Origin::Neither, "a");
        check("a", "b", "a", Origin::Theirs, "b");
        check("a", "a", "c", Origin::Yours, "c");
        check("a", "b", "b", Origin::Both, "b");
        check("a", "b", "c", Origin::Open, "c");
        check("a\r\nb", "a\nb", "a\r\nb", Origin::Neither, "a\nb");
    }

    #[test]
    fn similar_questions_of_both_sides_are_joined_and_what_either_took_out_is_gone() {
        assert_eq!(joined("a\nb\nc", "a\nc\nd", "a\nb\ne"), "a\nd\ne");
        assert_eq!(joined("", "x", "x\ny"), "x\ny");
    }
}
