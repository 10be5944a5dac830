//! The names that are given in folders, the name of a resolution, and the order of dimensions.

use super::dimension::Dimension;
use crate::error::{Error, Result};
use crate::ingest::config::OutputConfig;
use crate::ingest::grid::Grid;
use crate::names::Siblings;
use std::collections::BTreeMap;

/// The names that are given in each folder. A folder is empty for the root, and ends with a slash otherwise.
#[derive(Clone, Debug, Default)]
pub(crate) struct Folders(BTreeMap<String, Siblings>);

impl Folders {
    /// The part of a path for a name in a folder.
    pub(crate) fn place(&mut self, folder: &str, name: &str) -> String {
        self.0.entry(folder.to_owned()).or_default().place(name)
    }

    /// The folder of a new group within another.
    pub(crate) fn group(&mut self, folder: &str, name: &str) -> String {
        format!("{folder}{}/", self.place(folder, name))
    }
}

/// The name of a grid's resolution, such as `10m` or `0.25x0.5`.
pub(crate) fn resolution(grid: &Grid) -> String {
    let [x, y] = grid.pixel();
    let metres = grid
        .georeference
        .spatial_ref()
        .ok()
        .flatten()
        .is_some_and(|reference| reference.is_projected() && reference.linear_units() == 1.0);
    let unit = if metres { "m" } else { "" };
    let round = |v: f64| (v * 1e6).round() / 1e6;
    if round(x) == round(y) {
        format!("{}{unit}", round(x))
    } else {
        format!("{}x{}{unit}", round(x), round(y))
    }
}

/// The dimensions of an array in the order that the configuration gives.
pub(crate) fn dimensions(output: &OutputConfig, has_times: bool) -> Result<Vec<Dimension>> {
    const ALL: [Dimension; 4] = [Dimension::Time, Dimension::Band, Dimension::Y, Dimension::X];
    let mut order = ALL.to_vec();
    if !output.dimensions.is_empty() {
        let found: Option<Vec<Dimension>> =
            output.dimensions.iter().map(|name| ALL.into_iter().find(|d| d.name() == name)).collect();
        let sorted = found.clone().map(|mut found| {
            found.sort_unstable();
            found
        });
        match (found, sorted) {
            (Some(found), Some(sorted)) if sorted == ALL => order = found,
            _ => {
                return Err(Error::Invalid(format!(
                    "[output] dimensions are {}; time, band, y and x are needed, each once, in any order",
                    output.dimensions.join(", ")
                )));
            }
        }
    }
    order.retain(|dimension| has_times || *dimension != Dimension::Time);
    Ok(order)
}

pub(crate) fn without_bands(mut dimensions: Vec<Dimension>) -> Vec<Dimension> {
    dimensions.retain(|dimension| *dimension != Dimension::Band);
    dimensions
}
