//! The configuration of a fit, as TOML. `vqz-train init` writes it with every default; what is left out is default.

mod check;
mod names;
mod words;

pub use names::Names;

use crate::error::{Error, Result};
use crate::loss::Weighting;
use crate::quantise::codebook::Learning;
use crate::quantise::fsq::Fitting;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

macro_rules! section {
    ($(#[$meta:meta])* $name:ident { $($(#[doc = $doc:literal])* $field:ident: $type:ty = $default:expr,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $($(#[doc = $doc])* pub $field: $type,)*
        }

        impl $name {
            /// What each key means: what [`Config::explained`] writes above it.
            const KEYS: &'static [(&'static str, &'static str)] = &[$((stringify!($field), concat!($($doc),*)),)*];
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }
    };
}

/// What the network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// The linear path with convolutional corrections.
    Conv,
    /// Residual blocks and self-attention.
    Resnet,
}

/// How latents become codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QuantiserKind {
    /// Scalar codes.
    Fsq,
    /// One codebook.
    Vq,
    /// Stages of codebooks.
    Rvq,
}

/// Where batches come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// All crops of a batch from one chunk.
    Chunk,
    /// Crops of a batch from different chunks.
    Random,
}

/// Where to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceChoice {
    /// CUDA where there is one.
    Auto,
    /// The processor.
    Cpu,
    /// The first GPU, or an error.
    Cuda,
}

/// What a group of bands holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeadKind {
    /// Measured quantities.
    Continuous,
    /// Classes.
    Categorical,
    /// Bounded and often empty.
    Canopy,
}

section! {
    /// The model that comes out.
    ModelSection {
        /// Its name; by default that of the output file.
        name: String = String::new(),
        /// conv or resnet.
        architecture: Architecture = Architecture::Conv,
        /// fsq, vq or rvq.
        quantiser: QuantiserKind = QuantiserKind::Fsq,
        /// Pixels along the side of a patch: 8, 16 or 32.
        patch: usize = 16,
        /// The value against which PSNR is stated; 0 takes 255 for 8 bits, 10000 for what looks like reflectances, and else the
        /// range of the samples.
        peak: f64 = 0.0,
        /// Scale each band by its own spread, for bands in different units.
        scale_each_band: bool = false,
        /// Its licence, which the data may decide.
        licence: String = "not stated".to_owned(),
        /// What the data are and whom to credit.
        attribution: String = String::new(),
    }
}

section! {
    /// The size of `conv`.
    ConvSection {
        /// Side of a block of the branch's grid, in pixels; divides the patch.
        unshuffle: usize = 8,
        /// Channels of the branch's inner layers.
        width: usize = 64,
        /// Residual blocks of the decoder's branch.
        blocks: usize = 2,
        /// Residual blocks of a branch before the encoder; 0 leaves the encoder linear and fixed.
        encoder_blocks: usize = 0,
    }
}

section! {
    /// The size of `resnet`.
    ResnetSection {
        /// Channels at full resolution, doubled with each halving.
        width: usize = 32,
        /// The most channels.
        widest: usize = 256,
        /// Residual blocks at each resolution.
        blocks: usize = 1,
        /// Self-attention at the coarsest resolution.
        attention: bool = true,
        /// Planes of latents, for fsq.
        latents: usize = 64,
    }
}

section! {
    /// Scalar codes.
    FsqSection {
        /// straight-through or noise, where the encoder is fitted.
        fitting: Fitting = Fitting::StraightThrough,
        /// Fit each plane's share of the step.
        fitted_steps: bool = false,
        /// Weight of the rate, where the encoder is fitted; 1 is the exchange rate of the step.
        rate: f64 = 1.0,
    }
}

section! {
    /// How codebooks are fitted.
    CodebookOptions {
        /// ema (moving averages of the vectors that chose an entry) or gradient (the distance, through the optimiser).
        learning: Learning = Learning::Ema,
        /// What part of a moving average stays at each step.
        decay: f64 = 0.99,
        /// An entry that nothing chose while the others of its stage were chosen this often on average is put elsewhere; 0
        /// never does.
        restart_after: u64 = 20,
        /// Gradients pass turned as the vector is turned (arXiv 2410.06424), not unchanged.
        rotation_trick: bool = false,
        /// Vectors that k-means looks at.
        initial_vectors: usize = 32_768,
        /// Weight of the pull of latents towards their entries, where the encoder is fitted.
        commitment: f64 = 0.1,
    }
}

