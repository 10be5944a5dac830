//! How files tell which samples of a band are missing: by values, and by masks.
//!
//! GDAL knows one value for each band. NetCDF and HDF5 may declare more: `_FillValue` beside `missing_value`, which may be a
//! list. Masks are stored in the file or beside it, for all bands or for each, or as a band of transparency.

use crate::Result;
use crate::band::{Sign, signed_byte_nodata};
use crate::sample::{DataType, ValueRange as _};
use gdal::raster::{ColorInterpretation, RasterBand};
use gdal::{Dataset, Metadata as _};

/// Drivers whose bands have CF's attributes as metadata items.
const WITH_ATTRIBUTES: [&str; 4] = ["netCDF", "HDF5", "HDF5Image", "Zarr"];

/// The attributes that declare values, as GDAL's metadata items end. HDF5 has the path of the variable before them.
const ATTRIBUTES: [&str; 2] = ["_FillValue", "missing_value"];

/// What a file tells of missing samples beside the band's nodata value.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Missing {
    /// Further values that mean "no data".
    pub values: Vec<f64>,
    /// The mask. Beside one that is not transparency, the nodata value says nothing of single samples: GDAL goes by the mask alone.
    pub mask: Option<MaskKind>,
    /// Values that are declared although no sample can equal them.
    pub impossible: Vec<f64>,
    /// Whether the nodata value counts beside such a mask, because the configuration gives it.
    pub value_counts: bool,
    /// Whether a band of the file is transparency after its kind, and data after its name.
    pub alpha_is_data: bool,
}

/// A kind of mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MaskKind {
    /// One mask for all bands of the file.
    File,
    /// A mask for each band.
    Band,
    /// A band of transparency, by its number from 1.
    Alpha(usize),
}

/// The kind of samples that a value must equal.
#[derive(Clone, Copy, Debug)]
pub struct Samples {
    /// Their type, as they are meant; of bytes with a sign, as they are read.
    pub sample_type: DataType,
    /// How they stand for what is meant.
    pub sign: Sign,
}

impl Missing {
    /// Whether a mask tells which samples are missing, whatever value they have.
    #[must_use]
    pub fn is_by_mask(&self) -> bool {
        !self.value_counts && matches!(self.mask, Some(MaskKind::File | MaskKind::Band))
    }

    /// Whether a nodata value alone tells which samples are missing.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.values.is_empty() && self.mask.is_none()
    }
}

/// The nodata value of a band, and what else its file tells. `declared` is the value that GDAL reports, `alpha` the band of
/// transparency.
///
/// # Errors
/// [`crate::Error::Gdal`] where GDAL can't open a band.
pub fn read(
    dataset: &Dataset,
    number: usize,
    declared: Option<f64>,
    alpha: Option<usize>,
    samples: Samples,
) -> Result<(Option<f64>, Missing)> {
    let band = dataset.rasterband(number)?;
    let mut missing = Missing { mask: mask(number, &band, alpha)?, ..Missing::default() };
    let mut values: Vec<f64> = Vec::new();
    let further = if WITH_ATTRIBUTES.contains(&dataset.driver().short_name().as_str()) {
        attributes(&band.metadata_domain("").unwrap_or_default())
    } else {
        Vec::new()
    };
    for value in declared.into_iter().chain(further) {
        let (to, value) = match nodata(value, samples) {
            Some(value) => (&mut values, value),
            None => (&mut missing.impossible, value),
        };
        if !to.iter().any(|known| known.total_cmp(&value).is_eq()) {
            to.push(value);
        }
    }
    let first = if values.is_empty() { None } else { Some(values.remove(0)) };
    missing.values = values;
    Ok((first, missing))
}

/// The mask of a band, if there is one beside its nodata value.
fn mask(number: usize, band: &RasterBand<'_>, alpha: Option<usize>) -> Result<Option<MaskKind>> {
    let flags = band.mask_flags()?;
    // GDAL knows transparency in files of two and of four bands only.
    if flags.is_all_valid() || flags.is_alpha() {
        return Ok(alpha.filter(|alpha| *alpha != number).map(MaskKind::Alpha));
    }
    Ok(match (flags.is_nodata(), flags.is_per_dataset()) {
        (true, false) => None,
        (_, true) => Some(MaskKind::File),
        (false, false) => Some(MaskKind::Band),
    })
}

