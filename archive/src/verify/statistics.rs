//! Whether a decoded chunk differs from its source as much as its header states.

use crate::encoded::array::EncodedArray;
use crate::error::{Result, bail};
use crate::metrics::error::ErrorSum;
use crate::raster::samples::{Mask, to_f64};
use vqz_codec::pipeline::Statistics;
use vqz_codec::sample::DataType;

/// How far the statistics of a header may be above the measured ones, because headers state them in few bytes.
pub(crate) const STATED: f64 = 4e-5;

/// Compares a decoded chunk with its source.
pub(crate) fn check(
    archive: &EncodedArray,
    source: &[u8],
    decoded: &[u8],
    data_type: DataType,
    stated: &Statistics,
) -> Result<()> {
    let mask = Mask::new(&archive.configuration().nodata, data_type)?;
    let size = data_type.size();
    let mut errors = ErrorSum::default();
    let pairs = to_f64(data_type, source).into_iter().zip(to_f64(data_type, decoded));
    let bits = source.chunks_exact(size).zip(decoded.chunks_exact(size));
    for ((a, b), (bits_a, bits_b)) in pairs.zip(bits) {
        match (mask.is_valid(a), mask.is_valid(b)) {
            (true, true) => errors.add(a, b),
            (false, _) if bits_a == bits_b => {}
            (false, _) => bail!(Corrupt, "a sample without data, {a}, became {b}"),
            (true, false) => bail!(Corrupt, "a valid sample, {a}, became {b}, which means no data"),
        }
    }
    // A decoder other than the writer's may differ by the model's tolerance, and may then round to the next integer.
    let tolerance = archive.model.as_ref().map_or(0.0, |model| model.manifest().tolerance);
    let is_float = matches!(data_type, DataType::Float32 | DataType::Float64);
    let rounding = if is_float || archive.model.is_none() { tolerance } else { tolerance.max(1.0) };
    let allowed = stated.max_error + rounding + stated.max_error.abs() * STATED;
    if errors.max > allowed {
        bail!(Corrupt, "a sample is off by {}, the chunk states at most {}", errors.max, stated.max_error);
    }
    if errors.max + rounding + errors.max * STATED < stated.max_error {
        bail!(Corrupt, "no sample is off by more than {}, the chunk states {}", errors.max, stated.max_error);
    }
    // Masked samples that were fill value count for nothing on either side, so sums are compared, not means.
    let stated_sum = stated.mean_square_error * stated.valid as f64;
    let root = stated.mean_square_error.sqrt();
    let slack = errors.count as f64 * 4.0 * tolerance * (2.0 * root + 1.0) + STATED * stated_sum + 1e-9;
    if (errors.squared - stated_sum).abs() > slack {
        bail!(
            Corrupt,
            "the mean square error is {}, the chunk states {}",
            errors.squared / (stated.valid as f64).max(1.0),
            stated.mean_square_error
        );
    }
    Ok(())
}
