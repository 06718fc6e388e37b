//! Reading sentences whose tokens carry entity tags: one token and its tag a line, a blank line between sentences.
//! Takes BIO, IOB and BIOES tags in the last of any number of columns.

use std::ops::Range;
use std::path::Path;

use model::{AnnotatedText, Mention};

use crate::source::Source;
use crate::{Error, Place, Problem};

/// A file is written by character, and read without spaces, when at least this share of its tokens is that short.
const BY_CHARACTER: f64 = 0.9;

/// A sentence with its entities, and where its tokens stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tagged {
    pub(crate) message: AnnotatedText,
    /// Bytes of each token in the message.
    pub(crate) tokens: Vec<Range<usize>>,
}

/// The sentences of a file in which nothing is wrong.
pub(crate) fn open(path: &Path) -> Result<Vec<Tagged>, Error> {
    let source = Source::read(path).map_err(|problem| Error::Data(vec![problem]))?;
    let (sentences, problems) = read(&source);
    if !problems.is_empty() {
        return Err(Error::Data(problems));
    }
    if sentences.is_empty() {
        let what = format!("{} has no sentence; it needs lines of a token, a tab and a tag", source.name);
        return Err(Error::TooLittle(what));
    }
    Ok(sentences)
}

/// All sentences of a file, and whatever is wrong with it.
pub(crate) fn read(source: &Source) -> (Vec<Tagged>, Vec<Problem>) {
    let lines: Vec<&str> = source.text.lines().map(|line| line.trim_end_matches(['\r', ' '])).collect();
    let is_token = |line: &&&str| !line.is_empty() && !line.starts_with("-DOCSTART-");
    let words: Vec<&str> = lines.iter().filter(is_token).filter_map(|line| Some(columns(line)?.0)).collect();
    let short = words.iter().filter(|word| word.chars().count() <= 1).count();
    let space = if short as f64 >= BY_CHARACTER * words.len() as f64 { "" } else { " " };
    let (mut sentences, mut problems) = (Vec::new(), Vec::new());
    let mut current = Writer::default();
    for (index, line) in lines.iter().enumerate() {
        if !is_token(&line) {
            sentences.extend(current.finish());
            continue;
        }
        if let Err(what) = current.line(line, space) {
            let place = Place::new(&source.name, index + 1);
            problems.push(Problem::error(place, what, "write a token, a tab and a tag such as O, B-name or I-name"));
        }
    }
    sentences.extend(current.finish());
    (sentences, problems)
}

/// First and last column.
fn columns(line: &str) -> Option<(&str, &str)> {
    if line.contains('\t') {
        return Some((line.split('\t').next()?, line.rsplit('\t').next()?));
    }
    let mut words = line.split_whitespace();
    Some((words.next()?, words.next_back()?))
}

/// What a tag says: how it stands in its entity, and the entity.
fn parts(tag: &str) -> Result<Option<(char, &str)>, String> {
    let odd = || format!("{tag:?} is no tag");
    if tag == "O" {
        return Ok(None);
    }
    let (place, entity) = tag.split_once(['-', '_']).ok_or_else(odd)?;
    match place {
        "B" | "I" | "E" | "S" | "L" | "U" | "M" if !entity.is_empty() => {
            Ok(place.chars().next().map(|place| (place, entity)))
        }
        _ => Err(odd()),
    }
}

/// A sentence that is being read.
#[derive(Debug, Default)]
struct Writer {
    tagged: Tagged,
    /// Whether the last mention may go on.
    open: bool,
}

impl Writer {
    fn line(&mut self, line: &str, space: &str) -> Result<(), String> {
        let (word, tag) = columns(line).ok_or("the line has a token without a tag")?;
        let part = parts(tag)?;
        let message = &mut self.tagged.message;
        if !self.tagged.tokens.is_empty() {
            message.text.push_str(space);
        }
        let start = message.text.len();
        message.text.push_str(word);
        let end = message.text.len();
        self.tagged.tokens.push(start..end);
        let goes_on = self.open && part.is_some_and(|(place, _)| matches!(place, 'I' | 'E' | 'L' | 'M'));
        match (part, message.mentions.last_mut()) {
            (Some((_, entity)), Some(last)) if goes_on && last.entity == entity => last.end = end,
            (Some((_, entity)), _) => message.mentions.push(Mention { entity: entity.to_owned(), start, end }),
            (None, _) => {}
        }
        self.open = part.is_some_and(|(place, _)| matches!(place, 'B' | 'I' | 'M'));
        Ok(())
    }

    fn finish(&mut self) -> Option<Tagged> {
        let Self { tagged, .. } = std::mem::take(self);
        (!tagged.tokens.is_empty()).then_some(tagged)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &[(&str, &[(&str, &str)])]) {
        let (sentences, problems) = read(&Source::new("a.conll".into(), text));
        assert_eq!(problems, []);
        let mentions = |message: &AnnotatedText| -> Vec<(String, String)> {
            let part = |mention: &Mention| message.text[mention.start..mention.end].to_owned();
            message.mentions.iter().map(|mention| (mention.entity.clone(), part(mention))).collect()
        };
        let found: Vec<_> = sentences.iter().map(|s| (s.message.text.clone(), mentions(&s.message))).collect();
        let own = |(entity, part): &(&str, &str)| ((*entity).to_owned(), (*part).to_owned());
        let expected: Vec<_> =
            expected.iter().map(|(text, marks)| ((*text).to_owned(), marks.iter().map(own).collect())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn every_usual_way_of_tagging_is_read() {
        check(
            "我\tO\n要\tO\n苹\tB-p\n果\tI-p\n\n梨\tB-p\n桃\tB-p\n",
            &[("我要苹果", &[("p", "苹果")]), ("梨桃", &[("p", "梨"), ("p", "桃")])],
        );
        check(
            "-DOCSTART- -X- O O\n\nNew NNP I-NP I-LOC\r\nYork NNP I-NP I-LOC\nand CC O O\nAnn NNP I-NP I-PER\n",
            &[("New York and Ann", &[("LOC", "New York"), ("PER", "Ann")])],
        );
        check(
            "to O\nNew B-LOC\nYork E-LOC\nRome S-LOC\nAnn U-PER\n",
            &[("to New York Rome Ann", &[("LOC", "New York"), ("LOC", "Rome"), ("PER", "Ann")])],
        );
        check("", &[]);
    }

    #[test]
    fn broken_lines_are_named() {
        let (sentences, problems) = read(&Source::new("a.conll".into(), "word\nhi\tX-a\nyes\tO\nno\tB-\n"));
        let said: Vec<_> = problems.iter().map(|problem| (problem.place.line, problem.what.as_str())).collect();
        assert_eq!(said[0], (Some(1), "the line has a token without a tag"));
        assert_eq!(said[1..], [(Some(2), "\"X-a\" is no tag"), (Some(4), "\"B-\" is no tag")]);
        assert_eq!(sentences.len(), 1);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[\\PC\t\n]{0,200}|([a好] ?[OBI][-_]?[ab]?\n){0,20}") {
            for tagged in read(&Source::new("a".into(), &text)).0 {
                prop_assert!(tagged.tokens.iter().all(|token| tagged.message.text.get(token.clone()).is_some()));
                prop_assert!(tagged.message.mentions.iter().all(|m| tagged.message.text.get(m.start..m.end).is_some()));
            }
        }
    }
}
