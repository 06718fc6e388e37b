//! Where a training stands, and its network as columns of numbers.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::columns::{Columns, Stored};
use crate::network::Network;
use crate::random::RandomState;

/// Where a training stands, down to the batch.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Place {
    /// The fit that runs, from 0, and how many are planned.
    pub(super) fit: usize,
    pub(super) fits: usize,
    /// Epochs done and planned over all stages of the fit.
    pub(super) epochs_done: u32,
    pub(super) epochs: u32,
    /// The best epoch of the first fit, once that is done.
    pub(super) first_best: Option<u32>,
    /// The stage of the fit's plan, from 0.
    pub(super) stage: usize,
    pub(super) at: At,
    /// The best epoch of the fit so far.
    pub(super) best_epoch: u32,
    /// The source of randomness now, and as it was when the epoch began.
    pub(super) random: [RandomState; 2],
}

/// Where a stage stands.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct At {
    /// The epoch that runs, from 1.
    pub(super) epoch: u32,
    /// Steps of the stage that are done.
    pub(super) step: u64,
    /// Batches of the epoch that are done.
    pub(super) batches: usize,
    /// Rows of the epoch that came out right, and all that were seen.
    pub(super) right: usize,
    pub(super) seen: usize,
}

/// Which weights differ from those that a fit starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Changed {
    /// All of them.
    All,
    /// All but those of the base.
    Head,
}

const PARTS: [&str; 3] = ["values", "first", "second"];

/// Adds the columns of a network.
pub(super) fn put_network<'a>(
    columns: &mut Columns<'a>,
    name: &str,
    network: &'a Network,
    changed: Changed,
) -> Result<(), Error> {
    for (weight, _) in network.dense.iter() {
        columns.floats(format!("{name}.dense.{weight}"), network.dense.values(weight)?);
    }
    if changed == Changed::Head {
        return Ok(());
    }
    for (table, which) in [(&network.ngrams, "ngrams"), (&network.tokens, "tokens")] {
        for (part, values) in PARTS.iter().zip(table.state()) {
            columns.floats(format!("{name}.{which}.{part}"), values);
        }
    }
    if let Some(bert) = &network.bert {
        columns.floats(format!("{name}.bert"), &bert.weights.values[..]);
    }
    Ok(())
}

/// Puts a network's columns back into one of the same make.
pub(super) fn take_network(stored: &Stored, name: &str, network: &mut Network, changed: Changed) -> Result<(), Error> {
    let weights: Vec<String> = network.dense.iter().map(|(weight, _)| weight.clone()).collect();
    for weight in weights {
        let values = stored.floats(&format!("{name}.dense.{weight}"))?;
        network.dense.put_back(&weight, values).ok_or_else(|| stored.damaged())?;
    }
    if changed == Changed::Head {
        return Ok(());
    }
    for (table, which) in [(&mut network.ngrams, "ngrams"), (&mut network.tokens, "tokens")] {
        let [values, first, second] = PARTS.map(|part| stored.floats(&format!("{name}.{which}.{part}")));
        table.put_back([values?, first?, second?]).ok_or_else(|| stored.damaged())?;
    }
    if let Some(bert) = &mut network.bert {
        let values = stored.floats(&format!("{name}.bert"))?;
        if values.len() != bert.weights.values.len() {
            return Err(stored.damaged());
        }
        bert.weights.values = values;
    }
    Ok(())
}
