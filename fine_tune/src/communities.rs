//! Groups in a graph of likeness: the Louvain method (Blondel et al., 2008) on nearest neighbours, which finds by
//! itself how many groups there are. Deterministic: nodes are visited in order, ties go to the smaller group.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use crate::near::{Near, nearest_by_meaning, nearest_first};
use crate::vectors::Vector;

/// Rounds of moving and joining; real graphs settle after a handful.
const ROUNDS: usize = 20;
/// Passes over the nodes in one round.
const PASSES: usize = 30;

/// Each node's neighbours with weights; weights are the same in both directions.
pub(crate) type Graph = Vec<Vec<(u32, f32)>>;

/// Joins each vector to its `k` nearest of at least some likeness, by meaning where that is known, else by terms.
pub(crate) fn graph(vectors: &[Vector], k: usize, least: f32) -> Graph {
    let has_meanings = vectors.first().is_some_and(|vector| !vector.meaning.is_empty());
    let nearest =
        if has_meanings { nearest_by_meaning(vectors, k, least, |_, _| true) } else { by_terms(vectors, k, least) };
    let mut edges: BTreeMap<(u32, u32), f32> = BTreeMap::new();
    for (node, found) in (0..).zip(nearest) {
        for Near { index, likeness } in found {
            let other = index as u32;
            // An edge that both ends chose counts twice.
            *edges.entry((node.min(other), node.max(other))).or_default() += likeness;
        }
    }
    let mut graph: Graph = vec![Vec::new(); vectors.len()];
    for ((a, b), weight) in edges {
        graph[a as usize].push((b, weight));
        graph[b as usize].push((a, weight));
    }
    graph
}

/// The nearest by terms. What nearly every text says tells none of them apart, and is not looked at.
fn by_terms(vectors: &[Vector], k: usize, least: f32) -> Vec<Vec<Near>> {
    let mut postings: HashMap<u32, Vec<(u32, f32)>> = HashMap::new();
    for (node, vector) in (0..).zip(vectors) {
        for (term, weight) in &vector.terms {
            postings.entry(*term).or_default().push((node, *weight));
        }
    }
    // The lists of common terms are the long ones.
    let common = (vectors.len() / 10).max(100);
    postings.retain(|_, nodes| nodes.len() <= common);
    // The sums of a thread's last node are cleared by what it touched, not as a whole.
    let near = |(sums, touched): &mut (Vec<f32>, Vec<usize>), node: usize| {
        for (term, weight) in &vectors[node].terms {
            for (other, theirs) in postings.get(term).into_iter().flatten() {
                let other = *other as usize;
                if sums[other] == 0.0 {
                    touched.push(other);
                }
                sums[other] += weight * theirs;
            }
        }
        let likeness = touched.drain(..).map(|index| Near { index, likeness: std::mem::take(&mut sums[index]) });
        let mut found: Vec<Near> = likeness.filter(|near| near.index != node && near.likeness >= least).collect();
        found.sort_by(nearest_first);
        found.truncate(k);
        found
    };
    let empty = || (vec![0.0; vectors.len()], Vec::new());
    (0..vectors.len()).into_par_iter().map_init(empty, near).collect()
}

/// The group of each node, numbered from 0 in order of their first nodes; a higher resolution gives smaller groups.
pub(crate) fn communities(graph: &Graph, resolution: f64) -> Vec<usize> {
    let mut groups: Vec<usize> = (0..graph.len()).collect();
    let mut level = Level::new(graph);
    for _ in 0..ROUNDS {
        let moved = level.settle(resolution);
        let n_before = level.edges.len();
        let (names, n_groups) = renumber(&moved);
        groups.iter_mut().for_each(|group| *group = names[*group]);
        if n_groups == n_before {
            break;
        }
        level = level.joined(&names, n_groups);
    }
    renumber(&groups).0
}

/// The graph with each group of the round before as one node.
struct Level {
    /// Neighbours by node, itself left out.
    edges: Vec<Vec<(usize, f64)>>,
    /// Weight that ends in each node, its own loops twice.
    degree: Vec<f64>,
    total: f64,
}

