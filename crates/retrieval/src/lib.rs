//! The FAQ index: reads and writes FAQ files, keeps them searchable, and says how likely each entry answers a message.
//! Knows tantivy and the text room; knows nothing of conversations, HTTP or SQL.

mod analysis;
mod bag;
mod calibration;
mod emphasis;
mod encoding;
mod entry;
mod error;
mod explain;
mod faq_file;
mod features;
mod index;
mod meaning;
mod ratings;
mod schema;
mod search;
mod sentences;
mod spelling;
mod suggest;
mod synonyms;
mod table;

pub use calibration::{Calibration, CalibrationReport, JudgedQuestion, JudgedReport, JudgedSearches};
pub use entry::{CHANNELS, Change, FaqEntry, Link};
pub use error::Error;
pub use explain::{Explanation, FeatureShare, RatingsShare, TermMatch, ToWin};
pub use faq_file::{
    Answers, Column, ExportFormat, FaqFormat, FileFault, ImportedFaq, Layout, LeftOpen, Place, RowFault, RowProblem,
    Unit, index_folder, parse_faq, read_faq, write_faq,
};
pub use features::NAMES as FEATURE_NAMES;
pub use index::FaqIndex;
pub use meaning::Encoder;
pub use ratings::RatedAnswer;
pub use search::{Hit, SearchQuery};
pub use spelling::{Reason, Rewording};
pub use suggest::{RelatedQuery, SuggestQuery, Suggestion};
pub use synonyms::{SYNONYMS_FILE, Synonyms};
