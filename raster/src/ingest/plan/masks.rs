//! Arrays that keep masks: where no value can mean "no data", which pixels are valid stands in an array of its own.

use super::clashes::Clashes;
use super::names::without_bands;
use super::nodata::MaskShape;
use super::{ArrayPlan, BandPlan, BandSource, CubePlan, DATA};
use crate::band::{Band, Category};
use crate::error::{Error, Result};
use crate::sample::DataType;

/// The name of the mask of the array `data`. Other arrays have their names before it.
const MASK: &str = "mask";

impl CubePlan {
    /// Adds an array, and the array with its mask where it needs one, whose path is returned.
    ///
    /// # Errors
    /// [`Error::Mismatch`] where dates are computed from others, which leaves samples missing that no mask of a file tells.
    pub(crate) fn push_with_mask(
        &mut self,
        folder: &str,
        array: ArrayPlan,
        mask: Option<MaskShape>,
    ) -> Result<Option<String>> {
        let path = self.push(folder, array);
        let Some(shape) = mask else { return Ok(None) };
        let Some(array) = self.arrays.iter().find(|array| array.path == path) else { return Ok(None) };
        let type_name = array.sample_type.name();
        if array.needs_other_dates() {
            return Err(Error::Mismatch(format!(
                "{path}: a mask makes samples invalid, dates are computed from others, and no value means \"no data\" in \
                 {type_name}; declare one as nodata under [output]"
            )));
        }
        // The name of each band of the mask, and of the band whose mask it is.
        let named: Vec<(&str, &str)> = match &shape {
            MaskShape::Shared(band) => vec![(MASK, band.as_str())],
            MaskShape::Banded => array
                .bands
                .iter()
                .filter_map(|band| band.band.name.as_deref())
                .map(|name| (name, name))
                .collect(),
        };
        let category = |value, name: &str| Category { value, name: Some(name.to_owned()), colour: None };
        let bands = named
            .into_iter()
            .map(|(name, of)| BandPlan {
                band: Band {
                    name: Some(name.to_owned()),
                    categories: vec![category(0, "invalid"), category(1, "valid")],
                    ..Band::default()
                },
                source: BandSource::Mask(of.to_owned()),
            })
            .collect();
        let own = if array.name == DATA { MASK.to_owned() } else { format!("{}_{MASK}", array.name) };
        let dimensions = array.dimensions.clone();
        let mask = ArrayPlan {
            path: String::new(),
            name: own,
            grid: array.grid.clone(),
            times: array.times.clone(),
            bands,
            dimensions: if shape == MaskShape::Banded { dimensions } else { without_bands(dimensions) },
            sample_type: DataType::UInt8,
            nodata: None,
            categorical: false,
            grid_number: array.grid_number,
            dates: array.dates.clone(),
            mask: None,
            exact: None,
            coordinates: Vec::new(),
            ancillary: Vec::new(),
            own_coordinates: None,
            clashes: Clashes::default(),
        };
        let mask = self.push(folder, mask);
        if let Some(array) = self.arrays.iter_mut().find(|array| array.path == path) {
            array.mask = Some(mask.clone());
        }
        Ok(Some(mask))
    }
}
