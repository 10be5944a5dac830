//! The list of the golden archives in `spec/golden`.

use crate::arrays::Case;
use serde_json::json;
use std::path::PathBuf;
use vqz_codec::DataType;
use vqz_codec::config::{EntropyCoder, NoData, Promise};
use vqz_codec::model::Quantiser;

/// The folder of the golden archives.
#[must_use]
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../spec/golden")
}

/// The archives, by path: a folder for the version of the container that wrote them, and a name. `NAME.zarr` is the archive,
/// and `NAME.decoded.zarr` holds the samples that it decodes to, as plain Zarr. Where a bound is promised,
/// `NAME.source.zarr` holds the samples that were encoded.
#[must_use]
pub fn cases() -> Vec<(String, Case)> {
    let named = |version: &'static str| move |(name, case): (&str, Case)| (format!("{version}/{name}"), case);
    let first = first().into_iter().map(named("v0"));
    first
        .chain(second().into_iter().map(named("v1")))
        .chain(promised().into_iter().map(named("v1")))
        .chain([(format!("v1/{PRESENT_NAME}"), present_name())])
        .chain([("v1/int16-bands-in-another-order".to_owned(), other_order())])
        .chain(left_out().into_iter().map(named("v1")))
        .chain(wide().into_iter().map(named("v2")))
        .collect()
}

/// The archive whose metadata call the codec `vqz`. Those above are from before the first release and call it `vqvae`, as
/// files that are never rewritten do; chunks do not hold the name. Those below call it `vqz` as well.
const PRESENT_NAME: &str = "uint8-lossless-named-vqz";

fn present_name() -> Case {
    Case {
        axes: &["y", "x"],
        shape: &[40, 50],
        chunk: &[32, 32],
        shard: Some(&[32, 64]),
        data_type: DataType::UInt8,
        promise: Promise::Lossless,
        predicted: true,
        ..Case::default()
    }
}

/// An archive whose model takes the bands in another order than the array has them, with a bound for each band.
fn other_order() -> Case {
    Case {
        axes: &["time", "y", "x", "band"],
        shape: &[2, 40, 36, 3],
        chunk: &[2, 40, 24, 3],
        data_type: DataType::Int16,
        nodata: vec![NoData::Integer(-32)],
        promise: Promise::MaxError { bound: vec![3.0, 9.0, 5.0], stable: false },
        band_order: &[2, 0, 1],
        ..Case::default()
    }
}

