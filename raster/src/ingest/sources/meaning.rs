//! What the samples of a band mean, brought together from its files: its unit, its classes with their colours, and CF's attributes.
//! Files that contradict each other are refused where samples would mean something else under the words of another file.

use crate::band::{Band, Category};
use crate::error::{Error, Result};
use crate::ingest::sources::layer::Layer;
use std::collections::BTreeMap;

/// Attributes without which samples mean something else.
const FLAGS: [&str; 3] = ["flag_values", "flag_masks", "flag_meanings"];

/// The spellings of units that files are known to mix, each in a list with the others.
const SAME_UNITS: [&[&str]; 5] = [
    &["m", "metre", "metres", "meter", "meters"],
    &["k", "kelvin", "kelvins"],
    &["degc", "deg_c", "celsius", "degree_celsius", "degrees_celsius", "°c"],
    &["1", "unitless", "dimensionless", "none"],
    &["%", "percent"],
];

/// A band with the layers that its files have of it.
pub(super) struct Layers<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// What is known of it.
    pub(super) band: &'a Band,
    /// All its layers.
    pub(super) layers: Vec<&'a Layer>,
}

impl<'a> Layers<'a> {
    fn all(&self) -> impl Iterator<Item = &'a Layer> {
        self.layers.iter().copied()
    }

    fn first(&self) -> Option<&'a Layer> {
        self.layers.first().copied()
    }
}

/// The band of all layers of a scene's band. What some files lack is taken from the others; `remarks` gets what only some have, and
/// colours that differ.
///
/// # Errors
/// [`Error::Mismatch`] where units, names of classes or flags differ.
pub(super) fn of_all(band: &Layers<'_>, remarks: &mut Vec<String>) -> Result<Band> {
    let mut merged = band.band.clone();
    let Some(first) = band.first() else { return Ok(merged) };
    merged.unit = unit(band, remarks)?;
    merged.categories = classes(band, remarks)?;
    for layer in band.all() {
        for (key, value) in &layer.band.attributes {
            match merged.attributes.get(key) {
                None => drop(merged.attributes.insert(key.clone(), value.clone())),
                Some(known) if known == value => {}
                Some(known) if FLAGS.contains(&key.as_str()) => {
                    return Err(differ(band, key, [(first, known.to_string()), (layer, value.to_string())]));
                }
                Some(known) => {
                    let text = format!(
                        "band {}: {key} is {known} in {}, and another in other files, which is left out",
                        band.name,
                        first.source.file.display()
                    );
                    if !remarks.contains(&text) {
                        remarks.push(text);
                    }
                }
            }
        }
    }
    Ok(merged)
}

fn differ(band: &Layers<'_>, what: &str, [(first, a), (layer, b)]: [(&Layer, String); 2]) -> Error {
    Error::Mismatch(format!(
        "band {}: {} has {what} {b}, {} has {a}; samples of one band mean the same in all files: ingest these separately, or \
         convert them first",
        band.name,
        layer.label(),
        first.label()
    ))
}

fn unit(band: &Layers<'_>, remarks: &mut Vec<String>) -> Result<Option<String>> {
    let Some(known) = band.all().find(|layer| layer.band.unit.is_some()) else { return Ok(None) };
    let unit = known.band.unit.clone().unwrap_or_default();
    for layer in band.all() {
        match &layer.band.unit {
            Some(other) if !same_unit(&unit, other) => {
                return Err(differ(band, "the unit", [(known, unit), (layer, other.clone())]));
            }
            _ => {}
        }
    }
    if let Some(without) = band.all().find(|layer| layer.band.unit.is_none()) {
        remarks.push(format!(
            "band {}: its unit is {unit} in {}, and {} states none: {unit} is taken for all",
            band.name,
            known.source.file.display(),
            without.source.file.display()
        ));
    }
    Ok(Some(unit))
}

/// Whether two texts are one unit, but for its spelling.
fn same_unit(a: &str, b: &str) -> bool {
    // Capitals tell units apart, such as those of mega and milli, unless a word is spelt out.
    let (a, b) = (a.trim(), b.trim());
    let (small_a, small_b) = (a.to_lowercase(), b.to_lowercase());
    a == b
        || SAME_UNITS.iter().any(|list| list.contains(&small_a.as_str()) && list.contains(&small_b.as_str()))
}

fn classes(band: &Layers<'_>, remarks: &mut Vec<String>) -> Result<Vec<Category>> {
    let mut found: BTreeMap<i64, (Category, &Layer)> = BTreeMap::new();
    let mut told = false;
    for layer in band.all() {
        for class in &layer.band.categories {
            let (known, from) = found.entry(class.value).or_insert_with(|| (class.clone(), layer));
            match (&known.name, &class.name) {
                (Some(a), Some(b)) if a != b => {
                    let what = format!("for class {}, the name", class.value);
                    return Err(differ(band, &what, [(*from, a.clone()), (layer, b.clone())]));
                }
                (None, Some(name)) => known.name = Some(name.clone()),
                _ => {}
            }
            match (known.colour, class.colour) {
                (Some(a), Some(b)) if a != b && !told => {
                    told = true;
                    remarks.push(format!(
                        "band {}: colours of classes differ between {} and {}, such as that of {}: the first are kept",
                        band.name,
                        from.source.file.display(),
                        layer.source.file.display(),
                        class.value
                    ));
                }
                (None, colour) => known.colour = colour,
                _ => {}
            }
        }
    }
    Ok(found.into_values().map(|(class, _)| class).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_unit_are_one() {
        assert!(same_unit("m", "metre") && same_unit("K", "kelvin") && same_unit("W m-2", "W m-2 "));
        assert!(!same_unit("m", "ft") && !same_unit("K", "degC") && !same_unit("MW", "mW"));
    }
}
