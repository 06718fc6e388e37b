//! Rasa's entity marks inside an example: `[text](entity)`, `[text](entity:value)`, `[text]{"entity": …}`.

use serde::Deserialize;

/// An example without its marks, and the marks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Annotated {
    pub(crate) text: String,
    pub(crate) annotations: Vec<Annotation>,
}

/// One marked stretch of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Annotation {
    pub(crate) entity: String,
    pub(crate) value: Option<String>,
    pub(crate) text: String,
    /// Where it begins in the example's text, in bytes.
    pub(crate) start: usize,
}

#[derive(Deserialize)]
struct Mark {
    entity: String,
    value: Option<String>,
}

/// Takes the marks out of an example; brackets that no mark follows are text. The error says what is wrong.
pub(crate) fn parse(example: &str) -> Result<Annotated, String> {
    let mut annotated = Annotated::default();
    let mut rest = example;
    while let Some(open) = rest.find('[') {
        annotated.text.push_str(&rest[..open]);
        rest = &rest[open..];
        match mark(rest)? {
            Some((text, found, length)) => {
                let start = annotated.text.len();
                annotated.text.push_str(text);
                annotated.annotations.extend(found.into_iter().map(|found| Annotation { start, ..found }));
                rest = &rest[length..];
            }
            None => {
                annotated.text.push('[');
                rest = &rest[1..];
            }
        }
    }
    annotated.text.push_str(rest);
    Ok(annotated)
}

type Found<'a> = (&'a str, Vec<Annotation>, usize);

/// The mark at the start of `rest`, with the bytes it takes.
fn mark(rest: &str) -> Result<Option<Found<'_>>, String> {
    let Some(close) = rest.find(']') else { return Ok(None) };
    let text = &rest[1..close];
    let after = &rest[close + 1..];
    let (marks, length) = match after.chars().next() {
        Some('(') => match after.find(')') {
            Some(end) => (vec![short(&after[1..end])], end + 1),
            None => return Ok(None),
        },
        Some('{') => json_mark(after, text)?,
        Some('[') if after.starts_with("[{") => json_mark(after, text)?,
        _ => return Ok(None),
    };
    let annotations = marks.into_iter().map(|Mark { entity, value }| annotation(text, entity, value)).collect();
    Ok(Some((text, annotations, close + 1 + length)))
}

fn annotation(text: &str, entity: String, value: Option<String>) -> Annotation {
    Annotation { entity, value, text: text.to_owned(), start: 0 }
}

fn short(inside: &str) -> Mark {
    match inside.split_once(':') {
        Some((entity, value)) => Mark { entity: entity.trim().to_owned(), value: Some(value.trim().to_owned()) },
        None => Mark { entity: inside.trim().to_owned(), value: None },
    }
}

fn json_mark(after: &str, text: &str) -> Result<(Vec<Mark>, usize), String> {
    fn first<T: for<'de> Deserialize<'de>>(json: &str) -> Option<(T, usize)> {
        let mut stream = serde_json::Deserializer::from_str(json).into_iter::<T>();
        let value = stream.next()?.ok()?;
        Some((value, stream.byte_offset()))
    }
    let found = if after.starts_with('{') {
        first::<Mark>(after).map(|(mark, length)| (vec![mark], length))
    } else {
        first::<Vec<Mark>>(after)
    };
    found.ok_or_else(|| format!("the entity mark after [{text}] is not JSON with an \"entity\""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(example: &str, text: &str, marks: &[(&str, Option<&str>, &str)]) {
        let annotated = parse(example).unwrap();
        let found: Vec<_> =
            annotated.annotations.iter().map(|a| (a.entity.as_str(), a.value.as_deref(), a.text.as_str())).collect();
        assert_eq!((annotated.text.as_str(), found.as_slice()), (text, marks));
        let at = |a: &Annotation| annotated.text[a.start..].starts_with(&a.text);
        assert!(annotated.annotations.iter().all(at));
    }

    #[test]
    fn marks_are_taken_out_and_their_text_stays() {
        check("plain", "plain", &[]);
        check("where is [AB1](order_number)?", "where is AB1?", &[("order_number", None, "AB1")]);
        check("[nyc](city:New York) now", "nyc now", &[("city", Some("New York"), "nyc")]);
        let json = r#"我要买[手机壳]{"entity":"product","value":"phone_case"}和[膜](product)"#;
        check(json, "我要买手机壳和膜", &[("product", Some("phone_case"), "手机壳"), ("product", None, "膜")]);
        check(r#"[a][{"entity":"x"},{"entity":"y","role":"r"}]"#, "a", &[("x", None, "a"), ("y", None, "a")]);
    }

    #[test]
    fn brackets_without_a_mark_are_text() {
        check("[哭] so sad [", "[哭] so sad [", &[]);
        check("see [this] (later)", "see [this] (later)", &[]);
    }

    #[test]
    fn a_broken_mark_is_an_error() {
        assert!(parse(r#"[a]{"entity":}"#).unwrap_err().contains("[a]"));
    }

    proptest! {
        #[test]
        fn no_example_makes_it_panic(example in "[\\[\\](){}\":,a好 \\\\]{0,40}") {
            let _ = parse(&example);
        }

        #[test]
        fn text_without_brackets_is_left_alone(example in "[^\\[]{0,40}") {
            let annotated = parse(&example).unwrap();
            prop_assert_eq!(annotated.text, example);
        }
    }
}
