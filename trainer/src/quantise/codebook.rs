//! `vq` and `rvq` as they are fitted: codebooks that follow the latents, by moving averages or by gradients.
//!
//! Entries are chosen by distance plus rate, as the codec does. With `rvq`, entry 0 of each stage is the zero vector
//! and ends a position's stages, so depth varies by place. Entries that are never chosen are moved onto vectors of
//! the batch (arXiv 2112.00384); the codebooks start from k-means.

use super::kmeans::{centres, nearest};
use super::{Quantised, lagrangian};
use crate::arch::Codebooks;
use crate::config::{CodebookOptions, Learning};
use tch::{Device, IndexOp, Kind, Tensor};

/// The state of all codebooks.
#[derive(Debug)]
pub struct CodebookState {
    books: Codebooks,
    residual: bool,
    /// `(planes, size, width)`
    pub entries: Tensor,
    /// How often each entry is chosen, a moving average `(planes, size)`.
    pub counts: Tensor,
    /// Moving sums of the vectors that chose each entry.
    pub sums: Tensor,
    /// The idle time of each entry: how often it would have been chosen since it last was, if all entries of its stage were
    /// equally likely.
    pub idle: Tensor,
    /// Choices since the last report, `(planes, size)`.
    pub used: Tensor,
}

/// Names of the tensors that a checkpoint keeps.
const NAMES: [&str; 5] =
    ["codebook/entries", "codebook/counts", "codebook/sums", "codebook/idle", "codebook/used"];

impl CodebookState {
    /// Codebooks that are started by [`CodebookState::start`] or [`CodebookState::load`].
    pub fn new(books: Codebooks, residual: bool, device: Device) -> Self {
        let options = (Kind::Float, device);
        let (planes, size, width) = (books.planes() as i64, books.size as i64, books.width as i64);
        Self {
            books,
            residual,
            entries: Tensor::zeros([planes, size, width], options),
            counts: Tensor::zeros([planes, size], options),
            sums: Tensor::zeros([planes, size, width], options),
            idle: Tensor::zeros([planes, size], options),
            used: Tensor::zeros([planes, size], options),
        }
    }

    /// Learns by gradients: the entries become a weight.
    pub fn learn_by_gradient(&mut self) {
        self.entries = self.entries.detach().set_requires_grad(true);
    }

    /// What a checkpoint keeps.
    pub fn saved(&self) -> Vec<(String, Tensor)> {
        let tensors = [&self.entries, &self.counts, &self.sums, &self.idle, &self.used];
        NAMES.iter().zip(tensors).map(|(name, t)| ((*name).to_owned(), t.detach())).collect()
    }

    /// Restores the state from a checkpoint.
    pub fn load(&mut self, find: &dyn Fn(&str) -> Option<Tensor>) {
        let [entries, counts, sums, idle, used] = NAMES.map(find);
        tch::no_grad(|| {
            for (own, kept) in [
                (&mut self.entries, entries),
                (&mut self.counts, counts),
                (&mut self.sums, sums),
                (&mut self.idle, idle),
                (&mut self.used, used),
            ] {
                if let Some(kept) = kept {
                    own.copy_(&kept);
                }
            }
        });
    }

