//! Confident learning (Northcutt, Jiang and Chuang, 2021): which labels are likely wrong, from the probabilities that
//! models give to rows they have not learned from.

/// A row whose label is likely wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Suspect {
    /// Which row.
    pub(crate) row: usize,
    /// The class it likely belongs to.
    pub(crate) instead: u32,
    /// Probability of its label.
    pub(crate) own: f32,
    /// Probability of the other class.
    pub(crate) other: f32,
}

/// Likely wrong labels, the clearest first; `probabilities` has one a class for each row.
pub(crate) fn suspects(labels: &[u32], probabilities: &[Vec<f32>], n_classes: usize) -> Vec<Suspect> {
    let thresholds = self_confidence(labels, probabilities, n_classes);
    let confident: Vec<Option<u32>> = probabilities.iter().map(|row| confident_class(row, &thresholds)).collect();
    let joint = confident_joint(labels, &confident, n_classes);
    let wrong = expected_errors(labels, &joint, n_classes);
    let mut suspects = Vec::new();
    for class in 0..n_classes as u32 {
        let mut of_class: Vec<Suspect> = (0..labels.len())
            .filter(|row| labels[*row] == class)
            .filter_map(|row| {
                let instead = confident[row].filter(|instead| *instead != class)?;
                let said = &probabilities[row];
                let (own, other) = (said[class as usize], said[instead as usize]);
                // The label must also lose against the other class outright, not only against its usual confidence.
                (other > own).then_some(Suspect { row, instead, own, other })
            })
            .collect();
        of_class.sort_by(by_margin);
        // Pruning by noise rate: no more of a class than the joint says are wrong.
        of_class.truncate((wrong[class as usize].round() as usize).max(1));
        suspects.extend(of_class);
    }
    suspects.sort_by(by_margin);
    suspects
}

fn by_margin(a: &Suspect, b: &Suspect) -> std::cmp::Ordering {
    (b.other - b.own).total_cmp(&(a.other - a.own)).then(a.row.cmp(&b.row))
}

/// How sure the models are of each class on average, on rows that are labelled so.
fn self_confidence(labels: &[u32], probabilities: &[Vec<f32>], n_classes: usize) -> Vec<f32> {
    let mut sums = vec![(0.0_f32, 0_usize); n_classes];
    for (label, row) in labels.iter().zip(probabilities) {
        let sum = &mut sums[*label as usize];
        *sum = (sum.0 + row[*label as usize], sum.1 + 1);
    }
    sums.into_iter().map(|(sum, n)| if n == 0 { f32::INFINITY } else { sum / n as f32 }).collect()
}

/// The likeliest of the classes that reach their own usual confidence.
fn confident_class(row: &[f32], thresholds: &[f32]) -> Option<u32> {
    let reached = (0..).zip(row.iter().zip(thresholds)).filter(|(_, (value, least))| value >= least);
    reached.max_by(|a, b| a.1.0.total_cmp(b.1.0)).map(|(class, _)| class)
}

/// Counts of (label, confident class), sparse: by label, then class.
fn confident_joint(labels: &[u32], confident: &[Option<u32>], n_classes: usize) -> Vec<Vec<(u32, usize)>> {
    let mut joint: Vec<Vec<(u32, usize)>> = vec![Vec::new(); n_classes];
    for (label, class) in labels.iter().zip(confident) {
        let Some(class) = class else { continue };
        let row = &mut joint[*label as usize];
        match row.iter_mut().find(|(other, _)| other == class) {
            Some((_, count)) => *count += 1,
            None => row.push((*class, 1)),
        }
    }
    joint
}

/// How many rows of each label are likely wrong.
fn expected_errors(labels: &[u32], joint: &[Vec<(u32, usize)>], n_classes: usize) -> Vec<f64> {
    let mut counts = vec![0_usize; n_classes];
    labels.iter().for_each(|label| counts[*label as usize] += 1);
    let wrong = |(class, row): (usize, &Vec<(u32, usize)>)| {
        let all: usize = row.iter().map(|(_, count)| count).sum();
        let own: usize = row.iter().filter(|(other, _)| *other as usize == class).map(|(_, count)| count).sum();
        counts[class] as f64 * (all - own) as f64 / all.max(1) as f64
    };
    joint.iter().enumerate().map(wrong).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_models_are_sure_belongs_elsewhere_is_a_suspect() {
        let labels = [0, 0, 0, 1, 1, 1];
        let said = [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.1, 0.9], [0.45, 0.55]].map(|row| row.to_vec());
        let found = suspects(&labels, &said, 2);
        assert_eq!(found, [Suspect { row: 2, instead: 1, own: 0.1, other: 0.9 }]);
    }

    #[test]
    fn an_unsure_model_accuses_nobody_and_no_rows_give_no_verdict() {
        let said = vec![vec![0.5, 0.5]; 4];
        assert!(suspects(&[0, 0, 1, 1], &said, 2).is_empty());
        assert!(suspects(&[], &[], 2).is_empty());
        assert!(suspects(&[0, 0], &[vec![1.0], vec![1.0]], 1).is_empty());
    }
}
