//! A training that broke off goes on where its last checkpoint stands, and ends as if it had never broken off.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use model::{Checkpoint, Classifier, Control, Depth, Example, Progress, Start, TrainOptions, TrainingSet, train_with};

use crate::bases::{from, write_base};
use crate::shop::{learn, options, set};

fn open(folder: &Path, options: &TrainOptions) -> Result<Checkpoint, model::Error> {
    Checkpoint::open(folder, &set(), options, Start::Continue)
}

/// Trains with a checkpoint after every step, and breaks off at the given report.
fn break_off(folder: &Path, options: &TrainOptions, at: usize) {
    let mut checkpoint = open(folder, options).unwrap().every(Duration::ZERO);
    let mut reports = 0;
    let mut watch = |_: &Progress| {
        reports += 1;
        // A crash that the test survives: nothing is written on the way out.
        if reports == at { std::panic::resume_unwind(Box::new("crash")) } else { Control::Continue }
    };
    let crash = catch_unwind(AssertUnwindSafe(|| train_with(&set(), options, &mut checkpoint, &mut watch)));
    assert!(crash.is_err(), "it ended after {reports} reports, before it could break off");
}

fn go_on(folder: &Path, options: &TrainOptions) -> Classifier {
    let mut checkpoint = open(folder, options).unwrap();
    assert!(checkpoint.continued().is_some());
    let classifier = train_with(&set(), options, &mut checkpoint, &mut |_| Control::Continue).unwrap();
    checkpoint.remove().unwrap();
    assert!(!folder.exists());
    classifier
}

/// All bytes of a bundle but the seconds it took.
fn bytes(classifier: &Classifier, folder: &Path) -> [Vec<u8>; 3] {
    classifier.save(folder).unwrap();
    let calibration = serde_json::to_vec(&classifier.info().calibration).unwrap();
    [fs::read(folder.join("model.safetensors")).unwrap(), fs::read(folder.join("tokenizer.json")).unwrap(), calibration]
}

fn check(options: &TrainOptions, breaks: &[usize]) {
    let home = tempfile::tempdir().unwrap();
    let unbroken = bytes(&learn(&set(), options), &home.path().join("unbroken"));
    let folder = home.path().join("model.partial");
    for at in breaks {
        break_off(&folder, options, *at);
        // Broken twice, the second time soon after it went on.
        break_off(&folder, options, 2);
        let again = bytes(&go_on(&folder, options), &home.path().join(format!("broken at {at}")));
        assert!(again == unbroken, "broken at report {at}");
    }
}

#[test]
fn the_default_model_is_the_same_to_the_last_bit_wherever_its_training_broke_off() {
    // Four epochs a fit: in the first, in a later one, and in the one on all rows.
    let options = TrainOptions { epochs: Some(4), ..options() };
    check(&options, &[1, 10, 22]);
}

#[test]
fn a_base_that_learns_by_comparing_is_the_same_to_the_last_bit() {
    let home = tempfile::tempdir().unwrap();
    write_base(&home.path().join("base"));
    let options = TrainOptions { depth: Some(Depth::FewShot), epochs: Some(3), ..from(&home.path().join("base")) };
    check(&options, &[2, 45]);
}

#[test]
fn a_whole_base_is_the_same_to_the_last_bit() {
    let home = tempfile::tempdir().unwrap();
    write_base(&home.path().join("base"));
    let options = TrainOptions { depth: Some(Depth::Full), epochs: Some(3), ..from(&home.path().join("base")) };
    check(&options, &[5, 42, 84]);
}

#[test]
fn a_checkpoint_of_another_training_is_refused_unless_it_is_to_start_afresh() {
    let home = tempfile::tempdir().unwrap();
    let base = home.path().join("base");
    write_base(&base);
    let folder = home.path().join("model.partial");
    break_off(&folder, &options(), 3);
    let refused = |set: &TrainingSet, options: &TrainOptions| {
        Checkpoint::open(&folder, set, options, Start::Continue).unwrap_err().to_string()
    };
    let mut more = set();
    more.train.push(Example::new("one more", Some("stock")));
    for (found, why) in [
        (refused(&more, &options()), "with other data"),
        (refused(&set(), &TrainOptions { seed: 5, ..options() }), "with other options"),
        (refused(&set(), &from(&base)), "from another base"),
    ] {
        assert!(found.contains(why) && found.contains("cannot be continued"), "{found}");
    }
    let other_name = TrainOptions { trained_at: "2027-01-01T00:00:00Z".into(), threads: Some(1), ..options() };
    assert!(open(&folder, &other_name).unwrap().continued().is_some());
    let fresh = Checkpoint::open(&folder, &more, &options(), Start::Afresh).unwrap();
    assert_eq!(fresh.continued(), None);
}

#[test]
fn two_trainings_do_not_share_a_checkpoint() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("model.partial");
    let first = open(&folder, &options()).unwrap();
    assert!(open(&folder, &options()).unwrap_err().to_string().contains("in use by another training"));
    drop(first);
    drop(open(&folder, &options()).unwrap());
    assert!(!folder.exists());
}

#[test]
fn what_was_reported_before_the_break_is_told() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("model.partial");
    break_off(&folder, &options(), 4);
    let continued = open(&folder, &options()).unwrap().continued().unwrap();
    assert_eq!((continued.epoch, continued.epochs, continued.fit), (3, 12, 1));
    assert!(continued.fits > 1);
    let epochs: Vec<u32> = continued.reports.iter().map(|report| report.epoch).collect();
    assert_eq!(epochs, [1, 2, 3]);
    fs::write(folder.join("state"), b"{}").unwrap();
    assert!(open(&folder, &options()).unwrap_err().to_string().contains("is damaged"));
}