/// Written by version 0.
fn first() -> Vec<(&'static str, Case)> {
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

/// Written by version 1: the new ways to code pictures, and each quantiser under the new header.
fn second() -> Vec<(&'static str, Case)> {
    let dates = Case {
        axes: &["time", "band", "y", "x"],
        data_type: DataType::Int16,
        quality: 42.0,
        ..Case::default()
    };
    vec![
        ("uint16-rans", Case::default()),
        ("uint8-lz4", Case { data_type: DataType::UInt8, entropy: EntropyCoder::Lz4, ..Case::default() }),
        ("uint16-vq", Case { quantiser: Quantiser::Vq, quality: 32.0, ..Case::default() }),
        (
            "uint16-rvq-patches",
            Case {
                quantiser: Quantiser::Rvq,
                quality: 40.0,
                nodata: vec![NoData::Integer(0)],
                ..Case::default()
            },
        ),
        (
            "uint16-corrected-patches",
            Case {
                axes: &["y", "x"],
                shape: &[64, 300],
                chunk: &[64, 300],
                quality: 34.0,
                corrected: true,
                nodata: vec![NoData::Integer(0)],
                ..Case::default()
            },
        ),
        // Later dates resemble earlier ones; patches of some are missing, and one date altogether.
        (
            "int16-dates",
            Case {
                shape: &[5, 2, 48, 40],
                chunk: &[5, 2, 48, 40],
                fill: json!(-9999),
                nodata: vec![NoData::Integer(-9999), NoData::Integer(-9998)],
                ..dates.clone()
            },
        ),
        (
            "int16-dates-and-depths",
            Case {
                axes: &["time", "depth", "band", "y", "x"],
                shape: &[2, 2, 2, 40, 24],
                chunk: &[2, 2, 2, 40, 24],
                ..dates
            },
        ),
        // Codes of many planes, which fill three spans.
        ("uint16-bands", Case { shape: &[5, 40, 40], chunk: &[5, 40, 40], quality: 55.0, ..Case::default() }),
    ]
}

/// Written by version 1: archives with a promise.
fn promised() -> Vec<(&'static str, Case)> {
    let predicted =
        |data_type| Case { data_type, predicted: true, promise: Promise::Lossless, ..Case::default() };
    let bound = |bound: &[f64], stable| Promise::MaxError { bound: bound.to_vec(), stable };
    let dates: (_, &[u64]) = (&["time", "band", "y", "x"], &[3, 2, 30, 34]);
    vec![
        (
            "uint16-lossless-dates",
            Case {
                axes: dates.0,
                shape: dates.1,
                chunk: dates.1,
                nodata: vec![NoData::Integer(0)],
                ..predicted(DataType::UInt16)
            },
        ),
        (
            "uint8-lossless-classes",
            Case {
                shape: &[2, 70, 60],
                chunk: &[2, 64, 48],
                nodata: vec![NoData::Integer(9)],
                ..predicted(DataType::UInt8)
            },
        ),
        (
            "uint8-lossless-repeated-classes",
            Case { axes: &["y", "x"], shape: &[96, 90], chunk: &[96, 90], ..predicted(DataType::UInt8) },
        ),
        (
            "int32-lossless-noise",
            Case { axes: &["y", "x"], shape: &[20, 30], chunk: &[20, 30], ..predicted(DataType::Int32) },
        ),
        (
            "float32-lossless-lattices",
            Case {
                axes: &["y", "x", "band"],
                shape: &[24, 30, 6],
                chunk: &[24, 30, 6],
                fill: json!("NaN"),
                ..predicted(DataType::Float32)
            },
        ),
        (
            "float64-lossless-lattices",
            Case {
                shape: &[6, 24, 20],
                chunk: &[6, 24, 20],
                fill: json!("NaN"),
                ..predicted(DataType::Float64)
            },
        ),
        (
            "float32-lossless-low-bits",
            Case { shape: &[2, 20, 24], chunk: &[2, 20, 24], ..predicted(DataType::Float32) },
        ),
        (
            "float64-lossless-low-bits",
            Case { axes: &["y", "x"], shape: &[20, 24], chunk: &[20, 24], ..predicted(DataType::Float64) },
        ),
        (
            "int16-bounded",
            Case {
                promise: bound(&[0.0, 3.5, 40.0], false),
                nodata: vec![NoData::Integer(400)],
                ..predicted(DataType::Int16)
            },
        ),
        (
            "uint8-bounded-sharded",
            Case { promise: bound(&[2.0], false), shard: Some(&[3, 128, 96]), ..predicted(DataType::UInt8) },
        ),
        (
            "float32-bounded",
            Case { promise: bound(&[0.25], false), fill: json!("NaN"), ..predicted(DataType::Float32) },
        ),
        ("uint16-stable", Case { promise: bound(&[6.0], true), ..predicted(DataType::UInt16) }),
        ("float64-stable", Case { promise: bound(&[0.5, 1.0, 2.0], true), ..predicted(DataType::Float64) }),
        (
            "uint16-bounded-picture",
            Case {
                promise: bound(&[20.0], false),
                quality: 30.0,
                nodata: vec![NoData::Integer(300)],
                ..Case::default()
            },
        ),
        (
            "float32-bounded-picture",
            Case {
                promise: bound(&[16.0], false),
                quality: 32.0,
                data_type: DataType::Float32,
                fill: json!("NaN"),
                nodata: nan(),
                ..Case::default()
            },
        ),
        (
            "uint16-bounded-corrected-picture",
            Case {
                axes: &["y", "x"],
                shape: &[64, 300],
                chunk: &[64, 300],
                promise: bound(&[24.0], false),
                quality: 30.0,
                corrected: true,
                ..Case::default()
            },
        ),
    ]
}

/// Written by version 1: chunks that stick out of their array, so that whole images are left out.
fn left_out() -> Vec<(&'static str, Case)> {
    vec![
        (
            "int16-dates-left-out",
            Case {
                axes: &["time", "band", "y", "x"],
                shape: &[3, 2, 48, 40],
                chunk: &[2, 2, 48, 40],
                data_type: DataType::Int16,
                quality: 42.0,
                nodata: vec![NoData::Integer(-9999)],
                ..Case::default()
            },
        ),
        (
            "uint16-bounded-dates-and-depths-left-out",
            Case {
                axes: &["time", "y", "x", "depth"],
                shape: &[3, 30, 34, 3],
                chunk: &[2, 30, 34, 2],
                promise: Promise::MaxError { bound: vec![2.0], stable: false },
                predicted: true,
                ..Case::default()
            },
        ),
    ]
}

/// Written by version 2: errors that the short numbers of version 1 do not hold.
fn wide() -> Vec<(&'static str, Case)> {
    let bounded = |data_type, bound| Case {
        shape: &[2, 40, 36],
        chunk: &[2, 32, 32],
        data_type,
        promise: Promise::MaxError { bound: vec![bound], stable: false },
        predicted: true,
        ..Case::default()
    };
    vec![
        ("float64-bounded-small", bounded(DataType::Float64, 1e-202)),
        ("float32-bounded-large", bounded(DataType::Float32, 1e28)),
    ]
}

fn nan() -> Vec<NoData> {
    vec![NoData::Name("NaN".to_owned())]
}