    /// Starts the codebooks of some groups from latents `(n, groups × width, gy, gx)`: k-means of the residuals that the
    /// stages before leave.
    ///
    /// Stages are fitted to either half of the vectors in turn. A centre lies closer to the vectors of which it is the mean
    /// than to others. If all stages were fitted to the same vectors, later stages would start from residuals that only
    /// these vectors have; and with few vectors for each centre, no residuals would be left.
    pub fn start(&mut self, latents: &Tensor, present: &Tensor, groups: &[usize], at_most: usize) {
        tch::no_grad(|| {
            for group in groups.iter().copied() {
                let vectors = self.present_vectors(latents, present, group);
                let count = vectors.size()[0].min(at_most as i64);
                let some = Tensor::randperm(vectors.size()[0], (Kind::Int64, vectors.device()));
                let mut residual = vectors.index_select(0, &some.narrow(0, 0, count));
                for stage in 0..self.books.stages {
                    let free = self.books.size - usize::from(self.residual);
                    let half = residual.size()[0] / 2;
                    let fitted = match (self.residual && half > 0, stage % 2) {
                        (false, _) => residual.shallow_clone(),
                        (true, 0) => residual.narrow(0, 0, half),
                        (true, _) => residual.narrow(0, half, half),
                    };
                    let mut found = centres(&fitted, free as i64);
                    if self.residual {
                        found = Tensor::cat(&[found.zeros_like().narrow(0, 0, 1), found], 0);
                    }
                    let (chosen, _) = nearest(&residual, &found, None);
                    residual -= found.index_select(0, &chosen);
                    let plane = (stage * self.books.groups + group) as i64;
                    let ones = Tensor::ones([count], (Kind::Float, residual.device()));
                    let counts = self.counts.i(plane).zeros_like().index_add(0, &chosen, &ones);
                    self.entries.i(plane).copy_(&found);
                    self.counts.i(plane).copy_(&(&counts / count as f64));
                    self.sums.i(plane).copy_(&(&found * counts.unsqueeze(1) / count as f64));
                }
            }
        });
    }

    /// Latents of one group as vectors `(n·gy·gx, width)`.
    fn vectors(&self, latents: &Tensor, group: usize) -> Tensor {
        let width = self.books.width as i64;
        latents.narrow(1, group as i64 * width, width).permute([0, 2, 3, 1]).reshape([-1, width])
    }

    /// Those of patches that hold data, as a copy; all where none does.
    fn present_vectors(&self, latents: &Tensor, present: &Tensor, group: usize) -> Tensor {
        let vectors = self.vectors(latents, group);
        let chosen = present.flatten(0, -1).nonzero().flatten(0, -1);
        if chosen.numel() == 0 { vectors.copy() } else { vectors.index_select(0, &chosen) }
    }

    /// Bits of each entry of a plane by how often it was chosen.
    fn bits(&self, plane: i64) -> Tensor {
        let counts = self.counts.i(plane);
        let smoothed = &counts + 1e-6;
        -(&smoothed / smoothed.sum(Kind::Float)).log2()
    }

    /// Quantises latents. With `learn`, moving averages follow. `present` is 1 for patches that hold data: the others count
    /// for nothing.
    pub fn quantise(
        &mut self,
        latents: &Tensor,
        present: &Tensor,
        step: f64,
        options: &CodebookOptions,
        learn: bool,
        fixed: bool,
    ) -> Quantised {
        let lambda = lagrangian(step);
        let device = latents.device();
        let zero = || Tensor::zeros([1], (Kind::Float, device)).sum(Kind::Float);
        let (mut bits, mut codebook, mut commitment) = (zero(), zero(), zero());
        let places = present.sum(Kind::Float).double_value(&[]).max(1.0);
        let mut groups = Vec::new();
        for group in 0..self.books.groups {
            let vectors = self.vectors(latents, group);
            let target = vectors.detach();
            // A copy: the target stays what it is while the residual shrinks.
            let mut residual = target.copy();
            let mut quantised = vectors.zeros_like();
            let mut open = present.flatten(0, -1).copy();
            for stage in 0..self.books.stages {
                let plane = (stage * self.books.groups + group) as i64;
                let own = self.entries.i(plane);
                let costs = self.bits(plane);
                let (chosen, _) =
                    tch::no_grad(|| nearest(&residual, &own.detach(), Some(&(&costs * lambda))));
                // A position that has ended takes the zero vector in all later stages, at no further cost.
                let chosen =
                    if self.residual { (chosen * open.to_kind(Kind::Int64)).detach() } else { chosen };
                bits += (costs.index_select(0, &chosen) * &open).sum(Kind::Float);
                let entries = own.index_select(0, &chosen);
                if learn {
                    self.follow(plane, &residual, &chosen, &open, places, options);
                }
                quantised += &entries;
                residual -= entries.detach();
                if self.residual {
                    open *= chosen.gt(0).to_kind(Kind::Float);
                }
            }
            if options.learning == Learning::Gradient {
                codebook += masked(&(&quantised - &target).square(), present);
            }
            let settled = quantised.detach();
            if !fixed {
                commitment += masked(&(&vectors - &settled).square(), present);
            }
            groups.push(straight_through(&vectors, &settled, options.rotation_trick));
        }
        let size = latents.size();
        let planes: Vec<Tensor> =
            groups.iter().map(|g| g.reshape([size[0], size[2], size[3], -1]).permute([0, 3, 1, 2])).collect();
        Quantised { values: Tensor::cat(&planes, 1), bits, commitment, codebook }
    }