section! {
    /// Codebooks of vq and rvq.
    CodebookSection {
        /// Groups of latents with codebooks of their own.
        groups: usize = 4,
        /// Stages of rvq.
        stages: usize = 8,
        /// Entries of each.
        size: usize = 256,
        /// Latents of a group.
        width: usize = 16,
        /// How they are fitted.
        fitting: CodebookOptions = CodebookOptions::default(),
    }
}

section! {
    /// The VQGAN terms.
    AdversarialSection {
        /// Weight of the adversarial loss; 0 is off.
        weight: f64 = 0.0,
        /// The step from which on it counts.
        start: u64 = 2000,
        /// The most that balancing may multiply it by.
        cap: f64 = 1.0,
        /// Channels of the discriminator's first layer.
        width: usize = 32,
        /// The discriminator's learning rate.
        learning_rate: f64 = 2e-4,
    }
}

section! {
    /// The perceptual loss.
    PerceptualSection {
        /// Its weight; 0 is off.
        weight: f64 = 0.0,
        /// A TorchScript file of a network that takes `bands` and gives features.
        weights: PathBuf = PathBuf::new(),
        /// The bands that it is given, by number.
        bands: Vec<usize> = vec![0, 1, 2],
    }
}

section! {
    /// Reading.
    DataSection {
        /// Bands by name or by number from 0, and ranges such as "0-3"; empty takes all.
        bands: Names = Names::default(),
        /// Roles of the dimensions in order, such as ["time", "band", "y", "x"], where their names do not tell.
        axes: Names = Names::default(),
        /// Values that mean "no data", beyond those that metadata declare.
        nodata: Vec<f64> = Vec::new(),
        /// chunk (a batch from one chunk) or random (across chunks).
        mode: Mode = Mode::Chunk,
        /// Crops of a batch.
        batch: usize = 8,
        /// Sides of crops in pixels, 32 to 256; each batch takes one.
        crops: Vec<usize> = vec![64, 128],
        /// The least valid part of a crop.
        min_valid: f64 = 0.1,
        /// Part of the chunks kept for validation.
        validation: f64 = 0.1,
        /// Threads that read.
        readers: usize = 1,
        /// Batches that wait, at most.
        queue: usize = 4,
        /// The most samples for the linear path's statistics.
        max_samples: u64 = 64_000_000,
    }
}

section! {
    /// Changes of crops.
    AugmentSection {
        /// Flips and transposes.
        symmetries: bool = true,
        /// Gains from 1 - g to 1 + g.
        gain: f64 = 0.1,
        /// Offsets up to this many standard deviations.
        offset: f64 = 0.1,
        /// Noise on the input, in standard deviations: denoising.
        noise: f64 = 0.0,
        /// Part of the input's patches that is hidden: masked-input training.
        hidden: f64 = 0.0,
    }
}

section! {
    /// Descent.
    OptimiserSection {
        /// Steps; the learning rate follows them, so that they are fixed once a fit is begun.
        steps: u64 = 10_000,
        /// The greatest learning rate.
        learning_rate: f64 = 2e-3,
        /// Steps until it is reached.
        warmup: u64 = 200,
        /// What part of it is left at the end of the cosine.
        final_rate: f64 = 0.02,
        /// Weight decay.
        weight_decay: f64 = 0.0,
        /// The greatest norm of a gradient.
        clip: f64 = 1.0,
        /// What part of averaged weights stays at each step; 0 takes the last weights.
        ema: f64 = 0.998,
        /// Half precision for resnet on a GPU; conv needs the precision.
        mixed_precision: bool = false,
        /// Qualities between which steps are drawn, in dB on data like these.
        qualities: [f64; 2] = [36.0, 54.0],
    }
}

section! {
    /// Checkpoints.
    CheckpointSection {
        /// Steps between them.
        every_steps: u64 = 1000,
        /// Minutes between them.
        every_minutes: f64 = 10.0,
        /// How many are kept.
        keep: usize = 2,
    }
}

section! {
    /// Validation.
    ValidationSection {
        /// Steps between them; 0 validates at the end only.
        every_steps: u64 = 1000,
        /// The most samples that are coded.
        samples: u64 = 2_000_000,
        /// Qualities that are coded.
        qualities: Vec<f64> = vec![39.0, 42.0, 46.0, 50.0],
        /// Bands that pictures show as red, green and blue, by number; empty takes those that names tell, or the first three.
        rgb: Vec<usize> = Vec::new(),
        /// How many pictures.
        pictures: usize = 2,
    }
}

