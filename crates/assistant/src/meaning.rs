//! The base that comes with the program as what the FAQ index compares meanings by.

use std::sync::{Arc, OnceLock};

use model::SentenceEncoder;
use retrieval::Encoder;

/// The shipped sentence encoder.
#[derive(Debug)]
struct Shipped(SentenceEncoder);

impl Encoder for Shipped {
    fn name(&self) -> &str {
        SentenceEncoder::shipped_name()
    }

    fn encode(&self, text: &str) -> Vec<f32> {
        self.0.encode(&[text])
    }
}

/// The encoder for FAQ indexes, opened once; without it, which a sound program never lacks, only words are compared.
pub fn meaning() -> Option<Arc<dyn Encoder>> {
    static ENCODER: OnceLock<Option<Arc<Shipped>>> = OnceLock::new();
    let open = || SentenceEncoder::shipped().map(|encoder| Arc::new(Shipped(encoder)));
    let opened = ENCODER.get_or_init(|| {
        open().inspect_err(|error| tracing::error!(%error, "FAQ entries are found by words alone")).ok()
    });
    opened.clone().map(|encoder| encoder as Arc<dyn Encoder>)
}
