//! The part of a chunk that lies in its array. The last chunk along a dimension sticks out where chunks do not divide the
//! array, and a writer pads it with the fill value. Padding is no sample of the array, so it counts for nothing.
//!
//! A sample of the array that equals the fill value counts as any other, wherever it lies: among coded samples, or where
//! nothing is coded because there is nothing but the fill value. Of the latter, the header does not count any.

use super::codec::ChunkCodec;
use super::position::tile_positions;
use crate::axes::Layout;
use crate::error::{Error, Result};
use crate::sample::{Sample, dispatch};
use std::ops::Range;

/// The part of a chunk that lies in its array.
struct Within<'a> {
    layout: &'a Layout,
    region: Vec<Range<usize>>,
    /// For each band of the chunk, whether the fill value is valid in it.
    fill_is_valid: Vec<bool>,
}

impl Within<'_> {
    /// How many of the fill values that stand in some rows and columns of an image are valid, and how many of these lie in the
    /// array.
    fn valid_fill(&self, image: usize, rows: &Range<usize>, columns: &Range<usize>) -> (u64, u64) {
        let [bands, inner_rows, inner_columns] = self.layout.image_region(&self.region);
        let count = |bands: &[bool], rows: u64, columns: u64| {
            bands.iter().filter(|valid| **valid).count() as u64 * rows * columns
        };
        let all = count(&self.fill_is_valid, rows.len() as u64, columns.len() as u64);
        let inside = match self.layout.image_in_region(image, &self.region) {
            None => 0,
            Some(_) => count(
                &self.fill_is_valid[bands],
                overlap(rows, &inner_rows),
                overlap(columns, &inner_columns),
            ),
        };
        (all, inside)
    }
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> u64 {
    a.end.min(b.end).saturating_sub(a.start.max(b.start)) as u64
}

impl ChunkCodec {
    /// How many valid samples of a chunk lie in its array, by the chunk's header. `inside` is how far the chunk reaches into the
    /// array along each dimension.
    ///
    /// # Errors
    /// As [`ChunkCodec::plan`].
    pub fn valid_within(&self, shape: &[usize], header: &[u8], inside: &[usize]) -> Result<u64> {
        let layout = self.layout(shape)?;
        let header = self.read_header(&layout, header)?;
        let within = self.within(&layout, inside)?;
        if !within.fill_is_valid.contains(&true) {
            return Ok(header.valid);
        }
        let [height, width] = header.extent;
        let (mut uncounted, mut padding) = (0, 0);
        for image in 0..layout.images() {
            let (_, whole) = within.valid_fill(image, &(0..layout.height()), &(0..layout.width()));
            let (_, coded) = within.valid_fill(image, &(0..height), &(0..width));
            uncounted += whole - coded;
        }
        for (position, length) in tile_positions(&layout, header.extent, self.patch()).zip(&header.tiles) {
            let (all, inside) = within.valid_fill(position.image, &position.rows, &position.columns);
            if *length == 0 && header.patterns.list().first() == Some(&self.fill) {
                uncounted += inside;
            } else {
                padding += all - inside;
            }
        }
        Ok((header.valid + uncounted).saturating_sub(padding))
    }

    /// How many valid samples of a chunk that is not stored, and so is all fill value, lie in its array.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) when the shape does not fit the axes or the model's bands.
    pub fn valid_where_absent(&self, shape: &[usize], inside: &[usize]) -> Result<u64> {
        let layout = self.layout(shape)?;
        let within = self.within(&layout, inside)?;
        let (rows, columns) = (0..layout.height(), 0..layout.width());
        Ok((0..layout.images()).map(|image| within.valid_fill(image, &rows, &columns).1).sum())
    }

    fn within<'a>(&self, layout: &'a Layout, inside: &[usize]) -> Result<Within<'a>> {
        if inside.len() != layout.shape.len() {
            return Err(Error::InvalidArgument(format!(
                "the chunk has the extents {inside:?} in its array, its shape is {:?}",
                layout.shape
            )));
        }
        let region = layout.shape.iter().zip(inside).map(|(all, inside)| 0..*all.min(inside)).collect();
        let fill_is_valid = dispatch!(self.data_type, T => {
            let classifier = self.classifier::<T>(layout.bands())?;
            (0..layout.bands()).map(|band| classifier.valid(<T as Sample>::from_bits(self.fill), band)).collect()
        });
        Ok(Within { layout, region, fill_is_valid })
    }
}
