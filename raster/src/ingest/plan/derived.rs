//! Computed arrays: bands from expressions over other bands, and the number of valid dates.

use super::names::{dimensions, without_bands};
use super::{ArrayPlan, BandPlan, BandSource, CubePlan, Dimension};
use crate::band::Band;
use crate::error::{Error, Result};
use crate::expression::Expression;
use crate::ingest::config::DeriveConfig;
use crate::ingest::plan::clashes::Clashes;
use crate::ingest::plan::dates::Dates;
use crate::ingest::read::gridded::Purpose;
use crate::ingest::sources::scene::Scene;
use crate::sample::{DataType, ValueRange as _};
use std::collections::BTreeSet;

/// The name of the array with the number of valid dates.
const VALID_COUNT: &str = "valid_count";

impl CubePlan {
    pub(crate) fn add_derived(
        &mut self,
        scene: &Scene,
        number: usize,
        expression: &Expression,
        grid_number: usize,
        folder: &str,
    ) -> Result<()> {
        let derive = self.config.derive[number].clone();
        let mut has_times = false;
        let mut times = BTreeSet::new();
        for name in expression.bands() {
            let Some(band) = scene.band(name) else { continue };
            self.gridded[grid_number]
                .add(&self.config, band, Purpose::Data)
                .map_err(|e| Error::Mismatch(format!("derived band {}: {e}", derive.name)))?;
            has_times |= band.has_times();
            times.extend(band.layers.keys().copied().flatten());
        }
        self.add_quality(scene, grid_number)?;
        let nodata = derive.nodata.or(derive.data_type.is_float().then_some(f64::NAN));
        let Some(nodata) = nodata.filter(|nodata| derive.data_type.holds(*nodata)) else {
            return Err(Error::Invalid(format!(
                "derived band {} is {}, and needs a nodata value of that type, which is written where its inputs are not valid",
                derive.name,
                derive.data_type.name()
            )));
        };
        let plan = BandPlan {
            band: derived_band(&derive, nodata),
            source: BandSource::Derived(number, Box::new(expression.clone())),
        };
        let times = has_times.then(|| times.into_iter().collect());
        let dates = Dates::plan(&self.config.time, times)?;
        if let Some(name) = derive.array.as_deref().filter(|name| *name != derive.name) {
            let group = folder.trim_end_matches('/');
            let array = self.arrays.iter_mut().find(|array| array.name == name && array.group() == group);
            let Some(array) = array else {
                return Err(Error::Invalid(format!(
                    "derived band {} is to be a band of {folder}{name}, and there is no such array",
                    derive.name
                )));
            };
            let path = &array.path;
            let same_nodata = array.nodata.is_some_and(|v| v == nodata || (v.is_nan() && nodata.is_nan()));
            if array.sample_type != derive.data_type || !same_nodata || array.times != dates.times() {
                return Err(Error::Mismatch(format!(
                    "derived band {} is {} with nodata {nodata}, the array {path} {} with {}; bands of one array share \
                     type, nodata and dates",
                    derive.name,
                    derive.data_type.name(),
                    array.sample_type.name(),
                    array.nodata.map_or_else(|| "none".to_owned(), |v| v.to_string())
                )));
            }
            array.bands.push(plan);
            return Ok(());
        }
        let array = ArrayPlan {
            path: String::new(),
            name: derive.name.clone(),
            grid: self.gridded[grid_number].grid.clone(),
            times: dates.times(),
            bands: vec![plan],
            dimensions: without_bands(dimensions(&self.config.output, has_times)?),
            sample_type: derive.data_type,
            nodata: Some(nodata),
            categorical: false,
            grid_number,
            dates,
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

    pub(crate) fn add_valid_count(&mut self, scene: &Scene, grid_number: usize, folder: &str) {
        let source =
            self.arrays.iter().find(|array| array.grid_number == grid_number && array.times.is_some());
        let Some((source, name)) =
            source.and_then(|array| Some((array, array.bands.first()?.band.name.clone()?)))
        else {
            self.remarks.push(format!("{}: valid_count counts dates, and there are none", scene.name));
            return;
        };
        let dates = Dates::Same(source.dates.source().to_vec());
        let band = Band { name: Some(VALID_COUNT.to_owned()), ..Band::default() };
        let mut dimensions = source.dimensions.clone();
        dimensions.retain(|dimension| matches!(dimension, Dimension::Y | Dimension::X));
        let array = ArrayPlan {
            path: String::new(),
            name: VALID_COUNT.to_owned(),
            grid: source.grid.clone(),
            times: None,
            bands: vec![BandPlan { band, source: BandSource::ValidCount(name) }],
            dimensions,
            sample_type: DataType::UInt16,
            nodata: None,
            categorical: false,
            grid_number,
            dates,
            mask: None,
            exact: None,
            coordinates: Vec::new(),
            ancillary: Vec::new(),
            own_coordinates: None,
            clashes: Clashes::default(),
        };
        self.push(folder, array);
    }
}

fn derived_band(derive: &DeriveConfig, nodata: f64) -> Band {
    Band {
        name: Some(derive.name.clone()),
        unit: derive.unit.clone(),
        nodata: Some(nodata),
        scale: (derive.scale != 1.0).then_some(derive.scale),
        offset: (derive.offset != 0.0).then_some(derive.offset),
        ..Band::default()
    }
}
