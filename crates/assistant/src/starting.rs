//! Which questions an empty chat opens with: what is known of each question, and who chooses among them. Pure: time,
//! events and the seed of what is left to chance come from the caller.

mod learner;
mod page;
mod random;
mod replay;

pub use self::learner::{Example, Learner, Weight};
pub use self::page::{page_group, page_words};
pub use self::random::Random;
pub use self::replay::{LEAST_SHOWN, LoggedOffer, PolicyRate, Replay, replay};

/// How many things are known of a question.
pub const N_FEATURES: usize = 9;

/// What is known of a question, by name.
pub const FEATURES: [&str; N_FEATURES] = [
    "always",
    "written_by_owner",
    "fits_page",
    "asked_often",
    "asked_before",
    "near_asked_before",
    "clicked_here",
    "answers_well",
    "high_up",
];

/// What is known of a question when it is offered; each value is between 0 and 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Known {
    /// One of the bot's own starting questions.
    pub written_by_owner: bool,
    /// How near it is to the words of the page.
    pub fits_page: f32,
    /// How often it is asked, beside the question asked most.
    pub asked_often: f32,
    /// This visitor asked it before.
    pub asked_before: bool,
    /// This visitor asked something near it before.
    pub near_asked_before: bool,
    /// How often it is chosen by visitors of this language on such pages.
    pub clicked_here: f32,
    /// How often its answer is rated well.
    pub answers_well: f32,
}

/// Numbers in the order of [`FEATURES`].
pub type Features = [f32; N_FEATURES];

impl Known {
    /// As numbers, before it has a place.
    pub fn features(&self) -> Features {
        let flag = |known| if known { 1.0 } else { 0.0 };
        [
            1.0,
            flag(self.written_by_owner),
            self.fits_page.clamp(0.0, 1.0),
            self.asked_often.clamp(0.0, 1.0),
            flag(self.asked_before),
            flag(self.near_asked_before),
            self.clicked_here.clamp(0.0, 1.0),
            self.answers_well.clamp(0.0, 1.0),
            0.0,
        ]
    }
}

/// The features of a question that was shown at a place, counted from 0: what stands higher is chosen more often,
/// whatever it is.
pub fn placed(features: &Features, place: usize) -> Features {
    let mut placed = *features;
    placed[N_FEATURES - 1] = 1.0 / (1 + place) as f32;
    placed
}

/// Who chooses the questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The bot's owner: the questions of `bot.toml`, in their order.
    Fixed,
    /// What was learned, by Thompson sampling: a draw from what the weights may be, so that what is little known is tried.
    Learned,
    /// Chance alone, to have something to compare with.
    Random,
}

impl Policy {
    /// The name on disk and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Learned => "learned",
            Self::Random => "random",
        }
    }
}

/// The places in the pool of the `n` questions to show, the first one first.
pub fn choose(policy: Policy, pool: &[Features], n: usize, learner: &Learner, random: &mut Random) -> Vec<usize> {
    let mut places: Vec<usize> = (0..pool.len()).collect();
    match policy {
        Policy::Fixed => places.retain(|&place| pool[place][1] > 0.0),
        Policy::Random => random.shuffle(&mut places),
        Policy::Learned => {
            let weights = learner.draw(random);
            let worth = |place: usize| Learner::score(&weights, &pool[place]);
            places.sort_by(|&one, &other| worth(other).total_cmp(&worth(one)));
        }
    }
    places.truncate(n);
    places
}

#[cfg(test)]
mod tests;
