//! Files with variables, above all NetCDF: the variables that GDAL lists as subdatasets, those that are taken, and their names.

use crate::conventions::auxiliary::whose_bounds;
use gdal::{Dataset, Metadata as _};
use std::collections::BTreeMap;

/// A variable of a file.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    /// The name that GDAL opens.
    pub(crate) name: String,
    /// Its place in the file, without a leading slash: its name after those of its groups.
    pub(crate) place: String,
    /// Its extents.
    pub(crate) shape: Vec<u64>,
}

/// The variables that GDAL lists, those without extents left out.
pub(crate) fn variables(dataset: &Dataset) -> Vec<Variable> {
    let items: BTreeMap<String, String> = dataset
        .metadata_domain("SUBDATASETS")
        .unwrap_or_default()
        .into_iter()
        .filter_map(|item| item.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned())))
        .collect();
    let mut found = Vec::new();
    for number in 1.. {
        let Some(name) = items.get(&format!("SUBDATASET_{number}_NAME")) else { break };
        let text = items.get(&format!("SUBDATASET_{number}_DESC")).cloned().unwrap_or_default();
        let shape = text
            .trim_start_matches('[')
            .split(']')
            .next()
            .unwrap_or_default()
            .split('x')
            .map_while(|extent| extent.trim().parse().ok())
            .collect();
        // `NETCDF:"a.nc":/group/v` and `HDF5:"a.h5"://group/v`; other drivers separate by colons alone.
        // A page of a TIFF is known by its number: `GTIFF_DIR:2:a.tif`.
        let page = name.strip_prefix("GTIFF_DIR:").and_then(|rest| rest.split(':').next());
        let place = name
            .rsplit_once("\":")
            .map_or_else(|| page.or_else(|| name.rsplit(':').next()).unwrap_or(name), |(_, place)| place);
        found.push(Variable { name: name.clone(), place: place.trim_matches(['/', '"']).to_owned(), shape });
    }
    found
}

impl Variable {
    /// Its name without those of its groups.
    pub(crate) fn own(&self) -> &str {
        self.place.rsplit('/').next().unwrap_or(&self.place)
    }
}

/// The names of variables as bands: their own, with their groups where several have the same.
pub(crate) fn band_names(variables: &[&Variable]) -> Vec<String> {
    let name = |variable: &&Variable| {
        let same = variables.iter().filter(|other| other.own() == variable.own()).count();
        if same == 1 { variable.own() } else { variable.place.as_str() }.to_owned()
    };
    variables.iter().map(name).collect()
}

/// The variables of the configuration, by their names or places, or by default those with the most samples.
///
/// # Errors
/// A text that lists the variables.
pub(crate) fn choose<'a>(variables: &'a [Variable], asked: &[String]) -> Result<Vec<&'a Variable>, String> {
    let there = || variables.iter().map(|v| v.place.as_str()).collect::<Vec<_>>().join(", ");
    let mut chosen: Vec<&Variable> = Vec::new();
    if !asked.is_empty() {
        for name in asked {
            let place = name.trim_start_matches('/');
            let found: Vec<&Variable> =
                variables.iter().filter(|v| v.place == place || v.own() == place).collect();
            if found.is_empty() {
                return Err(format!("it has no variable {name}; there are {}", there()));
            }
            for variable in found {
                if !chosen.iter().any(|known| known.name == variable.name) {
                    chosen.push(variable);
                }
            }
        }
        return Ok(chosen);
    }
    let size = |variable: &Variable| variable.shape.iter().fold(1u64, |n, extent| n.saturating_mul(*extent));
    let most = variables.iter().filter(|v| v.shape.len() >= 2).map(size).max();
    chosen.extend(variables.iter().filter(|v| v.shape.len() >= 2 && Some(size(v)) == most));
    if chosen.is_empty() {
        Err(format!("none of its variables is a raster: {}", there()))
    } else {
        Ok(chosen)
    }
}

/// The places of the rasters that are not chosen, those of the bounds of coordinates left out.
pub(crate) fn left_out<'a>(variables: &'a [Variable], chosen: &[&Variable]) -> Vec<&'a str> {
    let bounds = |variable: &Variable| whose_bounds(&variable.own().to_ascii_lowercase()).is_some();
    let others = variables.iter().filter(|v| v.shape.len() >= 2 && !bounds(v));
    others.filter(|v| !chosen.iter().any(|known| known.name == v.name)).map(|v| v.place.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(place: &str, shape: &[u64]) -> Variable {
        Variable { name: format!("NETCDF:\"f.nc\":{place}"), place: place.to_owned(), shape: shape.to_vec() }
    }

    #[test]
    fn variables_are_chosen_by_name_or_size() {
        let all = [
            variable("lat_bnds", &[170, 2]),
            variable("tos", &[24, 170, 180]),
            variable("sst", &[24, 170, 180]),
            variable("mask", &[170, 180]),
        ];
        let names = |chosen: Vec<&Variable>| chosen.iter().map(|v| v.place.clone()).collect::<Vec<_>>();
        let chosen = choose(&all, &[]).unwrap();
        assert_eq!(left_out(&all, &chosen), ["mask"]);
        assert_eq!(names(chosen), ["tos", "sst"]);
        assert_eq!(names(choose(&all, &["sst".to_owned()]).unwrap()), ["sst"]);
        let error = choose(&all, &["u".to_owned()]).unwrap_err();
        assert_eq!(error, "it has no variable u; there are lat_bnds, tos, sst, mask");
    }

    #[test]
    fn variables_of_one_name_are_named_with_their_groups() {
        let all = [variable("am/soil", &[4, 5]), variable("pm/soil", &[4, 5]), variable("pm/ice", &[4, 5])];
        let chosen = choose(&all, &[]).unwrap();
        assert_eq!(band_names(&chosen), ["am/soil", "pm/soil", "ice"]);
        let asked = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            band_names(&choose(&all, &names).unwrap())
        };
        assert_eq!(asked(&["/pm/soil"]), ["soil"]);
        assert_eq!(asked(&["soil", "pm/ice"]), ["am/soil", "pm/soil", "ice"]);
    }
}
