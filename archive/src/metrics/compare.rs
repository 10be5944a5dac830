//! Compares two rasters block by block: memory does not grow with them, and every sample is read once.
//!
//! Windows of the structural similarity reach over the borders of blocks: the last rows and columns of earlier blocks
//! are carried along.

use crate::error::{Result, bail};
use crate::metrics::blocks::{Block, block_shape, images, read_block};
use crate::metrics::carry::Carry;
use crate::metrics::found::{BandErrors, RasterErrors};
use crate::metrics::ring;
use crate::metrics::spectral::AngleSum;
use crate::progress::{Progress, Task};
use crate::raster::region::{Grid, Region};
use crate::raster::samples::Mask;
use crate::raster::source::Raster;
use rayon::prelude::*;
use vqz_codec::axes::Role;

/// The yardstick: peak, masks and tiles to measure against.
#[derive(Clone, Debug)]
pub struct Yardstick {
    /// The value against which PSNR and structural similarity are stated. Without one, neither is measured.
    pub peak: Option<f64>,
    /// Which samples of the reference have data, and which of the other.
    pub masks: (Mask, Mask),
    /// Chunk extents along y and x from which tiles are cut, and the side of a patch.
    pub tiles: (usize, usize, usize),
}

/// Sees every block that is compared, so that other measures of the two rasters need no second reading.
pub trait BlockWatch {
    /// Receives a block of both rasters, at this region of the array.
    fn block(&mut self, region: &Region, block: &Block);
}

/// Ignores every block.
impl BlockWatch for () {
    fn block(&mut self, _: &Region, _: &Block) {}
}

/// Compares `b` with the reference `a`.
///
/// # Errors
/// When shapes or roles differ, and when reading fails.
pub fn compare_blocks(
    a: &dyn Raster,
    b: &dyn Raster,
    settings: &Yardstick,
    watch: &mut dyn BlockWatch,
    progress: &dyn Progress,
) -> Result<RasterErrors> {
    let (info, other) = (a.info(), b.info());
    if info.shape != other.shape || info.axes != other.axes {
        let names = |axes: &vqz_codec::axes::Axes| Vec::<String>::from(axes.clone()).join(", ");
        bail!(
            InvalidArgument,
            "{} has shape {:?} ({}), {} has {:?} ({}); both must be the same",
            info.label,
            info.shape,
            names(&info.axes),
            other.label,
            other.shape,
            names(&other.axes)
        );
    }
    let (y, x, block) = (info.axes.position(&Role::Y), info.axes.position(&Role::X), block_shape(b));
    let (Some(y), Some(x)) = (y, x) else {
        bail!(InvalidArgument, "{} has no y or no x dimension", info.label);
    };
    let (height, width) = (info.shape[y] as usize, info.shape[x] as usize);
    let (chunk_y, chunk_x, patch) = settings.tiles;
    let near = (ring::near_edge(height, chunk_y, patch), ring::near_edge(width, chunk_x, patch));
    let grid = Grid::new(&info.shape, &block);
    let bands = info.bands() as usize;
    let mut found = RasterErrors { bands: vec![BandErrors::default(); bands], angle: AngleSum::default() };

    let task = Task::start(progress, "comparing", grid.len());
    // Images one by one, and within an image blocks in the order of rows, because windows need rows and columns of
    // earlier blocks.
    for image in images(&grid, y, x, &info.label)? {
        let mut carry = Carry::new(bands, width);
        for region in image {
            let (ours, theirs) = rayon::join(
                || read_block(a, &region, &settings.masks.0),
                || read_block(b, &region, &settings.masks.1),
            );
            let block = Block { y: region[y].clone(), x: region[x].clone(), a: ours?, b: theirs? };
            measure(&block, &near, &mut found);
            watch.block(&region, &block);
            if let Some(peak) = settings.peak {
                carry.windows(&block, peak, &mut found.bands);
            }
            task.advance(1)?;
        }
    }
    Ok(found)
}

/// Errors and angles of a block.
fn measure(block: &Block, near: &(Vec<bool>, Vec<bool>), found: &mut RasterErrors) {
    let (near_y, near_x) = (&near.0[block.y.start as usize..], &near.1[block.x.start as usize..]);
    let width = block.width();
    found.bands.par_iter_mut().zip(block.a.par_iter().zip(&block.b)).for_each(|(figures, (a, b))| {
        for (y, (row_a, row_b)) in a.chunks_exact(width).zip(b.chunks_exact(width)).enumerate() {
            for (x, (a, b)) in row_a.iter().zip(row_b).enumerate() {
                if !(a.is_finite() && b.is_finite()) {
                    // What is no number has no error: it is the same, or it is not.
                    let same = a == b || (a.is_nan() && b.is_nan());
                    figures.mask_mismatches += u64::from(!same);
                    continue;
                }
                figures.errors.add(*a, *b);
                if near_y[y] || near_x[x] {
                    figures.ring.add(*a, *b);
                }
            }
        }
    });
    if block.a.len() < 2 {
        return;
    }
    let angles: Vec<AngleSum> = (0..block.height())
        .into_par_iter()
        .map(|y| {
            let mut sum = AngleSum::default();
            for at in y * width..(y + 1) * width {
                let [dot, aa, bb] = products(block, at, 1.0);
                if [aa, bb].iter().all(|square| square.is_normal() || square.is_nan()) {
                    // NaN, where any band has no data, is not above zero.
                    sum.add(dot, aa, bb);
                    continue;
                }
                // Squares of small or large samples vanish or overflow; in units of the largest one they do not.
                let samples = block.a.iter().chain(&block.b).map(|band| band[at].abs());
                let [dot, aa, bb] = products(block, at, samples.fold(0.0, f64::max));
                sum.add(dot, aa, bb);
            }
            sum
        })
        .collect();
    angles.iter().for_each(|sum| found.angle.merge(sum));
}

