//! Arrays of classes from polygons, with the names and colours that the configuration gives.

use super::names::{dimensions, without_bands};
use super::{ArrayPlan, BandPlan, BandSource, CubePlan};
use crate::band::{Band, Category};
use crate::error::{Error, Result};
use crate::ingest::config::LabelConfig;
use crate::ingest::plan::clashes::Clashes;
use crate::ingest::plan::dates::Dates;
use crate::ingest::sources::polygons::Labels;
use crate::sample::{DataType, ValueRange as _};

impl CubePlan {
    pub(crate) fn add_labels(&mut self, number: usize, grid_number: usize, folder: &str) -> Result<()> {
        let config = &self.config.labels[number];
        let categories = categories(config, &self.labels[number])?;
        let all = || categories.iter().map(|c| c.value).chain([config.nodata]);
        let sample_type = [DataType::UInt8, DataType::Int16, DataType::Int32]
            .into_iter()
            .find(|t| all().all(|value| t.holds(value as f64)));
        let Some(sample_type) = sample_type else {
            return Err(Error::Invalid(format!(
                "classes of {} are beyond 32 bits; give smaller ones",
                config.name
            )));
        };
        if let Some(class) = categories.iter().find(|class| class.value == config.nodata) {
            return Err(Error::Invalid(format!(
                "labels {}: {} is a class and means \"no polygon\" as well; give another nodata under [[labels]], or another \
                 number to the class",
                config.name, class.value
            )));
        }
        let nodata = Some(config.nodata as f64);
        let band = Band { name: Some(config.name.clone()), nodata, categories, ..Band::default() };
        let array = ArrayPlan {
            path: String::new(),
            name: config.name.clone(),
            grid: self.gridded[grid_number].grid.clone(),
            times: None,
            bands: vec![BandPlan { band, source: BandSource::Labels(number) }],
            dimensions: without_bands(dimensions(&self.config.output, false)?),
            sample_type,
            nodata,
            categorical: true,
            grid_number,
            dates: Dates::None,
            mask: None,
            exact: None,
            coordinates: Vec::new(),
            ancillary: Vec::new(),
            own_coordinates: None,
            clashes: Clashes::default(),
        };
        self.push(folder, array);
        Ok(())
    }
}

/// The classes of labels, with the names and colours that the configuration gives.
fn categories(config: &LabelConfig, labels: &Labels) -> Result<Vec<Category>> {
    labels
        .values()
        .map(|value| {
            let text = value.to_string();
            let of_text =
                config.classes.iter().find(|(_, class)| **class == value).map(|(text, _)| text.clone());
            let colour = config.colours.get(&text).map(|colour| parse_colour(colour)).transpose()?;
            Ok(Category { value, name: config.names.get(&text).cloned().or(of_text), colour })
        })
        .collect()
}

fn parse_colour(text: &str) -> Result<[u8; 4]> {
    let number = text
        .strip_prefix('#')
        .filter(|digits| digits.len() == 6)
        .and_then(|digits| u32::from_str_radix(digits, 16).ok());
    match number {
        Some(number) => {
            let [_, red, green, blue] = number.to_be_bytes();
            Ok([red, green, blue, 255])
        }
        None => Err(Error::Invalid(format!("\"{text}\" is no colour; write it as #2ca02c"))),
    }
}
