//! `vqz ingest`: files of several dates become one cube, plain or encoded, at once or in shares, and errors name what can't
//! be read.

#![cfg(feature = "gdal")]

use crate::common::{self, call, content, fail, figures, folder, read_array, succeed};
use gdal::Metadata as _;
use std::path::Path;

/// The sample: three dates of an aerial survey.
fn scenes(folder: &Path) {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sample/naip");
    std::fs::create_dir_all(folder.join("scenes")).unwrap();
    for entry in std::fs::read_dir(sample).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.join("scenes").join(path.file_name().unwrap())).unwrap();
    }
}

const INPUT: &str = "[[input]]\nfiles = [\"scenes/*.tif\"]\nname = \"m_*_{time:%Y%m%d}.tif\"\nbands = [\"red\", \"green\", \
                     \"blue\", \"nir\"]\n";

const MORE: &str = "[[derive]]\nname = \"ndvi\"\nexpression = \"(nir - red) / (nir + red)\"\n[output]\nchunk = { y = 128, x = \
                    100 }\nvalid_count = true\n";

fn configuration(folder: &Path, name: &str, more: &str) {
    std::fs::write(folder.join(name), format!("{INPUT}{more}")).unwrap();
}

/// A band of a scene, read by GDAL alone.
fn band(folder: &Path, scene: &str, number: usize) -> Vec<u8> {
    let dataset = gdal::Dataset::open(folder.join("scenes").join(scene)).unwrap();
    let (width, height) = dataset.raster_size();
    let size = (width, height);
    dataset.rasterband(number).unwrap().read_as::<u8>((0, 0), size, size, None).unwrap().data().to_vec()
}

#[test]
fn a_folder_of_files_becomes_a_cube() {
    let folder = folder("ingest-cube");
    scenes(&folder);
    configuration(&folder, "cube.toml", MORE);
    let dry = figures(&folder, &["ingest", "cube.toml", "cube.zarr", "--dry-run"]);
    assert!(!folder.join("cube.zarr").exists() && !folder.join("cube.zarr.partial").exists());
    assert_eq!(dry["files"], 3);
    assert_eq!(dry["arrays"][0]["shape"], serde_json::json!([3, 4, 320, 320]));
    assert_eq!(dry["arrays"][0]["first_date"], "2012-07-31");
    assert_eq!(dry["raw_bytes"], 3 * 4 * 320 * 320 + 3 * 4 * 320 * 320 + 2 * 320 * 320);
    succeed(&folder, &["ingest", "cube.toml", "cube.zarr"]);
    let data = read_array(&folder.join("cube.zarr/data"));
    let plane = 320 * 320;
    for (date, scene) in ["20120731", "20140720", "20150926"].iter().enumerate() {
        for number in 0..4 {
            let wanted = band(&folder, &format!("m_4709963_se_14_1_{scene}.tif"), number + 1);
            let start = (date * 4 + number) * plane;
            assert!(data[start..start + plane] == wanted, "band {number} of {scene}");
        }
    }
    let ndvi = read_array(&folder.join("cube.zarr/ndvi"));
    for at in [0, 777, 3 * plane - 1] {
        let (date, pixel) = (at / plane, at % plane);
        let sample = |band: usize| f64::from(data[(date * 4 + band) * plane + pixel]);
        let wanted = ((sample(3) - sample(0)) / (sample(3) + sample(0))) as f32;
        assert_eq!(f32::from_le_bytes(ndvi[4 * at..4 * at + 4].try_into().unwrap()), wanted);
    }
    let counts = read_array(&folder.join("cube.zarr/valid_count"));
    assert!(counts.chunks_exact(2).all(|count| u16::from_le_bytes([count[0], count[1]]) <= 3));
    // What is there is not replaced, and the same again is the same.
    fail(
        &folder,
        &["ingest", "cube.toml", "cube.zarr"],
        2,
        "output cube.zarr exists; choose another, or replace it with --overwrite",
    );
    let before = content(&folder.join("cube.zarr"));
    succeed(&folder, &["--threads", "1", "ingest", "cube.toml", "cube.zarr", "--overwrite"]);
    assert!(content(&folder.join("cube.zarr")) == before);
}