    /// Moving averages of one plane, and new values for entries that were idle for too long.
    fn follow(
        &mut self,
        plane: i64,
        residual: &Tensor,
        chosen: &Tensor,
        open: &Tensor,
        places: f64,
        options: &CodebookOptions,
    ) {
        tch::no_grad(|| {
            let counts = self.counts.i(plane).zeros_like().index_add(0, chosen, open);
            self.used.i(plane).copy_(&(self.used.i(plane) + &counts));
            // Fractions of all positions, not of those that reached this stage, so that a batch in which few did has
            // little weight.
            let mean = self.counts.i(plane) * options.decay + &counts / places * (1.0 - options.decay);
            self.counts.i(plane).copy_(&mean);
            if options.learning == Learning::Ema {
                let vectors = residual * open.unsqueeze(1);
                let sums = self.sums.i(plane).zeros_like().index_add(0, chosen, &vectors);
                let sums = self.sums.i(plane) * options.decay + sums / places * (1.0 - options.decay);
                self.sums.i(plane).copy_(&sums);
                // An entry that was hardly ever chosen has no meaningful average.
                let mut entries = &sums / (mean.unsqueeze(1) + 1e-12);
                entries = entries.where_self(&mean.gt(1e-8).unsqueeze(1), &self.entries.i(plane));
                if self.residual {
                    let _ = entries.i(0).fill_(0.0);
                }
                self.entries.i(plane).copy_(&entries);
            }
            self.restart_idle(plane, residual, chosen, open, &counts, options);
        });
    }

    /// Moves entries that were idle for too long onto residuals of this step, drawn at random from those that chose an entry
    /// here. New entries are most likely to be useful where the codebook is used. (If they were moved onto the residuals
    /// with the largest errors, later stages would end up serving outliers only.)
    fn restart_idle(
        &mut self,
        plane: i64,
        residual: &Tensor,
        chosen: &Tensor,
        open: &Tensor,
        counts: &Tensor,
        options: &CodebookOptions,
    ) {
        let first = i64::from(self.residual);
        // Idle time is counted in expected choices, as if all entries were equally likely. So it takes longer in
        // stages that few positions reach.
        let share = counts.narrow(0, first, counts.size()[0] - first).mean(Kind::Float);
        let idle = (self.idle.i(plane) + share) * counts.lt(0.5).to_kind(Kind::Float);
        self.idle.i(plane).copy_(&idle);
        if options.restart_after == 0 {
            return;
        }
        let dead = idle.ge(options.restart_after as f64);
        let dead = dead.narrow(0, first, dead.size()[0] - first).nonzero().flatten(0, -1) + first;
        // Usually there are none.
        if dead.numel() == 0 {
            return;
        }
        let busy = open.gt(0.5).logical_and(&chosen.ge(first)).nonzero().flatten(0, -1);
        let drawn = Tensor::randperm(busy.size()[0], (Kind::Int64, busy.device()));
        let count = dead.size()[0].min(drawn.size()[0]);
        let dead = dead.narrow(0, 0, count);
        let vectors = residual.index_select(0, &busy.index_select(0, &drawn.narrow(0, 0, count)));
        // A quarter of an entry's share, so that what is chosen from now on soon outweighs the start.
        let share =
            self.counts.i(plane).narrow(0, first, self.counts.size()[1] - first).mean(Kind::Float) / 4.0;
        let shares = share.expand([count], false);
        let _ = self.entries.i(plane).index_copy_(0, &dead, &vectors);
        let _ = self.sums.i(plane).index_copy_(0, &dead, &(&vectors * &share));
        let _ = self.counts.i(plane).index_copy_(0, &dead, &shares);
        let _ = self.idle.i(plane).index_fill_(0, &dead, 0.0);
    }

