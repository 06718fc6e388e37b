use super::*;

fn known(fits_page: f32, written_by_owner: bool) -> Features {
    Known { fits_page, written_by_owner, ..Known::default() }.features()
}

/// Visitors who choose what fits their page three times in ten, and anything else one time in fifty.
fn visitor_chooses(pool: &[Features], shown: &[usize], random: &mut Random) -> Option<usize> {
    let rate = |at: &usize| if pool[*at][2] > 0.5 { 0.3 } else { 0.02 };
    shown.iter().position(|at| random.uniform() < rate(at))
}

/// Twenty questions, of which the last four fit the page and the first four are the owner's.
fn pool() -> Vec<Features> {
    (0..20).map(|at| known(if at >= 16 { 1.0 } else { 0.0 }, at < 4)).collect()
}

fn log(n: usize, seed: u64, policy: Policy) -> Vec<LoggedOffer> {
    let mut random = Random::new(seed);
    let learner = Learner::default();
    let made = |_| {
        let pool = pool();
        let shown = choose(policy, &pool, 4, &learner, &mut random);
        let chosen = visitor_chooses(&pool, &shown, &mut random);
        LoggedOffer { random: policy == Policy::Random, pool, shown, chosen }
    };
    (0..n).map(made).collect()
}

fn learned(log: &[LoggedOffer]) -> Learner {
    let mut learner = Learner::default();
    learner.learn(&log.iter().flat_map(LoggedOffer::examples).collect::<Vec<_>>());
    learner
}

#[test]
fn what_was_chosen_is_shown_more_and_doubt_shrinks() {
    let learner = learned(&log(1000, 1, Policy::Random));
    let (fitting, other) = (learner.probability(&known(1.0, false)), learner.probability(&known(0.0, false)));
    assert!(fitting > 0.15 && other < 0.08, "{fitting} {other}");
    let doubt = |learner: &Learner| learner.weights()[2].deviation;
    assert!(doubt(&learner) < 0.5 * doubt(&Learner::default()), "{:?}", learner.weights());
    let mut random = Random::new(2);
    let kept = (0..100).filter(|_| {
        let shown = choose(Policy::Learned, &pool(), 4, &learner, &mut random);
        shown.iter().all(|&at| at >= 16)
    });
    assert!(kept.count() > 95, "what fits is known to be chosen");
}

#[test]
fn what_is_little_known_is_tried_and_the_same_seed_tries_the_same() {
    let learner = Learner::default();
    let tried = |seed| {
        let mut random = Random::new(seed);
        (0..50).flat_map(|_| choose(Policy::Learned, &pool(), 4, &learner, &mut random)).collect::<Vec<_>>()
    };
    assert_eq!(tried(7), tried(7));
    assert!(tried(7).iter().any(|&at| at >= 16) && tried(7).iter().any(|&at| at < 4), "{:?}", tried(7));
}

#[test]
fn learning_finds_where_the_slope_is_nothing() {
    let log = log(300, 3, Policy::Random);
    let examples: Vec<Example> = log.iter().flat_map(LoggedOffer::examples).collect();
    let mut learner = Learner::default();
    learner.learn(&examples);
    let (before, after) = (Learner::default().weights(), learner.weights());
    for at in 0..N_FEATURES {
        let pull: f64 = examples
            .iter()
            .map(|one| {
                f64::from(one.features[at]) * (learner.probability(&one.features) - f64::from(u8::from(one.chosen)))
            })
            .sum();
        let slope = before[at].deviation.powi(-2) * (after[at].mean - before[at].mean) + pull;
        assert!(slope.abs() < 1e-3, "{}: {slope}", FEATURES[at]);
    }
}

#[test]
fn the_owner_chooses_the_owners_questions_in_their_order() {
    let mut random = Random::new(4);
    assert_eq!(choose(Policy::Fixed, &pool(), 3, &Learner::default(), &mut random), [0, 1, 2]);
    assert_eq!(choose(Policy::Random, &[], 3, &Learner::default(), &mut random), [0; 0]);
}

#[test]
fn replay_tells_what_each_chooser_would_have_got() {
    let told = replay(&log(3000, 5, Policy::Random), 6);
    let [fixed, random, learned] = &told.rates[..] else { panic!("three choosers") };
    assert!(told.is_enough() && told.random_offers == 3000, "{told:?}");
    assert!(fixed.low < 0.02 && 0.02 < fixed.high + 0.01, "the owner's are chosen one time in fifty: {fixed:?}");
    // A fitting question shown behind another one that was chosen is not chosen: a little less than three in ten.
    assert!(learned.low > 0.2 && learned.high < 0.32, "{learned:?}");
    assert!(fixed.high < random.low && random.high < learned.low, "{told:?}");
}

#[test]
fn without_offers_by_chance_replay_says_nothing() {
    let told = replay(&log(500, 8, Policy::Fixed), 9);
    assert!(!told.is_enough() && told.random_offers == 0, "{told:?}");
    assert_eq!((told.rates[0].low, told.rates[0].high), (0.0, 1.0));
}

#[test]
fn a_page_says_its_words_and_its_group_and_nothing_of_a_person() {
    for (page, words, group) in [
        ("https://shop.example/returns/how-to.html?order=1#top", "returns how to", "/returns"),
        ("https://shop.example/", "", "/"),
        ("https://shop.example", "", "/"),
        ("/demo/en.html", "demo en", "/demo"),
        ("https://shop.example/Mei.Lin/orders", "Mei Lin orders", "other"),
        ("https://shop.example/order-12345", "order", "other"),
        ("https://shop.example/index.php", "", "/"),
        ("", "", "/"),
    ] {
        assert_eq!((page_words(page).as_str(), page_group(page).as_str()), (words, group), "{page}");
    }
}
