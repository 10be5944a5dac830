//! A decoded block: its images as floats in data units, and which samples are valid.
//!
//! Nodata, NaN and infinities are recognised here, once, in the array's own precision. Everything after this multiplies by a
//! mask of zeros and ones.

use crate::data::block::Block;
use crate::data::error::{DataError, Result};
use crate::data::fill::fill;
use vqz_codec::axes::Layout;
use vqz_codec::config::NoData;
use vqz_codec::sample::DataType;

/// The images of one block.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Where it was read.
    pub block: Block,
    /// The array's row of its first row.
    pub top: u64,
    /// The array's column of its first column.
    pub left: u64,
    /// How many images: one for each step of time and of the other looped dimensions.
    pub images: usize,
    /// Bands of each.
    pub bands: usize,
    /// Rows of each.
    pub height: usize,
    /// Columns of each.
    pub width: usize,
    /// `(image, band, y, x)` in C order, data units; 0 where not valid.
    pub samples: Vec<f32>,
    /// 1 where valid, 0 elsewhere, in the order of the samples; `None` where all are valid.
    pub valid: Option<Vec<u8>>,
    /// Valid samples of each image.
    pub counts: Vec<u64>,
}

/// The values of one array that mean "no data".
#[derive(Clone, Debug, Default)]
pub(crate) struct Mask(Vec<f64>);

impl Mask {
    pub(crate) fn new(nodata: &[NoData], data_type: DataType) -> vqz_codec::Result<Self> {
        let mut values = Vec::new();
        for declared in nodata {
            let value = declared.to_f64(data_type)?;
            // A float32 array holds the nearest float32 of a declared value.
            let value =
                if data_type == DataType::Float32 { value.map(|v| f64::from(v as f32)) } else { value };
            values.extend(value.filter(|v| v.is_finite()));
        }
        Ok(Self(values))
    }

    #[inline]
    fn is_valid(&self, value: f64) -> bool {
        // A float64 beyond the range of float32 would become infinite.
        (value as f32).is_finite() && !self.0.contains(&value)
    }
}

impl Piece {
    /// Samples of a region, in native byte order and the array's layout. `picks` are the bands to take of the region's,
    /// `origin` the array's row and column of its first pixel.
    ///
    /// # Errors
    /// [`DataError::Invalid`] when the bytes do not fill the layout.
    pub(crate) fn decode(
        block: Block,
        origin: (u64, u64),
        layout: &Layout,
        picks: &[usize],
        data_type: DataType,
        bytes: &[u8],
        mask: &Mask,
    ) -> Result<Self> {
        if layout.samples.checked_mul(data_type.size()) != Some(bytes.len()) {
            return Err(DataError::Invalid(format!(
                "{} bytes were read, {} samples of {} are needed",
                bytes.len(),
                layout.samples,
                data_type.name()
            )));
        }
        let (images, bands) = (layout.images(), picks.len());
        let (height, width) = (layout.height(), layout.width());
        let mut piece = Self {
            block,
            top: origin.0,
            left: origin.1,
            images,
            bands,
            height,
            width,
            samples: Vec::with_capacity(images * bands * height * width),
            valid: None,
            counts: Vec::new(),
        };
        match data_type {
            DataType::UInt8 => piece.gather::<1>(layout, picks, bytes, mask, |[v]| f64::from(v)),
            DataType::Int16 => piece.gather(layout, picks, bytes, mask, |b| f64::from(i16::from_ne_bytes(b))),
            DataType::UInt16 => {
                piece.gather(layout, picks, bytes, mask, |b| f64::from(u16::from_ne_bytes(b)))
            }
            DataType::Int32 => piece.gather(layout, picks, bytes, mask, |b| f64::from(i32::from_ne_bytes(b))),
            DataType::Float32 => {
                piece.gather(layout, picks, bytes, mask, |b| f64::from(f32::from_ne_bytes(b)))
            }
            DataType::Float64 => piece.gather(layout, picks, bytes, mask, f64::from_ne_bytes),
        }
        Ok(piece)
    }

    fn gather<const N: usize>(
        &mut self,
        layout: &Layout,
        picks: &[usize],
        bytes: &[u8],
        mask: &Mask,
        value: impl Fn([u8; N]) -> f64,
    ) {
        let stored = bytes.as_chunks::<N>().0;
        let all = self.samples.capacity();
        let [band_stride, row_stride, column_stride] = layout.image_strides();
        for image in 0..self.images {
            let mut invalid = 0;
            for (pick, y) in picks.iter().flat_map(|pick| (0..self.height).map(move |y| (pick, y))) {
                let start = layout.image_offset(image) + pick * band_stride + y * row_stride;
                let row = || (0..self.width).map(|x| value(stored[start + x * column_stride]));
                let before = self.samples.len();
                let mut clear = true;
                self.samples.extend(row().map(|v| {
                    clear &= mask.is_valid(v);
                    v as f32
                }));
                if clear && self.valid.is_none() {
                    continue;
                }
                let valid = self.valid.get_or_insert_with(|| {
                    let mut valid = Vec::with_capacity(all);
                    valid.resize(before, 1);
                    valid
                });
                for (v, sample) in row().zip(&mut self.samples[before..]) {
                    let is_valid = mask.is_valid(v);
                    valid.push(u8::from(is_valid));
                    if !is_valid {
                        *sample = 0.0;
                        invalid += 1;
                    }
                }
            }
            self.counts.push((self.bands * self.height * self.width - invalid) as u64);
        }
    }

    /// Samples of one image.
    #[must_use]
    pub fn image_len(&self) -> usize {
        self.bands * self.height * self.width
    }

    /// Valid samples of all images.
    #[must_use]
    pub fn valid_samples(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Puts a smooth continuation under the mask of every image, as the codec's encoder does.
    pub fn fill(&mut self) {
        let Some(valid) = &self.valid else {
            return;
        };
        let size = (self.height * self.width).max(1);
        for (band, valid) in self.samples.chunks_exact_mut(size).zip(valid.chunks_exact(size)) {
            fill(band, valid, self.height, self.width);
        }
    }
}
