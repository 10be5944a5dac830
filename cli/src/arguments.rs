//! Parsers for values on the command line, which are checked before any work starts.

use anyhow::Result;
use std::path::Path;
use vqz_archive::{Existing, Input};
use vqz_codec::axes::Axes;
use vqz_codec::config::EntropyCoder;

/// A quality in dB, within the range that the codec allows.
pub(crate) fn quality(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..=200.0).contains(&value) => Ok(value),
        _ => {
            Err("allowed are 0 to 200, dB of PSNR on data like the model's training data; 40 to 55 is usual"
                .to_owned())
        }
    }
}

/// A list of PSNRs in dB.
pub(crate) fn psnr(text: &str) -> Result<f64, String> {
    positive(text).map_err(|_| "allowed are numbers above 0, in dB".to_owned())
}

/// A finite number above 0.
pub(crate) fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value > 0.0 => Ok(value),
        _ => Err("allowed are numbers above 0".to_owned()),
    }
}

/// A fraction above 0 and below 1.
pub(crate) fn part(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value < 1.0 => Ok(value),
        _ => {
            Err("allowed are parts of the range above 0 and below 1, such as 0.01 for a hundredth".to_owned())
        }
    }
}

/// A finite number, 0 or above.
pub(crate) fn at_least_zero(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value >= 0.0 => Ok(value),
        _ => Err("allowed are numbers from 0 on".to_owned()),
    }
}

/// The roles of dimensions.
pub(crate) fn axes(text: &str) -> Result<Axes, String> {
    let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
    Axes::from_names(&names).map_err(|e| e.to_string())
}

/// An entropy coder.
pub(crate) fn entropy(text: &str) -> Result<EntropyCoder, String> {
    match text {
        "rans" => Ok(EntropyCoder::Rans),
        "lz4" => Ok(EntropyCoder::Lz4),
        other => Err(format!("found {other}, allowed are rans and lz4")),
    }
}

/// What to do when an output already exists.
pub(crate) fn existing(overwrite: bool) -> Existing {
    if overwrite { Existing::Replace } else { Existing::Refuse }
}

/// The input of an encode: a path, or the cube of a configuration.
pub(crate) fn input(path: &Path) -> Result<Input> {
    #[cfg(feature = "gdal")]
    if vqz_archive::Cube::is_configuration(path) {
        return Ok(Input::Cube(vqz_archive::Cube::open(path)?));
    }
    Ok(Input::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_none_are_refused() {
        for text in ["nan", "-3", "300", "inf", "", "45dB"] {
            assert!(quality(text).unwrap_err().starts_with("allowed are 0 to 200, dB of PSNR"), "{text}");
        }
        assert_eq!(quality("0").unwrap(), 0.0);
        assert!(positive("0").is_err() && positive("nan").is_err() && at_least_zero("nan").is_err());
        assert_eq!(at_least_zero("0").unwrap(), 0.0);
    }
}
