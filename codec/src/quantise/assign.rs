//! The choice of codebook entries for a latent vector: those with the least squared error plus λ × bits. Bits are taken from the
//! model's priors, without context. It is a beam search: from stage to stage, only the best few partial choices are kept. At
//! the end, the best choice of any number of stages wins.

use crate::quantise::codebooks::Codebooks;
use crate::quantise::nearest::{Best, Found, ROWS};
use crate::quantise::rates::Rates;
use crate::quantise::shape::{CodebookShape, Quantiser};
use pulp::Arch;

/// Patches that are searched together.
const BATCH: usize = 64;

/// How thorough the search is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Search {
    /// Partial choices that are kept from stage to stage, 1 or more.
    pub beam: usize,
}

impl Default for Search {
    /// The thoroughness that the codec uses. Measured: see `docs/decisions.md`.
    fn default() -> Self {
        Self { beam: 4 }
    }
}

impl Codebooks {
    /// Codes `(patch, plane)` for latents `(patch, group × width + latent)`, by the least squared error plus `lambda` ×
    /// bits. Latents that are not finite get index 0.
    ///
    /// # Panics
    /// When `rates` belong to codebooks of another shape, or the latents do not make whole patches.
    #[must_use]
    pub fn assign(&self, latents: &[f32], lambda: f64, rates: &Rates, search: &Search) -> Vec<i32> {
        let shape = self.shape();
        assert_eq!(
            [rates.planes, rates.entries.len()],
            [shape.planes(), shape.planes() * shape.size],
            "rates are those of codebooks of this shape"
        );
        let patches = latents.len() / self.shape().latents();
        assert_eq!(patches * self.shape().latents(), latents.len(), "latents are those of whole patches");
        let mut codes = vec![0; patches * self.shape().planes()];
        let prices = Prices::new(self, lambda, rates);
        let beam = search.beam.max(1);
        for group in 0..self.shape().groups {
            for first in (0..patches).step_by(BATCH) {
                let count = BATCH.min(patches - first);
                Batch::new(self, &prices, group, latents, first, count, beam).run(&mut codes, first);
            }
        }
        codes
    }
}

/// Rates times λ, and quantities that follow from them.
struct Prices {
    /// `(plane, entry)`, with entries rounded up to whole blocks: the squared norm plus the price of the entry. Infinite where there
    /// is no entry, and for entry 0 where that means a stage that is not used.
    offsets: Vec<f32>,
    entries: Vec<f32>,
    /// For each plane: the price of not using it, and of using it.
    used: Vec<[f32; 2]>,
    /// For each plane: the lowest price of using it with any entry.
    least: Vec<f32>,
}

impl Prices {
    fn new(codebooks: &Codebooks, lambda: f64, rates: &Rates) -> Self {
        let shape = codebooks.shape();
        let lambda = lambda as f32;
        let entries: Vec<f32> = rates.entries.iter().map(|b| b * lambda).collect();
        let used: Vec<[f32; 2]> = rates.used.iter().map(|b| b.map(|b| b * lambda)).collect();
        let first = usize::from(codebooks.quantiser() == Quantiser::Rvq);
        let mut offsets = Vec::with_capacity(shape.planes() * codebooks.packed().scores());
        let mut least = Vec::with_capacity(shape.planes());
        for (plane, prices) in entries.chunks_exact(shape.size).enumerate() {
            let start = offsets.len();
            offsets.extend_from_slice(codebooks.packed().norms(plane));
            offsets[start..].iter_mut().zip(prices).for_each(|(o, p)| *o += p);
            offsets[start..start + first].fill(f32::INFINITY);
            least.push(used[plane][1] + prices[first..].iter().copied().fold(f32::INFINITY, f32::min));
        }
        Self { offsets, entries, used, least }
    }
}

/// A partial choice.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    patch: usize,
    /// Squared error plus price.
    cost: f32,
    price: f32,
}

/// The search for one group of a few patches.
struct Batch<'a> {
    codebooks: &'a Codebooks,
    prices: &'a Prices,
    group: usize,
    beam: usize,
    /// Sorted by patch; at most `beam` for each.
    candidates: Vec<Candidate>,
    /// `(candidate, latent)`
    residuals: Vec<f32>,
    /// `(candidate, stage)`
    choices: Vec<i32>,
    /// The best choice for each patch, of any number of stages: its cost and its codes `(patch, stage)`.
    costs: Vec<f32>,
    best: Vec<i32>,
    arch: Arch,
}

