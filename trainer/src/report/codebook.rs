//! The health of codebooks. Perplexity is 2 to the entropy of the codes' use: the number of codes that, used equally,
//! would carry as much. Near 1, nearly all vectors take one code and the quantiser has collapsed.

/// The rule by which a codebook counts as collapsed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CollapseRule {
    /// A book with a perplexity below this has collapsed, whatever its size. For books of few codes, the limit is the middle
    /// of what their perplexity can be.
    pub perplexity: f64,
    /// A book with a perplexity below this fraction of its size has collapsed too, 0 to 1.
    pub part: f64,
}

impl Default for CollapseRule {
    fn default() -> Self {
        Self { perplexity: 2.0, part: 0.02 }
    }
}

impl CollapseRule {
    /// The perplexity below which a book of `size` codes has collapsed.
    pub fn threshold(&self, size: usize) -> f64 {
        let size = size as f64;
        // Perplexity lies between 1 and the size: the default would always condemn a book of two.
        self.perplexity.max(self.part * size).min((1.0 + size) / 2.0)
    }
}

/// Counts the codes in use between two records.
#[derive(Clone, Debug)]
pub struct CodebookMonitor {
    rule: CollapseRule,
    books: Vec<Vec<u64>>,
}

/// The health of one codebook over a window.
#[derive(Clone, Debug, PartialEq)]
pub struct CodebookHealth {
    /// The codebook, from 0.
    pub book: usize,
    /// Its codes.
    pub size: usize,
    /// Vectors quantised in the window. Fewer than a few times the size say little of single codes.
    pub samples: u64,
    /// 1 to `size`; NaN without samples.
    pub perplexity: f64,
    /// The part of the codes that were used, 0 to 1; NaN without samples.
    pub usage: f64,
    /// The codes that were not used.
    pub dead: Vec<usize>,
    /// Whether it has collapsed by the rule. The window must hold at least as many samples as the book has codes.
    pub collapsed: bool,
}

impl CodebookMonitor {
    /// For codebooks of these numbers of codes.
    pub fn new(sizes: &[usize], rule: CollapseRule) -> Self {
        Self { rule, books: sizes.iter().map(|size| vec![0; *size]).collect() }
    }

    /// Adds a histogram of one book's codes, one count a code. Returns false, and counts nothing, where there is no
    /// such book or it has another size.
    #[must_use]
    pub fn observe(&mut self, book: usize, counts: &[u64]) -> bool {
        match self.books.get_mut(book) {
            Some(sums) if sums.len() == counts.len() => {
                for (sum, count) in sums.iter_mut().zip(counts) {
                    *sum = sum.saturating_add(*count);
                }
                true
            }
            _ => false,
        }
    }

    /// The health of each codebook over the window. A new window starts then.
    pub fn take(&mut self) -> Vec<CodebookHealth> {
        let rule = self.rule;
        let judge = |(book, counts): (usize, &mut Vec<u64>)| {
            let health = CodebookHealth::of(book, counts, &rule);
            counts.fill(0);
            health
        };
        self.books.iter_mut().enumerate().map(judge).collect()
    }
}

impl CodebookHealth {
    /// The health that one histogram shows.
    pub fn of(book: usize, counts: &[u64], rule: &CollapseRule) -> Self {
        let size = counts.len();
        let samples = counts.iter().fold(0u64, |sum, count| sum.saturating_add(*count));
        let dead: Vec<usize> = (0..size).filter(|code| counts[*code] == 0).collect();
        if samples == 0 {
            return Self { book, size, samples, perplexity: f64::NAN, usage: 0.0, dead, collapsed: false };
        }
        let entropy: f64 = counts
            .iter()
            .filter(|count| **count > 0)
            .map(|count| *count as f64 / samples as f64)
            .map(|p| -p * p.log2())
            .sum();
        let perplexity = entropy.exp2();
        let usage = (size - dead.len()) as f64 / size as f64;
        let collapsed = size > 1 && samples >= size as u64 && perplexity < rule.threshold(size);
        Self { book, size, samples, perplexity, usage, dead, collapsed }
    }

