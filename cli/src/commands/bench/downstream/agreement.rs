//! How far predicted classes agree with labels: accuracy, macro F1, Cohen's kappa.

use serde::Serialize;

/// Counts of labels (rows) and predictions (columns).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Confusion {
    classes: usize,
    counts: Vec<u64>,
}

/// The scores of a confusion matrix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Scores {
    /// Pixels.
    pub(crate) pixels: u64,
    /// Accuracy: the fraction of pixels whose prediction equals their label, from 0 to 1.
    pub(crate) accuracy: f64,
    /// The mean over classes of the harmonic mean of precision and recall; classes without a label are left out.
    pub(crate) macro_f1: f64,
    /// Agreement beyond that of chance (Cohen 1960); 1 is perfect, 0 is chance.
    pub(crate) kappa: f64,
}

impl Confusion {
    pub(super) fn new(classes: usize) -> Self {
        Self { classes, counts: vec![0; classes * classes] }
    }

    /// Adds a pixel.
    pub(super) fn add(&mut self, label: usize, predicted: usize) {
        self.counts[label * self.classes + predicted] += 1;
    }

    /// Adds the counts of another matrix.
    pub(super) fn merge(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(a, b)| *a += b);
    }

    pub(super) fn scores(&self) -> Scores {
        let n = self.classes;
        let row = |c: usize| self.counts[c * n..(c + 1) * n].iter().sum::<u64>() as f64;
        let column = |c: usize| (0..n).map(|r| self.counts[r * n + c]).sum::<u64>() as f64;
        let hit = |c: usize| self.counts[c * n + c] as f64;
        let total: f64 = (0..n).map(row).sum();
        if total == 0.0 {
            return Scores::default();
        }
        let labelled: Vec<usize> = (0..n).filter(|c| row(*c) > 0.0).collect();
        let f1: f64 = labelled.iter().map(|c| 2.0 * hit(*c) / (row(*c) + column(*c))).sum();
        let accuracy = (0..n).map(hit).sum::<f64>() / total;
        let chance: f64 = (0..n).map(|c| row(c) * column(c)).sum::<f64>() / (total * total);
        let kappa = if chance < 1.0 { (accuracy - chance) / (1.0 - chance) } else { 0.0 };
        Scores { pixels: total as u64, accuracy, macro_f1: f1 / labelled.len() as f64, kappa }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_by_hand() {
        // Of the first class, 20 are right and 5 wrong; of the second, 15 are right and 10 wrong.
        let mut confusion = Confusion::new(3);
        for (label, predicted, times) in [(0, 0, 20), (0, 1, 5), (1, 0, 10), (1, 1, 15)] {
            (0..times).for_each(|_| confusion.add(label, predicted));
        }
        let scores = confusion.scores();
        assert_eq!((scores.pixels, scores.accuracy), (50, 0.7));
        assert!((scores.kappa - 0.4).abs() < 1e-12, "{scores:?}");
        assert!((scores.macro_f1 - (40.0 / 55.0 + 30.0 / 45.0) / 2.0).abs() < 1e-12);
        assert_eq!(Confusion::new(2).scores(), Scores::default());
    }
}