impl Level {
    fn new(graph: &Graph) -> Self {
        let edges: Vec<Vec<(usize, f64)>> = graph
            .iter()
            .map(|row| row.iter().map(|(other, weight)| (*other as usize, f64::from(*weight))).collect())
            .collect();
        let degree: Vec<f64> = edges.iter().map(|row| row.iter().map(|(_, weight)| weight).sum()).collect();
        let total = degree.iter().sum();
        Self { edges, degree, total }
    }

    /// Moves nodes to the neighbouring group that gains most modularity until none gains.
    fn settle(&self, resolution: f64) -> Vec<usize> {
        let mut group: Vec<usize> = (0..self.edges.len()).collect();
        let mut weight_of = self.degree.clone();
        for _ in 0..PASSES {
            let mut moved = false;
            for node in 0..self.edges.len() {
                let own = group[node];
                weight_of[own] -= self.degree[node];
                let mut links: BTreeMap<usize, f64> = BTreeMap::from([(own, 0.0)]);
                for (other, weight) in &self.edges[node] {
                    *links.entry(group[*other]).or_default() += weight;
                }
                let gain = |group: usize, link: f64| {
                    link - resolution * self.degree[node] * weight_of[group] / self.total.max(f64::MIN_POSITIVE)
                };
                let stay = gain(own, links[&own]);
                let best = links.into_iter().map(|(group, link)| (group, gain(group, link)));
                let best = best.fold((own, stay), |best, next| if next.1 > best.1 + 1e-9 { next } else { best });
                moved |= best.0 != own;
                group[node] = best.0;
                weight_of[best.0] += self.degree[node];
            }
            if !moved {
                break;
            }
        }
        group
    }

    fn joined(&self, names: &[usize], n_groups: usize) -> Self {
        let mut between: Vec<BTreeMap<usize, f64>> = vec![BTreeMap::new(); n_groups];
        let mut degree = vec![0.0; n_groups];
        for (node, row) in self.edges.iter().enumerate() {
            degree[names[node]] += self.degree[node];
            for (other, weight) in row.iter().filter(|(other, _)| names[*other] != names[node]) {
                *between[names[node]].entry(names[*other]).or_default() += weight;
            }
        }
        let edges = between.into_iter().map(|row| row.into_iter().collect()).collect();
        Self { edges, degree, total: self.total }
    }
}

/// Names groups 0, 1, … in order of their first nodes; the number of groups.
fn renumber(groups: &[usize]) -> (Vec<usize>, usize) {
    let mut names: HashMap<usize, usize> = HashMap::new();
    let named = groups.iter().map(|group| {
        let next = names.len();
        *names.entry(*group).or_insert(next)
    });
    let named: Vec<usize> = named.collect();
    (named, names.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Two cliques of five with one weak edge between them.
    fn two_cliques() -> Graph {
        let mut graph: Graph = vec![Vec::new(); 10];
        let mut edge = |a: usize, b: usize, weight: f32| {
            graph[a].push((b as u32, weight));
            graph[b].push((a as u32, weight));
        };
        for base in [0, 5] {
            for a in 0..5 {
                (a + 1..5).for_each(|b| edge(base + a, base + b, 1.0));
            }
        }
        edge(4, 5, 0.1);
        graph
    }

    #[test]
    fn what_hangs_together_is_one_group() {
        assert_eq!(communities(&two_cliques(), 1.0), [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
    }

    #[test]
    fn lone_nodes_and_empty_graphs_are_no_trouble() {
        assert_eq!(communities(&vec![Vec::new(); 3], 1.0), [0, 1, 2]);
        assert!(communities(&Graph::new(), 1.0).is_empty());
        assert!(graph(&[], 5, 0.1).is_empty());
    }

    proptest! {
        #[test]
        fn the_graph_goes_both_ways(rows in prop::collection::vec(prop::collection::btree_map(0u32..9, 0.1f32..1.0, 1..5), 0..20)) {
            let vector = |row: BTreeMap<u32, f32>| Vector { terms: row.into_iter().collect(), meaning: Vec::new() };
            let vectors: Vec<Vector> = rows.into_iter().map(vector).collect();
            let graph = graph(&vectors, 3, 0.05);
            for (node, row) in graph.iter().enumerate() {
                for (other, weight) in row {
                    prop_assert!(*other as usize != node);
                    prop_assert!(graph[*other as usize].contains(&(node as u32, *weight)));
                }
            }
            prop_assert_eq!(communities(&graph, 1.0).len(), graph.len());
        }
    }
}
