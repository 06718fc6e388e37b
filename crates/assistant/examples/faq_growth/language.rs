//! Made-up entries that look like language to an index: a vocabulary of each language whose words come by Zipf's law.

use retrieval::FaqEntry;

const WORDS: usize = 20_000;
const SYLLABLES: [&str; 16] =
    ["ba", "con", "de", "fer", "ga", "lin", "mo", "ner", "pa", "ri", "sta", "ter", "tion", "u", "ver", "zo"];

pub(crate) struct Language {
    state: u64,
    /// Sums of the words' shares.
    sums: Vec<f64>,
}

impl Language {
    pub(crate) fn new(seed: u64) -> Self {
        let mut sum = 0.0;
        let sums = (1..=WORDS).map(|rank| {
            sum += 1.0 / rank as f64;
            sum
        });
        Self { state: seed ^ 0x9e37_79b9_7f4a_7c15, sums: sums.collect() }
    }

    /// A number of 32 bits (splitmix64).
    fn next(&mut self) -> u32 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 32) as u32
    }

    fn below(&mut self, n: usize) -> usize {
        self.next() as usize % n
    }

    fn word(&mut self, chinese: bool) -> String {
        let at = f64::from(self.next()) / f64::from(u32::MAX) * self.sums[WORDS - 1];
        let rank = self.sums.partition_point(|sum| *sum < at).min(WORDS - 1);
        if chinese {
            // Two of three thousand characters, by the word's rank.
            let character = |n: usize| char::from_u32(0x4e00 + (n % 3000) as u32 * 6).unwrap_or('的');
            return [character(rank * 7), character(rank * 31 + 11)].iter().collect();
        }
        let mut rest = rank + 16;
        let mut word = String::new();
        while rest > 0 {
            word.push_str(SYLLABLES[rest % SYLLABLES.len()]);
            rest /= SYLLABLES.len();
        }
        word
    }

    fn words(&mut self, chinese: bool, least: usize, further: usize) -> String {
        let n = least + self.below(further);
        let words: Vec<String> = (0..n).map(|_| self.word(chinese)).collect();
        words.join(if chinese { "" } else { " " })
    }

    pub(crate) fn entry(&mut self, at: usize) -> FaqEntry {
        let chinese = at.is_multiple_of(2);
        let (question, similar) = (self.words(chinese, 4, 6), self.words(chinese, 4, 6));
        let answer = self.words(chinese, 15, 40);
        FaqEntry { similar: vec![similar], ..FaqEntry::new(&format!("entry-{at}"), &question, &answer) }
    }

    /// A question without up to a quarter of its beginning.
    pub(crate) fn reworded(&mut self, question: &str) -> String {
        let cut = self.below(question.chars().count() / 4 + 1);
        question.chars().skip(cut).collect()
    }
}
