//! Finds the layers of an input: those of all of its files, chosen or named as the configuration says.

use crate::error::{Error, Result};
use crate::ingest::config::InputConfig;
use crate::ingest::sources::describe::describe;
use crate::ingest::sources::files::{count, described};
use crate::ingest::sources::layer::{Layer, Source};
use crate::ingest::sources::oddities::Oddities;
use crate::ingest::sources::parts::parts;
use crate::ingest::sources::pattern::Fields;
use crate::missing::{MaskKind, may_be_alpha};
use rayon::prelude::*;
use std::path::Path;
use std::sync::Arc;

/// The layers of an input, in the order of its files' names, and what is odd about the files.
///
/// # Errors
/// [`Error::Invalid`] for patterns that match no file, names that a pattern does not match, and bands that do not exist;
/// [`Error::Unreadable`] for files that GDAL can't open or that end too early.
pub(crate) fn layers(number: usize, input: &InputConfig, folder: &Path) -> Result<(Vec<Layer>, Oddities)> {
    let mut described = described(input, folder)?;
    // Files of other bands need not be opened.
    if described.iter().all(|(_, fields)| fields.text.contains_key("band")) && !input.bands.is_empty() {
        described.retain(|(_, fields)| input.bands.contains(&fields.text["band"]));
    }
    let opened: Vec<Result<(Vec<Layer>, Oddities)>> =
        described.into_par_iter().map(|(file, fields)| open(number, input, &file, &fields)).collect();
    let (mut layers, mut oddities) = (Vec::new(), Oddities::default());
    for found in opened {
        let (own, odd) = found?;
        layers.extend(own);
        oddities.merge(odd);
    }
    for band in &input.bands {
        if !layers.iter().any(|layer| layer.name == *band) {
            let mut names: Vec<&str> = layers.iter().map(|layer| layer.name.as_str()).collect();
            names.dedup();
            return Err(Error::Invalid(format!(
                "there is no band {band} in {:?}; there are {}",
                input.files,
                if names.is_empty() { "none of those that are named".to_owned() } else { names.join(", ") }
            )));
        }
    }
    Ok((layers, oddities))
}

fn open(number: usize, input: &InputConfig, file: &Path, fields: &Fields) -> Result<(Vec<Layer>, Oddities)> {
    let (mut layers, mut oddities) = (Vec::new(), Oddities::default());
    for part in parts(input, file, &mut oddities)? {
        layers.extend(describe(number, input, &part, file, fields, &mut oddities)?);
    }
    choose(input, file, fields, &mut layers)?;
    settle_alpha(&mut layers);
    Ok((layers, oddities))
}

/// Takes transparency for data where the band has a name of another kind.
fn settle_alpha(layers: &mut [Layer]) {
    let others: Vec<(Arc<Source>, usize)> = (layers.iter())
        .filter(|layer| !may_be_alpha(&layer.name))
        .map(|layer| (Arc::clone(&layer.source), layer.number))
        .collect();
    for layer in layers {
        if let Some(MaskKind::Alpha(number)) = layer.missing.mask
            && others.iter().any(|(source, other)| Arc::ptr_eq(source, &layer.source) && *other == number)
        {
            layer.missing.mask = None;
            layer.missing.alpha_is_data = true;
        }
    }
}

/// Chooses among the bands of a file, or names them. If the bands have the names in the configuration, the names choose bands.
/// Otherwise there must be as many names as a date has bands, and bands get these names in order.
fn choose(input: &InputConfig, file: &Path, fields: &Fields, layers: &mut Vec<Layer>) -> Result<()> {
    if input.bands.is_empty() {
        return Ok(());
    }
    let mut own: Vec<String> = Vec::new();
    for layer in layers.iter() {
        if !own.contains(&layer.name) {
            own.push(layer.name.clone());
        }
    }
    let known = input.bands.iter().all(|band| own.contains(band));
    // Where file names state the band, other files may have the other bands.
    if known || fields.text.contains_key("band") {
        layers.retain(|layer| input.bands.contains(&layer.name));
        return Ok(());
    }
    if own.len() != input.bands.len() {
        return Err(Error::Invalid(format!(
            "{} has {} ({}), and {} are given: {}; name all of them, or choose among these",
            file.display(),
            count(own.len(), "band"),
            own.join(", "),
            count(input.bands.len(), "name"),
            input.bands.join(", ")
        )));
    }
    for layer in layers {
        if let Some(position) = own.iter().position(|name| *name == layer.name) {
            layer.name = input.bands[position].clone();
            layer.band.name = Some(layer.name.clone());
        }
    }
    Ok(())
}
