//! Windows that reach over the borders of blocks: the last rows and columns of earlier blocks are carried along.

use crate::metrics::blocks::Block;
use crate::metrics::found::BandErrors;
use crate::metrics::ssim::{self, WINDOW};
use rayon::prelude::*;

/// How many rows and columns windows reach back.
const CARRY: usize = WINDOW - 1;

/// The samples of earlier blocks that windows of the same image need.
pub(super) struct Carry {
    bands: Vec<BandCarry>,
}

/// The last rows of the blocks above over the image's whole width, those of the blocks in this row of blocks so far, and
/// the last columns of the block to the left with the rows above it; for both images.
struct BandCarry {
    above: [Vec<f64>; 2],
    next: [Vec<f64>; 2],
    left: [Vec<f64>; 2],
}

impl Carry {
    /// The start of an image, before its first block is read.
    pub(super) fn new(bands: usize, width: usize) -> Self {
        let rows = || [vec![f64::NAN; CARRY * width], vec![f64::NAN; CARRY * width]];
        let band = || BandCarry { above: rows(), next: rows(), left: [Vec::new(), Vec::new()] };
        Self { bands: (0..bands).map(|_| band()).collect() }
    }

    /// Scores the windows that end in this block, and keeps what later ones need.
    pub(super) fn windows(&mut self, block: &Block, peak: f64, figures: &mut [BandErrors]) {
        let unit = unit(peak);
        self.bands.par_iter_mut().zip(block.a.par_iter().zip(&block.b)).zip(figures).for_each(
            |((carry, (a, b)), figures)| {
                let (width, mut a) = carry.extend(block, a, 0);
                let (_, mut b) = carry.extend(block, b, 1);
                if unit != 1.0 {
                    a.iter_mut().chain(&mut b).for_each(|sample| *sample /= unit);
                }
                figures.ssim.merge(&ssim::windows(&ssim::Pair { width, a: &a, b: &b }, peak / unit));
            },
        );
    }
}

/// A power of two that brings samples and peak into a range in which squares neither overflow nor vanish; 1 where they do
/// neither. The similarity does not depend on it.
fn unit(peak: f64) -> f64 {
    if (1e-60..1e60).contains(&peak) { 1.0 } else { peak.log2().floor().clamp(-1000.0, 1000.0).exp2() }
}

impl BandCarry {
    /// A block with the rows above it and the columns to its left, as far as the image has them; returns its width too.
    fn extend(&mut self, block: &Block, samples: &[f64], which: usize) -> (usize, Vec<f64>) {
        let (width, height) = (block.width(), block.height());
        let (x0, x1) = (block.x.start as usize, block.x.end as usize);
        let top = if block.y.start > 0 { CARRY } else { 0 };
        let left = if x0 > 0 { CARRY } else { 0 };
        let full = width + left;
        let image_width = self.above[which].len() / CARRY;
        if x0 == 0 && block.y.start > 0 {
            // A new row of blocks: what was gathered from the one before is now above.
            std::mem::swap(&mut self.above[which], &mut self.next[which]);
        }
        let mut out = Vec::with_capacity(full * (height + top));
        for row in 0..top + height {
            if row < top {
                out.extend_from_slice(
                    &self.above[which][row * image_width + x0 - left..row * image_width + x1],
                );
            } else {
                if left > 0 {
                    let from = (row - top) * CARRY;
                    out.extend_from_slice(&self.left[which][from..from + CARRY]);
                }
                out.extend_from_slice(&samples[(row - top) * width..(row - top + 1) * width]);
            }
        }
        // Blocks are at least as wide and high as the carried part, except the last ones.
        if height >= CARRY {
            for row in 0..CARRY {
                let from = (height - CARRY + row) * width;
                self.next[which][row * image_width + x0..row * image_width + x1]
                    .copy_from_slice(&samples[from..from + width]);
            }
        }
        self.left[which].clear();
        if width >= CARRY {
            for row in samples.chunks_exact(width) {
                self.left[which].extend_from_slice(&row[width - CARRY..]);
            }
        }
        (full, out)
    }
}
