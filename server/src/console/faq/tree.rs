//! The category tree: paths such as `shipping/fees` with how many entries stand in each branch.

use std::collections::BTreeMap;

/// One branch of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Branch {
    pub(super) path: String,
    /// The last part of the path.
    pub(super) name: String,
    /// 0 for what stands at the top.
    pub(super) depth: usize,
    /// Entries in the branch and below it.
    pub(super) total: i64,
}

/// Every branch below its parent, from the categories in use and how many entries have each.
pub(super) fn branches(categories: &[(String, i64)]) -> Vec<Branch> {
    let mut totals: BTreeMap<Vec<&str>, i64> = BTreeMap::new();
    for (category, count) in categories {
        let parts: Vec<&str> = category.split('/').collect();
        for end in 1..=parts.len() {
            *totals.entry(parts[..end].to_vec()).or_default() += count;
        }
    }
    let branch = |(parts, total): (Vec<&str>, i64)| Branch {
        path: parts.join("/"),
        name: parts.last().copied().unwrap_or_default().to_owned(),
        depth: parts.len() - 1,
        total,
    };
    totals.into_iter().map(branch).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_stand_below_their_parents_and_count_what_is_below() {
        let used = [("a/b", 2), ("a-b", 1), ("a", 1), ("c/d/e", 3)].map(|(path, count)| (path.to_owned(), count));
        let tree = branches(&used);
        let seen: Vec<_> = tree.iter().map(|branch| (branch.path.as_str(), branch.depth, branch.total)).collect();
        assert_eq!(seen, [("a", 0, 3), ("a/b", 1, 2), ("a-b", 0, 1), ("c", 0, 3), ("c/d", 1, 3), ("c/d/e", 2, 3)]);
    }
}