#[test]
fn files_alone_are_enough() {
    let folder = folder("ingest-files");
    scenes(&folder);
    let files = ["scenes/m_4709963_se_14_1_20120731.tif", "scenes/m_4709963_se_14_1_20150926.tif"];
    let args: Vec<&str> = ["ingest"]
        .into_iter()
        .chain(files)
        .chain(["two.zarr", "--name", "m_*_{time:%Y%m%d}.tif", "--bands", "r,g,b,n", "--chunk-size", "160"])
        .collect();
    let figures = figures(&folder, &args);
    assert_eq!(figures["arrays"][0]["shape"], serde_json::json!([2, 4, 320, 320]));
    assert_eq!(figures["arrays"][0]["bands"], serde_json::json!(["r", "g", "b", "n"]));
    let (code, _, err) = call(&folder, &["ingest", "scenes/none.tif", "none.zarr"]);
    assert_eq!((code, err.trim()), (2, "error: scenes/none.tif does not exist"));
    configuration(&folder, "cube.toml", "");
    let (code, _, err) = call(&folder, &["ingest", "cube.toml", "out.zarr", "--nodata", "0"]);
    assert_eq!(code, 2);
    assert!(err.contains("cube.toml is a configuration, so --name, --bands"), "{err}");
}

#[test]
fn shares_of_the_work_make_the_same_cube() {
    let folder = folder("ingest-shares");
    scenes(&folder);
    configuration(&folder, "cube.toml", MORE);
    succeed(&folder, &["ingest", "cube.toml", "whole.zarr"]);
    let out = succeed(&folder, &["ingest", "cube.toml", "shared.zarr", "--shard", "2/3"]);
    assert!(out.contains("not done yet: [0, 1]"), "{out}");
    assert!(!folder.join("shared.zarr").exists());
    let (code, _, err) = call(&folder, &["ingest", "cube.toml", "shared.zarr", "--shard", "0/4"]);
    assert_eq!(code, 2);
    assert!(err.contains("was begun with other settings (shares was 3, now it is 4)"), "{err}");
    // Two at one time; the last to end puts it in its place.
    let run = |share: &str| {
        common::vqz(&folder).args(["ingest", "cube.toml", "shared.zarr", "--shard", share]).spawn().unwrap()
    };
    let mut both = [run("0/3"), run("1/3")];
    assert!(both.iter_mut().all(|child| child.wait().unwrap().success()));
    assert!(content(&folder.join("shared.zarr")) == content(&folder.join("whole.zarr")));
    assert!(!folder.join("shared.zarr.partial").exists());
    let (code, _, err) = call(&folder, &["ingest", "cube.toml", "other.zarr", "--shard", "3/3"]);
    assert_eq!(code, 2);
    assert!(err.contains("\"3/3\" is no share; write I/N, with I from 0 to N - 1, such as 0/16"), "{err}");
}

#[test]
fn a_cube_is_encoded_straight_from_its_files() {
    let folder = folder("ingest-encoded");
    scenes(&folder);
    configuration(&folder, "cube.toml", MORE);
    succeed(&folder, &["ingest", "cube.toml", "plain.zarr"]);
    succeed(&folder, &["ingest", "cube.toml", "exact.zarr", "--lossless"]);
    for name in ["data", "ndvi", "valid_count"] {
        let at = |root: &str| read_array(&folder.join(root).join(name));
        assert!(at("exact.zarr") == at("plain.zarr"), "{name}");
    }
    succeed(&folder, &["verify", "exact.zarr", "--against", "plain.zarr"]);
    // Encode takes the configuration too, and shares of the work are the same bytes.
    let model = common::model();
    let model = model.to_str().unwrap();
    let options = ["--model", model, "--quality", "70", "--chunk-size", "128"];
    let encode = |out: &str, more: &[&str]| {
        let args: Vec<&str> =
            ["encode", "cube.toml", out].into_iter().chain(options).chain(more.iter().copied()).collect();
        call(&folder, &args)
    };
    let (code, _, err) = encode("small.zarr", &[]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("written as a plain array: ndvi: array has 1 bands, model tiny takes 4"), "{err}");
    for share in ["1/2", "0/2"] {
        let (code, _, err) = encode("shared.zarr", &["--shard", share]);
        assert_eq!(code, 0, "{err}");
    }
    assert!(content(&folder.join("shared.zarr")) == content(&folder.join("small.zarr")));
    succeed(&folder, &["verify", "small.zarr", "--against", "plain.zarr"]);
    let (code, _, err) =
        call(&folder, &["encode", "cube.toml", "x.zarr", "--model", model, "--psnr", "40", "--shard", "0/2"]);
    assert_eq!(code, 2);
    assert!(
        err.contains("is a target for the whole archive, which no share of the work sees; give --quality"),
        "{err}"
    );
}

