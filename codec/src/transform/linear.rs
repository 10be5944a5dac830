//! The weights of the linear map, and its two directions on one batch of patches.
//!
//! A batch consists of neighbouring patches that together fill sixteen lanes: one patch of 12 bands, four of 4 bands, or sixteen
//! of one band.

use crate::sample::Sample;
use crate::transform::dct::{self, LANES};
use pulp::{Arch, Simd, WithSimd};
use std::marker::PhantomData;

/// The largest side of a patch.
const MAX_PATCH: usize = 32;

/// The linear map as a model states it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LinearWeights {
    pub(crate) patch: usize,
    pub(crate) bands: usize,
    /// `[frequency][component][band]`: how much one unit of a latent adds to the coefficient of each band.
    pub(crate) mix: Vec<f32>,
    /// `[frequency][component][band]`: how much one unit of each band's coefficient adds to a latent.
    pub(crate) unmix: Option<Vec<f32>>,
    /// How much the magnitude of a code is reduced on reconstruction, in steps.
    pub(crate) shrink: f32,
}

/// The linear map laid out for lanes, with planes in scan order.
#[derive(Debug)]
pub(crate) struct Linear {
    pub(crate) patch: usize,
    pub(crate) bands: usize,
    shrink: f32,
    /// The number of lanes of one patch.
    lanes_each: usize,
    lanes: usize,
    /// For each scan position: the offset of its frequency in a batch, of its row in `mix`, and the column.
    scan_offsets: Vec<(u32, u32, u32)>,
    /// `[frequency][component][lane]`
    mix: Vec<f32>,
    /// `[frequency][band][lane]`, the lanes being components.
    unmix: Option<Vec<f32>>,
    /// For each frequency and component, its scan position.
    scan: Vec<u32>,
    arch: Arch,
}

/// Buffers of one worker.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// `(row, column, lane)` pixels or `(frequency, lane)` coefficients of one batch.
    pub(crate) data: Vec<f32>,
}

impl Linear {
    /// `order` gives, for each scan position, the plane `frequency × bands + component`.
    pub(crate) fn new(weights: &LinearWeights, order: &[u32]) -> Self {
        let (patch, bands) = (weights.patch, weights.bands);
        let lanes_each = if bands <= 2 { bands } else { bands.next_multiple_of(4) };
        let lanes = if lanes_each <= LANES { LANES } else { lanes_each.next_multiple_of(LANES) };
        let lanes_each = if lanes_each <= LANES { lanes_each } else { lanes };
        let frequencies = patch * patch;
        let padded = |rows: &dyn Fn(usize, usize, usize) -> f32| {
            let mut out = vec![0.0; frequencies * bands * lanes_each];
            for f in 0..frequencies {
                for row in 0..bands {
                    for lane in 0..bands {
                        out[(f * bands + row) * lanes_each + lane] = rows(f, row, lane);
                    }
                }
            }
            out
        };
        let mix = padded(&|f, component, band| weights.mix[(f * bands + component) * bands + band]);
        let unmix = weights
            .unmix
            .as_ref()
            .map(|unmix| padded(&|f, band, component| unmix[(f * bands + component) * bands + band]));
        let mut scan = vec![0; order.len()];
        let scan_offsets = order
            .iter()
            .enumerate()
            .map(|(position, plane)| {
                scan[*plane as usize] = position as u32;
                let frequency = *plane as usize / bands;
                (
                    (frequency * lanes) as u32,
                    (*plane as usize * lanes_each) as u32,
                    (frequency % patch) as u32,
                )
            })
            .collect();
        Self {
            patch,
            bands,
            shrink: weights.shrink,
            lanes_each,
            lanes,
            scan_offsets,
            mix,
            unmix,
            scan,
            arch: Arch::new(),
        }
    }

    /// The number of neighbouring patches in a batch.
    pub(crate) fn batch(&self) -> usize {
        LANES / self.lanes_each.min(LANES)
    }

    /// The index, in a batch's pixels, of a band of a patch at the batch's first pixel; pixels lie `lanes` apart.
    pub(crate) fn lane(&self, patch: usize, band: usize) -> usize {
        patch * self.lanes_each + band
    }

    /// The distance between pixels of a batch.
    pub(crate) fn lanes(&self) -> usize {
        self.lanes
    }

    /// Resets the buffers to a batch of zeros.
    pub(crate) fn clear(&self, scratch: &mut Scratch) {
        scratch.data.clear();
        scratch.data.resize(self.patch * self.patch * self.lanes, 0.0);
    }

