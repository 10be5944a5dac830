//! What files say on their way into a cube: their names, descriptions of bands, metadata items, nodata, and the configuration.
//!
//! An input is a JSON document of a few tiny GeoTIFFs and a configuration. They are written into a folder that also holds other
//! files, and ingested. Whatever the names are, nothing may appear, change or vanish outside of the output; a cube that was
//! written can be opened, and an ingest that fails leaves no output.
#![no_main]

use gdal::raster::Buffer;
use gdal::{DriverManager, Metadata as _};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use vqz_archive::{Cube, IngestOptions, OpenOptions, Silent, ingest, open_all};
use vqz_fuzz::replace;
use vqz_raster::ingest::config::Config;
use vqz_tests::Random;

const CEILING: usize = 256 << 20;
/// Pixels of a grid that is written.
const MAX_PIXELS: usize = 1 << 12;
/// Files of an input.
const MAX_FILES: usize = 6;

fuzz_target!(init: vqz_fuzz::start(CEILING, seeds()), |data: &[u8]| {
    let Ok(document) = serde_json::from_slice::<Value>(data) else { return };
    run(&document);
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut random = Random::new(u64::from(seed));
    if let Ok(mut document) = serde_json::from_slice::<Value>(&data[..size]) {
        vqz_fuzz::json::mutate(&mut document, &mut random);
        if random.below(3) == 0 {
            name_oddly(&mut document, &mut random);
        }
        let text = document.to_string().into_bytes();
        if text.len() < max_size {
            return replace(data, max_size, &text);
        }
    }
    libfuzzer_sys::fuzzer_mutate(data, size, max_size)
});

/// Names that mean something to a file system, to Zarr, to patterns, or to the arrays of a cube.
const NAMES: [&str; 26] = [
    "..",
    ".",
    "../..",
    "../../outside",
    "/absolute",
    "a/b",
    "a\\b",
    "c",
    "zarr.json",
    "x",
    "y",
    "time",
    "band",
    "spatial_ref",
    "data",
    "__c",
    ".hidden",
    "CON",
    "a*",
    "[a]",
    "{time:%Y}",
    "name with spaces",
    "größe",
    "\u{202e}txt",
    "a\nb",
    "",
];

fn name_oddly(document: &mut Value, random: &mut Random) {
    let name = NAMES[random.below(NAMES.len() as u64) as usize];
    let Some(files) = document.get_mut("files").and_then(Value::as_array_mut) else { return };
    if files.is_empty() {
        return;
    }
    let at = random.below(files.len() as u64) as usize;
    if !files[at].is_object() {
        files[at] = json!({});
    }
    let key = ["name", "bands", "items"][random.below(3) as usize];
    files[at][key] = match key {
        "bands" => json!([name, NAMES[random.below(NAMES.len() as u64) as usize]]),
        "items" => json!({name: name}),
        _ => json!(format!("{name}.tif")),
    };
}

fn seeds() -> Vec<Vec<u8>> {
    let file = |name: &str, bands: &[&str]| json!({"name": name, "bands": bands, "items": {"AREA_OR_POINT": "Area"}, "nodata": 0, "left": 500000});
    let documents = [
        json!({"files": [file("a.tif", &["red", "nir"])], "config": {}}),
        json!({"files": [file("s_20190301.tif", &["red"]), file("s_20190302.tif", &["red"])], "config": {"input": [{"name": "s_{time:%Y%m%d}.tif"}]}}),
        json!({"files": [file("a.tif", &["red"]), file("b.tif", &["../x"])], "config": {"grid": {"resolution": 10}}}),
        json!({"files": [file("a_red.tif", &[""]), file("a_nir.tif", &[""])], "config": {"input": [{"name": "a_{band}.tif"}],
            "derive": [{"name": "ndvi", "expression": "(nir - red) / (nir + red)"}], "output": {"drop": ["red"]}}}),
        json!({"files": [file("a.tif", &["red"])], "config": {"input": [{"bands": ["b"], "nodata": 3, "time": "2019-03-01"}],
            "mask": [{"band": "b", "values": [1]}], "output": {"split": "place"}, "time": {"by_day": true}}}),
    ];
    documents.iter().map(|document| document.to_string().into_bytes()).collect()
}