/// The number of the band that holds transparency, from 1.
///
/// # Errors
/// [`crate::Error::Gdal`] where GDAL can't open a band.
pub fn alpha(dataset: &Dataset) -> Result<Option<usize>> {
    for number in 1..=dataset.raster_count() {
        if dataset.rasterband(number)?.color_interpretation() == ColorInterpretation::AlphaBand {
            return Ok(Some(number));
        }
    }
    Ok(None)
}

/// The values that metadata items of a band declare: `missing_value={-1,-2}`, or `path_missing_value=-1 -2`.
fn attributes(items: &[String]) -> Vec<f64> {
    let mut values = Vec::new();
    for attribute in ATTRIBUTES {
        for (key, text) in items.iter().filter_map(|item| item.split_once('=')) {
            let tells =
                key == attribute || key.strip_suffix(attribute).is_some_and(|path| path.ends_with('_'));
            if tells {
                let words = text.trim().trim_start_matches('{').trim_end_matches('}').split([',', ' ']);
                values.extend(words.filter_map(|word| word.trim().parse::<f64>().ok()));
            }
        }
    }
    values
}

/// Whether a band that a file declares as transparency can be one by its name. Many programs write the fourth of four bands as
/// transparency whatever it is.
#[must_use]
pub fn may_be_alpha(name: &str) -> bool {
    let name = name.to_lowercase();
    let unnamed = name.strip_prefix('b').is_some_and(|number| number.parse::<usize>().is_ok());
    unnamed || ["a", "alpha", "mask", "opacity", "transparency"].contains(&name.as_str())
}

/// A nodata value as a sample; `None` where no sample can equal it.
#[must_use]
pub fn nodata(value: f64, Samples { sample_type, sign }: Samples) -> Option<f64> {
    match sample_type {
        DataType::UInt8 if sign == Sign::Added => signed_byte_nodata(value),
        _ if sign != Sign::AsRead => Some(sign.meant(value)).filter(|v| sample_type.holds(*v)),
        // A decimal such as 1e20 is stored as the nearest float32; one beyond all float32 is not stored at all.
        DataType::Float32 => Some(f64::from(value as f32)).filter(|v| v.is_finite() || !value.is_finite()),
        _ => Some(value).filter(|v| sample_type.holds(*v)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodata_is_what_a_sample_can_be() {
        let of = |value, sample_type| nodata(value, Samples { sample_type, sign: Sign::AsRead });
        assert_eq!(of(f64::NAN, DataType::Int16), None);
        assert_eq!(of(-9999.0, DataType::UInt8), None);
        assert_eq!(of(0.5, DataType::UInt16), None);
        assert_eq!(of(-32768.0, DataType::Int16), Some(-32768.0));
        assert_eq!(of(1e20, DataType::Float32), Some(f64::from(1e20f32)));
        assert_eq!(of(-3.402_823_466_385_29e38, DataType::Float32), Some(f64::from(f32::MIN)));
        assert_eq!(of(f64::MIN, DataType::Float32), None);
        assert!(of(f64::NAN, DataType::Float32).is_some_and(f64::is_nan));
        let signed = |value| nodata(value, Samples { sample_type: DataType::UInt8, sign: Sign::Added });
        assert_eq!(signed(255.0), Some(-1.0));
        assert_eq!(signed(-128.0), Some(-128.0));
        assert_eq!(signed(156.0), Some(-100.0));
        assert_eq!((signed(256.0), signed(200.5)), (None, None));
        let unsigned = |value| nodata(value, Samples { sample_type: DataType::UInt8, sign: Sign::Removed });
        assert_eq!((unsigned(-1.0), unsigned(255.0), unsigned(256.0)), (Some(255.0), Some(255.0), None));
    }

    #[test]
    fn attributes_declare_values() {
        let of =
            |items: &[&str]| attributes(&items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["missing_value={-1,-2}", "units=K", "_FillValue=-3"]), [-3.0, -1.0, -2.0]);
        assert_eq!(of(&["group_t_missing_value=-1 -2 ", "group_t__FillValue=7 "]), [7.0, -1.0, -2.0]);
        assert_eq!(of(&["missing_value=none", "hourly_missing_values=5"]), [] as [f64; 0]);
        assert!(of(&["_FillValue=nan"])[0].is_nan());
    }
}