section! {
    /// The run.
    RunSection {
        /// auto, cpu or cuda.
        device: DeviceChoice = DeviceChoice::Auto,
        /// Threads that compute; 0 takes half of the processors. On two cores or a busy machine 1 is fastest.
        threads: usize = 0,
        /// Everything random follows from it.
        seed: u64 = 0,
    }
}

/// A group of bands with a loss of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadSection {
    /// Bands by name or number; `*` is all that no other group names.
    pub bands: Names,
    /// continuous, categorical or canopy.
    pub kind: HeadKind,
    /// What the group's losses are multiplied by.
    #[serde(default = "one")]
    pub weight: f64,
    /// The data values of a categorical band's classes; by default those that the training data hold.
    #[serde(default)]
    pub classes: Vec<f32>,
    /// The value of empty samples of a canopy-like band.
    #[serde(default)]
    pub empty: f32,
    /// Its least other value and its greatest; by default those of the training data.
    #[serde(default)]
    pub bounds: Option<[f32; 2]>,
    /// The weights of the losses.
    #[serde(default)]
    pub loss: Weighting,
}

fn one() -> f64 {
    1.0
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The model.
    pub model: ModelSection,
    /// `conv`.
    pub conv: ConvSection,
    /// `resnet`.
    pub resnet: ResnetSection,
    /// Scalar codes.
    pub fsq: FsqSection,
    /// Codebooks.
    pub codebook: CodebookSection,
    /// Groups of bands; none is one continuous group of all.
    pub heads: Vec<HeadSection>,
    /// Adversarial terms.
    pub adversarial: AdversarialSection,
    /// Perceptual loss.
    pub perceptual: PerceptualSection,
    /// Reading.
    pub data: DataSection,
    /// Augmentation.
    pub augment: AugmentSection,
    /// Descent.
    pub optimiser: OptimiserSection,
    /// Checkpoints.
    pub checkpoint: CheckpointSection,
    /// Validation.
    pub validation: ValidationSection,
    /// The run.
    pub run: RunSection,
}

impl Config {
    /// Reads a file, or takes the defaults, and lays `KEY=VALUE` settings over it.
    ///
    /// # Errors
    /// [`Error::Configuration`] for a key that does not exist or a value out of range; [`Error::Io`].
    pub fn load(file: Option<&Path>, settings: &[String]) -> Result<Self> {
        let text = match file {
            Some(path) => std::fs::read_to_string(path).map_err(|e| Error::io(path, e))?,
            None => String::new(),
        };
        let place = file.map_or_else(|| "the settings".to_owned(), |path| path.display().to_string());
        let refuse = |e: &toml::de::Error| Error::Configuration(format!("{place}: {}", words::plain(e)));
        let mut table: toml::Table = text.parse().map_err(|e| refuse(&e))?;
        for setting in settings {
            set(&mut table, setting)?;
        }
        let config: Self = table.try_into().map_err(|e: toml::de::Error| refuse(&e))?;
        config.check()?;
        Ok(config)
    }

    /// As TOML, every default written out.
    ///
    /// # Errors
    /// [`Error::Configuration`] for what TOML can't hold.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string_pretty(self).map_err(|e| Error::Configuration(e.to_string()))
    }

    /// As TOML, every default written out and every key explained.
    ///
    /// # Errors
    /// [`Error::Configuration`] for what TOML can't hold.
    pub fn explained(&self) -> Result<String> {
        let sections = [
            ("model", ModelSection::KEYS),
            ("conv", ConvSection::KEYS),
            ("resnet", ResnetSection::KEYS),
            ("fsq", FsqSection::KEYS),
            ("codebook", CodebookSection::KEYS),
            ("codebook.fitting", CodebookOptions::KEYS),
            ("adversarial", AdversarialSection::KEYS),
            ("perceptual", PerceptualSection::KEYS),
            ("data", DataSection::KEYS),
            ("augment", AugmentSection::KEYS),
            ("optimiser", OptimiserSection::KEYS),
            ("checkpoint", CheckpointSection::KEYS),
            ("validation", ValidationSection::KEYS),
            ("run", RunSection::KEYS),
        ];
        let mut keys: &[(&str, &str)] = &[];
        let mut out = "# Groups of bands with a kind and losses of their own; none is one continuous group of all.\n\
             # Written as [[heads]], with bands, kind, weight, loss, and classes or bounds where the kind wants them.\n"
            .to_owned();
        for line in self.to_toml()?.lines() {
            if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
                keys = sections.iter().find(|(section, _)| *section == name).map_or(&[], |(_, keys)| keys);
            }
            let key = line.split_once(" = ").map(|(key, _)| key);
            if let Some((_, meaning)) = keys.iter().find(|(name, _)| key == Some(*name)) {
                out += &format!("#{meaning}\n");
            }
            out += line;
            out.push('\n');
        }
        Ok(out)
    }
}

