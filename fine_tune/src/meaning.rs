//! What messages mean, by the base that comes with the program or another one, for whatever compares messages. What all
//! messages of a language share is taken away, so that two languages and two wordings of one matter meet.

use anyhow::Context as _;
use dialogue::Language;
use model::{BaseSource, SentenceEncoder};

use crate::args::Base;
use crate::general;
use crate::vectors::to_length_one;

/// Texts that are encoded at a time.
const CHUNK: usize = 4096;
/// So many general messages of each language stand for those that are not there, or few messages on one matter would
/// take away what they have in common.
const GENERAL: f32 = 200.0;
const LANGUAGES: [Language; 2] = [Language::Chinese, Language::English];

/// Places texts among their meanings.
#[derive(Debug)]
pub(crate) struct Meaning<'a> {
    encoder: &'a SentenceEncoder,
    /// What messages of each of the languages share, and those of neither.
    centres: [Vec<f32>; 3],
}

/// The encoder of a base, the shipped one where nothing is said; none where none is wanted.
pub(crate) fn open(base: Option<&Base>) -> anyhow::Result<Option<SentenceEncoder>> {
    let opened = match Base::source(base) {
        None => return Ok(None),
        Some(BaseSource::Shipped) => SentenceEncoder::shipped(),
        Some(BaseSource::Folder(dir)) => SentenceEncoder::open(&dir),
    };
    opened.map(Some).context("cannot open the base; --base none compares by words alone")
}

impl<'a> Meaning<'a> {
    /// Learns what messages of a language share from some of them, and gives the place of each.
    pub(crate) fn fit(encoder: &'a SentenceEncoder, texts: &[&str]) -> (Self, Vec<Vec<f32>>) {
        let vectors = encode(encoder, texts);
        let languages: Vec<usize> = texts.iter().map(|text| language(text)).collect();
        let general = LANGUAGES.map(|language| mean(&encode(encoder, &borrowed(&general::messages(&[language])))));
        let [chinese, english] = [0, 1].map(|language| {
            let own = languages.iter().zip(&vectors).filter(|(of, _)| **of == language).map(|(_, vector)| vector);
            let mut sum: Vec<f32> = general[language].iter().map(|value| GENERAL * value).collect();
            let mut n = GENERAL;
            for vector in own {
                sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum += value);
                n += 1.0;
            }
            sum.into_iter().map(|sum| sum / n).collect::<Vec<f32>>()
        });
        let neither = mean(&[chinese.clone(), english.clone()]);
        let meaning = Self { encoder, centres: [chinese, english, neither] };
        let placed = vectors.into_iter().zip(languages).map(|(vector, language)| meaning.centred(vector, language));
        let placed = placed.collect();
        (meaning, placed)
    }

    /// The places of further texts, each of length 1.
    pub(crate) fn places(&self, texts: &[&str]) -> Vec<Vec<f32>> {
        let vectors = encode(self.encoder, texts).into_iter();
        vectors.zip(texts).map(|(vector, text)| self.centred(vector, language(text))).collect()
    }

    fn centred(&self, mut vector: Vec<f32>, language: usize) -> Vec<f32> {
        // The encoder gives zeros for what says nothing.
        if vector.iter().any(|value| *value != 0.0) {
            vector.iter_mut().zip(&self.centres[language]).for_each(|(value, centre)| *value -= centre);
            to_length_one(&mut vector);
        }
        vector
    }
}

/// The place of a text's language among the centres.
fn language(text: &str) -> usize {
    text::detect_language(text).map_or(2, |detected| match detected.language {
        text::Language::Chinese => 0,
        text::Language::English => 1,
    })
}

fn encode(encoder: &SentenceEncoder, texts: &[&str]) -> Vec<Vec<f32>> {
    let of_chunk = |chunk: &[&str]| {
        let vectors = encoder.encode(chunk);
        vectors.chunks_exact(encoder.dim()).map(<[f32]>::to_vec).collect::<Vec<_>>()
    };
    texts.chunks(CHUNK).flat_map(of_chunk).collect()
}

fn mean(vectors: &[Vec<f32>]) -> Vec<f32> {
    let mut sum = vec![0.0; vectors.first().map_or(0, Vec::len)];
    for vector in vectors {
        sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum += value);
    }
    sum.iter_mut().for_each(|value| *value /= vectors.len().max(1) as f32);
    sum
}

fn borrowed(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likeness(a: &str, b: &str) -> f32 {
        let encoder = open(None).unwrap().unwrap();
        let (meaning, places) = Meaning::fit(&encoder, &[a, b]);
        assert_eq!(meaning.places(&[b])[0], places[1]);
        places[0].iter().zip(&places[1]).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn other_words_and_another_language_for_the_same_matter_lie_near() {
        let same = [("where is my parcel", "我的快递到哪了"), ("i want my money back", "please refund me")];
        let other = [("where is my parcel", "退款什么时候到账"), ("i want my money back", "do you have an app")];
        for ((a, b), (c, d)) in same.into_iter().zip(other) {
            let (near, far) = (likeness(a, b), likeness(c, d));
            assert!(near > 0.45 && far < 0.3, "{a} {b} {near}, {c} {d} {far}");
        }
        assert_eq!(likeness("", "refund"), 0.0);
    }

    #[test]
    fn without_a_base_there_are_no_meanings_and_a_folder_that_is_none_says_the_way_out() {
        assert!(open(Some(&Base::None)).unwrap().is_none());
        let missing = Base::From(BaseSource::Folder("/nowhere/base".into()));
        assert!(format!("{:#}", open(Some(&missing)).unwrap_err()).contains("--base none"));
    }
}
