//! The summary of an encode, from the files that it wrote and the chunk headers in them.

use crate::encode::array::ArrayEncode;
use crate::encoded::totals::Totals;
use crate::error::Result;
use crate::store::files;
use crate::stored::StoredSize;
use crate::target::TargetOutcome;
use crate::write::hierarchy::{Written, node_folder};
use serde::Serialize;
use std::path::Path;
use vqz_codec::config::Promise;
use vqz_codec::model::Model;

/// The summary of an encode.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct EncodeSummary {
    /// The archive.
    pub output: String,
    /// The model's name.
    pub model: Option<String>,
    /// The nominal quality in dB; none if arrays differ in quality.
    pub quality: Option<f64>,
    /// The arrays that were encoded.
    pub arrays: Vec<EncodedArraySummary>,
    /// Raw bytes of the input's samples.
    pub input_bytes: u64,
    /// The size of all arrays on disk.
    #[serde(flatten)]
    pub stored: StoredSize,
    /// The value that PSNR is stated against: the model's. None without a model.
    pub peak: Option<f64>,
    /// PSNR over all valid samples, in dB; none without a peak, and where there is no error.
    pub psnr_db: Option<f64>,
    /// Root mean square error over all valid samples, in data units.
    pub rmse: Option<f64>,
    /// The largest error of a valid sample, in data units.
    pub max_error: f64,
    /// Wall time.
    pub seconds: f64,
    /// Speed: 10⁶ bytes of raw samples per second of wall time.
    pub mb_s: f64,
    /// Chunks kept from an earlier run.
    pub chunks_kept: u64,
}

/// The summary of one encoded array.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct EncodedArraySummary {
    /// Its path below the root; empty for the root.
    pub path: String,
    /// All samples.
    pub samples: u64,
    /// Valid samples.
    pub valid_samples: u64,
    /// Raw bytes of the input's samples.
    pub input_bytes: u64,
    /// Its size on disk.
    #[serde(flatten)]
    pub stored: StoredSize,
    /// Bits of the chunks per valid sample.
    pub bits_per_valid_sample: f64,
    /// The nominal quality in dB.
    pub quality: f64,
    /// The promise for valid samples.
    pub promise: Promise,
    /// The target that was searched for, if no quality was given, and the result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetOutcome>,
    /// PSNR over valid samples, in dB.
    pub psnr_db: Option<f64>,
    /// The value that PSNR is stated against. It comes from the model, so it is none without one.
    pub peak: Option<f64>,
    /// Root mean square error over valid samples, in data units.
    pub rmse: Option<f64>,
    /// The largest error of a valid sample, in data units.
    pub max_error: f64,
    /// Chunks that hold data.
    pub chunks: u64,
    /// Chunks that are all fill value, and so are not stored.
    pub fill_only_chunks: u64,
}

impl EncodeSummary {
    /// Measures what was written.
    pub(crate) fn measure(
        output: &Path,
        encoded: &[ArrayEncode],
        model: Option<&Model>,
        written: &Written,
    ) -> Result<Self> {
        let peak = model.map(|model| model.manifest().peak);
        let mut arrays = Vec::new();
        let mut all = Totals::default();
        for array in encoded {
            arrays.push(EncodedArraySummary::measure(output, array, peak)?);
            all.merge(&array.totals);
        }
        let quality = arrays.first().map(|array| array.quality);
        let sum = |field: fn(&EncodedArraySummary) -> u64| arrays.iter().map(field).sum::<u64>();
        let (input_bytes, samples) = (sum(|a| a.input_bytes), sum(|a| a.samples));
        let sizes = (sum(|a| a.stored.metadata_bytes), sum(|a| a.stored.data_bytes));
        Ok(Self {
            output: output.display().to_string(),
            model: model.map(|model| model.manifest().name.clone()),
            quality: quality.filter(|quality| arrays.iter().all(|array| array.quality == *quality)),
            input_bytes,
            stored: StoredSize::new(sizes, input_bytes, samples),
            peak,
            psnr_db: peak.and_then(|peak| all.psnr_db(peak)),
            rmse: all.rmse(),
            max_error: all.max_error,
            seconds: written.seconds,
            mb_s: written.bytes as f64 / 1e6 / written.seconds.max(1e-9),
            chunks_kept: written.kept,
            arrays,
        })
    }
}

impl EncodedArraySummary {
    fn measure(output: &Path, array: &ArrayEncode, peak: Option<f64>) -> Result<Self> {
        let (input, totals, path) = (array.raster.info(), &array.totals, &array.node.path);
        let sizes = files::sizes(&node_folder(output, path))?;
        Ok(Self {
            path: path.clone(),
            samples: input.samples(),
            valid_samples: totals.valid,
            input_bytes: input.raw_bytes(),
            stored: StoredSize::new(sizes, input.raw_bytes(), input.samples()),
            bits_per_valid_sample: sizes.1 as f64 * 8.0 / (totals.valid as f64).max(1.0),
            quality: array.quality,
            promise: array.promise.clone(),
            target: array.outcome.clone(),
            psnr_db: peak.and_then(|peak| totals.psnr_db(peak)),
            peak,
            rmse: totals.rmse(),
            max_error: totals.max_error,
            chunks: totals.chunks,
            fill_only_chunks: totals.absent,
        })
    }
}
