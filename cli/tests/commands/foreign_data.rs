//! A model and data that it was not fitted to: other orders and names of bands, other units, coordinates of bands.

use crate::common::{
    self, as_f32, as_u16, call, content, figures, folder, landscape, plain, read_array, succeed, write,
};
use serde_json::{Value, json};
use std::path::Path;

const BANDS: [&str; 4] = ["B02", "B03", "B04", "B8A"];

/// The order of bands in an input, as positions in the model.
const OTHER: [usize; 4] = [3, 0, 2, 1];

/// Writes four bands in the given order, and names them.
fn write_bands(path: &Path, order: &[usize], names: &[&str], scale: f64) {
    let samples = landscape(4, 128, 128, 51);
    let moved: Vec<f64> = order
        .iter()
        .flat_map(|band| &samples[band * 128 * 128..(band + 1) * 128 * 128])
        .map(|v| v * scale)
        .collect();
    let shape = [order.len() as u64, 128, 128];
    let mut input = plain(&shape, &shape);
    if !names.is_empty() {
        input.attributes = json!({"band_names": names});
    }
    if scale == 1.0 {
        write(path, &input, as_u16(&moved));
    } else {
        input.data_type = "float32";
        write(path, &input, as_f32(&moved));
    }
}

/// A group with an array `data` and a coordinate `band` of texts, as zarr-python writes the type `string`.
fn write_group(folder: &Path, order: &[usize], names: &[&str]) {
    write_bands(&folder.join("data"), order, &[], 1.0);
    let group = json!({"zarr_format": 3, "node_type": "group", "attributes": {}});
    std::fs::write(folder.join("zarr.json"), group.to_string()).unwrap();
    let coordinate = json!({
        "zarr_format": 3, "node_type": "array", "shape": [names.len()], "data_type": "string",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [names.len()]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": "", "codecs": [{"name": "vlen-utf8"}], "attributes": {"long_name": "band"},
        "dimension_names": ["band"],
    });
    std::fs::create_dir_all(folder.join("band/c")).unwrap();
    std::fs::write(folder.join("band/zarr.json"), coordinate.to_string()).unwrap();
    let mut texts = (names.len() as u32).to_le_bytes().to_vec();
    for name in names {
        texts.extend((name.len() as u32).to_le_bytes());
        texts.extend(name.as_bytes());
    }
    std::fs::write(folder.join("band/c/0"), texts).unwrap();
}

/// A folder with a model of bands in their own order, and the archive of what it was fitted to.
fn fitted(name: &str) -> std::path::PathBuf {
    let folder = folder(name);
    write_bands(&folder.join("in.zarr"), &[0, 1, 2, 3], &BANDS, 1.0);
    succeed(&folder, &["fit", "in.zarr", "-o", "m.vqm", "--patch", "8", "--peak", "10000"]);
    succeed(&folder, &["encode", "in.zarr", "out.zarr", "--model", "m.vqm"]);
    folder
}

fn chunk(folder: &Path, array: &str) -> Vec<u8> {
    std::fs::read(folder.join(array).join("c/0/0/0")).unwrap()
}

fn named(order: &[usize]) -> Vec<&'static str> {
    order.iter().map(|band| BANDS[*band]).collect()
}

#[test]
fn a_model_takes_bands_by_name() {
    let folder = fitted("bands-by-name");
    write_bands(&folder.join("other.zarr"), &OTHER, &named(&OTHER), 1.0);
    let encoded = figures(&folder, &["encode", "other.zarr", "coded.zarr", "--model", "m.vqm"]);
    assert_eq!(encoded["remarks"][0]["kind"], "bands_by_name", "{encoded}");
    // The chunk is the same; the archive keeps the order of its input.
    assert_eq!(chunk(&folder, "coded.zarr"), chunk(&folder, "out.zarr"));
    succeed(&folder, &["verify", "coded.zarr", "--against", "other.zarr"]);
    let (straight, other) = (read_array(&folder.join("out.zarr")), read_array(&folder.join("coded.zarr")));
    let plane = 2 * 128 * 128;
    for (at, band) in OTHER.iter().enumerate() {
        assert!(other[at * plane..(at + 1) * plane] == straight[band * plane..(band + 1) * plane], "{at}");
    }
    // So it is measured.
    let bench = |input: &str| {
        let found = figures(&folder, &["bench", input, "--model", "m.vqm", "--targets", "42"]);
        let codecs = found["codecs"].as_array().unwrap();
        codecs.iter().find(|codec| codec["codec"] == "vqz m").unwrap()["at"][0]["bits_per_sample"].clone()
    };
    assert_eq!(bench("other.zarr"), bench("in.zarr"));
    // Other spellings of the same names need no word.
    write_bands(&folder.join("spelled.zarr"), &[0, 1, 2, 3], &["b2", "band_3", "B4", "b8a"], 1.0);
    let (code, _, err) = call(&folder, &["encode", "spelled.zarr", "spelled-out.zarr", "--model", "m.vqm"]);
    assert_eq!((code, err.as_str()), (0, ""));
}