/// Lays `a.b=VALUE` over a table; what is no TOML value is a string.
fn set(table: &mut toml::Table, setting: &str) -> Result<()> {
    let refuse = |why: &str| {
        Error::Configuration(format!(
            "--set {setting}: {why}; KEY=VALUE such as optimiser.steps=2000 is allowed"
        ))
    };
    let (path, value) = setting.split_once('=').ok_or_else(|| refuse("there is no ="))?;
    let parsed: Result<toml::Table, _> = format!("value = {value}").parse();
    let value = match parsed {
        Ok(mut parsed) => parsed.remove("value").unwrap_or_else(|| toml::Value::String(value.to_owned())),
        Err(_) => toml::Value::String(value.to_owned()),
    };
    let mut keys: Vec<&str> = path.trim().split('.').collect();
    let last = keys.pop().filter(|key| !key.is_empty()).ok_or_else(|| refuse("the key is empty"))?;
    let mut at = table;
    for key in keys {
        let entry = at.entry(key.to_owned()).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        at = entry.as_table_mut().ok_or_else(|| refuse("the key goes through a value"))?;
    }
    at.insert(last.to_owned(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_written_defaults_are_the_defaults() {
        let text = Config::default().to_toml().unwrap();
        let read: Config = toml::from_str(&text).unwrap();
        assert_eq!(read, Config::default());
        assert!(text.contains("learning_rate = 0.002"), "{text}");
        let explained = Config::default().explained().unwrap();
        assert_eq!(toml::from_str::<Config>(&explained).unwrap(), Config::default());
        assert!(explained.contains("# Crops of a batch.\nbatch = 8\n"), "{explained}");
        let unexplained = explained
            .lines()
            .zip(explained.lines().skip(1))
            .find(|(above, line)| line.contains(" = ") && !above.starts_with('#') && !line.starts_with(' '));
        assert_eq!(unexplained, None);
    }

    #[test]
    fn settings_lie_over_the_file_and_mistakes_are_named() {
        let settings = |s: &[&str]| s.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        let config =
            Config::load(None, &settings(&["optimiser.steps=7", "model.name=a b", "model.quantiser=rvq"]))
                .unwrap();
        assert_eq!((config.optimiser.steps, config.model.name.as_str()), (7, "a b"));
        assert_eq!(config.model.quantiser, QuantiserKind::Rvq);
        let config =
            Config::load(None, &settings(&["data.bands=[0, 40]", "data.axes=time,band,y,x"])).unwrap();
        assert_eq!(config.data.bands, Names::from(["0", "40"]));
        assert_eq!(config.data.axes, Names::from(["time", "band", "y", "x"]));
        let message = |s: &[&str]| Config::load(None, &settings(s)).unwrap_err().to_string();
        let said = message(&["optimiser.step=7"]);
        assert!(
            said.contains("there is no key step in optimiser, allowed are steps, learning_rate"),
            "{said}"
        );
        assert!(said.ends_with("; did you mean steps?"), "{said}");
        assert!(message(&["optimizer.steps=7"]).ends_with("; did you mean optimiser?"));
        let said = message(&["optimiser.steps=many"]);
        assert!(
            said.ends_with("optimiser.steps: found string \"many\", allowed is a whole number from 0 on"),
            "{said}"
        );
        let said = message(&["data.crops=64,128"]);
        assert!(
            said.ends_with("data.crops: found string \"64,128\", allowed is a list such as [64, 128]"),
            "{said}"
        );
        let said = message(&["model.quantiser=rqv"]);
        assert!(said.ends_with("found rqv, allowed are fsq, vq, rvq; did you mean rvq?"), "{said}");
        assert!(message(&["optimiser.steps=0"]).contains("optimiser.steps is 0, which fits nothing"));
        assert!(
            message(&["data.crops=[40]"]).contains("data.crops holds 40, multiples of 16 from 32 to 256")
        );
        assert!(message(&["steps"]).contains("there is no ="));
        assert!(message(&["perceptual.weight=1"]).contains("names no file"));
    }
}
