//! The names of intents as what they are: somebody's words for what customers want.

use std::collections::BTreeMap;

use super::Row;
use crate::features::is_han;

/// Intents with at least so many rows are known better from these than by their names.
const ENOUGH_ROWS: usize = 50;

/// A row for each intent of few rows whose name has words of its own, in the script of one of them.
pub(super) fn rows(intents: &[String], train: &[Row]) -> Vec<Row> {
    let mut written: Vec<Vec<&str>> = vec![Vec::new(); intents.len()];
    for row in train {
        row.labels().for_each(|label| written.get_mut(label as usize).into_iter().for_each(|all| all.push(&row.text)));
    }
    let named: Vec<String> = intents.iter().map(|intent| words(intent)).collect();
    let mut alike: BTreeMap<&str, usize> = BTreeMap::new();
    named.iter().for_each(|name| *alike.entry(name).or_default() += 1);
    let row = |(label, text): (u32, &String)| Row {
        text: text.clone(),
        label,
        also: Vec::new(),
        weight: 1.0,
        target: None,
        is_labelled: false,
    };
    let tells = |(label, text): &(u32, &String)| {
        let written = &written[*label as usize];
        let in_script = || written.iter().any(|row| row.chars().any(is_han) == text.chars().any(is_han));
        written.len() < ENOUGH_ROWS && !text.is_empty() && alike[text.as_str()] == 1 && in_script()
    };
    (0..).zip(&named).filter(tells).map(row).collect()
}

/// The words of a name, as a customer would write them: `refundStatus_2` is `refund status`.
fn words(name: &str) -> String {
    let mut spaced = String::with_capacity(name.len() + 8);
    let mut before = ' ';
    for character in name.chars() {
        if before.is_lowercase() && character.is_uppercase() {
            spaced.push(' ');
        }
        spaced.push(if character.is_alphabetic() { character } else { ' ' });
        before = character;
    }
    let words = spaced.split_whitespace().filter(|word| word.len() > 1);
    text::normalise(&words.collect::<Vec<_>>().join(" ")).as_str().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::Rows;
    use crate::{Example, TrainingSet};

    fn named(examples: &[(&str, usize)]) -> Vec<(String, u32)> {
        let example =
            |intent: &str, n: usize| (0..n).map(|at| Example::new(format!("text {at}"), Some(intent))).collect();
        let train = examples.iter().flat_map(|(intent, n)| -> Vec<Example> { example(intent, *n) }).collect();
        let rows = Rows::new(&TrainingSet { train, ..TrainingSet::default() }, 0.0, 1).expect("good rows");
        rows.further.into_iter().map(|row| (row.text, row.label)).collect()
    }

    #[test]
    fn the_words_of_a_name_are_told_apart_however_they_are_joined() {
        let names = ["card_arrival", "refundStatus_2", "订单-查询", "smalltalk.greet", "17", "a_b", ""];
        let read = names.map(words);
        assert_eq!(read, ["card arrival", "refund status", "订单 查询", "smalltalk greet", "", "", ""]);
    }

    #[test]
    fn an_intent_of_few_rows_is_also_known_by_its_name() {
        assert_eq!(
            named(&[("card_arrival", 3), ("card_lost", 49)]),
            [("card arrival".to_owned(), 0), ("card lost".to_owned(), 1)]
        );
    }

    #[test]
    fn a_name_in_another_script_than_the_rows_brings_none() {
        let train = vec![Example::new("快递", Some("delivery")), Example::new("money", Some("退款"))];
        let rows = Rows::new(&TrainingSet { train, ..TrainingSet::default() }, 0.0, 1).expect("good rows");
        assert!(rows.further.is_empty());
    }

    #[test]
    fn names_that_tell_nothing_and_intents_of_many_rows_bring_none() {
        assert!(named(&[("intent_1", 3), ("intent_2", 3), ("7", 3), ("refund", 50)]).is_empty());
    }
}