/// The dot product of the bands of a pixel before and after, and both squared lengths, of samples in some unit.
fn products(block: &Block, at: usize, unit: f64) -> [f64; 3] {
    let (mut dot, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in block.a.iter().zip(&block.b) {
        let (a, b) = (a[at] / unit, b[at] / unit);
        dot += a * b;
        aa += a * a;
        bb += b * b;
    }
    [dot, aa, bb]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::document::Metadata;
    use crate::metrics::error::ErrorSum;
    use crate::metrics::ssim::ScoreSum;
    use crate::metrics::ssim::{Pair, windows};
    use crate::raster::memory::RasterInMemory;
    use crate::raster::region::volume;
    use crate::raster::samples::to_f64;
    use crate::raster::source::RasterInfo;
    use vqz_codec::axes::Axes;
    use vqz_codec::sample::DataType;

    fn memory(shape: [u64; 3], chunk: u64, value: impl Fn(usize) -> f64) -> RasterInMemory {
        let info = RasterInfo {
            label: "memory".to_owned(),
            shape: shape.to_vec(),
            axes: Axes::from_names(&["time", "y", "x"]).unwrap(),
            data_type: DataType::Float64,
            chunk: vec![1, chunk, chunk],
            nodata: Vec::new(),
            metadata: Metadata::new_array(&shape, DataType::Float64, 0.into()),
            band_coordinate: None,
            stored: (0, 0),
        };
        let bytes = (0..volume(&shape) as usize).flat_map(|i| value(i).to_ne_bytes()).collect();
        RasterInMemory::new(info, bytes).unwrap()
    }

    /// Compares in blocks of 256 pixels, the last ones narrower than a window, and in one piece.
    #[test]
    fn blocks_find_what_the_whole_holds() {
        let shape = [2, 520, 517];
        let smooth = |i: usize| 100.0 + 50.0 * ((i % 517) as f64 * 0.1).sin() + (i / 517) as f64 * 0.01;
        let a = memory(shape, 256, |i| if i % 1009 == 0 { f64::NAN } else { smooth(i) });
        let b = memory(shape, 256, |i| smooth(i) + ((i * 31) % 17) as f64 - 8.0);
        let settings =
            Yardstick { peak: Some(255.0), masks: (Mask::default(), Mask::default()), tiles: (256, 256, 16) };
        let found = compare_blocks(&a, &b, &settings, &mut (), &crate::progress::Silent).unwrap();

        let samples = |memory: &RasterInMemory| to_f64(DataType::Float64, memory.bytes());
        let (whole_a, whole_b) = (samples(&a), samples(&b));
        let mut errors = ErrorSum::default();
        let mut mismatches = 0;
        for (a, b) in whole_a.iter().zip(&whole_b) {
            if a.is_nan() { mismatches += 1 } else { errors.add(*a, *b) }
        }
        let all = found.overall();
        assert_eq!((all.errors.count, all.errors.max), (errors.count, errors.max));
        assert!((all.errors.rmse().unwrap() / errors.rmse().unwrap() - 1.0).abs() < 1e-9);
        assert_eq!(all.mask_mismatches, mismatches);
        let mut scores = ScoreSum::default();
        for image in 0..2 {
            let range = image * 520 * 517..(image + 1) * 520 * 517;
            let pair = Pair { width: 517, a: &whole_a[range.clone()], b: &whole_b[range] };
            scores.merge(&windows(&pair, 255.0));
        }
        assert_eq!(all.ssim.count(), scores.count());
        assert!((all.ssim.mean().unwrap() - scores.mean().unwrap()).abs() < 1e-12);
        assert_eq!(found.angle.mean(), None);
    }

    #[test]
    fn infinities_are_equal_to_themselves_alone() {
        let (inf, nan) = (f64::INFINITY, f64::NAN);
        let (ours, theirs) =
            ([inf, inf, -inf, nan, 1.0, inf, nan, 2.0], [inf, -inf, nan, inf, inf, 1.0, nan, 2.0]);
        let side = |values: [f64; 8]| memory([1, 8, 8], 8, move |i| values[i % 8]);
        let settings =
            Yardstick { peak: Some(255.0), masks: (Mask::default(), Mask::default()), tiles: (8, 8, 8) };
        let found =
            compare_blocks(&side(ours), &side(theirs), &settings, &mut (), &crate::progress::Silent).unwrap();
        let all = found.overall();
        assert_eq!((all.mask_mismatches, all.errors.count, all.errors.max), (5 * 8, 8, 0.0));
    }
}
