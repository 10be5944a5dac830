//! Bands on their way to a model: by name where both have names, and the coordinates of those that are chosen.

use crate::encode::options::EncodeOptions;
use crate::error::{Result, bail};
use crate::progress::{Progress, Remark};
use crate::raster::bands::picks;
use crate::raster::source::RasterInfo;
use crate::store::picked::PickedArray;
use crate::store::tree;
use crate::write::hierarchy::Content;
use std::path::PathBuf;
use vqz_codec::model::Manifest;
use vqz_raster::conventions::bands::{BandMatch, match_names};

/// The order in which a model takes the bands of an array: for each of its bands, the array's band. Empty where that is the
/// order in which they stand.
///
/// # Errors
/// When both have names, and the names do not tell which band is which. Bands that were `chosen` one by one are then taken in
/// the order of the choice.
pub(crate) fn order(
    info: &RasterInfo,
    manifest: &Manifest,
    chosen: bool,
    progress: &dyn Progress,
) -> Result<Vec<usize>> {
    let Some(bands) = info.band_names() else { return Ok(Vec::new()) };
    let expected: Vec<String> = manifest.bands.iter().map(|band| band.name.clone()).collect();
    let (array, model) = (info.label.clone(), manifest.name.clone());
    match match_names(&bands, &expected) {
        BandMatch::Unnamed | BandMatch::Same => Ok(Vec::new()),
        BandMatch::Reordered(order) => {
            progress.remark(&Remark::BandsByName { array, bands, model, expected });
            Ok(order)
        }
        BandMatch::Other if chosen => {
            progress.remark(&Remark::OtherBands { array, bands, model, expected });
            Ok(Vec::new())
        }
        BandMatch::Other => bail!(
            InvalidArgument,
            OrderBands,
            "the bands of {array} are named {}, those of model {model} {}, so the names do not tell which is which",
            bands.join(", "),
            expected.join(", ")
        ),
    }
}

/// The bands of an array that are encoded, where not all of them are, or in another order.
pub(crate) struct ChosenBands {
    /// The folder of the array's group.
    group: PathBuf,
    /// The name of the dimension of bands.
    dimension: String,
    /// The numbers of the chosen bands, from 0.
    picks: Vec<u64>,
}

impl ChosenBands {
    /// Those of an array, before they are chosen. None where all bands are encoded, and where their dimension has no name.
    ///
    /// # Errors
    /// When the array lacks one of the bands.
    pub(crate) fn of(node: &tree::Node, info: &RasterInfo, options: &EncodeOptions) -> Result<Option<Self>> {
        let Some(selection) = &options.bands else { return Ok(None) };
        let (at, picks) = picks(info, selection)?;
        let name = node.metadata.dimension_names().and_then(|names| names.get(at).cloned());
        let group = node.folder.parent().map(PathBuf::from);
        Ok(name.zip(group).map(|(dimension, group)| Self { group, dimension, picks }))
    }
}

/// An array beside the encoded ones, such as a coordinate: copied as it is, or those of its steps that belong to chosen bands.
///
/// # Errors
/// When its steps can't be chosen because its elements are of a type that is not known, or because two encoded arrays have
/// other bands.
pub(crate) fn copied(node: &tree::Node, chosen: &[ChosenBands]) -> Result<Content> {
    let names = node.metadata.dimension_names().unwrap_or_default();
    let mut found: Option<(usize, &ChosenBands)> = None;
    for bands in chosen.iter().filter(|bands| node.folder.parent() == Some(&*bands.group)) {
        let Some(at) = names.iter().position(|name| *name == bands.dimension) else { continue };
        if found.is_some_and(|(_, other)| other.picks != bands.picks) {
            bail!(InvalidArgument, "arrays beside it are encoded with other choices of their bands");
        }
        found = Some((at, bands));
    }
    Ok(match found {
        None => Content::Copy(node.folder.clone()),
        Some((at, bands)) => {
            Content::Picked(PickedArray::new(&node.folder, &node.metadata, at, &bands.picks)?)
        }
    })
}
