//! The members of groups: none is dropped, lost or replaced without a word.

use crate::common::{
    self, Plain, as_u16, call, content, fail, figures, folder, landscape, plain, succeed, write,
};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// A group of two rasters with coordinates along y, and a mask that is copied.
fn group(name: &str) -> PathBuf {
    let folder = folder(name);
    let root = folder.join("in.zarr");
    fs::create_dir_all(&root).unwrap();
    let metadata = json!({"zarr_format": 3, "node_type": "group", "attributes": {}}).to_string();
    fs::write(root.join("zarr.json"), metadata).unwrap();
    for (seed, name) in [(1, "a"), (2, "b")] {
        let shape = &[64, 64];
        let raster =
            Plain { names: Some(&["y", "x"]), attributes: json!({"units": "K"}), ..plain(shape, shape) };
        write(&root.join(name), &raster, as_u16(&landscape(1, 64, 64, seed)));
    }
    coordinate(&root, 5_000_000.0);
    folder
}

fn coordinate(root: &Path, first: f64) {
    for (name, sign) in [("y", -10.0), ("x", 10.0)] {
        let values = (0..64).flat_map(|at| (first + sign * f64::from(at)).to_le_bytes()).collect();
        let shape = &[64];
        let line =
            Plain { names: Some(&[name]), data_type: "float64", fill: json!(0.0), ..plain(shape, shape) };
        write(&root.join(name), &line, values);
    }
}

/// The kinds of remarks on each array.
fn remarks(found: &Value) -> Vec<(String, String)> {
    let text = |remark: &Value, key: &str| remark[key].as_str().unwrap_or_default().to_owned();
    let remarks = found["remarks"].as_array().unwrap();
    remarks.iter().map(|remark| (text(remark, "kind"), text(remark, "array"))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(kind, array)| ((*kind).to_owned(), (*array).to_owned())).collect()
}

fn verified(folder: &Path, archive: &str, against: Option<&str>) -> (i32, Vec<(String, String)>) {
    let mut args = vec!["verify", archive, "--json"];
    args.extend(against.iter().flat_map(|source| ["--against", source]));
    let (code, out, err) = call(folder, &args);
    let found: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    assert_eq!(found["holds"], code == 0, "{err}");
    (code, remarks(&found))
}

#[test]
fn what_is_no_node_is_said_to_be_left_out() {
    let folder = group("members-left-out");
    let root = folder.join("in.zarr");
    fs::write(root.join("README.txt"), "a note").unwrap();
    fs::create_dir_all(root.join("half/c")).unwrap();
    fs::write(root.join("half/c/0"), "a chunk").unwrap();
    fs::create_dir_all(root.join("old")).unwrap();
    fs::write(root.join("old/.zarray"), "{}").unwrap();
    fs::write(root.join("a/notes.txt"), "a note").unwrap();
    let mut expected = vec![("left_out", "README.txt"), ("left_out", "a/notes.txt"), ("left_out", "half")];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/not/mounted", root.join("linked")).unwrap();
        expected.push(("left_out", "linked"));
    }
    expected.push(("left_out", "old"));
    let found = figures(&folder, &["encode", "in.zarr", "out.zarr", "--lossless"]);
    assert_eq!(remarks(&found), pairs(&expected));
    // They can't be in an archive, so its check does not fail for them.
    assert_eq!(verified(&folder, "out.zarr", Some("in.zarr")), (0, pairs(&expected)));
}

