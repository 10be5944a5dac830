//! Whether a decoded chunk differs from its source as much as its header states.

use crate::encoded::array::EncodedArray;
use crate::error::{Result, bail};
use crate::metrics::error::ErrorSum;
use crate::raster::samples::{Mask, to_f64};
use vqz_codec::pipeline::Statistics;
use vqz_codec::sample::DataType;

/// How far the statistics of a header may be above the measured ones, because most headers state them in few bytes.
const STATED: f64 = 4e-5;

/// How far they may be apart where they are stated as measured, because sums of floats depend on the order.
const EXACT: f64 = 1e-9;

/// Below it, those few bytes have no more digits: the smallest normal float32.
const SHORTEST: f64 = f32::MIN_POSITIVE as f64;

/// The samples of a chunk before and after, in native byte order.
#[derive(Clone, Copy)]
pub(crate) struct Samples<'a> {
    /// As they are in the source.
    pub(crate) source: &'a [u8],
    /// As they were decoded.
    pub(crate) decoded: &'a [u8],
}

/// How far the maximum error that a header states may be above a promised or a measured one.
pub(crate) fn slack(error: f64, stated: &Statistics) -> f64 {
    match stated.exact {
        true => error * EXACT,
        false => error.max(SHORTEST) * STATED,
    }
}

/// Compares a decoded chunk with its source. `inside` are the samples that lie in the array. A header also states the
/// errors of padding, which its writer made of the fill value: `whole` are all samples, where there is padding.
pub(crate) fn check(
    archive: &EncodedArray,
    inside: Samples<'_>,
    whole: Option<Samples<'_>>,
    data_type: DataType,
    stated: &Statistics,
) -> Result<()> {
    let mask = Mask::new(&archive.configuration().nodata, data_type)?;
    refuse_other_mask(&mask, inside, data_type)?;
    let least = errors(&mask, inside, data_type);
    let most = whole.map_or(least, |whole| errors(&mask, whole, data_type));
    // A decoder other than the writer's may differ by the model's tolerance, and may then round to the next integer.
    let tolerance = archive.model.as_ref().map_or(0.0, |model| model.manifest().tolerance);
    let is_float = matches!(data_type, DataType::Float32 | DataType::Float64);
    let rounding = if is_float || archive.model.is_none() { tolerance } else { tolerance.max(1.0) };
    if least.max > stated.max_error + rounding + slack(stated.max_error, stated) {
        bail!(Corrupt, "a sample is off by {}, the chunk states at most {}", least.max, stated.max_error);
    }
    // The first versions of headers state infinity where their numbers end.
    if stated.max_error.is_finite() && stated.max_error > most.max + rounding + slack(most.max, stated) {
        bail!(Corrupt, "no sample is off by more than {}, the chunk states {}", most.max, stated.max_error);
    }
    // Samples of fill value that are not coded have no error, so sums are compared: all over the same number of samples.
    let count = most.count;
    let [least, most, said] = [least.squares, most.squares, stated.squares].map(|sum| sum.root_mean(count));
    let slack = |root: f64| {
        // Where another decoder rounds to the next integer, a square changes by a whole unit, but few do.
        let few = if is_float { 0.0 } else { (root * root + 4.0 * tolerance).sqrt() - root };
        let said = match stated.exact {
            true => root * EXACT,
            // A mean square has no more digits below the smallest normal float32, and then its root none below this.
            false => root * STATED + if root * root < SHORTEST { SHORTEST.sqrt() } else { 0.0 },
        };
        4.0 * tolerance + few + said
    };
    if least > said + slack(said) || said.is_finite() && said > most + slack(most) {
        bail!(Corrupt, "the root mean square error is {least}, the chunk states {said}");
    }
    Ok(())
}

/// Refuses samples that are valid in only one of the two, or masked and not the same.
fn refuse_other_mask(mask: &Mask, samples: Samples<'_>, data_type: DataType) -> Result<()> {
    let size = data_type.size();
    let bits = samples.source.chunks_exact(size).zip(samples.decoded.chunks_exact(size));
    for ((a, b), (bits_a, bits_b)) in pairs(samples, data_type).zip(bits) {
        match (mask.is_valid(a), mask.is_valid(b)) {
            (true, true) => {}
            (false, _) if bits_a == bits_b => {}
            (false, _) => bail!(Corrupt, "a sample without data, {a}, became {b}"),
            (true, false) => bail!(Corrupt, "a valid sample, {a}, became {b}, which means no data"),
        }
    }
    Ok(())
}

/// The errors of samples that are valid in both.
fn errors(mask: &Mask, samples: Samples<'_>, data_type: DataType) -> ErrorSum {
    let mut errors = ErrorSum::default();
    for (a, b) in pairs(samples, data_type).filter(|(a, b)| mask.is_valid(*a) && mask.is_valid(*b)) {
        errors.add(a, b);
    }
    errors
}

fn pairs(samples: Samples<'_>, data_type: DataType) -> impl Iterator<Item = (f64, f64)> {
    to_f64(data_type, samples.source).into_iter().zip(to_f64(data_type, samples.decoded))
}
