//! Reads every array of a Zarr hierarchy with zarrs, as a whole and in parts, synchronously and not.
//!
//! Nothing here knows of vqz but one line, without which the linker would drop the codec.

use vqz_zarr as _;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use zarrs::array::{Array, ArrayBytes, ArraySubset};
use zarrs::filesystem::FilesystemStore;
use zarrs::node::{Node, NodeMetadata};
use zarrs::plugin::ExtensionName;
use zarrs::storage::storage_adapter::sync_to_async::{SyncToAsyncSpawnBlocking, SyncToAsyncStorageAdapter};

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;
type Ranges = Vec<std::ops::Range<u64>>;

const USAGE: &str = "usage: vqz-consumer ARCHIVE [--dump FOLDER]

Reads every array of ARCHIVE whole, a window across chunk borders, one band and one date, and checks that the parts
equal the whole. --dump writes each array's samples to FOLDER/NAME.raw, in C order and native byte order.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        [archive] if !archive.starts_with('-') => run(Path::new(archive), None),
        [archive, "--dump", folder] => run(Path::new(archive), Some(Path::new(folder))),
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn run(archive: &Path, dump: Option<&Path>) -> Result<()> {
    if !archive.join("zarr.json").is_file() {
        return Err(format!(
            "{} holds no zarr.json; give the folder of a Zarr v3 array or group",
            archive.display()
        )
        .into());
    }
    let store = Arc::new(FilesystemStore::new(archive)?);
    let mut paths = Vec::new();
    collect(&Node::open(&store, "/")?, &mut paths);
    if paths.is_empty() {
        return Err(format!("{} holds no array", archive.display()).into());
    }
    for path in paths {
        let array = Array::open(Arc::clone(&store), &path)?;
        let whole = check(&array).map_err(|e| format!("{path}: {e}"))?;
        check_async(&store, &path, &whole).map_err(|e| format!("{path}, asynchronously: {e}"))?;
        if let Some(folder) = dump {
            std::fs::create_dir_all(folder)?;
            let name = path.trim_matches('/').replace('/', ".");
            let name = if name.is_empty() { "array" } else { &name };
            std::fs::write(folder.join(format!("{name}.raw")), whole.into_fixed()?)?;
        }
    }
    Ok(())
}

fn collect(node: &Node, paths: &mut Vec<String>) {
    if matches!(node.metadata(), NodeMetadata::Array(_)) {
        paths.push(node.path().to_string());
    }
    for child in node.children() {
        collect(child, paths);
    }
}

/// The parts that are read, each a name and a range for every dimension.
fn parts<T: ?Sized>(array: &Array<T>) -> Result<Vec<(&'static str, Ranges)>> {
    let shape = array.shape();
    let all: Ranges = shape.iter().map(|extent| 0..*extent).collect();
    let dimension = |names: &[&str]| {
        let found = array.dimension_names().as_ref()?.iter().flatten().map(|name| name.to_lowercase());
        found.enumerate().find(|(_, name)| names.contains(&name.as_str())).map(|(dimension, _)| dimension)
    };
    let first_chunk = array.chunk_shape(&vec![0; shape.len()])?;

    // 20 rows and columns on both sides of the border between the first and the second chunk, where there is one.
    let mut window = all.clone();
    for (dimension, range) in window.iter_mut().enumerate().rev().take(2) {
        let border = first_chunk[dimension].get();
        let border = if border < shape[dimension] { border } else { shape[dimension] / 2 };
        *range = border.saturating_sub(20)..(border + 20).min(shape[dimension]);
    }
    let mut parts = vec![("window", window)];
    for (part, names) in
        [("band", &["band", "bands", "channel", "c"][..]), ("date", &["time", "t", "date"][..])]
    {
        if let Some(dimension) = dimension(names) {
            let mut ranges = all.clone();
            let last = shape[dimension] - 1;
            ranges[dimension] = last..last + 1;
            parts.push((part, ranges));
        }
    }
    Ok(parts)
}

/// Reads the whole and the parts, says what was read, and returns the whole.
fn check(array: &Array<FilesystemStore>) -> Result<ArrayBytes<'static>> {
    let whole: ArrayBytes<'static> = array.retrieve_array_subset(&array.subset_all())?;
    report(array, "whole", array.shape(), &whole);
    for (part, ranges) in parts(array)? {
        let subset = ArraySubset::new_with_ranges(&ranges);
        let read: ArrayBytes<'static> = array.retrieve_array_subset(&subset)?;
        report(array, part, subset.shape(), &read);
        equal(array, part, &subset, &read, &whole)?;
    }
    Ok(whole)
}

struct Blocking;

impl SyncToAsyncSpawnBlocking for Blocking {
    async fn spawn_blocking<F, R>(&self, work: F) -> R
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        match tokio::task::spawn_blocking(work).await {
            Ok(value) => value,
            Err(failed) => std::panic::resume_unwind(failed.into_panic()),
        }
    }
}

/// Reads the parts through zarrs' asynchronous interface.
fn check_async(store: &Arc<FilesystemStore>, path: &str, whole: &ArrayBytes<'static>) -> Result<()> {
    let store = Arc::new(SyncToAsyncStorageAdapter::new(Arc::clone(store), Blocking));
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async {
        let array = Array::async_open(store, path).await?;
        for (part, ranges) in parts(&array)? {
            let subset = ArraySubset::new_with_ranges(&ranges);
            let read: ArrayBytes<'static> = array.async_retrieve_array_subset(&subset).await?;
            equal(&array, part, &subset, &read, whole)?;
        }
        println!("{path:16} the same parts, asynchronously");
        Ok(())
    })
}

fn equal<T: ?Sized>(
    array: &Array<T>,
    part: &str,
    subset: &ArraySubset,
    read: &ArrayBytes<'_>,
    whole: &ArrayBytes<'_>,
) -> Result<()> {
    if whole.extract_array_subset(subset, array.shape(), array.data_type())? != *read {
        return Err(format!("the {part} {subset} differs from the same part of the whole").into());
    }
    Ok(())
}

fn report<T: ?Sized>(array: &Array<T>, part: &str, shape: &[u64], bytes: &ArrayBytes<'_>) {
    let checksum = match bytes {
        ArrayBytes::Fixed(bytes) => fnv(bytes),
        _ => 0,
    };
    println!(
        "{:16} {part:6} {:8} {shape:?} checksum {checksum:016x}",
        array.path().as_str(),
        array.data_type().name_v3().unwrap_or_default()
    );
}

/// FNV-1a, 64 bits.
fn fnv(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
