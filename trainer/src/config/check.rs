//! Checks the values of settings.

use super::Config;
use crate::error::{Error, Result};

impl Config {
    /// Refuses values that no fit can use.
    pub(super) fn check(&self) -> Result<()> {
        let refuse = |what: String| Err(Error::Configuration(what));
        let patch = self.model.patch;
        if !matches!(patch, 8 | 16 | 32) {
            return refuse(format!("model.patch is {patch}, allowed are 8, 16 and 32"));
        }
        let unshuffle = self.conv.unshuffle;
        if unshuffle == 0 || !patch.is_multiple_of(unshuffle) {
            return refuse(format!("conv.unshuffle is {unshuffle}, it must divide model.patch, {patch}"));
        }
        if self.data.crops.is_empty() {
            return refuse("data.crops is empty, sides of 32 to 256 pixels are allowed".to_owned());
        }
        for crop in &self.data.crops {
            if !(32..=256).contains(crop) || !crop.is_multiple_of(patch) {
                return refuse(format!(
                    "data.crops holds {crop}, multiples of {patch} from 32 to 256 are allowed"
                ));
            }
        }
        for (name, value, least, most) in [
            ("data.batch", self.data.batch, 1, 4096),
            ("data.readers", self.data.readers, 1, 256),
            ("data.queue", self.data.queue, 1, 4096),
            ("conv.width", self.conv.width, 1, 4096),
            ("resnet.width", self.resnet.width, 1, 1024),
            ("resnet.latents", self.resnet.latents, 1, 4096),
            ("codebook.groups", self.codebook.groups, 1, 64),
            ("codebook.stages", self.codebook.stages, 1, 64),
            ("codebook.size", self.codebook.size, 2, 65_536),
            ("codebook.width", self.codebook.width, 1, 4096),
            ("checkpoint.keep", self.checkpoint.keep, 1, 1000),
        ] {
            if !(least..=most).contains(&value) {
                return refuse(format!("{name} is {value}, allowed are {least} to {most}"));
            }
        }
        for (name, value, least, most) in [
            ("data.validation", self.data.validation, 0.0, 0.9),
            ("data.min_valid", self.data.min_valid, 0.0, 1.0),
            ("augment.gain", self.augment.gain, 0.0, 0.9),
            ("augment.offset", self.augment.offset, 0.0, 10.0),
            ("augment.noise", self.augment.noise, 0.0, 10.0),
            ("augment.hidden", self.augment.hidden, 0.0, 0.9),
            ("optimiser.learning_rate", self.optimiser.learning_rate, 0.0, 1.0),
            ("optimiser.ema", self.optimiser.ema, 0.0, 0.999_999),
            ("optimiser.clip", self.optimiser.clip, 1e-6, 1e6),
            ("codebook.fitting.decay", self.codebook.fitting.decay, 0.0, 0.999_999),
        ] {
            if !(least..=most).contains(&value) {
                return refuse(format!("{name} is {value}, allowed are {least} to {most}"));
            }
        }
        if self.optimiser.steps == 0 {
            return refuse(
                "optimiser.steps is 0, which fits nothing; allowed are 1 and more, 10000 is usual".to_owned(),
            );
        }
        let [low, high] = self.optimiser.qualities;
        if !(0.0 < low && low <= high && high <= 200.0) {
            return refuse(format!(
                "optimiser.qualities is [{low}, {high}], rising ones from 0 to 200 dB are allowed"
            ));
        }
        if self.perceptual.weight != 0.0 && self.perceptual.weights.as_os_str().is_empty() {
            return refuse(
                "perceptual.weight is not 0 but perceptual.weights names no file; give a TorchScript file"
                    .to_owned(),
            );
        }
        Ok(())
    }
}
