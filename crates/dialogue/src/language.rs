//! The two languages a bot speaks, and values written once per language.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer, StringDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

/// A language a bot can speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Language {
    /// Chinese, `zh` in files and on the wire.
    #[serde(rename = "zh")]
    Chinese,
    /// English, `en` in files and on the wire.
    #[serde(rename = "en")]
    English,
}

impl Language {
    /// Both languages, in the order they are written in files.
    pub const ALL: [Self; 2] = [Self::Chinese, Self::English];

    /// The code used in files and on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::Chinese => "zh",
            Self::English => "en",
        }
    }

    /// Reads a language tag such as `zh`, `zh-CN` or `en_GB`.
    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next()?.to_ascii_lowercase();
        Self::ALL.into_iter().find(|language| language.code() == primary)
    }

    /// The other of the two languages.
    pub fn other(self) -> Self {
        match self {
            Self::Chinese => Self::English,
            Self::English => Self::Chinese,
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

/// A value per language; a plain value in a file stands for every language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Localised<T> {
    /// The Chinese value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zh: Option<T>,
    /// The English value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub en: Option<T>,
}

impl<T> Default for Localised<T> {
    fn default() -> Self {
        Self { zh: None, en: None }
    }
}

impl<T> Localised<T> {
    /// The value written for exactly this language.
    pub fn exact(&self, language: Language) -> Option<&T> {
        match language {
            Language::Chinese => self.zh.as_ref(),
            Language::English => self.en.as_ref(),
        }
    }

    /// The value for this language, or the other language's where it is missing.
    pub fn get(&self, language: Language) -> Option<&T> {
        self.pick(language).map(|(_, value)| value)
    }

    /// Like [`Self::get`], with the language the value is really in.
    pub fn pick(&self, language: Language) -> Option<(Language, &T)> {
        [language, language.other()].into_iter().find_map(|tried| self.exact(tried).map(|value| (tried, value)))
    }

    /// The values that are there, each with its language.
    pub fn each(&self) -> impl Iterator<Item = (Language, &T)> {
        Language::ALL.into_iter().filter_map(|language| self.exact(language).map(|value| (language, value)))
    }
}

impl<T: Clone> Localised<T> {
    /// The same value for every language.
    pub fn same(value: T) -> Self {
        Self { zh: Some(value.clone()), en: Some(value) }
    }
}

impl<'de, T: Deserialize<'de> + Clone> Deserialize<'de> for Localised<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LocalisedVisitor(PhantomData))
    }
}

struct LocalisedVisitor<T>(PhantomData<T>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PerLanguage<T> {
    #[serde(default = "none")]
    zh: Option<T>,
    #[serde(default = "none")]
    en: Option<T>,
}

fn none<T>() -> Option<T> {
    None
}

impl<'de, T: Deserialize<'de> + Clone> LocalisedVisitor<T> {
    fn plain<E: serde::de::Error>(text: String) -> Result<Localised<T>, E> {
        T::deserialize(StringDeserializer::new(text)).map(Localised::same)
    }
}

impl<'de, T: Deserialize<'de> + Clone> Visitor<'de> for LocalisedVisitor<T> {
    type Value = Localised<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a plain value, or one per language as {zh: …, en: …}")
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Self::Value, E> {
        Self::plain(value.to_owned())
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Self::Value, E> {
        Self::plain(value.to_string())
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Self::Value, E> {
        Self::plain(value.to_string())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Self::Value, E> {
        Self::plain(value.to_string())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Self::Value, E> {
        Self::plain(value.to_string())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        T::deserialize(SeqAccessDeserializer::new(seq)).map(Localised::same)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let values = PerLanguage::deserialize(MapAccessDeserializer::new(map))?;
        if values.zh.is_none() && values.en.is_none() {
            return Err(serde::de::Error::custom("no language given; write zh, en or both"));
        }
        Ok(Localised { zh: values.zh, en: values.en })
    }
}
