//! What tantivy's own BM25 finds with one document an entry and boosted fields: the figure to beat.

use std::error::Error;

use retrieval::FaqEntry;
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, BoostQuery, Occur, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{
    Language, PreTokenizedString, SimpleTokenizer, Stemmer, TextAnalyzer, Token, TokenStream as _,
};
use tantivy::{Index, IndexReader, TantivyDocument, Term};

const STOP_WORDS: [&str; 12] = ["a", "an", "the", "of", "to", "in", "on", "is", "are", "be", "it", "and"];
const BOOSTS: [f32; 3] = [1.0, 1.0, 0.4];

/// Question, similar questions and answer of each entry.
pub(crate) struct PlainIndex {
    reader: IndexReader,
    fields: [Field; 3],
}

impl PlainIndex {
    pub(crate) fn new(entries: &[FaqEntry]) -> Result<Self, Box<dyn Error>> {
        let mut builder = Schema::builder();
        let options = TextOptions::default().set_indexing_options(
            TextFieldIndexing::default().set_tokenizer("whitespace").set_index_option(IndexRecordOption::WithFreqs),
        );
        let fields = ["question", "similar", "answer"].map(|name| builder.add_text_field(name, options.clone()));
        let index = Index::create_in_ram(builder.build());
        let mut writer = index.writer_with_num_threads(1, 15_000_000)?;
        for entry in entries {
            let mut document = TantivyDocument::default();
            for (field, text) in fields.into_iter().zip([&entry.question, &entry.similar.join("\n"), &entry.answer]) {
                document.add_pre_tokenized_text(field, pre_tokenized(text));
            }
            writer.add_document(document)?;
        }
        writer.commit()?;
        Ok(Self { reader: index.reader()?, fields })
    }

    /// Numbers of the entries found, best first.
    pub(crate) fn search(&self, text: &str, top: usize) -> Result<Vec<usize>, Box<dyn Error>> {
        let mut terms = terms(text);
        terms.sort();
        terms.dedup();
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for term in &terms {
            for (field, boost) in self.fields.into_iter().zip(BOOSTS) {
                let query = TermQuery::new(Term::from_field_text(field, term), IndexRecordOption::WithFreqs);
                clauses.push((Occur::Should, Box::new(BoostQuery::new(Box::new(query), boost))));
            }
        }
        let query = BooleanQuery::new(clauses);
        let found = self.reader.searcher().search(&query, &TopDocs::with_limit(top).order_by_score())?;
        // One segment, written in order: a document's number is its entry's.
        Ok(found.into_iter().map(|(_, address)| address.doc_id as usize).collect())
    }
}

fn terms(text: &str) -> Vec<String> {
    let normalised = text::normalise(text);
    let mut stemmer = TextAnalyzer::builder(SimpleTokenizer::default()).filter(Stemmer::new(Language::English)).build();
    let mut terms: Vec<String> = Vec::new();
    for word in text::words(normalised.as_str()).into_iter().filter(|word| word.is_han) {
        terms.extend(word.text.chars().map(String::from));
    }
    for word in text::search_words(normalised.as_str()) {
        if word.is_han {
            terms.extend(word.text.chars().nth(1).map(|_| word.text.to_owned()));
        } else if !STOP_WORDS.contains(&word.text) {
            stemmer.token_stream(word.text).process(&mut |token| terms.push(token.text.clone()));
        }
    }
    terms
}

fn pre_tokenized(text: &str) -> PreTokenizedString {
    let tokens = terms(text)
        .into_iter()
        .enumerate()
        .map(|(position, text)| Token { position, text, ..Token::default() })
        .collect();
    PreTokenizedString { text: String::new(), tokens }
}
