//! What the tests of the program share: folders to work in, arrays to work on, and calls of `vqz`.

#![allow(dead_code, reason = "each test file uses a part")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, OnceLock};
use zarrs::array::{Array, ArrayBytes, ArrayMetadata};
use zarrs::filesystem::FilesystemStore;

/// An empty folder of a test's own.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// `vqz`, to be called in a folder.
pub(crate) fn vqz(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vqz"));
    command.current_dir(folder).env_remove("VQZ_ENGINE").env_remove("VQZ_MODEL_PATH");
    // HDF5 locks the files that a test writes, and hands their descriptors on to whatever program another test starts meanwhile: so
    // they stay locked until that one ends.
    command.env("HDF5_USE_FILE_LOCKING", "FALSE");
    command
}

/// Calls `vqz`; returns its exit code, standard output and standard error.
pub(crate) fn call(folder: &Path, args: &[&str]) -> (i32, String, String) {
    read(vqz(folder).args(args).output().unwrap())
}

/// An output's exit code and texts.
pub(crate) fn read(output: Output) -> (i32, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

/// Calls `vqz`, which must succeed, and returns its standard output.
pub(crate) fn succeed(folder: &Path, args: &[&str]) -> String {
    let (code, out, err) = call(folder, args);
    assert_eq!(code, 0, "vqz {}\n{out}{err}", args.join(" "));
    out
}

/// Calls `vqz --json …`, which must succeed.
pub(crate) fn figures(folder: &Path, args: &[&str]) -> serde_json::Value {
    let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
    serde_json::from_str(&succeed(folder, &args)).unwrap()
}

/// Calls `vqz`, which must fail with this exit code and exactly this line.
pub(crate) fn fail(folder: &Path, args: &[&str], code: i32, message: &str) {
    let (found, out, err) = call(folder, args);
    assert_eq!(found, code, "vqz {}\n{out}{err}", args.join(" "));
    let line = err.lines().rev().find(|line| line.starts_with("error: ")).unwrap_or_default();
    assert_eq!(line, format!("error: {message}"), "all of it: {err}");
}

/// What to write as an array.
pub(crate) struct Plain<'a> {
    pub(crate) shape: &'a [u64],
    pub(crate) chunk: &'a [u64],
    pub(crate) names: Option<&'a [&'a str]>,
    pub(crate) data_type: &'a str,
    pub(crate) fill: serde_json::Value,
    pub(crate) attributes: serde_json::Value,
}

/// A uint16 array of bands, rows and columns.
pub(crate) fn plain<'a>(shape: &'a [u64], chunk: &'a [u64]) -> Plain<'a> {
    Plain {
        shape,
        chunk,
        names: Some(&["band", "y", "x"]),
        data_type: "uint16",
        fill: serde_json::json!(0),
        attributes: serde_json::json!({}),
    }
}

/// Writes a plain array; `samples` are its bytes in C order.
pub(crate) fn write(path: &Path, plain: &Plain<'_>, samples: Vec<u8>) {
    std::fs::create_dir_all(path).unwrap();
    let mut metadata = serde_json::json!({
        "zarr_format": 3,
        "node_type": "array",
        "shape": plain.shape,
        "data_type": plain.data_type,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": plain.chunk}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": plain.fill,
        "codecs": [
            {"name": "bytes", "configuration": {"endian": "little"}},
            {"name": "zstd", "configuration": {"level": 1, "checksum": false}},
        ],
        "attributes": plain.attributes,
    });
    if let Some(names) = plain.names {
        metadata["dimension_names"] = serde_json::json!(names);
    }
    std::fs::write(path.join("zarr.json"), serde_json::to_vec_pretty(&metadata).unwrap()).unwrap();
    let store = Arc::new(FilesystemStore::new(path).unwrap());
    let metadata: ArrayMetadata = serde_json::from_value(metadata).unwrap();
    let array = Array::new_with_metadata(store, "/", metadata).unwrap();
    array.store_array_subset(&array.subset_all(), ArrayBytes::new_flen(samples)).unwrap();
}

/// Reads an array whole, through zarrs, as bytes in C order.
pub(crate) fn read_array(path: &Path) -> Vec<u8> {
    use vqz_zarr as _;
    let array = Array::open(Arc::new(FilesystemStore::new(path).unwrap()), "/").unwrap();
    let bytes: ArrayBytes<'static> = array.retrieve_array_subset(&array.subset_all()).unwrap();
    bytes.into_fixed().unwrap().into_owned()
}

/// Bands of a landscape: smooth hills, fields with edges, and noise; related to each other, as bands are.
pub(crate) fn landscape(bands: usize, height: usize, width: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut noise = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f64 / f64::from(1 << 24) - 0.5
    };
    let phase = seed as f64;
    let mut out = Vec::with_capacity(bands * height * width);
    for band in 0..bands {
        let weight = 1.0 + 0.3 * band as f64;
        for y in 0..height {
            for x in 0..width {
                let (fx, fy) = (x as f64, y as f64);
                let hills = (fx * 0.03 + phase).sin() + (fy * 0.021).cos() + (0.05 * (fx + fy)).sin() * 0.4;
                let field = f64::from((x / 24 + y / 36 * 3) as u8 % 5);
                out.push((1800.0 + 450.0 * hills + 120.0 * field * weight + 30.0 * noise()).max(1.0));
            }
        }
    }
    out
}

/// Samples as little-endian uint16.
pub(crate) fn as_u16(samples: &[f64]) -> Vec<u8> {
    samples.iter().flat_map(|v| (v.round() as u16).to_le_bytes()).collect()
}

/// Samples as little-endian float32.
pub(crate) fn as_f32(samples: &[f64]) -> Vec<u8> {
    samples.iter().flat_map(|v| (*v as f32).to_le_bytes()).collect()
}

/// A model for four bands, `tiny`, fitted once for each test program.
pub(crate) fn model() -> PathBuf {
    static MODEL: OnceLock<PathBuf> = OnceLock::new();
    MODEL
        .get_or_init(|| {
            let folder = folder(&format!("model-{}", std::process::id()));
            let samples = as_u16(&landscape(4, 384, 384, 1));
            write(&folder.join("train.zarr"), &plain(&[4, 384, 384], &[4, 384, 384]), samples);
            succeed(
                &folder,
                &["fit", "train.zarr", "-o", "tiny.vqm", "--patch", "8", "--bands", "blue,green,red,nir"],
            );
            folder.join("tiny.vqm")
        })
        .clone()
}

/// All files under a folder with their content, by relative path.
pub(crate) fn content(folder: &Path) -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
    let mut files = std::collections::BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_path_buf();
                files.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    files
}
