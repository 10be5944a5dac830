//! Changes to the crops of a batch: gains and offsets of all samples, hidden patches and noise of the input alone.
//!
//! Flips and transposes are done while a crop is copied, at no extra cost.

use crate::data::batch::Batch;
use crate::data::error::{DataError, Result};
use crate::data::random::{Purpose, Random};

/// What is known about a band.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BandScale {
    /// Its standard deviation, in data units.
    pub deviation: f32,
    /// Whether it is a quantity; classes and flags are not, and keep their values.
    pub continuous: bool,
}

/// Parts of the input to hide, for masked-input training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hiding {
    /// The fraction of an image's patches to hide, 0 to 1; rounded to whole patches.
    pub fraction: f64,
    /// The side of a patch, in pixels; crop sizes are its multiples.
    pub patch: usize,
}

/// How crops are varied. By default: all eight symmetries, and nothing else.
#[derive(Clone, Debug, PartialEq)]
pub struct Augmentation {
    /// Whether each crop is flipped and transposed at random.
    pub symmetries: bool,
    /// Each image is multiplied by a number from `1 - gain` to `1 + gain`.
    pub gain: f32,
    /// Each image is moved by a number from `-offset` to `offset`, times each band's standard deviation.
    pub offset: f32,
    /// The standard deviation of noise on the input, in standard deviations of each band.
    pub noise: f32,
    /// The part of the input to hide.
    pub hiding: Option<Hiding>,
    /// The bands; needed for gain, offset and noise. Only continuous ones are changed.
    pub bands: Vec<BandScale>,
}

impl Default for Augmentation {
    fn default() -> Self {
        Self { symmetries: true, gain: 0.0, offset: 0.0, noise: 0.0, hiding: None, bands: Vec::new() }
    }
}

impl Augmentation {
    /// No change at all.
    #[must_use]
    pub fn none() -> Self {
        Self { symmetries: false, ..Self::default() }
    }

    /// Refuses options that do not fit.
    pub(crate) fn check(&self, bands: usize, sizes: &[usize]) -> Result<()> {
        let fail = |text: String| Err(DataError::Invalid(text));
        if !(0.0..1.0).contains(&self.gain) {
            return fail(format!("the gain is {}, allowed are 0 up to but not 1, such as 0.1", self.gain));
        }
        for (name, value) in [("offset", self.offset), ("noise", self.noise)] {
            if !(value.is_finite() && value >= 0.0) {
                return fail(format!(
                    "the {name} is {value}, allowed are 0 and above, in standard deviations"
                ));
            }
        }
        let scaled = self.gain > 0.0 || self.offset > 0.0 || self.noise > 0.0;
        if scaled && self.bands.len() != bands {
            return fail(format!(
                "gain, offset and noise need the scale of each band: {} are given, the data have {bands} bands",
                self.bands.len()
            ));
        }
        if let Some(band) = self.bands.iter().find(|b| !(b.deviation.is_finite() && b.deviation >= 0.0)) {
            return fail(format!("a band's standard deviation is {}, it must be 0 or above", band.deviation));
        }
        if let Some(Hiding { fraction, patch }) = self.hiding {
            if !(0.0..=1.0).contains(&fraction) {
                return fail(format!("the hidden fraction is {fraction}, allowed are 0 to 1"));
            }
            if let Some(size) = sizes.iter().find(|size| patch == 0 || **size % patch != 0) {
                return fail(format!("hidden patches of {patch} do not fill crops of {size}; use a divisor"));
            }
        }
        Ok(())
    }

    /// Changes a batch. `place` is its position in the sequence: the same position gives the same changes.
    pub(crate) fn apply(&self, batch: &mut Batch, seed: u64, place: &[u64]) {
        let plane = batch.height * batch.width;
        if self.gain > 0.0 || self.offset > 0.0 {
            let mut random = Random::new(seed, Purpose::Radiometry, place);
            for image in batch.samples.chunks_exact_mut(plane * batch.bands) {
                let gain = 1.0 + self.gain * random.signed() as f32;
                let offset = self.offset * random.signed() as f32;
                for (samples, band) in image.chunks_exact_mut(plane).zip(&self.bands) {
                    if band.continuous {
                        let offset = offset * band.deviation;
                        samples.iter_mut().for_each(|v| *v = *v * gain + offset);
                    }
                }
            }
        }
        batch.input = (self.noise > 0.0).then(|| self.noisy(batch, seed, place));
        batch.hidden = self.hiding.map(|hiding| hide(batch, hiding, seed, place));
    }

    fn noisy(&self, batch: &mut Batch, seed: u64, place: &[u64]) -> Vec<f32> {
        let mut input = batch.input.take().unwrap_or_default();
        input.clear();
        input.extend_from_slice(&batch.samples);
        let mut random = Random::new(seed, Purpose::Noise, place);
        let bands = self.bands.iter().cycle();
        for (samples, band) in input.chunks_exact_mut(batch.height * batch.width).zip(bands) {
            let deviation = self.noise * band.deviation;
            if band.continuous && deviation > 0.0 {
                samples.iter_mut().for_each(|v| *v += deviation * random.normal());
            }
        }
        input
    }
}