    /// Keeps gradients from moving the zero vector of each stage.
    pub fn keep_zero(&self) {
        let gradient = self.entries.grad();
        if self.residual && gradient.defined() {
            let _ = tch::no_grad(|| gradient.narrow(1, 0, 1).zero_());
        }
    }

    /// How often each entry was chosen since the last call, by plane.
    pub fn take_usage(&mut self) -> Vec<Vec<u64>> {
        let planes = self.books.planes() as i64;
        let usage = (0..planes)
            .map(|p| crate::arch::graph::numbers(&self.used.i(p)).into_iter().map(|c| c as u64).collect())
            .collect();
        let _ = tch::no_grad(|| self.used.zero_());
        usage
    }
}

/// The mean over vectors `(n·gy·gx, width)` of patches that hold data.
fn masked(values: &Tensor, present: &Tensor) -> Tensor {
    let weights = present.flatten(0, -1).unsqueeze(1);
    (values * &weights).sum(Kind::Float) / (weights.sum(Kind::Float) * values.size()[1] as f64).clamp_min(1.0)
}

/// Forwards, the entries. Backwards, the gradient is passed unchanged, or rotated and scaled as the vector is to its entry.
fn straight_through(vectors: &Tensor, entries: &Tensor, rotate: bool) -> Tensor {
    if !rotate {
        return vectors + (entries - vectors).detach();
    }
    let norm = |t: &Tensor| t.square().sum_dim_intlist(Some([-1].as_slice()), true, None).sqrt();
    let (length, wanted) = (norm(&vectors.detach()).clamp_min(1e-6), norm(entries));
    let from = vectors.detach() / &length;
    let to = entries / wanted.clamp_min(1e-6);
    let half = &from + &to;
    let half = &half / norm(&half).clamp_min(1e-6);
    let dot = |a: &Tensor, b: &Tensor| (a * b).sum_dim_intlist(Some([-1].as_slice()), true, None);
    // Two reflections: the rotation in the plane of both that takes one to the other.
    let turned = vectors - 2.0 * dot(vectors, &half) * &half + 2.0 * dot(vectors, &from) * &to;
    let turned: Tensor = turned * (&wanted / length).detach();
    // The zero vector has no direction to turn to.
    turned.where_self(&wanted.gt(1e-6), &(vectors + (entries - vectors).detach()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::graph::numbers;

    const BOOKS: Codebooks = Codebooks { groups: 1, stages: 2, size: 4, width: 2 };

    fn state() -> CodebookState {
        let mut state = CodebookState::new(BOOKS, true, Device::Cpu);
        let entries = [0.0f32, 0.0, 3.0, 1.0, -2.0, 2.0, 1.0, -4.0, 0.0, 0.0, 0.5, 0.5, -0.5, 0.5, 0.5, -0.5];
        state.entries = Tensor::from_slice(&entries).reshape([2, 4, 2]);
        let _ = state.counts.fill_(0.25);
        state
    }

    fn latents() -> (Tensor, Tensor) {
        // Two patches: (3.4, 1.6) is entry 1 and then 1; the other holds no data.
        let latents = Tensor::from_slice(&[3.4f32, 100.0, 1.6, -100.0]).reshape([1, 2, 1, 2]);
        (latents, Tensor::from_slice(&[1.0f32, 0.0]).reshape([1, 1, 1, 2]))
    }

    #[test]
    fn latents_are_left_alone_and_the_commitment_is_their_distance() {
        let (latents, present) = latents();
        let options = CodebookOptions::default();
        let quantised = state().quantise(&latents, &present, 1e-6, &options, true, false);
        assert_eq!(numbers(&latents), [3.4, 100.0, 1.6, -100.0]);
        let values = numbers(&quantised.values);
        assert!((values[0] - 3.5).abs() < 1e-6 && (values[2] - 1.5).abs() < 1e-6, "{values:?}");
        let commitment = quantised.commitment.double_value(&[]);
        assert!(
            (commitment - 0.01).abs() < 1e-5,
            "{commitment}: 0.1 off in both numbers of the patch with data"
        );
    }

    #[test]
    fn patches_without_data_choose_nothing() {
        let (latents, present) = latents();
        let mut state = state();
        let quantised = state.quantise(&latents, &present, 1e-6, &CodebookOptions::default(), true, false);
        let used = state.take_usage();
        assert_eq!(used, [[0, 1, 0, 0], [0, 1, 0, 0]]);
        // Two decisions of one in four: two bits each.
        assert!((quantised.bits.double_value(&[]) - 4.0).abs() < 1e-3);
    }

    #[test]
    fn every_stage_starts_where_it_helps_vectors_that_it_has_not_seen() {
        tch::manual_seed(3);
        let books = Codebooks { groups: 1, stages: 5, size: 64, width: 8 };
        let mut state = CodebookState::new(books, true, Device::Cpu);
        let draw = || Tensor::randn([1, 8, 1, 400], (Kind::Float, Device::Cpu));
        let present = Tensor::ones([1, 1, 1, 400], (Kind::Float, Device::Cpu));
        // Six vectors for each centre: fitted to the same ones throughout, five stages would leave nothing of them.
        state.start(&draw(), &present, &[0], 400);
        let mut residual = state.vectors(&draw(), 0);
        let energy = |t: &Tensor| t.square().mean(Kind::Float).double_value(&[]);
        let mut before = energy(&residual);
        for stage in 0..books.stages as i64 {
            let (chosen, _) = nearest(&residual, &state.entries.i(stage), None);
            residual -= state.entries.i(stage).index_select(0, &chosen);
            let after = energy(&residual);
            assert!(after < 0.95 * before, "stage {stage}: {before} to {after}");
            before = after;
        }
    }

    #[test]
    fn gradients_lead_entries_to_what_chooses_them() {
        let (latents, present) = latents();
        let options = CodebookOptions { learning: Learning::Gradient, ..CodebookOptions::default() };
        let mut state = state();
        state.learn_by_gradient();
        for _ in 0..200 {
            let quantised = state.quantise(&latents, &present, 1e-6, &options, true, false);
            state.entries.zero_grad();
            quantised.codebook.backward();
            let gradient = state.entries.grad();
            tch::no_grad(|| state.entries -= gradient * 0.1);
        }
        let found = state.quantise(&latents, &present, 1e-6, &options, false, false);
        let values = numbers(&found.values);
        assert!((values[0] - 3.4).abs() < 1e-3 && (values[2] - 1.6).abs() < 1e-3, "{values:?}");
    }

    #[test]
    fn turned_gradients_keep_their_angle_to_the_vector() {
        let vectors = Tensor::from_slice(&[1.0f32, 0.0]).reshape([1, 2]).set_requires_grad(true);
        let entries = Tensor::from_slice(&[0.0f32, 2.0]).reshape([1, 2]);
        let turned = straight_through(&vectors, &entries, true);
        let found = numbers(&turned);
        assert!(found[0].abs() < 1e-5 && (found[1] - 2.0).abs() < 1e-5, "{found:?}");
        // A gradient along the entry comes back along the vector, scaled by the ratio of their lengths.
        (turned * Tensor::from_slice(&[0.0f32, 1.0])).sum(Kind::Float).backward();
        let gradient = numbers(&vectors.grad());
        assert!((gradient[0] - 2.0).abs() < 1e-5 && gradient[1].abs() < 1e-5, "{gradient:?}");
    }
}
