//! The facts that are reported before the first step of a fit: data, split, peak, network and the linear model; and
//! warnings.

use super::baseline::Baseline;
use super::prepare::Prepared;
use crate::config::Config;
use crate::data::{Block, Raster};
use crate::report::number::{bytes, grouped, short};
use vqz_codec::axes::Role;

/// A topic with words.
pub type Fact = (&'static str, String);

/// Data, split and peak. `coded` samples of those for validation are coded at each one.
pub fn data(prepared: &Prepared, coded: usize) -> Vec<Fact> {
    let source = &prepared.source;
    let axes = distinct(prepared, |raster| {
        raster.axes().roles().iter().map(Role::to_string).collect::<Vec<_>>().join(", ")
    });
    let types = distinct(prepared, |raster| raster.data_type().name().to_owned());
    let names = &prepared.band_names;
    vec![
        (
            "data",
            format!(
                "{}, {} ({}), axes {}, {}",
                counted(source.rasters().len(), "array"),
                counted(names.len(), "band"),
                listed(names),
                axes.join("; "),
                types.join(" and ")
            ),
        ),
        ("fitted on", side(prepared, &prepared.split.training)),
        ("validated on", validated(prepared, coded)),
        ("peak", format!("{} ({})", short(prepared.peak), prepared.peak_from)),
    ]
}

/// The network and where it is fitted.
pub fn network(config: &Config, weights: usize, place: &str) -> Fact {
    let name = |value: &dyn std::fmt::Debug| format!("{value:?}").to_lowercase();
    let words = format!(
        "{} with {} codes, patches of {} pixels, {} fitted numbers, on {place}",
        name(&config.model.architecture),
        name(&config.model.quantiser),
        config.model.patch,
        grouped(weights as u64)
    );
    ("network", words)
}

/// What the linear model does on the images of the validation.
pub fn linear(baseline: &Baseline, qualities: &[f64]) -> Fact {
    let points: Vec<String> = baseline
        .at(qualities)
        .map(|point| format!("{:.2} dB at {:.3} bits", point.psnr_db, point.bits_per_sample))
        .collect();
    ("linear model", format!("{}; {}", points.join(", "), embedded(baseline.embedded_bytes())))
}

/// The size that a model adds to each array, in words.
pub fn embedded(size: Option<usize>) -> String {
    size.map_or_else(
        || "too large to be embedded in arrays".to_owned(),
        |size| format!("{} embedded in each array", bytes(size as f64)),
    )
}

/// Warnings about likely mistakes, and about settings that reduce quality.
pub fn warnings(prepared: &Prepared) -> Vec<String> {
    let mut warnings = Vec::new();
    for raster in prepared.source.rasters() {
        if raster.is_archive() {
            warnings.push(format!(
                "{} is a vqz archive already: errors add up; fit on the original where there is one",
                raster.name()
            ));
        }
        let roles = raster.axes().roles();
        let others: Vec<&str> = roles
            .iter()
            .filter_map(|role| if let Role::Other(name) = role { Some(name.as_str()) } else { None })
            .collect();
        if !others.is_empty() && !roles.contains(&Role::Band) {
            warnings.push(format!(
                "{} has no dimension of bands: {} is looped over, as dates are; where it holds the bands, say so \
                 in data.axes, such as [\"band\", \"y\", \"x\"]",
                raster.name(),
                others.join(", ")
            ));
        }
    }
    let constant = prepared.bands.iter().zip(&prepared.band_names).filter(|(band, _)| band.deviation == 0.0);
    for (band, name) in constant {
        warnings.push(format!("band {name} is {} everywhere: there is nothing to fit", short(band.mean)));
    }
    warnings
}

fn validated(prepared: &Prepared, coded: usize) -> String {
    let split = &prepared.split;
    if split.validation.is_empty() {
        return "what is fitted on: nothing was kept back (data.validation=0)".to_owned();
    }
    let [training, validation] = [&split.training, &split.validation].map(|side| prepared.samples(side));
    let share = 100.0 * validation as f64 / (training + validation).max(1) as f64;
    let coded = coded as u64;
    let part = if coded < validation {
        format!(", of which {} are coded (validation.samples)", grouped(coded))
    } else {
        String::new()
    };
    let cut = split
        .validation
        .iter()
        .any(|own| split.training.iter().any(|other| (other.raster, other.chunk) == (own.raster, own.chunk)));
    let cut = if cut { ", the lower rows of what is fitted on above" } else { "" };
    format!("{} ({share:.0} %){cut}{part}", side(prepared, &split.validation))
}

/// A side of the split: chunks or parts of them, samples, arrays.
pub fn side(prepared: &Prepared, blocks: &[Block]) -> String {
    let mut arrays: Vec<usize> = blocks.iter().map(|block| block.raster).collect();
    arrays.sort_unstable();
    arrays.dedup();
    format!(
        "{} of {}, {} samples",
        counted(blocks.len(), "chunk"),
        counted(arrays.len(), "array"),
        grouped(prepared.samples(blocks))
    )
}

/// What rasters are, each only once.
fn distinct(prepared: &Prepared, of: impl Fn(&Raster) -> String) -> Vec<String> {
    let mut all: Vec<String> = prepared.source.rasters().iter().map(of).collect();
    all.sort();
    all.dedup();
    all
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A list of names. If there are many, only the first and the last.
fn listed(names: &[String]) -> String {
    match names {
        [first, second, .., last] if names.len() > 16 => format!("{first}, {second}, …, {last}"),
        _ => names.join(", "),
    }
}
