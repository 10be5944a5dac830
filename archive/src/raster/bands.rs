//! A choice of bands, by name or number.

use crate::error::{Context, Result, bail};
use crate::raster::picks::{Gaps, PickedSteps};
use crate::raster::source::{Raster, RasterInfo};
use serde_json::Value;
use std::sync::Arc;
use vqz_codec::axes::Role;
use vqz_raster::conventions::bands::choose;

/// Bands as they are written on the command line: names, numbers from 0, and ranges of numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BandSelection(pub(crate) Vec<String>);

impl std::str::FromStr for BandSelection {
    type Err = crate::error::Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts: Vec<String> = text.split(',').map(|part| part.trim().to_owned()).collect();
        if parts.iter().any(String::is_empty) {
            bail!(
                InvalidArgument,
                "bands are \"{text}\"; give names or numbers from 0, such as B02,B03,B04 or 0-2,7"
            );
        }
        Ok(Self(parts))
    }
}

impl BandSelection {
    /// The numbers of the chosen bands.
    ///
    /// # Errors
    /// When the array does not have one of the bands.
    pub fn resolve(&self, count: u64, names: Option<&[String]>) -> Result<Vec<u64>> {
        Ok(choose(&self.0, count, names)?)
    }
}

/// The name of a band without a name of its own, from its number, counted from 0.
#[must_use]
pub fn unnamed_band(number: u64) -> String {
    format!("band{number}")
}

/// The numbers of the chosen bands of a raster, from 0, and the dimension that they are counted along.
///
/// # Errors
/// When the raster has no band dimension, or lacks one of those bands.
pub(crate) fn picks(info: &RasterInfo, selection: &BandSelection) -> Result<(usize, Vec<u64>)> {
    let Some(dimension) = info.axes.position(&Role::Band) else {
        bail!(InvalidArgument, "{} has no band dimension, so bands can't be chosen", info.label);
    };
    let picks = selection.resolve(info.bands(), info.band_names().as_deref());
    Ok((dimension, picks.with_context(|| format!("choosing bands of {}", info.label))?))
}

/// A view of a raster with only these bands.
///
/// # Errors
/// When the raster has no band dimension, or lacks one of those bands.
pub fn select(raster: Arc<dyn Raster>, selection: &BandSelection) -> Result<Arc<dyn Raster>> {
    let info = raster.info();
    let (dimension, picks) = picks(info, selection)?;
    let attributes = info.metadata.attributes();
    let count = info.bands();
    let beside = info.band_coordinate.as_ref().filter(|names| names.len() as u64 == count);
    let beside = beside.map(|names| picks.iter().map(|i| names[*i as usize].clone()).collect());
    let mut picked = PickedSteps::new(raster, dimension, picks.clone(), Gaps::Read);
    picked.info_mut().band_coordinate = beside;
    for key in ["band_names", "bands", "color_interpretation"] {
        // Attributes with one entry for each band: names, descriptions, colour interpretations.
        let Some(Value::Array(all)) = attributes.get(key) else { continue };
        if all.len() as u64 == count {
            let chosen: Vec<Value> = picks.iter().map(|i| all[*i as usize].clone()).collect();
            picked.info_mut().metadata.set_attribute(key, Value::Array(chosen));
        }
    }
    Ok(Arc::new(picked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_named_or_numbered() {
        let names: Vec<String> = ["B01", "B02", "B03", "B04"].map(str::to_owned).to_vec();
        let resolve = |text: &str| text.parse::<BandSelection>().unwrap().resolve(4, Some(&names));
        assert_eq!(resolve("B04,B02").unwrap(), [3, 1]);
        assert_eq!(resolve("0-2,3").unwrap(), [0, 1, 2, 3]);
        assert_eq!(
            resolve("B8A").unwrap_err().to_string(),
            "band \"B8A\" is not there; allowed are 0 to 3 or B01, B02, B03, B04"
        );
        assert!(resolve("2-4").is_err());
        assert!("B02,,B03".parse::<BandSelection>().is_err());
    }
}
