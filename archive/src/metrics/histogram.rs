//! Histograms of samples whose range is not known beforehand: bins double their width when a value lies outside.

/// How many bins there are.
const BINS: usize = 4096;

/// Counts of samples in bins of equal width, a power of two.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    /// The lower end of the first bin: a whole number of bins from 0.
    low: f64,
    /// The width of a bin; 0 before the first sample.
    width: f64,
    counts: Vec<u64>,
    /// Samples.
    pub count: u64,
    /// The smallest sample.
    pub least: f64,
    /// The largest sample.
    pub most: f64,
}

impl Histogram {
    /// A histogram whose bins are at least about this wide: 1 for integers, and for floats the smallest difference
    /// that they resolve.
    pub fn new(finest: f64) -> Self {
        let width = finest.max(f64::MIN_POSITIVE).log2().floor().exp2();
        Self { width, least: f64::INFINITY, most: f64::NEG_INFINITY, ..Self::default() }
    }

    /// Adds a finite sample.
    pub fn add(&mut self, value: f64) {
        if self.counts.is_empty() {
            self.counts = vec![0; BINS];
            // Above 2⁵⁰ bins from 0 the places of bins would not be exact.
            self.width = self.width.max((value.abs() * 2f64.powi(-50)).log2().ceil().exp2());
            self.low = (value / self.width).floor() * self.width - (BINS / 2) as f64 * self.width;
        }
        while value < self.low || value >= self.low + self.width * BINS as f64 {
            self.widen(value);
        }
        let bin = ((value - self.low) / self.width) as usize;
        self.counts[bin.min(BINS - 1)] += 1;
        self.count += 1;
        (self.least, self.most) = (self.least.min(value), self.most.max(value));
    }

    /// Makes bins twice as wide, towards a value.
    fn widen(&mut self, value: f64) {
        let down = value < self.low;
        let mut counts = vec![0; BINS];
        // Wider bins begin at multiples of their width: where the old ones do not, pairs begin one bin earlier.
        let odd = usize::from((self.low / self.width).rem_euclid(2.0) >= 1.0);
        let shift = if down { BINS / 2 - odd } else { 0 };
        for (bin, count) in self.counts.iter().enumerate() {
            counts[((bin + odd) / 2 + shift).min(BINS - 1)] += count;
        }
        self.low -= self.width * odd as f64 + self.width * 2.0 * shift as f64;
        self.width *= 2.0;
        self.counts = counts;
    }

    /// The quantile: the value below which a fraction (from 0 to 1) of all samples lies. It is as exact as the bins
    /// are wide. None if there are no samples.
    pub fn quantile(&self, part: f64) -> Option<f64> {
        let wanted = part * self.count as f64;
        let mut seen = 0.0;
        for (bin, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let next = seen + *count as f64;
            if next >= wanted {
                let within = ((wanted - seen) / *count as f64).clamp(0.0, 1.0);
                return Some((self.low + self.width * (bin as f64 + within)).clamp(self.least, self.most));
            }
            seen = next;
        }
        (self.count > 0).then_some(self.most)
    }

    /// Counts in `bins` bins of equal width from `low` to `high`; the count of a bin that lies across a border is
    /// divided in proportion. Samples outside the range are left out.
    pub fn rebin(&self, low: f64, high: f64, bins: usize) -> Vec<f64> {
        let mut out = vec![0.0; bins];
        let step = (high - low) / bins as f64;
        for (bin, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let from = (self.low + self.width * bin as f64 - low) / step;
            let to = from + self.width / step;
            let (first, last) = (from.floor().max(0.0) as usize, (to.ceil().max(0.0) as usize).min(bins));
            for (i, out) in out.iter_mut().enumerate().take(last).skip(first) {
                let part = (to.min(i as f64 + 1.0) - from.max(i as f64)).max(0.0) / (to - from);
                *out += *count as f64 * part;
            }
        }
        out
    }

    /// The width of its bins.
    pub fn width(&self) -> f64 {
        self.width
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_as_bins_widen() {
        for finest in [1.0, 1e-4] {
            let mut histogram = Histogram::new(finest);
            let values: Vec<f64> = (0..5000).map(|i| f64::from(i * 7919 % 5000) * 13.0 - 30_000.0).collect();
            values.iter().for_each(|value| histogram.add(*value));
            assert_eq!((histogram.count, histogram.least, histogram.most), (5000, -30_000.0, 34_987.0));
            let bins = histogram.rebin(-30_016.0, 35_520.0, 4);
            assert!((bins.iter().sum::<f64>() - 5000.0).abs() < 1e-6, "{bins:?}");
            assert!(bins.iter().all(|n| (n - 1250.0).abs() < 40.0), "{bins:?}");
            let middle = histogram.quantile(0.5).unwrap();
            assert!((middle - 2500.0).abs() < 2.0 * histogram.width(), "{middle}");
        }
    }

    #[test]
    fn few_whole_numbers_have_a_bin_each() {
        let mut histogram = Histogram::new(1.0);
        [3.0, 3.0, 7.0, -2.0, 255.0].into_iter().for_each(|value| histogram.add(value));
        assert_eq!(histogram.width(), 1.0);
        let bins = histogram.rebin(-2.0, 8.0, 10);
        assert_eq!(bins, [1.0, 0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 1.0]);
        assert_eq!(Histogram::new(1.0).quantile(0.5), None);
    }
}
