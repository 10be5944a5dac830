//! The configuration of a fit, as TOML: a file of this folder for each section.
//!
//! `vqz-train init` writes it with every default. What a configuration leaves out has its default.

mod adversarial;
mod augment;
mod check;
mod checkpoint;
mod codebook;
mod conv;
mod data;
mod fsq;
mod heads;
mod model;
mod names;
mod optimiser;
mod perceptual;
mod resnet;
mod run;
mod section;
mod validation;
mod words;

pub use adversarial::AdversarialSection;
pub use augment::AugmentSection;
pub use checkpoint::CheckpointSection;
pub use codebook::{CodebookOptions, CodebookSection, Learning};
pub use conv::ConvSection;
pub use data::{DataSection, Mode};
pub use fsq::{Fitting, FsqSection};
pub use heads::{HeadKind, HeadSection, Weighting};
pub use model::{Architecture, ModelSection, QuantiserKind};
pub use names::Names;
pub use optimiser::OptimiserSection;
pub use perceptual::PerceptualSection;
pub use resnet::ResnetSection;
pub use run::{DeviceChoice, RunSection};
pub use validation::ValidationSection;

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The whole configuration.
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
    /// Which data are read.
    pub data: DataSection,
    /// Augmentation.
    pub augment: AugmentSection,
    /// Gradient descent.
    pub optimiser: OptimiserSection,
    /// Checkpoints.
    pub checkpoint: CheckpointSection,
    /// Validation.
    pub validation: ValidationSection,
    /// The run.
    pub run: RunSection,
}

impl Config {
    /// Reads a file, or takes the defaults, and applies `KEY=VALUE` settings on top.
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

/// Applies `a.b=VALUE` to a table. A value that is no TOML is taken as a string.
fn set(table: &mut toml::Table, setting: &str) -> Result<()> {
    let refuse = |why: &str| {
        Error::Configuration(format!(
            "the setting \"{setting}\" can't be used: {why}; KEY=VALUE such as optimiser.steps=2000 is allowed"
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
        at = entry.as_table_mut().ok_or_else(|| refuse("a part of the key names a value, not a section"))?;
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
        let error = message(&["optimiser.step=7"]);
        assert!(
            error.contains("there is no key step in optimiser, allowed are steps, learning_rate"),
            "{error}"
        );
        assert!(error.ends_with("; did you mean steps?"), "{error}");
        assert!(message(&["optimizer.steps=7"]).ends_with("; did you mean optimiser?"));
        let error = message(&["optimiser.steps=many"]);
        assert!(
            error.ends_with("optimiser.steps: found string \"many\", allowed is a whole number from 0 on"),
            "{error}"
        );
        let error = message(&["data.crops=64,128"]);
        assert!(
            error.ends_with("data.crops: found string \"64,128\", allowed is a list such as [64, 128]"),
            "{error}"
        );
        let error = message(&["model.quantiser=rqv"]);
        assert!(error.ends_with("found rqv, allowed are fsq, vq, rvq; did you mean rvq?"), "{error}");
        assert!(message(&["optimiser.steps=0"]).contains("optimiser.steps is 0, which fits nothing"));
        assert!(
            message(&["data.crops=[40]"]).contains("data.crops holds 40, multiples of 16 from 32 to 256")
        );
        assert!(message(&["steps"]).contains("there is no ="));
        assert!(message(&["perceptual.weight=1"]).contains("names no file"));
    }
}