#[test]
fn what_can_not_be_read_is_listed_and_done_later() {
    let folder = folder("ingest-failures");
    scenes(&folder);
    configuration(&folder, "cube.toml", "[output]\nchunk = { y = 160, x = 160 }\n");
    succeed(&folder, &["ingest", "cube.toml", "whole.zarr"]);
    // A scene is damaged within: the head of its first block's Deflate stream, which no look at the file's end notices.
    let path = folder.join("scenes/m_4709963_se_14_1_20140720.tif");
    let sound = std::fs::read(&path).unwrap();
    let mut damaged = sound.clone();
    let head = damaged.windows(2).position(|pair| pair == [0x78, 0xda]).unwrap();
    damaged[head..head + 2].fill(0xff);
    let times = std::fs::metadata(&path).unwrap().modified().unwrap();
    let rewrite = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(times).unwrap();
    };
    rewrite(&damaged);
    let (code, _, err) = call(&folder, &["ingest", "cube.toml", "cube.zarr"]);
    assert_eq!(code, 2);
    assert!(err.contains("could not be read, listed in cube.zarr.partial/.vqz-failed.json"), "{err}");
    assert!(err.contains("m_4709963_se_14_1_20140720.tif"), "{err}");
    let list = std::fs::read(folder.join("cube.zarr.partial/.vqz-failed.json")).unwrap();
    let failed: serde_json::Value = serde_json::from_slice(&list).unwrap();
    let failed = failed.as_array().unwrap();
    assert!(!failed.is_empty() && failed.len() < 4, "{failed:?}");
    assert!(failed.iter().all(|chunk| chunk["array"] == "data" && chunk["chunk"][0] == 1), "{failed:?}");
    // All else is there: only what failed is read again.
    rewrite(&sound);
    let figures = figures(&folder, &["ingest", "cube.toml", "cube.zarr"]);
    assert_eq!(figures["chunks_kept"], 12 - failed.len());
    assert!(content(&folder.join("cube.zarr")) == content(&folder.join("whole.zarr")));
}

#[test]
fn wrong_wishes_are_told_before_anything_is_written() {
    let folder = folder("ingest-wrong");
    scenes(&folder);
    let wrong = |more: &str, message: &str| {
        configuration(&folder, "wrong.toml", more);
        let (code, out, err) = call(&folder, &["ingest", "wrong.toml", "out.zarr"]);
        assert_eq!(code, 2, "{out}");
        assert!(err.contains(message), "{err}\nshould say {message}");
        assert!(!folder.join("out.zarr").exists() && !folder.join("out.zarr.partial").exists());
    };
    wrong("[output]\nchunk = { z = 3 }\n", "chunk names the dimension z; there are time, band, y and x");
    wrong(
        "[output]\ncodecs = \"best\"\n",
        "codecs = \"best\" is no short name; zstd, lz4, blosc and none are",
    );
    wrong("[output]\nchunk = { x = 100 }\nshard = { x = 150 }\n", "a shard holds whole chunks, such as 200");
    wrong("[output]\ncodecs = [{ name = \"nothing\" }]\n", "nothing");
    wrong("[derive]\n", "wrong.toml: the configuration is wrong");
    wrong("[[derive]]\nname = \"x\"\nexpression = \"nir / swir\"\n", "derived band x: ");
}

#[test]
fn lists_of_pixels_become_an_archive_and_lists_again() {
    use vqz_raster::npy::{self, NpyArray};
    use vqz_raster::sample::DataType;
    let folder = folder("ingest-lists");
    let (rows, columns) = ([3i32, 0, 2, 2, 1], [5i32, 1, 0, 4, 3]);
    let bytes = |list: &[i32]| list.iter().flat_map(|v| v.to_ne_bytes()).collect::<Vec<u8>>();
    npy::write(&folder.join("rows.npy"), DataType::Int32, &[5], &bytes(&rows)).unwrap();
    npy::write(&folder.join("columns.npy"), DataType::Int32, &[5], &bytes(&columns)).unwrap();
    let sample = |pixel: usize, month: usize| (100 * pixel + month) as i16;
    let list: Vec<u8> = (0..15).flat_map(|i| sample(i / 3, i % 3).to_ne_bytes()).collect();
    npy::write(&folder.join("values.npy"), DataType::Int16, &[5, 3], &list).unwrap();
    let configuration = "[[input]]\nfiles = [\"values.npy\"]\nbands = [\"t\"]\nnodata = -1\n[input.pixels]\naxes = [\"pixel\", \
                         \"month\"]\nrows = \"rows.npy\"\ncolumns = \"columns.npy\"\nheight = 4\nwidth = 6\n";
    std::fs::write(folder.join("list.toml"), configuration).unwrap();
    let found = figures(&folder, &["ingest", "list.toml", "cube.zarr"]);
    assert_eq!(found["arrays"][0]["bands"], serde_json::json!(["t_month1", "t_month2", "t_month3"]));
    succeed(&folder, &["encode", "cube.zarr", "archive.zarr", "--lossless"]);
    succeed(&folder, &["export", "archive.zarr", "lists", "--pixels", "rows.npy,columns.npy"]);
    let read = |name: &str, shape: &[usize]| {
        let array = NpyArray::open(folder.join("lists").join(name)).unwrap();
        assert_eq!(array.shape(), shape);
        array.read_f64(&shape.iter().map(|n| 0..*n).collect::<Vec<_>>()).unwrap()
    };
    assert_eq!(read("rows.npy", &[5]), rows.map(f64::from));
    assert_eq!(read("columns.npy", &[5]), columns.map(f64::from));
    let wanted: Vec<f64> = (0..15).map(|i| f64::from(sample(i % 5, i / 5))).collect();
    assert_eq!(read("values.npy", &[3, 5]), wanted);
    let (code, _, err) =
        call(&folder, &["export", "archive.zarr", "lists", "--pixels", "rows.npy,columns.npy"]);
    assert_eq!(code, 2);
    assert!(err.contains("output lists exists"), "{err}");
    let (code, _, err) = call(&folder, &["export", "archive.zarr", "others", "--pixels", "rows.npy"]);
    assert_eq!(code, 2);
    assert!(err.contains("the mask rows.npy has 5 pixels, the array 4 × 6"), "{err}");
}

