//! Names that come from files and configurations are safe names of arrays and groups, stay apart, and are kept as they were in
//! attributes; folders and files whose names look like patterns are what they are.

mod common;

use common::{Folder, Raster, all, array, plan, refused};
use gdal::Metadata as _;
use vqz_raster::ingest::plan::CubePlan;
use vqz_raster::names::stays_below;

/// A GeoTIFF of one described band.
fn described(folder: &Folder, name: &str, band: &str, sample: f32) {
    let path = folder.path(name);
    Raster::new([2, 2], &[sample; 4]).write("GTiff", &path);
    let options =
        gdal::DatasetOptions { open_flags: gdal::GdalOpenFlags::GDAL_OF_UPDATE, ..Default::default() };
    let mut dataset = gdal::Dataset::open_ex(&path, options).unwrap();
    dataset.rasterband(1).unwrap().set_description(band).unwrap();
    dataset.flush_cache().unwrap();
}

fn paths(plan: &CubePlan) -> Vec<&str> {
    plan.arrays.iter().map(|array| array.path.as_str()).collect()
}

#[test]
fn a_band_s_description_is_no_path() {
    for (name, place) in [
        ("../../outside", "_.._outside"),
        ("..", "unnamed"),
        ("kg/m2", "kg_m2"),
        ("/etc/cron.d/x", "_etc_cron.d_x"),
        ("zarr.json", "_zarr.json"),
        ("time", "_time"),
        ("C", "_C"),
        ("aux", "_aux"),
        (".vqz-resume.json", "vqz-resume.json"),
    ] {
        let folder = Folder::new();
        folder.tiff("a.tif", &Raster::new([2, 2], &[1u8, 2, 3, 4]));
        folder.tiff("b.tif", &Raster::new([2, 2], &[1u8, 2, 3, 4]));
        described(&folder, "c.tif", name, 5.0);
        let config = "[[input]]\nfiles = [\"a.tif\", \"b.tif\"]\nname = \"{band}.tif\"\n[[input]]\nfiles = [\"c.tif\"]\n";
        let plan = plan(&folder.0, config).unwrap();
        assert_eq!(paths(&plan), ["data", place], "{name}");
        let own = array(&plan, place);
        assert_eq!((own.name.as_str(), own.bands[0].band.name.as_deref()), (name, Some(name)));
        assert_eq!(all::<f32>(&plan, place), [5.0; 4]);
        let told = plan.remarks.iter().filter(|remark| remark.contains("no safe name")).count();
        assert_eq!(told, 1, "{:?}", plan.remarks);
    }
}

#[test]
fn names_that_become_the_same_stay_apart() {
    let folder = Folder::new();
    for (file, sample) in [("a.tif", 1.0f32), ("b.tif", 2.0)] {
        described(&folder, file, "v", sample);
    }
    let derive = |name: &str| format!("[[derive]]\nname = \"{name}\"\nexpression = \"a + b\"\n");
    let config = format!(
        "[[input]]\nfiles = [\"*.tif\"]\nname = \"{{band}}.tif\"\n{}{}{}{}",
        derive("n/d"),
        derive("n:d"),
        derive("N_D"),
        derive("data")
    );
    let plan = plan(&folder.0, &config).unwrap();
    assert_eq!(paths(&plan), ["data", "n_d", "n_d_2", "N_D_3", "data_2"]);
    assert_eq!(all::<f32>(&plan, "N_D_3"), [3.0; 4]);
    // An array is still found by its own name.
    let joined = format!("{}array = \"n/d\"\n", derive("sum"));
    let config =
        format!("[[input]]\nfiles = [\"*.tif\"]\nname = \"{{band}}.tif\"\n{}{joined}", derive("n/d"));
    let plan = common::plan(&folder.0, &config).unwrap();
    assert_eq!(common::bands(&plan, "n_d"), ["n/d", "sum"]);
}

#[test]
fn fields_of_names_are_no_paths() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path("inner")).unwrap();
    let raster = [1u8, 2, 3, 4];
    for name in ["CON_a.tif", "con_b.tif", "__x_c.tif", "fine_d.tif"] {
        folder.tiff(name, &Raster::new([2, 2], &raster));
    }
    let config = "[[input]]\nfiles = [\"*.tif\"]\nname = \"{place}_{n}.tif\"\n[output]\nsplit = \"place\"\n";
    let plan = plan(&folder.0, config).unwrap();
    assert!(paths(&plan).iter().all(|path| stays_below(path)), "{:?}", paths(&plan));
    assert!(paths(&plan).contains(&"fine/data"), "{:?}", paths(&plan));
    assert_eq!(plan.group_names.get("_CON").map(String::as_str), Some("CON"));
    assert_eq!(plan.group_names.get("_con_2").map(String::as_str), Some("con"));
    // The folder above as a field of a name.
    folder.tiff("e.tif", &Raster::new([2, 2], &raster));
    let above =
        "[[input]]\nfiles = [\"../e.tif\"]\nname = \"{place}/{n}.tif\"\n[output]\nsplit = \"place\"\n";
    let plan = common::plan(&folder.path("inner"), above).unwrap();
    assert_eq!(paths(&plan), ["unnamed/data"]);
}

#[test]
fn grids_that_look_the_same_when_rounded_have_folders_of_their_own() {
    let folder = Folder::new();
    let samples = [1u8, 2, 3, 4];
    let degrees = |pixel: f64| Raster {
        epsg: Some(4326),
        corner: [10.0, 50.0],
        pixel,
        ..Raster::new([2, 2], &samples)
    };
    folder.tiff("a.tif", &degrees(1.0 / 3600.0));
    folder.tiff("b.tif", &degrees(0.000_278));
    let plan = plan(&folder.0, "[[input]]\nfiles = [\"*.tif\"]\nname = \"{band}.tif\"\n").unwrap();
    assert_eq!(paths(&plan), ["0.000278/data", "0.000278_2/data"]);
}

#[test]
fn a_folder_is_no_pattern() {
    for name in ["run[1]", "only [2020]", "{a}", "[!b]", "a?b", "*", "**", "[[x]]"] {
        let outer = Folder::new();
        // A folder that the name would match as a pattern.
        for (folder, value) in [(name, 1u8), ("run1", 2), ("a_b", 2)] {
            std::fs::create_dir_all(outer.path(folder)).unwrap();
            let path = outer.path(folder).join("a.tif");
            Raster::new([2, 2], &[value; 4]).write("GTiff", &path);
        }
        let own = plan(&outer.path(name), "[[input]]\nfiles = [\"*.tif\"]\n").unwrap();
        assert_eq!((own.files, all::<u8>(&own, "data")), (1, vec![1; 4]), "{name}");
    }
}

#[test]
fn a_file_s_own_name_is_no_pattern() {
    let folder = Folder::new();
    folder.tiff("scene[1].tif", &Raster::new([2, 2], &[1u8; 4]));
    folder.tiff("scene1.tif", &Raster::new([2, 2], &[2u8; 4]));
    let own = plan(&folder.0, "[[input]]\nfiles = [\"scene[1].tif\"]\n").unwrap();
    assert_eq!(all::<u8>(&own, "data"), [1; 4]);
    // Brackets stay patterns where no file is called so, and stars always.
    let class = plan(&folder.0, "[[input]]\nfiles = [\"scene[0-9].tif\"]\n").unwrap();
    assert_eq!(all::<u8>(&class, "data"), [2; 4]);
    assert!(refused(&folder.0, "[[input]]\nfiles = [\"*.tif\"]\n").starts_with("2 files have band B1"));
}