#[test]
fn members_that_are_lost_or_changed_are_noticed() {
    let folder = group("members-lost");
    succeed(&folder, &["encode", "in.zarr", "out.zarr", "--lossless"]);
    assert_eq!(verified(&folder, "out.zarr", Some("in.zarr")), (0, Vec::new()));
    let metadata: Value =
        serde_json::from_slice(&fs::read(folder.join("out.zarr/zarr.json")).unwrap()).unwrap();
    assert_eq!(metadata["attributes"]["vqz"], json!({"copies": {"x": 1, "y": 1}, "encoded": ["a", "b"]}));

    fs::rename(folder.join("out.zarr/b"), folder.join("b")).unwrap();
    assert_eq!(verified(&folder, "out.zarr", None), (1, pairs(&[("member_lost", "b")])));
    let (code, found) = verified(&folder, "out.zarr", Some("in.zarr"));
    assert_eq!((code, found), (1, pairs(&[("member_lost", "b"), ("member_differs", "b")])));
    fs::rename(folder.join("b"), folder.join("out.zarr/b")).unwrap();

    // A copied array that says something else: the place is another one, too.
    let y = content(&folder.join("out.zarr/y"));
    for (first, name) in [(5_000_000.0, "y"), (4_000_000.0, "y")] {
        coordinate(&folder.join("other.zarr"), first);
        let chunk = folder.join("other.zarr").join(name).join("c/0");
        fs::copy(chunk, folder.join("out.zarr/y/c/0")).unwrap();
        let (code, found) = verified(&folder, "out.zarr", Some("in.zarr"));
        let differs = first < 5_000_000.0;
        assert_eq!(code, i32::from(differs));
        assert_eq!(found.contains(&("member_differs".to_owned(), "y".to_owned())), differs, "{found:?}");
        assert_eq!(found.contains(&("described_otherwise".to_owned(), "a".to_owned())), differs, "{found:?}");
    }
    for (name, bytes) in y {
        fs::write(folder.join("out.zarr/y").join(name), bytes).unwrap();
    }
    assert_eq!(verified(&folder, "out.zarr", Some("in.zarr")), (0, Vec::new()));

    // The source has a member that the archive never had.
    let shape = &[64, 64];
    write(
        &folder.join("in.zarr/c"),
        &Plain { names: Some(&["y", "x"]), ..plain(shape, shape) },
        vec![1; 64 * 128],
    );
    assert_eq!(verified(&folder, "out.zarr", Some("in.zarr")), (1, pairs(&[("member_differs", "c")])));
}

#[test]
fn copies_that_can_not_be_read_are_said() {
    let folder = group("members-unread");
    let chunk = folder.join("in.zarr/y/c/0");
    let mut bytes = fs::read(&chunk).unwrap();
    let at = bytes.len() / 2;
    bytes.truncate(at);
    fs::write(&chunk, bytes).unwrap();
    let found = remarks(&figures(&folder, &["encode", "in.zarr", "out.zarr", "--lossless"]));
    assert!(found.contains(&("copy_unread".to_owned(), "y".to_owned())), "{found:?}");
    let (code, found) = verified(&folder, "out.zarr", None);
    assert_eq!((code, found), (1, pairs(&[("member_differs", "y")])));
}