#[test]
fn counts_and_classes_stay_exact_under_a_bound() {
    let folder = folder("ingest-exact");
    scenes(&folder);
    // A third of the first date is nodata, so that counts differ.
    configuration(
        &folder,
        "cube.toml",
        "[[mask]]\nexpression = \"nir < 90\"\n[output]\nvalid_count = true\n",
    );
    succeed(&folder, &["ingest", "cube.toml", "plain.zarr"]);
    let (code, _, err) = call(&folder, &["ingest", "cube.toml", "bounded.zarr", "--max-error", "3"]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("without loss: valid_count: its samples are counts"), "{err}");
    let (code, _, err) = call(&folder, &["encode", "plain.zarr", "again.zarr", "--max-error", "3"]);
    assert_eq!(code, 0, "{err}");
    let counts = read_array(&folder.join("plain.zarr/valid_count"));
    assert!(counts.chunks_exact(2).any(|count| count != [3, 0]));
    for archive in ["bounded.zarr", "again.zarr"] {
        assert!(read_array(&folder.join(archive).join("valid_count")) == counts, "{archive}");
        let data = |root: &str| read_array(&folder.join(root).join("data"));
        let off = data(archive).iter().zip(data("plain.zarr")).map(|(a, b)| a.abs_diff(b)).max();
        assert_eq!(off, Some(3), "{archive}");
    }
    let metadata: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("plain.zarr/data/zarr.json")).unwrap()).unwrap();
    assert_eq!(metadata["attributes"]["grid_mapping"], "spatial_ref");
}

/// Writes a GeoTIFF of 10 m pixels, one band for each description, all samples of a band being `value` and its number.
fn described(path: &Path, descriptions: &[&str], value: f32) {
    let driver = gdal::DriverManager::get_driver_by_name("GTiff").unwrap();
    let mut dataset = driver.create_with_band_type::<f32, _>(path, 8, 8, descriptions.len()).unwrap();
    dataset.set_spatial_ref(&gdal::spatial_ref::SpatialRef::from_epsg(32_633).unwrap()).unwrap();
    dataset.set_geo_transform(&[500_000.0, 10.0, 0.0, 5_000_000.0, 0.0, -10.0]).unwrap();
    for (number, description) in descriptions.iter().enumerate() {
        let mut band = dataset.rasterband(number + 1).unwrap();
        band.set_description(description).unwrap();
        band.fill(f64::from(value) + number as f64, None).unwrap();
    }
    dataset.close().unwrap();
}

