//! Copies a retrieval set with its queries typed carelessly, one slip each, the same ones every time:
//! `cargo run -p assistant --example noisy_queries -- greeting|slip|homophone|pinyin|all-pinyin SET_FOLDER NEW_FOLDER`
//! A query that cannot be changed in this way is left out.
#![allow(clippy::print_stdout, reason = "an example's figures are its output")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::PathBuf;

use rand::{Rng as _, RngExt as _, SeedableRng as _, seq::IndexedRandom as _};
use rand_chacha::ChaCha8Rng;

const SEED: u64 = 7;
const GREETINGS: [(&str, &str); 3] =
    [("你好，请问", "，谢谢"), ("亲，在吗？", ""), ("hello, can you tell me ", " thanks!")];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, from, to] = arguments.as_slice() else { return Err("it takes a kind and two folders".into()) };
    let (from, to) = (PathBuf::from(from), PathBuf::from(to));
    fs::create_dir_all(&to)?;
    for file in ["faq.jsonl", "qrels.tsv"] {
        fs::copy(from.join(file), to.join(file))?;
    }
    let queries = fs::read_to_string(from.join("queries.jsonl"))?;
    let alike = homophones(&queries);
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut written = String::new();
    for line in queries.lines() {
        let mut query: serde_json::Value = serde_json::from_str(line)?;
        let plain = text::normalise(query["text"].as_str().unwrap_or_default());
        let noisy = match kind.as_str() {
            "greeting" => Some(greeted(plain.as_str(), &mut rng)),
            "slip" => slipped(plain.as_str(), &mut rng),
            "homophone" => misheard(plain.as_str(), &alike, &mut rng),
            "pinyin" => spelt_out(plain.as_str(), Some(&mut rng)),
            "all-pinyin" => spelt_out(plain.as_str(), None),
            other => return Err(format!("{other} is no kind").into()),
        };
        if let Some(noisy) = noisy {
            query["text"] = noisy.into();
            written.push_str(&query.to_string());
            written.push('\n');
        }
    }
    fs::write(to.join("queries.jsonl"), &written)?;
    println!("{} of {} queries", written.lines().count(), queries.lines().count());
    Ok(())
}

fn greeted(plain: &str, rng: &mut ChaCha8Rng) -> String {
    let han = plain.chars().any(|c| !text::sounds(c).is_empty());
    let fitting = GREETINGS.iter().filter(|(before, _)| han != before.starts_with('h'));
    let (before, after) = fitting.collect::<Vec<_>>().choose(rng).copied().copied().unwrap_or_default();
    format!("{before}{plain}{after}")
}

/// Swaps, drops, doubles or changes a letter of one Latin word of five letters or more, not its first.
fn slipped(plain: &str, rng: &mut ChaCha8Rng) -> Option<String> {
    let words = text::words(plain);
    let long: Vec<_> =
        words.iter().filter(|word| word.text.len() >= 5 && word.text.bytes().all(|b| b.is_ascii_lowercase())).collect();
    let word = long.choose(rng)?;
    let mut letters = word.text.as_bytes().to_vec();
    let at = rng.random_range(1..letters.len() - 1);
    match rng.next_u32() % 4 {
        0 => letters.swap(at, at + 1),
        1 => drop(letters.remove(at)),
        2 => letters.insert(at, letters[at]),
        _ => letters[at] = b'a' + (letters[at] - b'a' + 1 + (rng.next_u32() % 24) as u8) % 26,
    }
    let typed = String::from_utf8(letters).ok()?;
    (typed != word.text).then(|| format!("{}{typed}{}", &plain[..word.range.start], &plain[word.range.end..]))
}

/// The characters of all queries by their sound.
fn homophones(queries: &str) -> BTreeMap<&'static str, Vec<char>> {
    let mut alike: BTreeMap<&str, Vec<char>> = BTreeMap::new();
    for c in text::normalise(queries).as_str().chars() {
        let Some(sound) = text::sounds(c).first().copied() else { continue };
        let of_sound = alike.entry(sound).or_default();
        if !of_sound.contains(&c) {
            of_sound.push(c);
        }
    }
    alike
}

/// Puts another character of the same sound into one Chinese word.
fn misheard(plain: &str, alike: &BTreeMap<&str, Vec<char>>, rng: &mut ChaCha8Rng) -> Option<String> {
    let range = some_word(plain, rng)?;
    let mut characters: Vec<char> = plain[range.clone()].chars().collect();
    let at = rng.random_range(0..characters.len());
    let others = alike.get(text::sounds(characters[at]).first()?)?;
    characters[at] = **others.iter().filter(|other| **other != characters[at]).collect::<Vec<_>>().choose(rng)?;
    Some(format!("{}{}{}", &plain[..range.start], characters.into_iter().collect::<String>(), &plain[range.end..]))
}

/// Types one Chinese word in pinyin, or all of them.
fn spelt_out(plain: &str, rng: Option<&mut ChaCha8Rng>) -> Option<String> {
    let range = match rng {
        Some(rng) => some_word(plain, rng)?,
        None => some_word(plain, &mut ChaCha8Rng::seed_from_u64(SEED)).map(|_| 0..plain.len())?,
    };
    let mut typed = String::new();
    for word in text::words(&plain[range.clone()]) {
        typed.push(' ');
        for c in word.text.chars() {
            match text::sounds(c).first() {
                Some(sound) => typed.push_str(sound),
                None => typed.push(c),
            }
        }
    }
    Some(format!("{}{} {}", &plain[..range.start], typed, &plain[range.end..]).trim().to_owned())
}

fn some_word(plain: &str, rng: &mut ChaCha8Rng) -> Option<std::ops::Range<usize>> {
    let words = text::words(plain);
    let long: Vec<_> = words.iter().filter(|word| word.is_han && word.text.chars().nth(1).is_some()).collect();
    long.choose(rng).map(|word| word.range.clone())
}