#[test]
fn a_bound_for_each_band_is_in_the_order_of_the_input() {
    let folder = fitted("bounds-by-name");
    write_bands(&folder.join("other.zarr"), &OTHER, &named(&OTHER), 1.0);
    let bounds = ["encode", "other.zarr", "coded.zarr", "--model", "m.vqm", "--max-error", "5,40,10,20"];
    succeed(&folder, &bounds);
    succeed(&folder, &["verify", "coded.zarr", "--against", "other.zarr"]);
    let compared = figures(&folder, &["compare", "other.zarr", "coded.zarr"]);
    for (band, bound) in [5.0, 40.0, 10.0, 20.0].into_iter().enumerate() {
        let found = compared["rasters"][0]["bands"][band]["max_error"].as_f64().unwrap();
        assert!(found <= bound && found > 0.4 * bound, "band {band}: {found} under {bound}");
    }
}

#[test]
fn bands_of_other_names_are_refused_unless_they_are_chosen() {
    let folder = fitted("bands-of-other-names");
    write_bands(&folder.join("other.zarr"), &[0, 1, 2, 3], &["B02", "B03", "B04", "B11"], 1.0);
    common::fail(
        &folder,
        &["encode", "other.zarr", "coded.zarr", "--model", "m.vqm"],
        2,
        "the bands of other.zarr are named B02, B03, B04, B11, those of model m B02, B03, B04, B8A, so the names do not tell \
         which is which; list them with --bands in the order of the model's (--bands 0-3 takes four as they stand)",
    );
    assert!(!folder.join("coded.zarr").exists() && !folder.join("coded.zarr.partial").exists());
    let chosen = ["encode", "other.zarr", "coded.zarr", "--model", "m.vqm", "--bands", "0-3"];
    let encoded = figures(&folder, &chosen);
    assert_eq!(encoded["remarks"][0]["kind"], "other_bands", "{encoded}");
    // Numbers say nothing: bands are taken in order.
    write_bands(&folder.join("counted.zarr"), &[0, 1, 2, 3], &["1", "2", "3", "4"], 1.0);
    let (code, _, err) = call(&folder, &["encode", "counted.zarr", "counted-out.zarr", "--model", "m.vqm"]);
    assert_eq!((code, err.as_str()), (0, ""));
}

#[test]
fn the_coordinate_names_bands() {
    let folder = fitted("band-coordinate");
    write_group(&folder.join("group.zarr"), &OTHER, &named(&OTHER));
    succeed(&folder, &["encode", "group.zarr", "coded.zarr", "--model", "m.vqm"]);
    assert_eq!(chunk(&folder, "coded.zarr/data"), chunk(&folder, "out.zarr"));
    assert_eq!(content(&folder.join("coded.zarr/band")), content(&folder.join("group.zarr/band")));
    succeed(&folder, &["verify", "coded.zarr", "--against", "group.zarr"]);
    let compared = figures(&folder, &["compare", "group.zarr", "coded.zarr"]);
    assert_eq!(compared["rasters"][0]["bands"][0]["band"], "B8A");
    // Chosen bands take their part of the coordinate along.
    succeed(&folder, &["encode", "group.zarr", "two.zarr", "--lossless", "--bands", "B04,B8A"]);
    let shape = |path: &str| -> Value {
        serde_json::from_slice(&std::fs::read(folder.join("two.zarr").join(path)).unwrap()).unwrap()
    };
    assert_eq!(
        (&shape("data/zarr.json")["shape"], &shape("band/zarr.json")["shape"]),
        (&json!([2, 128, 128]), &json!([2]))
    );
    let info = figures(&folder, &["compare", "two.zarr", "two.zarr"]);
    assert_eq!(info["rasters"][0]["bands"][0]["band"], "B04");
    assert_eq!(info["rasters"][0]["bands"][1]["band"], "B8A");
}

