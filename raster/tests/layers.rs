//! Files of one place are dates, bands or arrays, or they are refused: no file hides another unasked. Scenes that overlap in part
//! are a mosaic.

mod common;

use common::{Folder, Raster, all, bands, plan, refused};

const SIZE: [usize; 2] = [10, 10];

/// Pixels of one value, at a distance in pixels to the right of and below the usual corner.
fn square(folder: &Folder, name: &str, value: u8, [right, down]: [f64; 2]) {
    let corner = [500_000.0 + 10.0 * right, 5_100_000.0 - 10.0 * down];
    let samples = [value; 100];
    folder.tiff(name, &Raster { corner, nodata: Some(0.0), ..Raster::new(SIZE, &samples) });
}

const ALL: &str = "[[input]]\nfiles = [\"*.tif\"]\n";

#[test]
fn files_of_one_place_are_told_apart_or_refused() {
    let folder = Folder::new();
    for (value, name) in [(1, "c_20200101.tif"), (2, "c_20200202.tif"), (3, "c_20200303.tif")] {
        square(&folder, name, value, [0.0, 0.0]);
    }
    let error = refused(&folder.0, ALL);
    assert!(error.starts_with("3 files have band B1 of the same place: "), "{error}");
    for said in [
        "c_20200101.tif",
        "c_20200202.tif",
        "c_20200303.tif",
        "{time:%Y%m%d}",
        "{band}",
        "split",
        "overlap = \"first\"",
    ] {
        assert!(error.contains(said), "{said}: {error}");
    }
    // As dates, as bands, as groups.
    let name = |pattern: &str| format!("{ALL}name = \"{pattern}\"\n");
    let dates = plan(&folder.0, &name("c_{time:%Y%m%d}.tif")).unwrap();
    assert_eq!(dates.arrays[0].shape(), [3, 1, 10, 10]);
    let as_bands = plan(&folder.0, &name("c_{band}.tif")).unwrap();
    assert_eq!(bands(&as_bands, "data"), ["20200101", "20200202", "20200303"]);
    let groups = plan(&folder.0, &format!("{}[output]\nsplit = \"day\"\n", name("c_{day}.tif"))).unwrap();
    assert_eq!(groups.arrays.len(), 3);
    // Or one over the other, where that is said; the files are told all the same.
    let merged = plan(&folder.0, &format!("{ALL}[output]\noverlap = \"last\"\n")).unwrap();
    assert_eq!(all::<u8>(&merged, "data"), [3; 100]);
    assert!(
        merged.remarks[0].starts_with(
            "data: files overlap in 100 pixels of 1 of 1 pairs of band and date, such as those of "
        ),
        "{:?}",
        merged.remarks
    );
    assert!(merged.remarks[0].contains("c_20200202.tif"), "{:?}", merged.remarks);
}

#[test]
fn files_of_one_date_and_place_are_refused() {
    let folder = Folder::new();
    square(&folder, "a_20200101_v1.tif", 1, [0.0, 0.0]);
    square(&folder, "a_20200101_v2.tif", 2, [0.0, 0.0]);
    square(&folder, "a_20200102_v1.tif", 3, [0.0, 0.0]);
    let dated = format!("{ALL}name = \"a_{{time:%Y%m%d}}_*.tif\"\n");
    let error = refused(&folder.0, &dated);
    assert!(error.starts_with("2 files have band B1 of 2020-01-01 of the same place: "), "{error}");
    assert!(!error.contains("a_20200102_v1.tif"), "{error}");
    // All scenes of a day are one date where that is asked for.
    let by_day = plan(&folder.0, &format!("{dated}[time]\nby_day = true\n")).unwrap();
    assert_eq!(by_day.arrays[0].shape(), [2, 1, 10, 10]);
    assert!(
        by_day.remarks.iter().any(|r| r.contains("1 of 2 pairs of band and date")),
        "{:?}",
        by_day.remarks
    );
}

#[test]
fn a_place_is_the_same_if_it_is_off_by_a_row() {
    for (shift, same) in
        [([0.5, 0.0], true), ([0.2, 0.3], true), ([0.0, 0.5], true), ([3.0, 0.0], false), ([0.0, 9.0], false)]
    {
        let folder = Folder::new();
        square(&folder, "1.tif", 1, [0.0, 0.0]);
        square(&folder, "2.tif", 2, shift);
        let near = format!("{ALL}[grid]\nresampling = \"nearest\"\n");
        assert_eq!(plan(&folder.0, &near).is_err(), same, "{shift:?}");
    }
}

#[test]
fn scenes_that_overlap_in_part_are_a_mosaic() {
    let folder = Folder::new();
    square(&folder, "1.tif", 1, [0.0, 0.0]);
    square(&folder, "2.tif", 2, [8.0, 0.0]);
    square(&folder, "3.tif", 3, [0.0, 10.0]);
    let mosaic = plan(&folder.0, ALL).unwrap();
    assert_eq!(mosaic.arrays[0].shape(), [1, 20, 18]);
    let samples = all::<u8>(&mosaic, "data");
    let count = |value: u8| samples.iter().filter(|sample| **sample == value).count();
    assert_eq!([0, 1, 2, 3].map(count), [80, 100, 80, 100]);
    assert_eq!(mosaic.remarks.len(), 1, "{:?}", mosaic.remarks);
    assert!(mosaic.remarks[0].contains("files overlap in 20 pixels"), "{:?}", mosaic.remarks);
    assert!(mosaic.remarks[0].contains("the first of these by name that is valid counts there"));
    // Tiles that only touch need no word.
    std::fs::remove_file(folder.path("2.tif")).unwrap();
    assert_eq!(plan(&folder.0, ALL).unwrap().remarks, [""; 0]);
}

#[test]
fn files_without_a_place_may_lie_anywhere() {
    let folder = Folder::new();
    for (name, size) in [("1.png", [3, 4]), ("2.png", [5, 2])] {
        let samples = vec![7u8; size[0] * size[1]];
        let driver = gdal::DriverManager::get_driver_by_name("MEM").unwrap();
        let mut memory = driver.create_with_band_type::<u8, _>("", size[1], size[0], 1).unwrap();
        let mut buffer = gdal::raster::Buffer::new((size[1], size[0]), samples);
        memory.rasterband(1).unwrap().write((0, 0), (size[1], size[0]), &mut buffer).unwrap();
        let png = gdal::DriverManager::get_driver_by_name("PNG").unwrap();
        memory.create_copy(&png, folder.path(name), &Default::default()).unwrap().close().unwrap();
        memory.flush_cache().unwrap();
    }
    let error = refused(&folder.0, "[[input]]\nfiles = [\"*.png\"]\n");
    assert!(error.starts_with("2 files have band B1 of the same place: "), "{error}");
}

#[test]
fn one_file_as_two_inputs_is_told() {
    let folder = Folder::new();
    square(&folder, "a.tif", 1, [0.0, 0.0]);
    let twice = "[[input]]\nfiles = [\"a.tif\"]\n[[input]]\nfiles = [\"*.tif\"]\n";
    let error = refused(&folder.0, twice);
    assert!(error.starts_with("several patterns match one file, ") && error.contains("a.tif: "), "{error}");
}
