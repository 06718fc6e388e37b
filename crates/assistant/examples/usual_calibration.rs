//! Learns what FAQ indexes with few questions of their own start from, by words and beside meaning:
//! `cargo run --release -p assistant --example usual_calibration -- FAQ_FILE…`
//! The files' entries have similar questions, which are asked while they are held out.
#![allow(clippy::print_stdout, reason = "an example's figures are its output")]

use std::error::Error;
use std::path::PathBuf;

use retrieval::{FaqIndex, read_faq};

fn main() -> Result<(), Box<dyn Error>> {
    let files: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    for (name, encoder) in [("by words", None), ("beside meaning", assistant::meaning())] {
        let mut indexes = Vec::new();
        for file in &files {
            let index = FaqIndex::in_memory_with(encoder.clone());
            println!("{name}\t{}\t{:?}", file.display(), index.replace_all(&read_faq(file)?, 1)?);
            indexes.push(index);
        }
        let (calibration, report) = FaqIndex::calibrate_together(&indexes)?;
        println!("{name}: {report:?}\n{}", serde_json::to_string(&calibration)?);
    }
    Ok(())
}
