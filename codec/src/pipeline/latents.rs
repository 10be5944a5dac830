//! Latents of a tile: its samples are normalised, filled in under the mask, and transformed by the model's encoder.

use super::runner::ModelRunner;
use super::source::SourceTile;
use crate::error::{Error, Result};
use crate::mask::inpaint;
use crate::quantise;
use crate::sample::Sample;
use crate::transform::{Linear, Scratch};

impl ModelRunner {
    /// Latents `(patch, scan position)`.
    pub(super) fn latents<T: Sample>(&self, tile: &SourceTile<T>, step: i16) -> Result<Vec<f32>> {
        let patch = self.patch();
        let (rows, columns) = (tile.height.div_ceil(patch), tile.columns(patch));
        let padded = self.padded(tile);
        if let Some(linear) = self.linear.as_ref().filter(|_| self.model.encodes_linearly) {
            let latents = linear_latents(linear, &padded, tile.bands, rows, columns);
            if latents.len() != padded.len() {
                return Err(Error::InvalidModel(
                    "the decoder's transform has no inverse, so that nothing can be written with it; get the package again"
                        .to_owned(),
                ));
            }
            return Ok(latents);
        }
        let bands = &self.model.manifest().bands;
        let mut samples = padded;
        for (band, plane) in samples.chunks_exact_mut(rows * columns * patch * patch).enumerate() {
            plane.iter_mut().for_each(|v| *v = *v * bands[band].scale + bands[band].offset);
        }
        let latents = match &self.network {
            Some(network) => network.encode(&self.model, samples, quantise::step(step), rows, columns)?,
            None => None,
        };
        latents.ok_or_else(|| Error::MissingModel("writing needs the model's encoder".to_owned()))
    }

    /// Normalised samples. They are filled in under the mask and continued beyond the tile's end to whole patches.
    fn padded<T: Sample>(&self, tile: &SourceTile<T>) -> Vec<f32> {
        let patch = self.patch();
        let (height, width) = (tile.height, tile.width);
        let (padded_height, padded_width) = (height.next_multiple_of(patch), width.next_multiple_of(patch));
        let mut out = vec![0.0; tile.bands * padded_height * padded_width];
        for band in 0..tile.bands {
            let normalisation = &self.model.manifest().bands[band];
            let (offset, scale) = (f64::from(normalisation.offset), 1.0 / f64::from(normalisation.scale));
            let from = &tile.samples[band * height * width..(band + 1) * height * width];
            let mut plane: Vec<f32> = from.iter().map(|v| ((v.to_f64() - offset) * scale) as f32).collect();
            if !tile.classes.is_empty() {
                let valid: Vec<bool> = tile.band_classes(band).iter().map(|c| *c == 0).collect();
                inpaint::fill(&mut plane, &valid, height, width);
            }
            let out =
                &mut out[band * padded_height * padded_width..(band + 1) * padded_height * padded_width];
            for y in 0..padded_height {
                let source = &plane[y.min(height - 1) * width..][..width];
                let row = &mut out[y * padded_width..(y + 1) * padded_width];
                row[..width].copy_from_slice(source);
                row[width..].fill(source[width - 1]);
            }
        }
        out
    }
}

/// Latents `(patch, scan position)` of normalised samples `(band, y, x)` of whole patches.
fn linear_latents(linear: &Linear, samples: &[f32], bands: usize, rows: usize, columns: usize) -> Vec<f32> {
    let patch = linear.patch;
    let (height, width) = (rows * patch, columns * patch);
    let mut scratch = Scratch::default();
    let mut latents = Vec::new();
    let mut out = Vec::with_capacity(samples.len());
    for row in 0..rows {
        for first in (0..columns).step_by(linear.batch()) {
            let slots = linear.batch().min(columns - first);
            linear.clear(&mut scratch);
            for band in 0..bands {
                for i in 0..patch {
                    let from = (band * height + row * patch + i) * width + first * patch;
                    for slot in 0..slots {
                        let lane = linear.lane(slot, band);
                        let source = &samples[from + slot * patch..from + (slot + 1) * patch];
                        for (x, value) in source.iter().enumerate() {
                            scratch.data[(i * patch + x) * linear.lanes() + lane] = *value;
                        }
                    }
                }
            }
            linear.encode(&mut scratch, slots, &mut latents);
            out.extend_from_slice(&latents);
        }
    }
    out
}