#[test]
fn names_of_bands_write_and_remove_nothing_outside_of_the_output() {
    // A path from the root, in a folder of the test's own.
    let absolute = folder("ingest-hostile-absolute").join("outside");
    let absolute = absolute.to_str().unwrap();
    for (number, name) in
        ["../..", "../../outside", ".", "a/b/c", absolute, "x", "zarr.json", "c"].iter().enumerate()
    {
        let outer = folder(&format!("ingest-hostile-{number}"));
        let inner = outer.join("work");
        std::fs::create_dir(&inner).unwrap();
        std::fs::write(outer.join("mine.txt"), "mine").unwrap();
        std::fs::write(inner.join("notes.txt"), "mine").unwrap();
        described(&inner.join("a.tif"), &["red", "nir"], 1.0);
        // Another type, so that it becomes an array of its own.
        let driver = gdal::DriverManager::get_driver_by_name("GTiff").unwrap();
        let mut other = driver.create_with_band_type::<i16, _>(inner.join("b.tif"), 8, 8, 1).unwrap();
        other.set_spatial_ref(&gdal::spatial_ref::SpatialRef::from_epsg(32_633).unwrap()).unwrap();
        other.set_geo_transform(&[500_000.0, 10.0, 0.0, 5_000_000.0, 0.0, -10.0]).unwrap();
        other.rasterband(1).unwrap().set_description(name).unwrap();
        other.rasterband(1).unwrap().fill(7.0, None).unwrap();
        other.close().unwrap();
        let before = content(&outer);
        let told = figures(&inner, &["ingest", "a.tif", "b.tif", "o.zarr"]);
        let after = content(&outer);
        for (path, bytes) in &before {
            assert!(after.get(path) == Some(bytes), "{name:?} changed {}", path.display());
        }
        let new: Vec<_> = after.keys().filter(|path| !before.contains_key(*path)).collect();
        assert!(new.iter().all(|path| path.starts_with("work/o.zarr")), "{name:?}: {new:?}");
        assert!(!Path::new(absolute).exists());
        // Both arrays are there, the second with its true name, of whose change a remark tells.
        let path = told["arrays"][1]["path"].as_str().unwrap();
        assert_eq!(read_array(&inner.join("o.zarr").join(path)), 7i16.to_le_bytes().repeat(64));
        let metadata = std::fs::read(inner.join("o.zarr").join(path).join("zarr.json")).unwrap();
        let metadata: serde_json::Value = serde_json::from_slice(&metadata).unwrap();
        assert_eq!(metadata["attributes"]["long_name"], *name);
        let remarks = told["remarks"].to_string();
        assert!(remarks.contains("no safe name of a folder"), "{remarks}");
        // Coordinates are beside it, and it goes through an archive.
        assert!(inner.join("o.zarr/x/zarr.json").is_file() && inner.join("o.zarr/y/zarr.json").is_file());
        succeed(&inner, &["encode", "o.zarr", "archive.zarr", "--lossless"]);
        succeed(&inner, &["decode", "archive.zarr", "plain.zarr"]);
        assert_eq!(read_array(&inner.join("plain.zarr").join(path)), 7i16.to_le_bytes().repeat(64));
    }
}

#[test]
fn files_of_one_place_are_refused_and_named() {
    let folder = folder("ingest-one-place");
    let files = ["scene_a.tif", "scene_b.tif", "scene_c.tif"];
    for (number, file) in files.iter().enumerate() {
        described(&folder.join(file), &["red", "nir"], 10.0 * number as f32);
    }
    for more in [&[][..], &["--dry-run"], &["--lossless"]] {
        let args: Vec<&str> =
            ["ingest"].into_iter().chain(files).chain(["o.zarr"]).chain(more.iter().copied()).collect();
        let (code, _, err) = call(&folder, &args);
        assert_eq!(code, 2, "{err}");
        assert!(files.iter().all(|file| err.contains(file)), "{err}");
        assert!(!folder.join("o.zarr").exists());
    }
    let ingest = |out: &str, more: &[&str]| {
        let args: Vec<&str> =
            ["ingest"].into_iter().chain(files).chain([out]).chain(more.iter().copied()).collect();
        figures(&folder, &args)
    };
    let merged = ingest("merged.zarr", &["--overlap", "last"]);
    assert_eq!(merged["arrays"][0]["shape"], serde_json::json!([2, 8, 8]));
    assert!(merged["remarks"].to_string().contains("files overlap in 128 pixels"), "{}", merged["remarks"]);
    let told = ingest("bands.zarr", &["--name", "scene_{band}.tif"]);
    assert_eq!(told["arrays"][0]["bands"].as_array().unwrap().len(), 6);
}

#[test]
fn a_folder_with_brackets_is_no_pattern() {
    let outer = folder("ingest-brackets");
    for (name, value) in [("run[1]", 1.0), ("run1", 2.0)] {
        std::fs::create_dir(outer.join(name)).unwrap();
        described(&outer.join(name).join("a.tif"), &["v"], value);
        std::fs::write(outer.join(name).join("c.toml"), "[[input]]\nfiles = [\"*.tif\"]\n").unwrap();
    }
    succeed(&outer, &["ingest", "run[1]/c.toml", "o.zarr"]);
    assert_eq!(read_array(&outer.join("o.zarr/data")), 1f32.to_le_bytes().repeat(64));
}
