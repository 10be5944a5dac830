//! Reads training images: all of them if they are few, otherwise blocks spread evenly over all inputs.

use crate::error::{Result, bail};
use crate::progress::{Progress, Task};
use crate::raster::region::{Grid, Region, extents, volume};
use crate::raster::samples::{Mask, to_f64};
use crate::raster::source::Raster;
use std::sync::Arc;
use vqz_codec::axes::Role;
use vqz_codec::fit::Image;

/// The side of a block, in pixels, where all samples are taken.
const LARGE: u64 = 1024;
/// The side of a block where only some samples are taken.
const SMALL: u64 = 256;

/// The data that a model is fitted to.
pub(crate) struct FitSamples {
    /// The images.
    pub(crate) images: Vec<Image>,
    /// Samples in them.
    pub(crate) taken: u64,
    /// Samples in all inputs.
    pub(crate) available: u64,
    /// The smallest and the largest valid sample of each band; those of a band without any are the wrong way round.
    pub(crate) ranges: Vec<(f64, f64)>,
}

impl FitSamples {
    /// The smallest and the largest valid sample of all.
    pub(crate) fn range(&self) -> (f64, f64) {
        self.ranges.iter().fold(EMPTY, |all, band| (all.0.min(band.0), all.1.max(band.1)))
    }
}

/// The range of no samples.
const EMPTY: (f64, f64) = (f64::INFINITY, f64::NEG_INFINITY);

/// Reads at most `max_samples` samples.
pub(crate) fn collect(
    rasters: &[Arc<dyn Raster>],
    max_samples: u64,
    progress: &dyn Progress,
) -> Result<FitSamples> {
    let available: u64 =
        rasters.iter().fold(0, |sum: u64, raster| sum.saturating_add(raster.info().samples()));
    let side = if available <= max_samples { LARGE } else { SMALL };
    let grids: Vec<(usize, Grid, &String)> = rasters
        .iter()
        .enumerate()
        .map(|(number, raster)| {
            let info = raster.info();
            let block: Vec<u64> = info
                .axes
                .roles()
                .iter()
                .zip(&info.shape)
                .map(|(role, extent)| match role {
                    Role::Band => *extent,
                    Role::Y | Role::X => side,
                    Role::Time | Role::Other(_) => 1,
                })
                .collect();
            (number, Grid::new(&info.shape, &block), &info.label)
        })
        .collect();
    let mut blocks: Vec<(usize, Region)> = Vec::new();
    for (number, grid, label) in grids {
        blocks.extend((0..grid.walkable(label)?).map(|i| (number, grid.region(&grid.indices(i)))));
    }
    let chosen = spread(&blocks, available, max_samples);
    let bands = rasters.first().map_or(0, |raster| raster.info().bands() as usize);
    let mut samples = FitSamples { images: Vec::new(), taken: 0, available, ranges: vec![EMPTY; bands] };
    let task = Task::start(progress, "reading", chosen.len() as u64);
    for (number, region) in chosen {
        let raster = rasters[*number].as_ref();
        samples.taken += volume(&extents(region));
        samples.images.push(image(raster, region, &mut samples.ranges)?);
        task.advance(1)?;
    }
    let (low, high) = samples.range();
    if low > high {
        bail!(InvalidArgument, StateNoData, "the inputs hold no valid samples, all {available} are nodata");
    }
    Ok(samples)
}

/// Every block, or an even selection of as many as hold the requested number of samples. The selection is always the
/// same.
fn spread(blocks: &[(usize, Region)], available: u64, wanted: u64) -> Vec<&(usize, Region)> {
    if available <= wanted {
        return blocks.iter().collect();
    }
    let fraction = wanted as f64 / available as f64;
    let mut due = 0.5;
    let mut chosen: Vec<&(usize, Region)> = blocks
        .iter()
        .filter(|_| {
            due += fraction;
            let take = due >= 1.0;
            if take {
                due -= 1.0;
            }
            take
        })
        .collect();
    if chosen.is_empty() {
        chosen.extend(blocks.first());
    }
    chosen
}

/// One block as `(band, y, x)`, NaN where there is no data.
fn image(raster: &dyn Raster, region: &Region, ranges: &mut [(f64, f64)]) -> Result<Image> {
    let info = raster.info();
    let shape: Vec<usize> = region.iter().map(|r| (r.end - r.start) as usize).collect();
    let layout = info.axes.layout(&shape)?;
    let mask = Mask::new(&info.nodata, info.data_type)?;
    let values = to_f64(info.data_type, &raster.read(region)?);
    let [band_stride, y_stride, x_stride] = layout.image_strides();
    let mut samples = Vec::with_capacity(values.len());
    for (band, (low, high)) in (0..layout.bands()).zip(ranges) {
        for y in 0..layout.height() {
            for x in 0..layout.width() {
                let value = values[band * band_stride + y * y_stride + x * x_stride];
                if mask.is_valid(value) {
                    (*low, *high) = (low.min(value), high.max(value));
                    samples.push(value as f32);
                } else {
                    samples.push(f32::NAN);
                }
            }
        }
    }
    Ok(Image { height: layout.height(), width: layout.width(), samples })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_spread_evenly() {
        let blocks: Vec<(usize, Region)> = (0..100).map(|i| (i, vec![0..5, 0..2])).collect();
        let chosen: Vec<usize> = spread(&blocks, 1000, 200).iter().map(|(i, _)| *i).collect();
        assert_eq!(chosen.len(), 20);
        assert!(chosen.windows(2).all(|pair| pair[1] - pair[0] == 5));
        assert_eq!(spread(&blocks, 1000, 1000).len(), 100);
        assert_eq!(spread(&blocks, 1000, 1).len(), 1);
    }
}
