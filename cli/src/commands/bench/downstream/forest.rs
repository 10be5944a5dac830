//! A random forest (Breiman 2001, doi:10.1023/A:1010933404324), the usual classifier of single pixels: trees on
//! bootstrap samples, a random subset of the features at each split, and the class with the highest mean probability
//! over the leaves reached.
//!
//! Features are sorted into bins once, so that a split is found by counting. The same seed gives the same forest, on any
//! number of threads.

use rayon::prelude::*;

/// The number of trees.
const TREES: usize = 80;

/// The greatest number of splits from the root to a leaf.
const DEPTH: usize = 20;

/// The smallest number of samples in a leaf.
const LEAF: usize = 3;

/// The greatest number of bins of a feature.
const BINS: usize = 128;

/// Pixels with their features, and the class of each.
pub(super) struct Pixels {
    /// The number of features of a pixel.
    pub(super) features: usize,
    /// The features of all pixels, pixel by pixel.
    pub(super) values: Vec<f32>,
    /// The class of each pixel, counted from 0.
    pub(super) classes: Vec<u8>,
}

impl Pixels {
    /// The features of a pixel.
    pub(super) fn of(&self, pixel: usize) -> &[f32] {
        &self.values[pixel * self.features..(pixel + 1) * self.features]
    }
}

/// A fitted forest.
pub(super) struct Forest {
    trees: Vec<Tree>,
    classes: usize,
}

struct Tree {
    nodes: Vec<Node>,
    /// The fractions of the classes in each leaf, one leaf after the other.
    leaves: Vec<f32>,
}

enum Node {
    /// Pixels whose feature is at most `at` go to the node after this one, others to `right`.
    Split {
        feature: u32,
        at: f32,
        right: u32,
    },
    Leaf {
        start: u32,
    },
}

/// A pseudo-random generator (SplitMix64: Steele, Lea, Flood 2014).
pub(super) struct Random(pub(super) u64);

impl Random {
    /// A number below `n`, which is not 0.
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(z ^ (z >> 31)) * n as u128) >> 64) as usize
    }

    /// Puts a list into random order.
    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for i in (1..list.len()).rev() {
            list.swap(i, self.below(i + 1));
        }
    }
}

/// Training pixels as the number of the bin of each feature, and the upper ends of the bins.
struct Binned<'a> {
    features: usize,
    bins: Vec<u8>,
    ends: Vec<Vec<f32>>,
    classes: &'a [u8],
    count: usize,
}

impl Forest {
    /// Fits a forest to pixels of `classes` classes.
    pub(super) fn fit(pixels: &Pixels, classes: usize, seed: u64) -> Self {
        let binned = bin(pixels);
        let fit =
            |tree: usize| grow(&binned, classes, Random(seed.wrapping_add(1 + tree as u64 * 0x1_0000_0001)));
        Self { trees: (0..TREES).into_par_iter().map(fit).collect(), classes }
    }

    /// The class of a pixel.
    pub(super) fn predict(&self, values: &[f32]) -> usize {
        let mut votes = vec![0f32; self.classes];
        for tree in &self.trees {
            votes.iter_mut().zip(tree.leaf(values, self.classes)).for_each(|(vote, part)| *vote += part);
        }
        // If several are equal, the first wins.
        (1..votes.len()).fold(0, |best, class| if votes[class] > votes[best] { class } else { best })
    }
}

impl Tree {
    fn leaf(&self, values: &[f32], classes: usize) -> &[f32] {
        let mut at = 0;
        loop {
            match &self.nodes[at] {
                Node::Split { feature, at: border, right } => {
                    at = if values[*feature as usize] <= *border { at + 1 } else { *right as usize };
                }
                Node::Leaf { start } => return &self.leaves[*start as usize..*start as usize + classes],
            }
        }
    }
}

/// Bins that each hold about the same number of pixels.
fn bin(pixels: &Pixels) -> Binned<'_> {
    let (features, count) = (pixels.features, pixels.classes.len());
    let ends: Vec<Vec<f32>> = (0..features)
        .into_par_iter()
        .map(|feature| {
            let mut sorted: Vec<f32> = (0..count).map(|pixel| pixels.of(pixel)[feature]).collect();
            sorted.sort_by(f32::total_cmp);
            let at = |bin: usize| sorted.get((count * bin / BINS).max(1) - 1).copied();
            let mut ends: Vec<f32> = (1..BINS).filter_map(at).collect();
            ends.dedup();
            ends
        })
        .collect();
    let mut bins = vec![0; count * features];
    bins.par_chunks_mut(features.max(1)).enumerate().for_each(|(pixel, bins)| {
        for ((bin, value), ends) in bins.iter_mut().zip(pixels.of(pixel)).zip(&ends) {
            *bin = ends.partition_point(|end| end < value) as u8;
        }
    });
    Binned { features, bins, ends, classes: &pixels.classes, count }
}

