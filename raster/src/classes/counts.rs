//! The class table: how many samples each class has.

use crate::band::Category;
use crate::plane::Plane;
use crate::{Error, Result};
use serde::Serialize;
use std::collections::BTreeMap;

/// More classes than a label band has. A band of measurements is refused before its table fills the memory.
const MAX_CLASSES: usize = 65_536;

/// Samples of each class, over the windows seen so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Samples by class value.
    pub classes: BTreeMap<i64, u64>,
    /// Samples without a class.
    pub unlabelled: u64,
}

/// A row of the class table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassRow {
    /// The class value.
    pub value: i64,
    /// Its name, where the band knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its samples.
    pub samples: u64,
    /// Their part of all labelled samples, 0 to 1.
    pub fraction: f64,
}

impl Counts {
    /// Adds a window of labels.
    ///
    /// # Errors
    /// [`Error::Invalid`] where a label is not a whole number, or there are more than 65536 classes; the counts are then
    /// left as they were.
    pub fn add(&mut self, labels: &Plane) -> Result<()> {
        let mut found: BTreeMap<i64, u64> = BTreeMap::new();
        let mut unlabelled = 0;
        // Neighbours mostly share their class, so the table is looked up once for each run.
        let mut run = (f64::NAN, 0i64, 0u64);
        for (value, valid) in labels.values.iter().zip(&labels.valid) {
            if !valid {
                unlabelled += 1;
                continue;
            }
            if *value != run.0 {
                close(&mut found, run);
                let Some(class) = crate::expression::whole(*value) else {
                    return Err(Error::Invalid(format!(
                        "classes are whole numbers, found {value}; count the samples of a label band"
                    )));
                };
                run = (*value, class, 0);
                if found.len() > MAX_CLASSES {
                    return Err(too_many());
                }
            }
            run.2 += 1;
        }
        close(&mut found, run);
        self.merge(&Self { classes: found, unlabelled })
    }

    /// Adds the counts of other windows.
    ///
    /// # Errors
    /// [`Error::Invalid`] where there would be more than 65536 classes; the counts are then left as they were.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        let new = other.classes.keys().filter(|class| !self.classes.contains_key(class)).count();
        if self.classes.len() + new > MAX_CLASSES {
            return Err(too_many());
        }
        for (class, samples) in &other.classes {
            *self.classes.entry(*class).or_default() += samples;
        }
        self.unlabelled += other.unlabelled;
        Ok(())
    }

    /// All samples that have a class.
    #[must_use]
    pub fn labelled(&self) -> u64 {
        self.classes.values().sum()
    }

    /// The class table, by value: classes that were counted, and those of `categories` that were not, with 0.
    #[must_use]
    pub fn table(&self, categories: &[Category]) -> Vec<ClassRow> {
        let mut samples = self.classes.clone();
        for category in categories {
            samples.entry(category.value).or_default();
        }
        let labelled = self.labelled().max(1) as f64;
        let name = |value: i64| {
            categories
                .iter()
                .find(|category| category.value == value)
                .and_then(|category| category.name.clone())
        };
        let row = |(value, samples): (i64, u64)| ClassRow {
            value,
            name: name(value),
            samples,
            fraction: samples as f64 / labelled,
        };
        samples.into_iter().map(row).collect()
    }
}

fn close(found: &mut BTreeMap<i64, u64>, (_, class, samples): (f64, i64, u64)) {
    if samples > 0 {
        *found.entry(class).or_default() += samples;
    }
}

fn too_many() -> Error {
    Error::Invalid(format!(
        "found more than {MAX_CLASSES} classes; count the samples of a label band, not of measurements"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(values: &[f64], valid: &[bool]) -> Plane {
        Plane { height: 1, width: values.len(), values: values.to_vec(), valid: valid.to_vec() }
    }

    #[test]
    fn windows_add_up_to_a_table() {
        let mut counts = Counts::default();
        counts.add(&plane(&[1.0, 1.0, 3.0, 1.0, 9.0], &[true, true, true, true, false])).unwrap();
        let mut other = Counts::default();
        other.add(&plane(&[3.0, -2.0, 3.0, 3.0], &[true; 4])).unwrap();
        counts.merge(&other).unwrap();
        assert_eq!(counts.classes, BTreeMap::from([(-2, 1), (1, 3), (3, 4)]));
        assert_eq!((counts.unlabelled, counts.labelled()), (1, 8));
        let category = |value, name: &str| Category { value, name: Some(name.to_owned()), colour: None };
        let table = counts.table(&[category(1, "water"), category(2, "forest")]);
        let rows: Vec<_> =
            table.iter().map(|row| (row.value, row.name.as_deref(), row.samples, row.fraction)).collect();
        assert_eq!(
            rows,
            [
                (-2, None, 1, 0.125),
                (1, Some("water"), 3, 0.375),
                (2, Some("forest"), 0, 0.0),
                (3, None, 4, 0.5)
            ]
        );
        assert_eq!(
            serde_json::to_string(&counts).unwrap(),
            r#"{"classes":{"-2":1,"1":3,"3":4},"unlabelled":1}"#
        );
        assert!(Counts::default().table(&[]).is_empty());
    }

    #[test]
    fn measurements_are_no_classes() {
        let mut counts = Counts::default();
        assert_eq!(
            counts.add(&plane(&[1.0, 0.25], &[true; 2])).unwrap_err().to_string(),
            "classes are whole numbers, found 0.25; count the samples of a label band"
        );
        let many: Vec<f64> = (0..70_000).map(f64::from).collect();
        assert_eq!(
            counts.add(&plane(&many, &vec![true; many.len()])).unwrap_err().to_string(),
            "found more than 65536 classes; count the samples of a label band, not of measurements"
        );
        assert_eq!(counts, Counts::default());
    }
}
