//! What trails at the end of a chunk: rows, columns, images and bands that hold nothing but the fill value, as in a chunk that
//! sticks out of its array. They come back exactly, so that they add nothing to the errors that the header states.

use super::codec::ChunkCodec;
use crate::axes::Layout;
use crate::mask::Classifier;
use crate::sample::Sample;
use std::ops::Range;

/// What is coded of a chunk, and what is not.
pub(super) struct Trailing {
    /// Rows and columns before the trailing ones.
    pub(super) extent: [usize; 2],
    /// For each image, whether it trails along a dimension that is looped over, such as dates. Where the fill value means "no
    /// data" in every band, no image needs to be left out: its samples are masked in any case.
    pub(super) images: Vec<bool>,
    /// The bands that trail, of which at least one is before them. They are coded, because all bands of a tile are coded
    /// together, but without any error.
    pub(super) bands: Range<usize>,
}

impl ChunkCodec {
    pub(super) fn trailing<T: Sample>(
        &self,
        layout: &Layout,
        samples: &[T],
        classifier: &Classifier<T>,
    ) -> Trailing {
        let extent = self.extent(layout, samples);
        let mut images = vec![false; layout.images()];
        let valid = (0..layout.bands()).any(|band| classifier.valid(T::from_bits(self.fill), band));
        if valid && images.len() > 1 {
            let bands = 0..layout.bands();
            let filled: Vec<bool> = (0..images.len())
                .map(|image| {
                    self.is_fill(layout, samples, image..image + 1, &bands, 0..extent[0], 0..extent[1])
                })
                .collect();
            let first = layout.before_trailing(|image| filled[image]);
            for (image, left_out) in images.iter_mut().enumerate() {
                *left_out = layout.image_in_region(image, &first).is_none();
            }
        }
        let bands = match valid && self.runner.is_none() {
            true => self.trailing_bands(layout, samples, extent),
            false => layout.bands()..layout.bands(),
        };
        Trailing { extent, images, bands }
    }

    /// Trailing bands of a chunk without a model, for with one a chunk holds all bands of its array. A fill value of 0 comes back
    /// exactly within any bound, so nothing needs to be done about it.
    fn trailing_bands<T: Sample>(&self, layout: &Layout, samples: &[T], extent: [usize; 2]) -> Range<usize> {
        let bands = layout.bands();
        if T::from_bits(self.fill).to_f64() == 0.0 {
            return bands..bands;
        }
        let is_fill = |band: usize| {
            let images = 0..layout.images();
            self.is_fill(layout, samples, images, &(band..band + 1), 0..extent[0], 0..extent[1])
        };
        let first = (1..bands).rev().find(|band| !is_fill(*band)).map_or(1, |band| band + 1);
        first.min(bands)..bands
    }

    /// Rows and columns before the trailing ones that hold nothing but the fill value.
    fn extent<T: Sample>(&self, layout: &Layout, samples: &[T]) -> [usize; 2] {
        let (mut height, mut width) = (layout.height(), layout.width());
        let bands = 0..layout.bands();
        let is_fill =
            |rows, columns| self.is_fill(layout, samples, 0..layout.images(), &bands, rows, columns);
        while height > 0 && is_fill(height - 1..height, 0..width) {
            height -= 1;
        }
        while height > 0 && width > 0 && is_fill(0..height, width - 1..width) {
            width -= 1;
        }
        if height == 0 { [0, 0] } else { [height, width] }
    }

    /// Whether some bands of some images hold nothing but the fill value, in these rows and columns.
    fn is_fill<T: Sample>(
        &self,
        layout: &Layout,
        samples: &[T],
        mut images: Range<usize>,
        bands: &Range<usize>,
        rows: Range<usize>,
        columns: Range<usize>,
    ) -> bool {
        let [band_stride, row_stride, column_stride] = layout.image_strides();
        images.all(|image| {
            bands.clone().all(|band| {
                rows.clone().all(|y| {
                    let row = layout.image_offset(image) + band * band_stride + y * row_stride;
                    columns.clone().all(|x| samples[row + x * column_stride].to_bits() == self.fill)
                })
            })
        })
    }
}