impl<'a> Batch<'a> {
    fn new(
        codebooks: &'a Codebooks,
        prices: &'a Prices,
        group: usize,
        latents: &[f32],
        first: usize,
        count: usize,
        beam: usize,
    ) -> Self {
        let CodebookShape { stages, width, .. } = codebooks.shape();
        let all = codebooks.shape().latents();
        let mut residuals = Vec::with_capacity(count * beam * width);
        let mut candidates = Vec::with_capacity(count * beam);
        for patch in 0..count {
            let values = &latents[(first + patch) * all + group * width..][..width];
            residuals.extend_from_slice(values);
            candidates.push(Candidate { patch, cost: square(values), price: 0.0 });
        }
        let costs = match codebooks.quantiser() {
            // Where latents are not finite, no cost compares as less than this one, so no stage is used.
            Quantiser::Rvq => candidates.iter().map(|c| c.cost + prices.used[group][0]).collect(),
            _ => vec![f32::INFINITY; count],
        };
        Self {
            codebooks,
            prices,
            group,
            beam,
            candidates,
            residuals,
            choices: vec![0; count * stages],
            costs,
            best: vec![0; count * stages],
            arch: Arch::new(),
        }
    }

    fn run(mut self, codes: &mut [i32], first: usize) {
        let CodebookShape { groups, stages, .. } = self.codebooks.shape();
        for stage in 0..stages {
            if self.candidates.is_empty() {
                break;
            }
            let found = self.nearest(stage * groups + self.group);
            self.extend(stage, &found);
        }
        for (patch, best) in self.best.chunks_exact(stages).enumerate() {
            let codes = &mut codes[(first + patch) * groups * stages..][..groups * stages];
            for (stage, code) in best.iter().enumerate() {
                codes[stage * groups + self.group] = *code;
            }
        }
    }

    /// The best entries for each candidate's residual, `(candidate, rank)`.
    fn nearest(&self, plane: usize) -> Vec<Found> {
        let width = self.codebooks.shape().width;
        let packed = self.codebooks.packed();
        let offsets = &self.prices.offsets[plane * packed.scores()..][..packed.scores()];
        let mut found =
            vec![Found { score: 0.0, index: 0 }; self.candidates.len().next_multiple_of(ROWS) * self.beam];
        let mut rows = vec![[0.0; ROWS]; width];
        for (residuals, found) in
            self.residuals.chunks(ROWS * width).zip(found.chunks_exact_mut(ROWS * self.beam))
        {
            for (row, residual) in residuals.chunks_exact(width).enumerate() {
                rows.iter_mut().zip(residual).for_each(|(rows, value)| rows[row] = *value);
            }
            let mut parts = found.chunks_exact_mut(self.beam);
            let found = std::array::from_fn(|_| parts.next().unwrap_or_default());
            self.arch.dispatch(Best { packed, plane, offsets, residuals: &rows, found });
        }
        found
    }

    /// Replaces the candidates of each patch by their best extensions by one stage.
    fn extend(&mut self, stage: usize, found: &[Found]) {
        let CodebookShape { groups, stages, size, width } = self.codebooks.shape();
        let plane = stage * groups + self.group;
        let next = plane + groups;
        let last = stage + 1 == stages;
        let before = std::mem::take(&mut self.candidates);
        let residuals = std::mem::take(&mut self.residuals);
        let choices = std::mem::take(&mut self.choices);
        let mut extensions: Vec<(f32, usize, u32)> = Vec::with_capacity(self.beam * self.beam);
        let mut start = 0;
        while let Some(patch) = before.get(start).map(|c| c.patch) {
            let end = start + before[start..].iter().take_while(|c| c.patch == patch).count();
            extensions.clear();
            for from in start..end {
                let found = &found[from * self.beam..(from + 1) * self.beam];
                let reachable = found.iter().filter(|f| f.score < f32::INFINITY);
                extensions.extend(reachable.map(|f| (before[from].cost + f.score, from, f.index)));
            }
            extensions.sort_by(|a, b| a.0.total_cmp(&b.0));
            extensions.truncate(self.beam);
            for &(_, from, index) in &extensions {
                let entry = self.codebooks.entry(plane, index as usize);
                let at = self.residuals.len();
                let residual = &residuals[from * width..(from + 1) * width];
                self.residuals.extend(residual.iter().zip(entry).map(|(r, e)| r - e));
                let price = before[from].price
                    + self.prices.used[plane][1]
                    + self.prices.entries[plane * size + index as usize];
                let cost = square(&self.residuals[at..]) + price;
                let here = self.choices.len();
                self.choices.extend_from_slice(&choices[from * stages..(from + 1) * stages]);
                self.choices[here + stage] = index as i32;
                let closed = if last { cost } else { cost + self.prices.used[next][0] };
                if closed < self.costs[patch] {
                    self.costs[patch] = closed;
                    self.best[patch * stages..(patch + 1) * stages].copy_from_slice(&self.choices[here..]);
                }
                // Any extension costs at least the price so far plus that of the next stage.
                if last || price + self.prices.least[next] >= self.costs[patch] {
                    self.residuals.truncate(at);
                    self.choices.truncate(here);
                } else {
                    self.candidates.push(Candidate { patch, cost, price });
                }
            }
            start = end;
        }
    }
}

fn square(values: &[f32]) -> f32 {
    values.iter().map(|v| v * v).sum()
}
