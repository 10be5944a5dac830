//! Where the tiles of a chunk lie, and how a tile is copied into a region.

use crate::axes::Layout;
use crate::tiles::balanced;
use std::ops::Range;

/// One tile of one image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TilePosition {
    pub(super) image: usize,
    pub(super) rows: Range<usize>,
    pub(super) columns: Range<usize>,
}

/// The number of tiles of an image.
pub(super) fn tiles_of_image(extent: [usize; 2], patch: usize) -> usize {
    balanced(extent[0], patch).len() * balanced(extent[1], patch).len()
}

/// All tiles of a chunk, in the order of its index: by image, tile row, tile column.
pub(super) fn tile_positions(
    layout: &Layout,
    extent: [usize; 2],
    patch: usize,
) -> impl Iterator<Item = TilePosition> + use<> {
    let rows = balanced(extent[0], patch);
    let columns = balanced(extent[1], patch);
    (0..layout.images()).flat_map(move |image| {
        let columns = columns.clone();
        rows.clone().into_iter().flat_map(move |rows| {
            columns.clone().into_iter().map(move |columns| TilePosition {
                image,
                rows: rows.clone(),
                columns,
            })
        })
    })
}

/// Copies the part of a tile's samples `(band, y, x)` that lies in a region to its place among the region's samples.
pub(super) fn copy<T: Copy>(
    layout: &Layout,
    region: &[Range<usize>],
    region_layout: &Layout,
    position: &TilePosition,
    tile: &[T],
    out: &mut [T],
) {
    let Some(looped_index) = layout.image_in_region(position.image, region) else { return };
    let [bands, rows, columns] = layout.image_region(region);
    let [band_stride, row_stride, column_stride] = region_layout.image_strides();
    let (height, width) = (position.rows.len(), position.columns.len());
    let x0 = position.columns.start.max(columns.start);
    let x1 = position.columns.end.min(columns.end);
    for band in 0..layout.bands() {
        let array_band = layout.array_band(band);
        if !bands.contains(&array_band) {
            continue;
        }
        for y in position.rows.start.max(rows.start)..position.rows.end.min(rows.end) {
            let from = (band * height + y - position.rows.start) * width;
            let source = &tile[from + x0 - position.columns.start..from + x1 - position.columns.start];
            let at = region_layout.looped_offset(&looped_index)
                + (array_band - bands.start) * band_stride
                + (y - rows.start) * row_stride
                + (x0 - columns.start) * column_stride;
            if column_stride == 1 {
                out[at..at + source.len()].copy_from_slice(source);
            } else {
                for (i, value) in source.iter().enumerate() {
                    out[at + i * column_stride] = *value;
                }
            }
        }
    }
}
