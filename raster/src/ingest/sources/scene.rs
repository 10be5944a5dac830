//! Sorts layers into scenes, bands and dates, and checks that the layers of a band fit into one array.

use crate::band::Band;
use crate::conventions::exact::Exact;
use crate::conventions::time::{Instant, iso, parse_iso};
use crate::error::{Error, Result};
use crate::ingest::config::Config;
use crate::ingest::sources::discover;
use crate::ingest::sources::layer::Layer;
use crate::ingest::sources::{lists, meaning, same_place};
use crate::sample::DataType;
use std::collections::BTreeMap;
use std::path::Path;

/// Seconds of a day.
const DAY: f64 = 86_400.0;

/// The layers of one scene: all layers, or those that share a value of the field of file names by which inputs are split.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    /// The value of that field; empty where inputs are not split.
    pub name: String,
    /// Its bands, in order.
    pub bands: Vec<SceneBand>,
}

/// A band of a scene.
#[derive(Clone, Debug)]
pub(crate) struct SceneBand {
    /// Its name.
    pub name: String,
    /// What is known of it.
    pub band: Band,
    /// The type of its samples.
    pub sample_type: DataType,
    /// Its layers by time, each time's in the order of their files' names. The time is `None` for layers without one.
    pub layers: BTreeMap<Option<Instant>, Vec<Layer>>,
}

impl SceneBand {
    /// All its layers.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Layer> {
        self.layers.values().flatten()
    }

    /// Its first layer. Every band has at least one.
    pub(crate) fn first(&self) -> Option<&Layer> {
        self.all().next()
    }

    /// What it is to other variables of its files, where that asks for exact samples.
    pub(crate) fn exact(&self) -> Option<Exact> {
        self.all().find_map(|layer| layer.exact)
    }

    /// Whether its layers have times.
    pub(crate) fn has_times(&self) -> bool {
        self.layers.keys().any(Option::is_some)
    }
}

impl Scene {
    /// A band by its name.
    pub(crate) fn band(&self, name: &str) -> Option<&SceneBand> {
        self.bands.iter().find(|band| band.name == name)
    }
}

/// Finds the layers of all inputs, and sorts them into scenes. What is odd about the files is added to `remarks`.
///
/// # Errors
/// Those of discovery; [`Error::Mismatch`] where layers of one band differ in what one array can't hold, and
/// [`Error::Invalid`] where no time is left, or a name lacks the field by which inputs are split.
pub(crate) fn scenes(config: &Config, folder: &Path, remarks: &mut Vec<String>) -> Result<Vec<Scene>> {
    let mut layers = Vec::new();
    // The last list of pixels without a factor.
    let mut fine = None;
    for (number, input) in config.input.iter().enumerate() {
        layers.extend(match &input.pixels {
            None => {
                let (layers, oddities) = discover::layers(number, input, folder)?;
                remarks.extend(oddities.remarks());
                layers
            }
            Some(pixels) => lists::layers::layers(number, input, pixels, folder, &mut fine)?,
        });
    }
    if config.time.by_day {
        for time in layers.iter_mut().filter_map(|layer| layer.time.as_mut()) {
            *time = time.midnight();
        }
    }
    let found = layers.iter().filter_map(|layer| layer.time).collect::<Vec<_>>();
    let limit = |text: &Option<String>| {
        text.as_deref().map(parse_iso).transpose().map_err(|e| Error::Invalid(format!("[time]: {e}")))
    };
    let (from, to) = (limit(&config.time.from)?, limit(&config.time.to)?);
    // The last day as a whole.
    let to = to.map(|to| to.after(DAY));
    layers.retain(|layer| {
        layer.time.is_none_or(|time| from.is_none_or(|from| time >= from) && to.is_none_or(|to| time < to))
    });
    if layers.is_empty() {
        let all = (found.iter().min(), found.iter().max());
        return Err(Error::Invalid(match all {
            (Some(first), Some(last)) => format!(
                "no input lies between [time] from and to; there are times from {} to {}",
                iso(*first),
                iso(*last)
            ),
            _ => "the inputs have no bands".to_owned(),
        }));
    }
    let mut groups: BTreeMap<String, Vec<Layer>> = BTreeMap::new();
    for layer in layers {
        let name = match &config.output.split {
            None => String::new(),
            Some(field) => layer.fields.get(field).cloned().ok_or_else(|| {
                Error::Invalid(format!(
                    "[output] split = \"{field}\", but the name of {} has no such field; add {{{field}}} to the input's name",
                    layer.source.file.display()
                ))
            })?,
        };
        groups.entry(name).or_default().push(layer);
    }
    groups.into_iter().map(|(name, layers)| scene(config, name, layers, remarks)).collect()
}

