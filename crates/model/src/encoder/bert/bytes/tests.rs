//! Products in 8 bits are near the exact ones, and the same on every path.

use super::*;
use crate::random::Random;

#[test]
fn products_in_eight_bits_are_near_the_exact_ones_on_every_path() {
    #[cfg_attr(not(target_arch = "x86_64"), allow(unused_mut, reason = "other processors have no further paths"))]
    let mut paths = vec![Path::Portable, Path::best()];
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        paths.push(Path::Avx2);
    }
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("avxvnni") {
        paths.push(Path::AvxVnni);
    }
    let mut random = Random::new(3, 1);
    for (rows, out, of) in [(1, 5, 7), (3, 32, 64), (14, 33, 130), (0, 4, 4)] {
        let mut draw = |n: usize| -> Vec<f32> { (0..n).map(|_| random.normal()).collect() };
        let (weight, bias, input) = (draw(out * of), draw(out), draw(rows * of));
        for path in &paths {
            let mut found = vec![0.0; rows * out];
            Bytes::with(*path, &weight, of).multiply(&input, &bias, &mut found);
            for (at, found) in found.iter().enumerate() {
                let (row, column) = (&input[at / out * of..][..of], &weight[at % out * of..][..of]);
                let exact = row.iter().zip(column).map(|(a, b)| a * b).sum::<f32>() + bias[at % out];
                let error = (found - exact).abs() / (of as f32).sqrt();
                assert!(error < 0.08, "{path:?}, {rows} by {out} by {of}: {found} is not near {exact}");
            }
        }
    }
}

#[test]
fn whole_numbers_come_out_as_they_went_in() {
    for (out, of) in [(1, 1), (5, 7), (16, 64), (33, 130), (0, 4)] {
        let whole: Vec<i8> = (0..out * of).map(|i| (i * 37 % 255) as i8).collect();
        let scales: Vec<f32> = (0..out).map(|i| i as f32).collect();
        let bytes = Bytes::from_whole(&whole, scales.clone(), of);
        assert_eq!((bytes.whole(), bytes.scales()), (whole, &scales[..]), "{out} by {of}");
    }
}

#[cfg(target_arch = "x86_64")]
type Multiply = fn(&Block<'_>, [&[[u8; QUAD]]; 5], Pass<'_>);

#[cfg(target_arch = "x86_64")]
#[test]
fn every_path_makes_the_same_numbers() {
    let row: Vec<[u8; QUAD]> = (0u8..13).map(|i| [i * 9, 127, 255 - (i * 3), i]).collect();
    let small: Vec<[u8; QUAD]> = row.iter().map(|quad| quad.map(|byte| byte / 2)).collect();
    let weight = |i: usize, lane: usize| ((i * 37 + lane * 91) % 255) as i32 - 127;
    let tile: Vec<Step> = (0..13)
        .map(|i| Step(std::array::from_fn(|lane| std::array::from_fn(|at| weight(i * QUAD + at, lane) as i8))))
        .collect();
    // Scales of one: what goes out is what the sums are.
    let ends = Ends { from: 0, offsets: [0; WIDTH], scales: [1.0; WIDTH], biases: [0.5; WIDTH] };
    let block = Block { tile: &tile, ends };
    let check = |row: &[[u8; QUAD]], multiply: Multiply| {
        let mut found = [[0.0; WIDTH]; 5];
        let ahead = Ahead::new(&tile, &(0..5), 5);
        let pass = Pass { bytes: row, scales: &[1.0; 5], out: found.as_flattened_mut(), ahead };
        multiply(&block, [row; 5], pass);
        assert_eq!(found, [portable(row, &tile).map(|total| total as f32 + 0.5); 5]);
    };
    check(&row, Portable::multiply);
    if Path::best() == Path::Vnni {
        check(&row, x86::Vnni::multiply);
    }
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("avxvnni") {
        check(&row, x86::AvxVnni::multiply);
    }
    if is_x86_feature_detected!("avx2") {
        check(&small, x86::Avx2::multiply);
    }
}