#[test]
fn another_place_scale_or_unit_is_said() {
    let folder = group("members-described");
    let described = |other: &str| -> Vec<String> {
        let found = figures(&folder, &["compare", "in.zarr/a", other, "--max-error", "0"]);
        let remarks = found["remarks"].as_array().unwrap();
        let kind = |remark: &&Value| remark["kind"] == "described_otherwise";
        remarks.iter().filter(kind).map(|remark| remark["message"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(described("in.zarr/a"), [] as [String; 0]);
    let other = |name: &str, attributes: Value, first: f64| {
        let root = folder.join(name);
        fs::create_dir_all(&root).unwrap();
        fs::copy(folder.join("in.zarr/zarr.json"), root.join("zarr.json")).unwrap();
        coordinate(&root, first);
        let shape = &[64, 64];
        let raster = Plain { names: Some(&["y", "x"]), attributes, ..plain(shape, shape) };
        write(&root.join("a"), &raster, as_u16(&landscape(1, 64, 64, 1)));
        described(&format!("{name}/a"))
    };
    let begin = "the raster: samples alone are compared, and the two are described otherwise: ";
    assert_eq!(
        other("scale.zarr", json!({"units": "K", "scale_factor": 0.1}), 5_000_000.0),
        [format!("{begin}the scale of band 0 is 0.1, that of the reference 1")]
    );
    assert_eq!(
        other("unit.zarr", json!({}), 5_000_000.0),
        [format!("{begin}the unit of band 0 is not stated, that of the reference K")]
    );
    assert_eq!(
        other("place.zarr", json!({"units": "K"}), 4_000_000.0),
        [format!(
            "{begin}the outer corner of its first pixel lies at 3999995, 4000005, that of the reference at 4999995, 5000005"
        )]
    );
}

#[test]
fn a_page_never_replaces_its_inputs() {
    let folder = group("members-page");
    let model = common::model();
    fs::copy(&model, folder.join("m.vqm")).unwrap();
    write(&folder.join("s"), &plain(&[4, 64, 64], &[4, 64, 64]), as_u16(&landscape(4, 64, 64, 5)));
    succeed(&folder, &["encode", "s", "e", "-m", "m.vqm"]);
    fs::write(folder.join("b.json"), "{}").unwrap();
    let lost = |output: &str| {
        format!(
            "output {output} is the input, which would be lost; choose another output, and replace the input afterwards"
        )
    };
    fail(&folder, &["report", "e", "--model", "m.vqm", "-o", "m.vqm", "--overwrite"], 2, &lost("m.vqm"));
    fail(
        &folder,
        &["report", "e", "--bench", "b.json", "-o", "./b.json", "--overwrite"],
        2,
        &lost("./b.json"),
    );
    fail(&folder, &["bench", "s", "--model", "m.vqm", "--report", "m.vqm"], 2, &lost("m.vqm"));
    assert_eq!(fs::read(folder.join("m.vqm")).unwrap(), fs::read(&model).unwrap());

    // A model within the output that is replaced, and what is no Zarr.
    fs::copy(&model, folder.join("e/m.vqm")).unwrap();
    fail(
        &folder,
        &["encode", "s", "e", "-m", "e/m.vqm", "--overwrite"],
        2,
        "output e holds the input, e/m.vqm, which would be lost; choose another output",
    );
    fail(
        &folder,
        &["encode", "s", "e", "-m", "m.vqm", "--overwrite"],
        2,
        "output e is to be replaced, and holds m.vqm, which would be lost: it is no chunk of the array that it lies in; move it \
         away, or choose another output",
    );
    fs::remove_file(folder.join("e/m.vqm")).unwrap();
    succeed(&folder, &["encode", "s", "e", "-m", "m.vqm", "--overwrite"]);
}

#[test]
fn a_swap_that_was_interrupted_goes_on() {
    let folder = group("members-swap");
    succeed(&folder, &["encode", "in.zarr", "out.zarr", "--lossless"]);
    let whole = content(&folder.join("out.zarr"));
    let aside = folder.join("out.zarr.replaced");
    let again = || succeed(&folder, &["encode", "in.zarr", "out.zarr", "--lossless", "--overwrite"]);
    // Killed after the new output was put in its place: the old one is there, whole or in part, or its empty folder.
    for left in [&["a/zarr.json", "zarr.json", ".vqz-replaced"][..], &[".vqz-replaced"], &[]] {
        fs::create_dir_all(aside.join("a")).unwrap();
        left.iter().for_each(|name| fs::write(aside.join(name), "old").unwrap());
        if !left.contains(&"a/zarr.json") {
            fs::remove_dir(aside.join("a")).unwrap();
        }
        again();
        assert!(!aside.exists(), "{left:?}");
        assert_eq!(content(&folder.join("out.zarr")), whole);
    }
    // Killed between the two renames.
    fs::rename(folder.join("out.zarr"), &aside).unwrap();
    fs::write(aside.join(".vqz-replaced"), "old").unwrap();
    again();
    assert!(!aside.exists());
    assert_eq!(content(&folder.join("out.zarr")), whole);
}

#[cfg(feature = "gdal")]
#[test]
fn side_files_apply_to_their_own_file_alone() {
    let folder = group("members-sides");
    succeed(&folder, &["encode", "in.zarr/a", "e", "--lossless"]);
    succeed(&folder, &["export", "e", "o.tif"]);
    let sides = ["o.tif.msk", "o.tif.ovr", "o.tif.aux.xml"];
    for args in [&["export", "e", "o.tif", "--overwrite"][..], &["decode", "e", "o.tif", "--overwrite"]] {
        sides.iter().for_each(|side| fs::write(folder.join(side), "old").unwrap());
        succeed(&folder, args);
        for side in sides {
            assert!(fs::read(folder.join(side)).map_or(true, |found| found != b"old"), "{side}");
        }
    }
    fs::write(folder.join("p.tif.aux.xml"), "another's").unwrap();
    for command in ["export", "decode"] {
        fail(
            &folder,
            &[command, "e", "p.tif"],
            2,
            "p.tif.aux.xml stands beside the output, p.tif, and GDAL would take it for a part of it; move or delete it, or choose \
             another output",
        );
    }
    assert_eq!(fs::read(folder.join("p.tif.aux.xml")).unwrap(), b"another's");
}

#[cfg(feature = "gdal")]
#[test]
fn samples_under_a_mask_are_said_to_be_lost() {
    use gdal::DriverManager;
    use gdal::raster::Buffer;
    let folder = folder("members-mask");
    let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
    let mut dataset = driver.create_with_band_type::<f32, _>(folder.join("m.tif"), 16, 16, 1).unwrap();
    dataset.set_geo_transform(&[0.0, 1.0, 0.0, 0.0, 0.0, -1.0]).unwrap();
    {
        let mut band = dataset.rasterband(1).unwrap();
        band.write((0, 0), (16, 16), &mut Buffer::new((16, 16), vec![7.0f32; 256])).unwrap();
        band.create_mask_band(true).unwrap();
        let mut mask = band.open_mask_band().unwrap();
        mask.write((0, 0), (16, 16), &mut Buffer::new((16, 16), vec![0u8; 256])).unwrap();
    }
    dataset.close().unwrap();
    let found = figures(&folder, &["encode", "m.tif", "e", "--lossless"]);
    let messages: Vec<&str> = found["remarks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|remark| remark["message"].as_str().unwrap())
        .collect();
    assert_eq!(
        messages,
        [
            "a mask of m.tif tells which pixels are valid; samples of the others become \"no data\", NaN, and what the file holds \
          there is not kept"
        ]
    );
}

#[test]
#[cfg(feature = "gdal")]
fn an_export_notices_lost_coordinates_and_names_what_it_leaves() {
    let folder = group("members-export");
    fs::rename(folder.join("in.zarr/a"), folder.join("in.zarr/data")).unwrap();
    succeed(&folder, &["encode", "in.zarr", "a.zarr", "--lossless"]);
    let found = figures(&folder, &["export", "a.zarr", "whole.nc"]);
    assert_eq!(remarks(&found), pairs(&[("left_out", "b")]));
    fs::remove_file(folder.join("a.zarr/y/c/0")).unwrap();
    let (code, _, err) = call(&folder, &["export", "a.zarr", "lost.nc"]);
    assert!(code == 1 && err.contains("y: 1 of 1 chunk"), "{err}");
}

#[test]
fn decode_says_that_a_copy_can_not_be_read() {
    let folder = group("members-decode");
    succeed(&folder, &["encode", "in.zarr", "a.zarr", "--lossless"]);
    let chunk = folder.join("a.zarr/y/c/0");
    let bytes = fs::read(&chunk).unwrap();
    fs::write(&chunk, &bytes[..bytes.len() - 4]).unwrap();
    let found = figures(&folder, &["decode", "a.zarr", "b.zarr"]);
    assert_eq!(remarks(&found), pairs(&[("copy_unread", "y")]));
}