fn scene(config: &Config, name: String, layers: Vec<Layer>, remarks: &mut Vec<String>) -> Result<Scene> {
    let order = band_order(config, &layers);
    let mut bands: BTreeMap<usize, SceneBand> = BTreeMap::new();
    for layer in layers {
        let position = order.iter().position(|known| *known == layer.name).unwrap_or(order.len());
        let band = bands.entry(position).or_insert_with(|| SceneBand {
            name: layer.name.clone(),
            band: layer.band.clone(),
            sample_type: layer.sample_type,
            layers: BTreeMap::new(),
        });
        band.layers.entry(layer.time).or_default().push(layer);
    }
    let mut bands: Vec<SceneBand> = bands.into_values().collect();
    for band in &mut bands {
        check(config, band)?;
        let layers = meaning::Layers { name: &band.name, band: &band.band, layers: band.all().collect() };
        band.band = meaning::of_all(&layers, remarks)?;
        same_place::check(config, &band.name, &band.layers)?;
        // A nodata value that one of its files declares holds for the whole band.
        let nodata = band.all().find_map(|layer| layer.band.nodata);
        band.band.nodata = nodata;
    }
    Ok(Scene { name, bands })
}

/// The names of the bands, in the order of the configuration. Other bands follow in the order of the files, or by name (B2
/// before B10) where file names state the band.
fn band_order(config: &Config, layers: &[Layer]) -> Vec<String> {
    let mut order: Vec<String> = Vec::new();
    for (number, input) in config.input.iter().enumerate() {
        let mut names: Vec<String> = input.bands.clone();
        let mut found: Vec<&Layer> = layers.iter().filter(|layer| layer.input == number).collect();
        if found.iter().all(|layer| layer.fields.contains_key("band")) {
            found.sort_by_key(|layer| natural(&layer.name));
        }
        names.extend(found.into_iter().map(|layer| layer.name.clone()));
        for name in names {
            if !order.contains(&name) {
                order.push(name);
            }
        }
    }
    order
}

/// A key for sorting that puts B8A between B8 and B9, and B10 after these.
fn natural(name: &str) -> Vec<(u64, String)> {
    let mut parts = Vec::new();
    let (mut digits, mut letters) = (String::new(), String::new());
    for c in name.chars() {
        if c.is_ascii_digit() && digits.len() < 18 {
            if !letters.is_empty() {
                parts.push((digits.parse().unwrap_or(0), std::mem::take(&mut letters)));
                digits.clear();
            }
            // Letters and numbers alternate: a digit extends the number that follows the last letters.
            digits.push(c);
        } else {
            if !digits.is_empty() && letters.is_empty() {
                parts.push((digits.parse().unwrap_or(0), String::new()));
                digits.clear();
            }
            letters.push(c);
        }
    }
    parts.push((digits.parse().unwrap_or(0), letters));
    parts
}

/// Whether the layers of a band fit into one array.
fn check(config: &Config, band: &SceneBand) -> Result<()> {
    let Some(first) = band.first() else { return Ok(()) };
    for layer in band.all() {
        let differ = |what: &str, a: String, b: String, advice: &str| {
            Err(Error::Mismatch(format!(
                "band {}: {} has {what} {b}, {} has {a}; {advice}",
                band.name,
                layer.label(),
                first.label()
            )))
        };
        if layer.time.is_some() != first.time.is_some() {
            let time = |layer: &Layer| layer.time.map_or_else(|| "none".to_owned(), iso);
            let advice = "give a time to all or to none (name, time or time_item of [[input]])";
            return differ("time", time(first), time(layer), advice);
        }
        if layer.sample_type != first.sample_type && config.output.data_type.is_none() {
            let advice = "choose one as data_type under [output]";
            return differ(
                "samples of type",
                first.sample_type.name().to_owned(),
                layer.sample_type.name().to_owned(),
                advice,
            );
        }
        let units = |layer: &Layer| (layer.band.scale.unwrap_or(1.0), layer.band.offset.unwrap_or(0.0));
        if units(layer) != units(first) {
            let text = |layer: &Layer| format!("{:?}", units(layer));
            let advice =
                "one array holds samples of one scale: ingest them separately, or convert them first";
            return differ("scale and offset", text(first), text(layer), advice);
        }
        let same = crate::ingest::grid::same_reference(
            layer.georeference().wkt.as_deref(),
            first.georeference().wkt.as_deref(),
        );
        if !same && config.grid.crs.is_none() {
            let code =
                |layer: &Layer| layer.grid.georeference.code.clone().unwrap_or_else(|| layer.grid.label());
            let advice =
                "set a common one as crs under [grid], or keep them separate with split under [output]";
            return differ("coordinate reference system", code(first), code(layer), advice);
        }
        if !layer.grid.has_pixel_of(&first.grid)
            && config.grid.resolution.is_none()
            && config.grid.crs.is_none()
        {
            let text = |layer: &Layer| format!("{:?}", layer.grid.pixel());
            return differ(
                "pixels of",
                text(first),
                text(layer),
                "set a common one as resolution under [grid]",
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let mut names = ["B10", "B8A", "B2", "B1", "B8", "BQA", "B11", "ndvi"];
        names.sort_by_key(|name| natural(name));
        assert_eq!(names, ["B1", "B2", "B8", "B8A", "B10", "B11", "BQA", "ndvi"]);
    }
}
