//! Vectors made of words by chance, seeded: texts that share words are near each other, as with an encoder, and making
//! them takes next to no time.

use retrieval::Encoder;

const DIM: usize = 384;

#[derive(Debug)]
pub(crate) struct StandIn;

impl Encoder for StandIn {
    fn name(&self) -> &str {
        "stand-in of faq_growth"
    }

    fn encode(&self, text: &str) -> Vec<f32> {
        let mut vector = vec![0.0; DIM];
        let mut add = |word: &str| {
            let mut state = word
                .bytes()
                .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
            for value in &mut vector {
                state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
                *value += (state >> 40) as f32 / (1 << 23) as f32 - 1.0;
            }
        };
        text.split(' ').filter(|word| word.is_ascii()).for_each(&mut add);
        let han: Vec<char> = text.chars().filter(|character| !character.is_ascii()).collect();
        han.windows(2).for_each(|pair| add(&String::from_iter(pair)));
        let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
        if length > 0.0 {
            vector.iter_mut().for_each(|value| *value /= length);
        }
        vector
    }
}