    /// `codebook/N/usage` and `codebook/N/perplexity`, for a [`super::Step`]. A book that nothing used has no perplexity.
    pub fn scalars(&self) -> Vec<(String, f64)> {
        let usage = (format!("codebook/{}/usage", self.book), self.usage);
        let perplexity = (format!("codebook/{}/perplexity", self.book), self.perplexity);
        if self.samples > 0 { vec![usage, perplexity] } else { vec![usage] }
    }

    /// A sentence for an event.
    pub fn message(&self) -> String {
        let Self { book, size, perplexity, dead, .. } = self;
        format!("codebook {book}: perplexity {perplexity:.2} of {size} codes, {} unused", dead.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(counts: &[u64]) -> CodebookHealth {
        CodebookHealth::of(0, counts, &CollapseRule::default())
    }

    #[test]
    fn equal_use_has_the_size_as_perplexity() {
        let healthy = health(&[5; 64]);
        assert!((healthy.perplexity - 64.0).abs() < 1e-9);
        assert_eq!((healthy.usage, healthy.dead.len(), healthy.collapsed), (1.0, 0, false));
        // Entropy of 1/2, 1/4, 1/4 is 1.5 bits.
        assert!((health(&[2, 1, 0, 1]).perplexity - 1.5f64.exp2()).abs() < 1e-12);
    }

    #[test]
    fn one_code_is_a_collapse_and_says_so() {
        let mut counts = vec![0; 1024];
        (counts[3], counts[9]) = (99_990, 10);
        let collapsed = health(&counts);
        assert!(collapsed.collapsed && collapsed.perplexity < 1.01);
        assert_eq!((collapsed.dead.len(), collapsed.dead[3], collapsed.usage), (1022, 4, 2.0 / 1024.0));
        assert_eq!(collapsed.message(), "codebook 0: perplexity 1.00 of 1024 codes, 1022 unused");
        assert_eq!(collapsed.scalars()[0], ("codebook/0/usage".to_owned(), 2.0 / 1024.0));
    }

    #[test]
    fn the_threshold_grows_with_the_book_and_spares_small_ones() {
        let rule = CollapseRule::default();
        assert_eq!([2, 16, 100, 1024, 4096].map(|size| rule.threshold(size)), [1.5, 2.0, 2.0, 20.48, 81.92]);
        assert!(!health(&[60, 40]).collapsed);
        assert!(health(&[99, 1]).collapsed);
        // The perplexity of a book of one code is always 1.
        assert!(!health(&[100]).collapsed);
    }

    #[test]
    fn few_samples_are_no_verdict() {
        let mut counts = vec![0; 512];
        counts[0] = 511;
        assert!(!health(&counts).collapsed);
        counts[0] = 512;
        assert!(health(&counts).collapsed);
        let empty = health(&[0; 8]);
        assert!(empty.perplexity.is_nan() && !empty.collapsed && empty.dead.len() == 8);
        assert_eq!(empty.scalars(), [("codebook/0/usage".to_owned(), 0.0)]);
    }

    #[test]
    fn windows_add_up_and_start_anew() {
        let mut monitor = CodebookMonitor::new(&[2, 3], CollapseRule::default());
        assert!(monitor.observe(0, &[1, 0]) && monitor.observe(0, &[0, 1]) && monitor.observe(1, &[4, 4, 0]));
        assert!(!monitor.observe(1, &[1, 1]) && !monitor.observe(2, &[1]));
        let window = monitor.take();
        assert_eq!((window[0].samples, window[0].perplexity), (2, 2.0));
        assert_eq!((window[1].book, window[1].samples, window[1].dead.as_slice()), (1, 8, [2].as_slice()));
        assert_eq!(monitor.take()[1].samples, 0);
    }
}