/// Which pixels are hidden: whole patches, the same number in each image.
fn hide(batch: &mut Batch, hiding: Hiding, seed: u64, place: &[u64]) -> Vec<u8> {
    let Hiding { fraction, patch } = hiding;
    let (rows, columns) = (batch.height / patch, batch.width / patch);
    let count = (fraction * (rows * columns) as f64).round() as usize;
    let mut hidden = batch.hidden.take().unwrap_or_default();
    hidden.clear();
    hidden.resize(batch.images * batch.height * batch.width, 0);
    let mut random = Random::new(seed, Purpose::Hiding, place);
    let mut patches: Vec<usize> = (0..rows * columns).collect();
    for image in hidden.chunks_exact_mut(batch.height * batch.width) {
        random.shuffle(&mut patches);
        for at in patches.iter().take(count) {
            let (row, column) = (at / columns * patch, at % columns * patch);
            for y in row..row + patch {
                image[y * batch.width + column..][..patch].fill(1);
            }
        }
    }
    hidden
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::batch::SamplerState;

    fn batch(images: usize, bands: usize, size: usize) -> Batch {
        let samples = (0..images * bands * size * size).map(|i| (i % 97) as f32).collect();
        Batch { images, bands, height: size, width: size, samples, ..Batch::empty(SamplerState::default()) }
    }

    fn scales() -> Vec<BandScale> {
        vec![BandScale { deviation: 10.0, continuous: true }, BandScale { deviation: 3.0, continuous: false }]
    }

    #[test]
    fn gains_and_offsets_stay_within_bounds_and_spare_classes() {
        let augmentation = Augmentation { gain: 0.2, offset: 0.5, bands: scales(), ..Augmentation::none() };
        let before = batch(20, 2, 4);
        let mut after = before.clone();
        augmentation.apply(&mut after, 1, &[2]);
        let mut gains = Vec::new();
        for image in 0..20 {
            let (old, new) = (&before.samples[image * 32..][..32], &after.samples[image * 32..][..32]);
            assert_eq!(old[16..], new[16..]);
            let gain = (new[1] - new[0]) / (old[1] - old[0]);
            let offset = new[0] - gain * old[0];
            assert!((0.8 - 1e-4..=1.2 + 1e-4).contains(&gain), "{gain}");
            assert!(offset.abs() <= 5.001, "{offset}");
            gains.push(gain);
        }
        gains.dedup();
        assert!(gains.len() > 15);
        assert!(after.input.is_none() && after.hidden.is_none());
        let mut again = before.clone();
        augmentation.apply(&mut again, 1, &[2]);
        assert_eq!(again.samples, after.samples);
        augmentation.apply(&mut again, 1, &[3]);
        assert_ne!(again.samples, after.samples);
    }

    #[test]
    fn noise_and_hiding_leave_the_target_alone() {
        let hiding = Some(Hiding { fraction: 0.5, patch: 4 });
        let augmentation = Augmentation { noise: 0.1, hiding, bands: scales(), ..Augmentation::none() };
        let before = batch(3, 2, 16);
        let mut after = before.clone();
        augmentation.apply(&mut after, 1, &[]);
        assert_eq!(before.samples, after.samples);
        let input = after.input.unwrap();
        let error = |from: usize| -> f32 {
            let (a, b) = (&input[from..from + 256], &before.samples[from..from + 256]);
            a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>() / 256.0
        };
        assert!((error(0).sqrt() - 1.0).abs() < 0.2, "{}", error(0));
        assert_eq!(error(256), 0.0);
        let hidden = after.hidden.unwrap();
        assert_eq!(hidden.len(), 3 * 256);
        for image in hidden.chunks(256) {
            assert_eq!(image.iter().map(|v| u32::from(*v)).sum::<u32>(), 128);
            for y in 0..16 {
                for x in 0..16 {
                    assert_eq!(image[y * 16 + x], image[y / 4 * 64 + x / 4 * 4], "patches are hidden whole");
                }
            }
        }
        assert_ne!(hidden[..256], hidden[256..512]);
    }

    #[test]
    fn wrong_options_are_refused() {
        let message = |a: Augmentation| a.check(2, &[32]).unwrap_err().to_string();
        assert_eq!(
            message(Augmentation { gain: 1.5, ..Augmentation::default() }),
            "the gain is 1.5, allowed are 0 up to but not 1, such as 0.1"
        );
        assert_eq!(
            message(Augmentation { gain: 0.1, ..Augmentation::default() }),
            "gain, offset and noise need the scale of each band: 0 are given, the data have 2 bands"
        );
        let hiding = Some(Hiding { fraction: 0.5, patch: 12 });
        assert_eq!(
            message(Augmentation { hiding, ..Augmentation::default() }),
            "hidden patches of 12 do not fill crops of 32; use a divisor"
        );
    }
}
