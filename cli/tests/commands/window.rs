//! `vqz info --window`: the bytes that it tells are those that storage is asked for, counted beneath zarrs.

use crate::common::{self, Plain, as_u16, figures, folder, landscape, model, plain, succeed, vqz, write};
use std::path::Path;
use std::sync::Arc;
use zarrs::array::{Array, ArrayBytes, ArraySubset};
use zarrs::filesystem::FilesystemStore;
use zarrs::storage::ReadableStorageTraits;
use zarrs::storage::storage_adapter::performance_metrics::PerformanceMetricsStorageAdapter;

/// Bytes that reading a window takes of storage.
fn counted(archive: &Path, window: &[std::ops::Range<u64>]) -> u64 {
    use vqz_zarr as _;
    let store = Arc::new(FilesystemStore::new(archive).unwrap());
    let counting = Arc::new(PerformanceMetricsStorageAdapter::new(store));
    let array = Array::open(Arc::clone(&counting) as Arc<dyn ReadableStorageTraits>, "/").unwrap();
    let before = counting.bytes_read();
    let _: ArrayBytes<'static> = array.retrieve_array_subset(&ArraySubset::new_with_ranges(window)).unwrap();
    (counting.bytes_read() - before) as u64
}

/// What `vqz info` says of a window, compared with the bytes that reading it takes.
fn check_window(folder: &Path, archive: &str, window: &[std::ops::Range<u64>]) -> serde_json::Value {
    let text: Vec<String> = window.iter().map(|range| format!("{}:{}", range.start, range.end)).collect();
    let printed = figures(folder, &["info", archive, "--window", &text.join(",")]);
    let found = printed["arrays"][0]["window"].clone();
    assert_eq!(found["bytes"], counted(&folder.join(archive), window), "{archive} {text:?}\n{found:#}");
    found
}

#[test]
fn bytes_are_those_that_are_read() {
    let folder = folder("window");
    let shape = [4, 700, 900];
    write(&folder.join("plain.zarr"), &plain(&shape, &[4, 350, 900]), as_u16(&landscape(4, 700, 900, 3)));
    let model = model();
    let model = model.to_str().unwrap();
    let encode = |out: &str, more: &[&str]| {
        let args = ["encode", "plain.zarr", out];
        succeed(&folder, &args.iter().chain(more).copied().collect::<Vec<_>>());
    };
    encode("large.zarr", &["--model", model, "--quality", "50", "--chunk-size", "512"]);
    encode("small.zarr", &["--model", model, "--quality", "30", "--chunk-size", "64"]);
    encode("exact.zarr", &["--lossless", "--chunk-size", "512"]);
    encode(
        "shards.zarr",
        &["--model", model, "--quality", "50", "--chunk-size", "128", "--shard-size", "512"],
    );
    for archive in ["large.zarr", "small.zarr", "exact.zarr", "shards.zarr"] {
        for window in [
            [0..4, 0..700, 0..900],
            [0..4, 10..20, 10..20],
            [1..2, 500..530, 500..530],
            [0..4, 0..512, 0..512],
            [0..4, 600..700, 0..900],
        ] {
            check_window(&folder, archive, &window);
        }
    }
    let found = check_window(&folder, "large.zarr", &[0..4, 10..20, 10..20]);
    assert_eq!((found["chunks"].as_u64(), found["tiles"].as_u64()), (Some(1), Some(1)));
    let tiles = found["tile_bytes"].as_f64().unwrap() / found["stored_bytes"].as_f64().unwrap();
    let part = found["part"].as_f64().unwrap();
    assert!(
        tiles < 0.3 && part < 0.5,
        "one tile of nine or more is read, {tiles} of all bytes, with the headers {part}"
    );
}

#[test]
fn dates_that_others_refer_to_are_told() {
    let folder = folder("window-dates");
    let still = landscape(4, 128, 128, 5);
    let series: Vec<f64> = (0..3).flat_map(|date| still.iter().map(move |v| v + f64::from(date))).collect();
    let shape = [3, 4, 128, 128];
    let names = ["time", "band", "y", "x"];
    write(
        &folder.join("plain.zarr"),
        &Plain { names: Some(&names), ..plain(&shape, &shape) },
        as_u16(&series),
    );
    succeed(&folder, &["encode", "plain.zarr", "a.zarr", "--lossless", "--dates", "3"]);
    let found = check_window(&folder, "a.zarr", &[2..3, 0..4, 0..64, 0..64]);
    let dates: Vec<u64> =
        found["referred_dates"].as_array().unwrap().iter().filter_map(serde_json::Value::as_u64).collect();
    assert!(
        !dates.is_empty() && dates.iter().all(|date| *date < 2),
        "dates that hardly change refer to earlier ones: {found:#}"
    );
    let text = succeed(&folder, &["info", "a.zarr", "--window", "2,:,0:64,0:64"]);
    assert!(text.contains("  window    2:3,0:4,0:64,0:64: 32.77 kB of samples"), "{text}");
    assert!(text.contains("of other dates, to which tiles of the window refer: "), "{text}");
    assert!(text.contains("every sample comes back bit for bit, on any machine"), "{text}");
}

#[test]
fn windows_that_are_none_are_refused() {
    let folder = folder("window-refused");
    write(&folder.join("plain.zarr"), &plain(&[4, 64, 64], &[4, 64, 64]), as_u16(&landscape(4, 64, 64, 3)));
    succeed(&folder, &["encode", "plain.zarr", "a.zarr", "--lossless"]);
    let refused = |args: &[&str], message: &str| {
        let (code, _, err) = common::call(&folder, args);
        assert!(code == 2 && err.contains(message), "{err}");
    };
    refused(&["info", "a.zarr", "--window", "0:65,0:1"], "the window's y is 0:65, the array has 64");
    refused(&["info", "a.zarr", "--window", "0:x,0:1"], "found \"x\"");
    refused(&["info", "plain.zarr", "--window", "0:1,0:1"], "is no vqz archive by itself");
    assert!(vqz(&folder).args(["info", "plain.zarr"]).output().unwrap().status.success());
}