#[test]
fn a_fit_brings_bands_into_one_order() {
    let folder = folder("fit-by-name");
    write_bands(&folder.join("a.zarr"), &[0, 1, 2, 3], &BANDS, 1.0);
    write_bands(&folder.join("b.zarr"), &OTHER, &named(&OTHER), 1.0);
    let both = figures(&folder, &["fit", "a.zarr", "b.zarr", "-o", "both.vqm", "--patch", "8"]);
    assert_eq!(both["remarks"][0]["kind"], "bands_reordered", "{both}");
    // The same samples twice are the same statistics as once.
    let once = figures(&folder, &["fit", "a.zarr", "-o", "once.vqm", "--patch", "8"]);
    let psnr = |fit: &Value| fit["calibration"][4]["psnr_db"].as_f64().unwrap();
    assert!((psnr(&both) - psnr(&once)).abs() < 0.2, "{} {}", psnr(&both), psnr(&once));
    write_bands(&folder.join("c.zarr"), &[0, 1, 2, 3], &["red", "green", "blue", "nir"], 1.0);
    let (code, _, err) = call(&folder, &["fit", "a.zarr", "c.zarr", "-o", "odd.vqm"]);
    assert!(code == 2 && err.contains("those of the first input B02, B03, B04, B8A"), "{err}");
}

#[test]
fn samples_in_another_unit_are_refused_where_they_would_be_ruined() {
    let folder = fitted("units");
    for (scale, name) in [(1e-4, "fractions"), (1e-2, "percent"), (1e-8, "tiny")] {
        write_bands(&folder.join(name), &[0, 1, 2, 3], &BANDS, scale);
        let (code, _, err) = call(&folder, &["encode", name, "coded.zarr", "--model", "m.vqm"]);
        assert!(
            code == 2 && err.contains("they are in another unit or at another scale"),
            "{name}: {code} {err}"
        );
        assert!(!folder.join("coded.zarr").exists());
        // What would have been done with them is not said.
        write_bands(&folder.join("moved"), &OTHER, &named(&OTHER), scale);
        let (code, _, err) = call(&folder, &["encode", "moved", "coded.zarr", "--model", "m.vqm"]);
        assert!(code == 2 && !err.contains("takes them by name"), "{err}");
        std::fs::remove_dir_all(folder.join("moved")).unwrap();
        // A bound holds whatever the model is for.
        let bound = (5.0 * scale).to_string();
        succeed(
            &folder,
            &["encode", name, &format!("{name}-bounded"), "--model", "m.vqm", "--max-error", &bound],
        );
        succeed(&folder, &["verify", &format!("{name}-bounded"), "--against", name]);
    }
    // Samples that are larger cost bits, and no more.
    write_bands(&folder.join("larger"), &[0, 1, 2, 3], &BANDS, 1e3);
    let encoded = figures(&folder, &["encode", "larger", "larger-out", "--model", "m.vqm"]);
    assert_eq!(encoded["remarks"][0]["kind"], "beyond_model", "{encoded}");
    let array = &encoded["arrays"][0];
    assert!(array["rmse"].as_f64().unwrap() < 1000.0, "{array}");
}

#[test]
fn a_quality_that_leaves_little_is_remarked_on() {
    let folder = fitted("little-contrast");
    let samples: Vec<f64> = landscape(4, 128, 128, 52).iter().map(|v| 1500.0 + (v - 1900.0) / 40.0).collect();
    write(&folder.join("calm.zarr"), &plain(&[4, 128, 128], &[4, 128, 128]), as_u16(&samples));
    let encoded =
        figures(&folder, &["encode", "calm.zarr", "calm-out.zarr", "--model", "m.vqm", "--quality", "38"]);
    assert_eq!(encoded["remarks"][0]["kind"], "little_contrast", "{encoded}");
    let higher =
        figures(&folder, &["encode", "calm.zarr", "calm-70.zarr", "--model", "m.vqm", "--quality", "70"]);
    assert_eq!(higher["remarks"], json!([]), "{higher}");
}
