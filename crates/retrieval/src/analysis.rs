//! From normalised text to the tokens that are matched: Han characters, Han words, English stems and
//! English letter 4-grams, all from one pass over mixed text.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use tantivy::tokenizer::{
    Language as StemLanguage, PreTokenizedString, SimpleTokenizer, Stemmer, TextAnalyzer, Token as TantivyToken,
};
use text::Word;

/// English words that carry nothing; question words (what, how, who, when) stay, they tell entries apart.
const STOP_WORDS: [&str; 16] =
    ["a", "an", "the", "of", "to", "in", "on", "is", "are", "be", "am", "it", "and", "i", "s", "t"];

/// Letters in a gram of an English word.
const GRAM: usize = 4;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// One Han character.
    Character,
    /// A Han word of two characters or more.
    Word,
    /// A stemmed English word or a number.
    Stem,
    /// Four neighbouring letters of an English word, with its edges marked.
    Gram,
}

/// One token, as text and kind.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) kind: Kind,
}

impl Token {
    /// A small number standing for the token: kind in the top three bits, hash below.
    pub(crate) fn id(&self) -> u32 {
        let mut hasher = DefaultHasher::new();
        self.text.hash(&mut hasher);
        ((self.kind as u32) << 29) | (hasher.finish() as u32 & 0x1fff_ffff)
    }

    /// How the token is spelt in the index.
    pub(crate) fn term(&self) -> String {
        match self.kind {
            Kind::Gram => format!("#{}", self.text),
            Kind::Character | Kind::Word | Kind::Stem => self.text.clone(),
        }
    }

    /// Whether people would see it as a word; the other kinds are pieces of words.
    pub(crate) fn is_word(&self) -> bool {
        matches!(self.kind, Kind::Word | Kind::Stem | Kind::Character)
    }
}

/// Recovers the kind from a token's number.
pub(crate) fn kind_of(id: u32) -> Kind {
    match id >> 29 {
        0 => Kind::Character,
        1 => Kind::Word,
        2 => Kind::Stem,
        _ => Kind::Gram,
    }
}

/// All tokens of a text that went through `text::normalise`.
pub(crate) fn tokens(normalised: &str) -> Vec<Token> {
    tokens_of(normalised, &text::search_words(normalised))
}

/// The same where its words for searching were cut already.
pub(crate) fn tokens_of(normalised: &str, words: &[Word<'_>]) -> Vec<Token> {
    let mut found = Vec::new();
    for character in normalised.chars().filter(|&character| is_han(character)) {
        found.push(Token { text: character.to_string(), kind: Kind::Character });
    }
    for (_, digits) in text::numbers(normalised) {
        found.push(Token { text: digits, kind: Kind::Stem });
    }
    for word in words {
        if word.is_han {
            if word.text.chars().nth(1).is_some() {
                found.push(Token { text: word.text.to_owned(), kind: Kind::Word });
            }
        } else if !STOP_WORDS.contains(&word.text) {
            push_latin(word.text, &mut found);
        }
    }
    found
}

/// The token that a single word is found by: of several characters the word, not its parts; none for what is no word.
pub(crate) fn whole(word: &str) -> Option<Token> {
    let first = word.chars().next()?;
    if is_han(first) {
        let kind = if word.len() > first.len_utf8() { Kind::Word } else { Kind::Character };
        return Some(Token { text: word.to_owned(), kind });
    }
    tokens(word).into_iter().find(|token| token.kind == Kind::Stem)
}

thread_local! {
    static STEMMER: RefCell<TextAnalyzer> = RefCell::new(
        TextAnalyzer::builder(SimpleTokenizer::default()).filter(Stemmer::new(StemLanguage::English)).build(),
    );
}

fn push_latin(word: &str, found: &mut Vec<Token>) {
    STEMMER.with_borrow_mut(|stemmer| {
        let mut stream = stemmer.token_stream(word);
        while stream.advance() {
            found.push(Token { text: stream.token().text.clone(), kind: Kind::Stem });
        }
    });
    let letters: Vec<char> = std::iter::once('^').chain(word.chars()).chain(std::iter::once('$')).collect();
    for gram in letters.windows(GRAM) {
        found.push(Token { text: gram.iter().collect(), kind: Kind::Gram });
    }
}

/// Whether a character is written Chinese.
pub(crate) fn is_han(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' | '〇')
}

/// The tokens as tantivy takes them in.
pub(crate) fn pre_tokenized(tokens: &[Token]) -> PreTokenizedString {
    let tokens = tokens
        .iter()
        .enumerate()
        .map(|(position, token)| TantivyToken { position, text: token.term(), ..TantivyToken::default() })
        .collect();
    PreTokenizedString { text: String::new(), tokens }
}

/// Distinct token numbers in ascending order.
pub(crate) fn distinct_ids(tokens: &[Token]) -> Vec<u32> {
    let mut ids: Vec<u32> = tokens.iter().map(Token::id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// One token for each number, for showing people what matched.
pub(crate) fn by_id(tokens: &[Token]) -> HashMap<u32, &Token> {
    tokens.iter().map(|token| (token.id(), token)).collect()
}
