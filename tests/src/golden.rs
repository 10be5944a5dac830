//! The golden archives of `spec/golden`: which there are, and where.

use crate::arrays::Case;
use serde_json::json;
use std::path::PathBuf;
use vqz_codec::DataType;
use vqz_codec::config::{EntropyCoder, NoData};
use vqz_codec::model::Quantiser;

/// The folder of the golden archives of the current container version.
#[must_use]
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../spec/golden/v0")
}

/// The archives, by name. `NAME.zarr` is the archive, `NAME.decoded.zarr` what it decodes to, as plain Zarr.
#[must_use]
pub fn cases() -> Vec<(&'static str, Case)> {
    let nan = || vec![NoData::Name("NaN".to_owned())];
    vec![
        ("uint16-rans", Case::default()),
        ("uint8-lz4", Case { data_type: DataType::UInt8, entropy: EntropyCoder::Lz4, ..Case::default() }),
        (
            "int16-nodata-time",
            Case {
                axes: &["time", "band", "y", "x"],
                shape: &[2, 2, 50, 60],
                chunk: &[2, 2, 32, 32],
                data_type: DataType::Int16,
                fill: json!(-9999),
                nodata: vec![NoData::Integer(-9999)],
                ..Case::default()
            },
        ),
        (
            "float32-nan-fine",
            Case {
                axes: &["y", "x"],
                shape: &[70, 70],
                chunk: &[70, 70],
                data_type: DataType::Float32,
                fill: json!("NaN"),
                nodata: nan(),
                quality: 90.0,
                ..Case::default()
            },
        ),
        (
            "float64-escapes",
            Case {
                axes: &["x", "y"],
                shape: &[40, 30],
                chunk: &[40, 30],
                data_type: DataType::Float64,
                fill: json!("NaN"),
                nodata: nan(),
                ..Case::default()
            },
        ),
        (
            "int32-channels-last-sharded",
            Case {
                axes: &["y", "x", "band"],
                shape: &[80, 60, 3],
                chunk: &[32, 32, 3],
                shard: Some(&[64, 64, 3]),
                data_type: DataType::Int32,
                ..Case::default()
            },
        ),
        (
            "uint8-large-tiles",
            Case {
                axes: &["y", "x"],
                shape: &[264, 300],
                chunk: &[264, 300],
                data_type: DataType::UInt8,
                quality: 38.0,
                ..Case::default()
            },
        ),
        (
            "uint16-corrected",
            Case {
                axes: &["y", "x"],
                shape: &[64, 300],
                chunk: &[64, 300],
                quality: 34.0,
                corrected: true,
                ..Case::default()
            },
        ),
        ("uint16-vq", Case { quantiser: Quantiser::Vq, quality: 32.0, ..Case::default() }),
        (
            "uint16-rvq",
            Case {
                quantiser: Quantiser::Rvq,
                quality: 40.0,
                nodata: vec![NoData::Integer(0)],
                ..Case::default()
            },
        ),
        (
            "uint8-rvq-lz4",
            Case {
                quantiser: Quantiser::Rvq,
                quality: 36.0,
                data_type: DataType::UInt8,
                entropy: EntropyCoder::Lz4,
                ..Case::default()
            },
        ),
    ]
}
