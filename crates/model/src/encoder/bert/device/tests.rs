//! Training on candle tensors against training in plain numbers. Here the tensors are on the processor; a GPU runs the
//! same operations.
#![allow(clippy::unwrap_used)]

use super::super::optimiser::HostTrainer;
use super::super::tests::{MESSAGES, config, direction, pair};
use super::*;

fn trainer() -> DeviceTrainer {
    DeviceTrainer::new(Device::Cpu)
}

fn check(ours: &[f32], theirs: &[f32], what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (at, (a, b)) in ours.iter().zip(theirs).enumerate() {
        assert!((a - b).abs() < 1e-4, "{what} {at}: {a} {b}");
    }
}

#[test]
fn vectors_are_those_of_the_processor_whatever_is_dropped() {
    for act in ["gelu", "gelu_new", "relu"] {
        let (_, bert, words) = pair(&config(act));
        for dropout in [Dropout::NONE, Dropout::new(0.2, 5)] {
            let ours = HostTrainer::default().forward(&bert, &words, &MESSAGES, dropout);
            let theirs = trainer().forward(&bert, &words, &MESSAGES, dropout).unwrap();
            check(&ours, &theirs, act);
        }
    }
}

#[test]
fn gradients_are_those_of_the_processor() {
    for (act, dropout) in [("gelu", Dropout::NONE), ("gelu_new", Dropout::NONE), ("gelu", Dropout::new(0.2, 5))] {
        let (_, bert, words) = pair(&config(act));
        let mut host = HostTrainer::default();
        host.forward(&bert, &words, &MESSAGES, dropout);
        let ours = host.backward(&bert, &words, &direction());
        let mut device = trainer();
        device.forward(&bert, &words, &MESSAGES, dropout).unwrap();
        let (dense, theirs) = device.backward(&bert, &direction()).unwrap();
        check(host.gradients(), &dense.to_vec1::<f32>().unwrap(), act);
        assert_eq!(ours.rows, theirs.rows);
        check(&ours.sums, &theirs.sums, act);
    }
}

#[test]
fn steps_move_all_weights_and_moments_as_on_the_processor() {
    let (_, mut bert, mut words) = pair(&config("gelu"));
    let (mut other, mut other_words) = (bert.clone(), words.clone());
    let (mut host, mut device) = (HostTrainer::default(), trainer());
    for number in 1..4 {
        let (dropout, step) = (Dropout::new(0.1, number), Step::new(1e-3, 0.1, number));
        host.forward(&bert, &words, &MESSAGES, dropout);
        host.step(&mut bert, &mut words, &direction(), step);
        device.forward(&other, &other_words, &MESSAGES, dropout).unwrap();
        device.step(&other, &mut other_words, &direction(), step).unwrap();
    }
    device.bring_back(&mut other).unwrap();
    for part in &bert.weights.plan.parts {
        // A key's bias has no gradient but rounding, and AdamW takes the smallest for a direction.
        if !part.name.ends_with("key.bias") {
            let range = part.range.clone();
            check(&bert.weights.values[range.clone()], &other.weights.values[range], &part.name);
        }
    }
    for (ours, theirs) in host.moments().into_iter().zip(device.moments()) {
        check(ours, theirs, "moments");
    }
    for (ours, theirs) in words.state().into_iter().zip(other_words.state()) {
        check(ours, theirs, "words");
    }
}

#[test]
fn messages_of_any_lengths_are_encoded_as_on_the_processor_in_their_own_order() {
    let (_, bert, words) = pair(&config("gelu"));
    let many: Vec<&[u32]> = MESSAGES.iter().copied().cycle().take(5000).collect();
    check(&bert.encode(&words, &many), &trainer().encode(&bert, &words, &many).unwrap(), "vectors");
    check(&bert.encode(&words, &[&[]]), &trainer().encode(&bert, &words, &[&[]]).unwrap(), "none");
    assert!(trainer().encode(&bert, &words, &[]).unwrap().is_empty());
}

#[test]
fn a_training_that_is_brought_back_and_put_back_goes_on_as_if_it_had_stayed() {
    let (_, bert, words) = pair(&config("gelu"));
    let step = |device: &mut DeviceTrainer, (bert, words): (&Bert, &mut Table), number| {
        device.forward(bert, words, &MESSAGES, Dropout::new(0.1, number)).unwrap();
        device.step(bert, words, &direction(), Step::new(1e-2, 0.1, number)).unwrap();
    };
    let train = |is_broken: bool| {
        let (mut bert, mut words, mut device) = (bert.clone(), words.clone(), trainer());
        step(&mut device, (&bert, &mut words), 1);
        if is_broken {
            device.bring_back(&mut bert).unwrap();
            let moments = device.moments().map(<[f32]>::to_vec);
            device = trainer();
            device.put_back(moments);
        }
        step(&mut device, (&bert, &mut words), 2);
        device.bring_back(&mut bert).unwrap();
        (bert.weights.values, words.values().to_vec())
    };
    assert!(train(true) == train(false));
}