/// A folder that is gone with its value.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn run(document: &Value) {
    let outer = Folder(std::env::temp_dir().join(format!("vqz-fuzz-ingest-{}", std::process::id())));
    let _ = std::fs::remove_dir_all(&outer.0);
    let work = outer.0.join("outer/work");
    std::fs::create_dir_all(work.join("in")).expect("a folder can be made");
    for beside in [outer.0.join("mine"), outer.0.join("outer/mine"), work.join("mine")] {
        std::fs::write(beside, "mine").expect("a file can be written");
    }
    let files = document.get("files").and_then(Value::as_array).cloned().unwrap_or_default();
    if files.is_empty() || files.len() > MAX_FILES {
        return;
    }
    for file in &files {
        if write(&work.join("in"), file).is_none() {
            return;
        }
    }
    let Some(config) = configuration(document) else { return };
    let output = work.join("out.zarr");
    let before = content(&outer.0, &output);
    let Ok(cube) = Cube::new(config, &work, work.join("in")) else {
        assert_eq!(before, content(&outer.0, &output), "a plan writes nothing");
        return;
    };
    if cube.plan().arrays.iter().any(|array| array.grid.width.saturating_mul(array.grid.height) > MAX_PIXELS)
    {
        return;
    }
    let written = ingest(&cube, &output, &IngestOptions::default(), &Silent);
    assert_eq!(before, content(&outer.0, &output), "nothing changes outside of the output");
    match written {
        Ok(_) => drop(open_all(&output, &OpenOptions::default()).expect("a cube can be opened")),
        Err(error) => {
            assert!(error.to_string().len() > 10, "\"{error}\" says too little");
            assert!(!output.exists(), "no output is left: {error}");
        }
    }
}

/// Everything in a folder but the output and what it is made of.
fn content(folder: &Path, output: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).expect("a folder can be listed").flatten() {
            let path = entry.path();
            if path == output || path.to_string_lossy().starts_with(&format!("{}.partial", output.display()))
            {
                continue;
            }
            if path.is_dir() {
                folders.push(path.clone());
                found.insert(path, None);
            } else {
                found.insert(path.clone(), std::fs::read(&path).ok());
            }
        }
    }
    found
}

/// Writes a GeoTIFF of 4 × 4 pixels. None for a name that no file can have, or that leads elsewhere.
fn write(folder: &Path, file: &Value) -> Option<()> {
    let name = file.get("name")?.as_str()?;
    if name.is_empty() || name.len() > 100 || name == "." || name == ".." || name.contains(['/', '\0']) {
        return None;
    }
    let bands = file.get("bands").and_then(Value::as_array).cloned().unwrap_or_default();
    let count = bands.len().clamp(1, 4);
    let driver = DriverManager::get_driver_by_name("GTiff").ok()?;
    let mut dataset = driver.create_with_band_type::<i16, _>(folder.join(name), 4, 4, count).ok()?;
    let left = file.get("left").and_then(Value::as_f64).filter(|left| left.abs() < 1e7).unwrap_or(0.0);
    dataset.set_geo_transform(&[left, 10.0, 0.0, 5_000_000.0, 0.0, -10.0]).ok()?;
    for (key, item) in file.get("items").and_then(Value::as_object).into_iter().flatten() {
        if let Some(text) = item.as_str().filter(|text| !text.contains('\0') && !key.contains(['\0', '='])) {
            let _ = dataset.set_metadata_item(key, text, "");
        }
    }
    for number in 0..count {
        let mut band = dataset.rasterband(number + 1).ok()?;
        if let Some(text) = bands.get(number).and_then(Value::as_str).filter(|text| !text.contains('\0')) {
            let _ = band.set_description(text);
        }
        if let Some(nodata) = file.get("nodata").and_then(Value::as_f64) {
            let _ = band.set_no_data_value(Some(nodata));
        }
        let samples: Vec<i16> = (0..16).map(|i| i + 16 * number as i16).collect();
        band.write((0, 0), (4, 4), &mut Buffer::new((4, 4), samples)).ok()?;
    }
    dataset.close().ok()
}

/// The configuration, which reads these files only.
fn configuration(document: &Value) -> Option<Config> {
    let mut config = document.get("config")?.as_object()?.clone();
    config.remove("border");
    config.remove("labels");
    let mut inputs = config.remove("input").and_then(|inputs| inputs.as_array().cloned()).unwrap_or_default();
    if inputs.is_empty() {
        inputs.push(json!({}));
    }
    for input in &mut inputs {
        input.as_object_mut()?.insert("files".to_owned(), json!(["in/*"]));
    }
    config.insert("input".to_owned(), Value::Array(inputs));
    // TOML knows no null.
    Config::parse(&toml::to_string(&config).ok()?).ok()
}
