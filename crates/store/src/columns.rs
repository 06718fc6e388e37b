//! Reading rows: every column by name, every wrong value an error that names its column. Knows no table.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::Error;

/// One row, read by column name.
pub(crate) struct Columns<'a>(pub(crate) &'a AnyRow);

impl Columns<'_> {
    pub(crate) fn text(&self, column: &str) -> Result<String, Error> {
        Ok(self.0.try_get(column)?)
    }

    pub(crate) fn optional_text(&self, column: &str) -> Result<Option<String>, Error> {
        Ok(self.0.try_get(column)?)
    }

    pub(crate) fn integer(&self, column: &str) -> Result<i64, Error> {
        Ok(self.0.try_get(column)?)
    }

    pub(crate) fn optional_integer(&self, column: &str) -> Result<Option<i64>, Error> {
        Ok(self.0.try_get(column)?)
    }

    pub(crate) fn flag(&self, column: &str) -> Result<bool, Error> {
        Ok(self.integer(column)? != 0)
    }

    /// A column of JSON text.
    pub(crate) fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, Error> {
        serde_json::from_str(&self.text(column)?).map_err(|error| unreadable(column, &error))
    }

    pub(crate) fn optional_json<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>, Error> {
        let Some(text) = self.optional_text(column)? else { return Ok(None) };
        serde_json::from_str(&text).map(Some).map_err(|error| unreadable(column, &error))
    }

    /// A column that holds one of the words of an enum.
    pub(crate) fn word<T: DeserializeOwned>(&self, column: &str) -> Result<T, Error> {
        from_word(column, self.text(column)?)
    }

    pub(crate) fn optional_word<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>, Error> {
        self.optional_text(column)?.map(|text| from_word(column, text)).transpose()
    }
}

/// `n` rows of numbered placeholders for `VALUES`; each pattern's `{}` becomes its number.
pub(crate) fn value_rows(n: usize, patterns: &[&str]) -> String {
    let mut numbers = 1..;
    let mut row = || {
        let numbered =
            patterns.iter().zip(&mut numbers).map(|(pattern, number)| pattern.replace("{}", &format!("${number}")));
        format!("({})", numbered.collect::<Vec<_>>().join(", "))
    };
    (0..n).map(|_| row()).collect::<Vec<_>>().join(", ")
}

/// The JSON text of a value, for a column.
pub(crate) fn to_json(column: &str, value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| unreadable(column, &error))
}

fn from_word<T: DeserializeOwned>(column: &str, word: String) -> Result<T, Error> {
    serde_json::from_value(serde_json::Value::String(word)).map_err(|error| unreadable(column, &error))
}

fn unreadable(column: &str, error: &serde_json::Error) -> Error {
    Error::Unreadable { column: column.to_owned(), detail: error.to_string() }
}

/// An enum whose variants are words on disk and on the wire.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$note:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$note])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// The word on disk and on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The variant a word stands for.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;