    /// The pixels of a batch of patches from the scan positions and codes that are not zero.
    pub(crate) fn decode<'c>(
        &self,
        scratch: &mut Scratch,
        step: f32,
        patches: impl Iterator<Item = (&'c [u32], &'c [i32])>,
    ) {
        self.clear(scratch);
        let mut columns = 0;
        for (slot, (positions, codes)) in patches.enumerate() {
            for (position, code) in positions.iter().zip(codes) {
                let (frequency, row, column) = self.scan_offsets[*position as usize];
                columns = columns.max(column as usize + 1);
                let shrink = self.shrink * code.signum() as f32;
                let value = (*code as f32 - shrink) * step;
                let row = &self.mix[row as usize..row as usize + self.lanes_each];
                let at = frequency as usize + slot * self.lanes_each;
                for (out, weight) in scratch.data[at..at + self.lanes_each].iter_mut().zip(row) {
                    *out += value * weight;
                }
            }
        }
        let data = scratch.data.as_mut_slice();
        let (patch, lanes) = (self.patch, self.lanes);
        self.arch.dispatch(Inverse { data, patch, lanes, columns });
    }

    /// Latents, in scan order, of each patch of the batch whose pixels are in `scratch`: `(patch, plane)`.
    /// Empty when the model has no encoder.
    pub(crate) fn encode(&self, scratch: &mut Scratch, patches: usize, latents: &mut Vec<f32>) {
        let planes = self.scan.len();
        latents.clear();
        let Some(unmix) = &self.unmix else { return };
        latents.resize(patches * planes, 0.0);
        self.arch.dispatch(Forward { linear: self, data: &mut scratch.data, unmix, patches, latents });
    }

    /// Hands each row of each band of a decoded patch to `write`, in data units: band, row, values, samples.
    pub(crate) fn rows<T: Sample>(
        &self,
        scratch: &Scratch,
        slot: usize,
        height: usize,
        normalisation: &[(f32, f32)],
        mut write: impl FnMut(usize, usize, &[f32], &mut [T]),
    ) {
        self.arch.dispatch(Rows {
            linear: self,
            data: &scratch.data,
            slot,
            height,
            normalisation,
            write: &mut write,
            sample: PhantomData,
        });
    }
}

// Closures are not inlined into functions with other target features, so what is vectorised has types of its own.

struct Inverse<'a> {
    data: &'a mut [f32],
    patch: usize,
    lanes: usize,
    columns: usize,
}

impl WithSimd for Inverse<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        dct::inverse(self.data, self.patch, self.lanes, self.columns);
    }
}

struct Forward<'a> {
    linear: &'a Linear,
    data: &'a mut [f32],
    unmix: &'a [f32],
    patches: usize,
    latents: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { linear, data, unmix, patches, latents } = self;
        dct::forward(data, linear.patch, linear.lanes);
        let planes = linear.scan.len();
        let mut sum = vec![0.0f32; linear.lanes_each];
        for frequency in 0..linear.patch * linear.patch {
            for slot in 0..patches {
                let at = frequency * linear.lanes + slot * linear.lanes_each;
                sum.fill(0.0);
                for (band, value) in data[at..at + linear.bands].iter().enumerate() {
                    let row = (frequency * linear.bands + band) * linear.lanes_each;
                    for (s, w) in sum.iter_mut().zip(&unmix[row..row + linear.lanes_each]) {
                        *s += value * w;
                    }
                }
                let scan = &linear.scan[frequency * linear.bands..(frequency + 1) * linear.bands];
                for (s, position) in sum.iter().zip(scan) {
                    latents[slot * planes + *position as usize] = *s;
                }
            }
        }
    }
}

struct Rows<'a, T, F> {
    linear: &'a Linear,
    data: &'a [f32],
    slot: usize,
    height: usize,
    normalisation: &'a [(f32, f32)],
    write: &'a mut F,
    sample: PhantomData<T>,
}

impl<T: Sample, F: FnMut(usize, usize, &[f32], &mut [T])> WithSimd for Rows<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (patch, lanes) = (self.linear.patch, self.linear.lanes);
        let mut values = [0.0f32; MAX_PATCH];
        let mut samples = [T::zeroed(); MAX_PATCH];
        for y in 0..self.height {
            let row = &self.data[y * patch * lanes..(y + 1) * patch * lanes];
            for (band, (scale, offset)) in self.normalisation.iter().enumerate() {
                let lane = self.linear.lane(self.slot, band);
                for (value, pixel) in values.iter_mut().zip(row.chunks_exact(lanes)) {
                    *value = pixel[lane];
                }
                for (sample, value) in samples[..patch].iter_mut().zip(&mut values[..patch]) {
                    *value = *value * scale + offset;
                    *sample = T::from_decoded(*value);
                }
                (self.write)(band, y, &values[..patch], &mut samples[..patch]);
            }
        }
    }
}
