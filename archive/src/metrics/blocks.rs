//! Rasters in blocks of all bands, image by image, as comparisons and surveys go through them.

use crate::error::{Result, bail};
use crate::progress::{Progress, Task};
use crate::raster::region::{Grid, Region};
use crate::raster::samples::{Mask, to_f64};
use crate::raster::source::Raster;
use rayon::prelude::*;
use vqz_codec::axes::Role;

/// The smallest and the largest side of a block, in pixels.
const BLOCK: std::ops::RangeInclusive<u64> = 256..=1024;

/// A block's samples by band, each in C order, NaN where there is no data. Infinities stay.
pub type Bands = Vec<Vec<f64>>;

/// A block of both images, and its place in them.
pub struct Block {
    /// Rows.
    pub y: std::ops::Range<u64>,
    /// Columns.
    pub x: std::ops::Range<u64>,
    /// The samples of the reference.
    pub a: Bands,
    /// The samples of the other raster in the same rows and columns.
    pub b: Bands,
}

impl Block {
    /// Columns.
    pub fn width(&self) -> usize {
        (self.x.end - self.x.start) as usize
    }

    /// Rows.
    pub fn height(&self) -> usize {
        (self.y.end - self.y.start) as usize
    }
}

/// Blocks of whole chunks of the second raster, all bands, one step of everything else.
pub(super) fn block_shape(b: &dyn Raster) -> Vec<u64> {
    let info = b.info();
    let side = |chunk: u64| {
        let chunk = chunk.max(1);
        let whole = BLOCK.start().next_multiple_of(chunk);
        if BLOCK.contains(&chunk) { chunk } else { whole.min(*BLOCK.end()) }
    };
    let extents = info.axes.roles().iter().zip(info.shape.iter().zip(&info.chunk));
    extents
        .map(|(role, (extent, chunk))| match role {
            Role::Band => *extent,
            Role::Y | Role::X => side(*chunk),
            Role::Time | Role::Other(_) => 1,
        })
        .collect()
}

/// The blocks of a grid, image by image, those of an image by rows. `y` and `x` are the dimensions of rows and columns.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) where there are more than can be gone through. `label` is the array.
pub(super) fn images(
    grid: &Grid,
    y: usize,
    x: usize,
    label: &str,
) -> Result<impl Iterator<Item = impl Iterator<Item = Region>>> {
    let all = grid.walkable(label)?;
    let (rows, columns) = (grid.counts()[y], grid.counts()[x]);
    let mut looped = grid.counts().to_vec();
    (looped[y], looped[x]) = (1, 1);
    let looped = Grid::new(&looped, &vec![1; looped.len()]);
    let count = all / (rows * columns).max(1);
    Ok((0..count).map(move |image| {
        let first = looped.indices(image);
        (0..rows * columns).map(move |block| {
            let mut indices = first.clone();
            (indices[y], indices[x]) = (block / columns, block % columns);
            grid.region(&indices)
        })
    }))
}

/// Refuses a raster that is too large to be gone through, before anything is made ready for it.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument), with its shape.
pub fn check_size(raster: &dyn Raster) -> Result<()> {
    let info = raster.info();
    Grid::new(&info.shape, &block_shape(raster)).walkable(&info.label).map(drop)
}

/// Reads a block and sorts its samples by band, row and column, whatever the order of the dimensions.
pub fn read_block(raster: &dyn Raster, region: &Region, mask: &Mask) -> Result<Bands> {
    let info = raster.info();
    let shape: Vec<usize> = region.iter().map(|r| (r.end - r.start) as usize).collect();
    let layout = info.axes.layout(&shape)?;
    let samples = to_f64(info.data_type, &raster.read(region)?);
    let [band_stride, y_stride, x_stride] = layout.image_strides();
    let bands = (0..layout.bands()).into_par_iter().map(|band| {
        let mut out = Vec::with_capacity(layout.height() * layout.width());
        for y in 0..layout.height() {
            let row = band * band_stride + y * y_stride;
            out.extend((0..layout.width()).map(|x| {
                let value = samples[row + x * x_stride];
                if mask.is_missing(value) { f64::NAN } else { value }
            }));
        }
        out
    });
    Ok(bands.collect())
}

/// Goes through a single raster, block by block in the order of images and rows. `see` gets the region and its samples by band.
///
/// # Errors
/// When reading fails.
pub fn scan_blocks(
    raster: &dyn Raster,
    mask: &Mask,
    what: &str,
    progress: &dyn Progress,
    mut see: impl FnMut(&Region, Block),
) -> Result<()> {
    let info = raster.info();
    let (Some(y), Some(x)) = (info.axes.position(&Role::Y), info.axes.position(&Role::X)) else {
        bail!(InvalidArgument, "{} has no y or no x dimension", info.label);
    };
    let grid = Grid::new(&info.shape, &block_shape(raster));
    let task = Task::start(progress, what, grid.len());
    for region in images(&grid, y, x, &info.label)?.flatten() {
        let samples = read_block(raster, &region, mask)?;
        see(&region, Block { y: region[y].clone(), x: region[x].clone(), a: Vec::new(), b: samples });
        task.advance(1)?;
    }
    Ok(())
}