fn grow(binned: &Binned<'_>, classes: usize, mut random: Random) -> Tree {
    let mut drawn: Vec<u32> = (0..binned.count).map(|_| random.below(binned.count) as u32).collect();
    let mut tree = Tree { nodes: Vec::new(), leaves: Vec::new() };
    let mut features: Vec<usize> = (0..binned.features).collect();
    let tried = (binned.features as f64).sqrt().ceil() as usize;
    let mut counts = vec![0u32; BINS * classes];
    // The left branch is grown next, so its node follows the split directly. The index of the right branch is filled
    // in once it is known.
    let mut open: Vec<(usize, usize, usize, Option<usize>)> = vec![(0, drawn.len(), 0, None)];
    while let Some((start, end, depth, parent)) = open.pop() {
        let number = tree.nodes.len() as u32;
        if let Some(Node::Split { right, .. }) = parent.and_then(|parent| tree.nodes.get_mut(parent)) {
            *right = number;
        }
        let mut whole = vec![0u32; classes];
        drawn[start..end].iter().for_each(|pixel| whole[binned.classes[*pixel as usize] as usize] += 1);
        let pure = whole.iter().filter(|count| **count > 0).count() < 2;
        let mut best: Option<(f64, usize, usize)> = None;
        if !pure && depth < DEPTH && end - start >= 2 * LEAF {
            for i in 0..tried {
                let other = i + random.below(features.len() - i);
                features.swap(i, other);
                let feature = features[i];
                counts.fill(0);
                for pixel in &drawn[start..end] {
                    let pixel = *pixel as usize;
                    let bin = binned.bins[pixel * binned.features + feature] as usize;
                    counts[bin * classes + binned.classes[pixel] as usize] += 1;
                }
                let found = split(&counts, &whole, binned.ends[feature].len());
                if let Some((gain, bin)) = found.filter(|(gain, _)| best.is_none_or(|best| *gain > best.0)) {
                    best = Some((gain, feature, bin));
                }
            }
        }
        let Some((_, feature, bin)) = best else {
            let total = ((end - start) as f32).max(1.0);
            tree.nodes.push(Node::Leaf { start: tree.leaves.len() as u32 });
            tree.leaves.extend(whole.iter().map(|count| *count as f32 / total));
            continue;
        };
        let mut middle = start;
        for i in start..end {
            if binned.bins[drawn[i] as usize * binned.features + feature] as usize <= bin {
                drawn.swap(i, middle);
                middle += 1;
            }
        }
        let at = binned.ends[feature][bin];
        tree.nodes.push(Node::Split { feature: feature as u32, at, right: 0 });
        open.push((middle, end, depth + 1, Some(number as usize)));
        open.push((start, middle, depth + 1, None));
    }
    tree
}

/// The bin after which to split so that the classes are least mixed (Gini impurity), and the score of that split.
/// `counts` are by bin and class; there are `borders` possible splits.
fn split(counts: &[u32], whole: &[u32], borders: usize) -> Option<(f64, usize)> {
    let classes = whole.len();
    let total: u32 = whole.iter().sum();
    let mut left = vec![0u32; classes];
    let mut left_count = 0u32;
    let mut best: Option<(f64, usize)> = None;
    for bin in 0..borders {
        for (left, count) in left.iter_mut().zip(&counts[bin * classes..(bin + 1) * classes]) {
            *left += count;
            left_count += count;
        }
        let right_count = total - left_count;
        if (left_count as usize) < LEAF || (right_count as usize) < LEAF {
            continue;
        }
        let square = |n: u32| f64::from(n) * f64::from(n);
        let (l, r) =
            left.iter().zip(whole).fold((0.0, 0.0), |(l, r), (n, all)| (l + square(*n), r + square(all - n)));
        let gain = l / f64::from(left_count) + r / f64::from(right_count);
        if best.is_none_or(|best| gain > best.0) {
            best = Some((gain, bin));
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two concentric regions, which no straight line separates.
    fn rings(count: usize, seed: u64) -> Pixels {
        let mut random = Random(seed);
        let (mut values, mut classes) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let (x, y) = (random.below(2000) as f32 / 1000.0 - 1.0, random.below(2000) as f32 / 1000.0 - 1.0);
            values.extend([x, y, random.below(1000) as f32]);
            classes.push(((x.hypot(y) * 2.5) as u8).min(2));
        }
        Pixels { features: 3, values, classes }
    }

    #[test]
    fn rings_are_learnt_and_again_the_same() {
        let (train, test) = (rings(4000, 1), rings(1000, 2));
        let forest = Forest::fit(&train, 3, 7);
        let right = (0..1000)
            .filter(|pixel| forest.predict(test.of(*pixel)) == test.classes[*pixel] as usize)
            .count();
        assert!(right > 950, "{right} of 1000");
        let again = Forest::fit(&train, 3, 7);
        assert!((0..1000).all(|pixel| forest.predict(test.of(pixel)) == again.predict(test.of(pixel))));
    }

    #[test]
    fn what_can_not_be_told_apart_becomes_the_most_frequent() {
        let pixels =
            Pixels { features: 1, values: vec![1.0; 10], classes: vec![0, 1, 1, 1, 1, 1, 1, 1, 1, 0] };
        assert_eq!(Forest::fit(&pixels, 2, 1).predict(&[1.0]), 1);
        assert_eq!(split(&[5, 0, 0, 5], &[5, 5], 1), Some((10.0, 0)));
    }
}
