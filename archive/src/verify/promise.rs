//! Whether an archive keeps what it promises of its valid samples.

use crate::encoded::array::EncodedArray;
use crate::error::{Result, bail};
use crate::raster::samples::{Mask, to_f64};
use crate::verify::statistics::{Samples, slack};
use vqz_codec::axes::Role;
use vqz_codec::config::Promise;
use vqz_codec::pipeline::Statistics;
use vqz_codec::sample::DataType;

/// Compares the errors that a chunk's header states with the promise.
pub(crate) fn stated(archive: &EncodedArray, stated: &Statistics) -> Result<()> {
    let largest = match &archive.configuration().promise {
        Promise::Quality => return Ok(()),
        Promise::Lossless => 0.0,
        Promise::MaxError { bound, .. } => bound.iter().copied().fold(0.0, f64::max),
    };
    // Headers state errors in few bytes, rounded up, so some slack is allowed.
    if stated.max_error > largest + slack(largest, stated) {
        bail!(
            PromiseBroken,
            "the chunk states a maximum error of {}, {largest} is promised",
            stated.max_error
        );
    }
    Ok(())
}

/// Compares decoded samples with their source. Both have the shape `shape`.
pub(crate) fn kept(
    archive: &EncodedArray,
    shape: &[u64],
    Samples { source, decoded }: Samples<'_>,
    data_type: DataType,
) -> Result<()> {
    let configuration = archive.configuration();
    if configuration.promise == Promise::Quality {
        return Ok(());
    }
    let size = data_type.size();
    if configuration.promise == Promise::Lossless {
        let differs = |(a, b): (&[u8], &[u8])| a != b;
        let pairs = source.chunks_exact(size).zip(decoded.chunks_exact(size));
        return match pairs.filter(|pair| differs(*pair)).count() {
            0 => Ok(()),
            count => bail!(PromiseBroken, "{count} samples differ, lossless coding is promised"),
        };
    }
    let band = configuration.axes.position(&Role::Band);
    let (bands, run) = band.map_or((1, 1), |d| (shape[d], shape[d + 1..].iter().product::<u64>()));
    let Some(bounds) = configuration.promise.bounds(bands as usize)? else { return Ok(()) };
    let mask = Mask::new(&configuration.nodata, data_type)?;
    let pairs = to_f64(data_type, source).into_iter().zip(to_f64(data_type, decoded));
    for (at, (wanted, found)) in pairs.enumerate() {
        let band = (at as u64 / run.max(1) % bands.max(1)) as usize;
        if mask.is_valid(wanted) && (wanted - found).abs() > bounds[band] {
            bail!(
                PromiseBroken,
                "a sample of band {band}, {wanted}, became {found}; at most {} off is promised",
                bounds[band]
            );
        }
    }
    Ok(())
}
