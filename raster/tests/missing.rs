//! What files tell of missing samples: values that differ from file to file, several values in one file, values that no sample
//! can be, and masks. Each sample that is missing stays so, no other becomes so unsaid, and what changes is told.

mod common;

use common::{Folder, Raster, all, array, plan, read, refused};
use gdal::DriverManager;
use gdal::raster::{Buffer, ColorInterpretation, RasterCreationOptions};
use gdal::spatial_ref::SpatialRef;
use serde_json::json;
use vqz_raster::ingest::plan::CubePlan;
use vqz_raster::netcdf::{Content, NetCdf, Storage};
use vqz_raster::sample::DataType;

const SIZE: [usize; 2] = [2, 2];

/// All GeoTIFFs of the folder, each a band and a date.
const DATED: &str = "[[input]]\nfiles = [\"*.tif\"]\nname = \"{band}_{time:%Y%m%d}.tif\"\n";

fn two_dates<T: gdal::raster::GdalType + Copy>(nodata: [Option<f64>; 2], samples: [&[T]; 2]) -> Folder {
    let folder = Folder::new();
    for ((name, nodata), samples) in ["a_20200101.tif", "a_20210101.tif"].iter().zip(nodata).zip(samples) {
        folder.tiff(name, &Raster { nodata, ..Raster::new(SIZE, samples) });
    }
    folder
}

/// An array, its nodata value, and how many samples of each band clash with it.
type Clash = (String, f64, Vec<(String, u64)>);

fn clashes(plan: &CubePlan) -> Vec<Clash> {
    plan.clashes().into_iter().map(|clash| (clash.array, clash.nodata, clash.bands)).collect()
}

#[test]
fn files_with_other_values_are_brought_onto_one() {
    let folder = two_dates([Some(0.0), Some(-9999.0)], [&[0i16, 5, 6, 7], &[0, -9999, 8, 0]]);
    let found = plan(&folder.0, DATED).unwrap();
    let remark = &found.remarks[0];
    assert!(
        remark.starts_with("data: \"no data\" of band a is 0 in ") && remark.contains(", -9999 in "),
        "{remark}"
    );
    assert!(remark.ends_with("; all become 0, and valid samples of 0 become \"no data\" too"), "{remark}");
    assert_eq!(all::<i16>(&found, "data"), [0, 5, 6, 7, 0, 0, 8, 0]);
    assert_eq!(clashes(&found), [("data".to_owned(), 0.0, vec![("a".to_owned(), 2)])]);
    // What is read twice counts once.
    read::<i16>(&found, "data", &[0..2, 0..1, 0..2, 0..2]);
    assert_eq!(clashes(&found)[0].2[0].1, 2);
    found.forget_clashes();
    assert_eq!(clashes(&found), []);
    // Another value keeps all.
    let kept = plan(&folder.0, &format!("{DATED}[output]\nnodata = -1\n")).unwrap();
    assert_eq!(all::<i16>(&kept, "data"), [-1, 5, 6, 7, 0, -1, 8, 0]);
    assert_eq!(clashes(&kept), []);
}

#[test]
fn files_without_a_value_hold_data_only() {
    let folder = two_dates([Some(255.0), None], [&[255u8, 1, 2, 3], &[255, 1, 2, 3]]);
    let found = plan(&folder.0, DATED).unwrap();
    assert!(
        found.remarks[0].contains("is 255 in ") && found.remarks[0].contains(", and no value in "),
        "{:?}",
        found.remarks
    );
    assert_eq!(all::<u8>(&found, "data"), [255, 1, 2, 3, 255, 1, 2, 3]);
    assert_eq!(clashes(&found), [("data".to_owned(), 255.0, vec![("a".to_owned(), 1)])]);
    // A value of the configuration holds for files that declare none.
    let given = two_dates([None, None], [&[255u8, 1, 2, 3], &[255, 1, 2, 3]]);
    let given = plan(&given.0, &format!("{DATED}[output]\nnodata = 255\n")).unwrap();
    all::<u8>(&given, "data");
    assert_eq!((given.remarks.clone(), clashes(&given)), (vec![], vec![]));
}

#[test]
fn floats_with_other_values_keep_what_is_missing() {
    let folder = two_dates(
        [Some(f64::NAN), Some(-9999.0)],
        [&[f32::NAN, 1.0, 2.0, 3.0], &[-9999.0, f32::NAN, 5.0, -1.0]],
    );
    let found = plan(&folder.0, DATED).unwrap();
    let samples = all::<f32>(&found, "data");
    let missing: Vec<usize> = (0..8).filter(|at| samples[*at].is_nan()).collect();
    assert_eq!((missing, &samples[6..]), (vec![0, 4, 5], &[5.0, -1.0][..]));
    assert!(found.remarks[0].ends_with("; all become NaN"), "{:?}", found.remarks);
    assert_eq!(clashes(&found), []);
}

#[test]
fn each_band_with_another_value_is_told() {
    let folder = Folder::new();
    for (name, nodata) in [("a", 0.0), ("b", -9999.0), ("c", -9999.0), ("d", -1.0)] {
        let raster = Raster { nodata: Some(nodata), ..Raster::new(SIZE, &[0i16, 1, 2, 3]) };
        folder.tiff(&format!("{name}.tif"), &raster);
    }
    let found = plan(&folder.0, "[[input]]\nfiles = [\"*.tif\"]\nname = \"{band}.tif\"\n").unwrap();
    assert_eq!(
        found.remarks,
        [
            "data: \"no data\" of bands b, c is -9999 in the files and becomes 0; valid samples of 0 become \"no data\" too",
            "data: \"no data\" of band d is -1 in the files and becomes 0; valid samples of 0 become \"no data\" too",
        ]
    );
}

#[test]
fn values_that_no_sample_can_be_are_told() {
    for (nodata, text) in [(f64::NAN, "NaN"), (-40_000.0, "-40000"), (0.5, "0.5")] {
        let folder = Folder::new();
        folder.tiff("a.tif", &Raster { nodata: Some(nodata), ..Raster::new(SIZE, &[1i16, 2, 3, 4]) });
        let found = plan(&folder.0, "[[input]]\nfiles = [\"*.tif\"]\nbands = [\"a\"]\n").unwrap();
        let [remark] = &found.remarks[..] else { panic!("{:?}", found.remarks) };
        assert!(remark.starts_with(&format!("data: \"no data\" is {text} in ")), "{remark}");
        assert!(
            remark.ends_with("a.tif, which no int16 can be: it is left out, and says nothing of any sample"),
            "{remark}"
        );
        assert_eq!((array(&found, "data").nodata, all::<i16>(&found, "data")), (None, vec![1, 2, 3, 4]));
    }
}

#[test]
fn netcdf_may_declare_several_values() {
    let folder = Folder::new();
    let samples: Vec<i16> = vec![-32767, -32766, 3, 4, 5, 6, 7, 8, 9];
    let mut file = NetCdf::create(&folder.path("a.nc")).unwrap();
    for (name, units) in [("lat", "degrees_north"), ("lon", "degrees_east")] {
        file.dimension(name, 3).unwrap();
        let variable =
            file.variable(name, &[name], Content::Samples(DataType::Float64), &Storage::default()).unwrap();
        variable.attribute("units", &json!(units)).unwrap();
        let values: Vec<f64> = if name == "lat" { vec![3.0, 2.0, 1.0] } else { vec![1.0, 2.0, 3.0] };
        variable.write(&[0], &[3], bytemuck::cast_slice(&values)).unwrap();
    }
    let variable =
        file.variable("t", &["lat", "lon"], Content::Samples(DataType::Int16), &Storage::default()).unwrap();
    variable.nodata(&(-32767i16).to_ne_bytes()).unwrap();
    variable.attribute("missing_value", &json!([-32766])).unwrap();
    variable.write(&[0, 0], &[3, 3], bytemuck::cast_slice(&samples)).unwrap();
    drop(variable);
    file.finish().unwrap();
    let config = "[[input]]\nfiles = [\"a.nc\"]\n";
    let found = plan(&folder.0, config).unwrap();
    assert_eq!(all::<i16>(&found, "data"), [-32767, -32767, 3, 4, 5, 6, 7, 8, 9]);
    let remark = found
        .remarks
        .iter()
        .find(|r| r.contains("missing_value"))
        .unwrap_or_else(|| panic!("{:?}", found.remarks));
    assert!(remark.contains("is -32767 in ") && remark.contains("; all become -32767"), "{remark}");
    // Neither is blended.
    for resampling in ["bilinear", "cubic", "average"] {
        let config = format!("{config}[grid]\nresolution = 0.7\nresampling = \"{resampling}\"\n");
        let samples = all::<i16>(&plan(&folder.0, &config).unwrap(), "data");
        assert!(samples.iter().all(|v| *v == -32767 || (3..=9).contains(v)), "{resampling}: {samples:?}");
        assert!(samples.iter().any(|v| *v > 0));
    }
    // The configuration overrules both.
    let other = plan(&folder.0, "[[input]]\nfiles = [\"a.nc\"]\nnodata = 9\n").unwrap();
    assert_eq!(all::<i16>(&other, "data"), [-32767, -32766, 3, 4, 5, 6, 7, 8, 9]);
}

/// How a file tells which of its pixels are valid.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Internal,
    Beside,
    Alpha,
}

/// Writes two bands of which the second pixel is masked.
fn masked<T: gdal::raster::GdalType + Copy>(
    folder: &Folder,
    name: &str,
    kind: Kind,
    samples: &[T],
    opaque: T,
    clear: T,
) {
    let internal = if kind == Kind::Internal { "YES" } else { "NO" };
    gdal::config::set_thread_local_config_option("GDAL_TIFF_INTERNAL_MASK", internal).unwrap();
    let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
    let options = RasterCreationOptions::from_iter(["PHOTOMETRIC=MINISBLACK", "ALPHA=NO"]);
    let count = if kind == Kind::Alpha { 3 } else { 2 };
    let mut dataset =
        driver.create_with_band_type_with_options::<T, _>(folder.path(name), 2, 2, count, &options).unwrap();
    dataset.set_spatial_ref(&SpatialRef::from_epsg(32_633).unwrap()).unwrap();
    dataset.set_geo_transform(&[500_000.0, 10.0, 0.0, 5_100_000.0, 0.0, -10.0]).unwrap();
    let write = |number: usize, samples: &[T]| {
        let mut band = dataset.rasterband(number).unwrap();
        band.write((0, 0), (2, 2), &mut Buffer::new((2, 2), samples.to_vec())).unwrap();
    };
    write(1, samples);
    write(2, samples);
    if kind == Kind::Alpha {
        dataset.rasterband(3).unwrap().set_color_interpretation(ColorInterpretation::AlphaBand).unwrap();
        write(3, &[opaque, clear, opaque, opaque]);
    } else {
        let mut band = dataset.rasterband(1).unwrap();
        band.create_mask_band(true).unwrap();
        let mut mask = band.open_mask_band().unwrap();
        mask.write((0, 0), (2, 2), &mut Buffer::new((2, 2), vec![255u8, 0, 255, 255])).unwrap();
    }
    dataset.close().unwrap();
}

const ONE: &str = "[[input]]\nfiles = [\"m.tif\"]\n";

#[test]
fn masks_become_no_data_where_a_value_means_that() {
    for kind in [Kind::Internal, Kind::Beside, Kind::Alpha] {
        let folder = Folder::new();
        masked(&folder, "m.tif", kind, &[0u16, 1, 2, 3], 65_535, 0);
        let given = plan(&folder.0, &format!("{ONE}[output]\nnodata = 9\n")).unwrap();
        assert_eq!(all::<u16>(&given, "data")[..8], [0, 9, 2, 3, 0, 9, 2, 3], "{kind:?}");
        let remark = given.remarks.iter().find(|r| r.contains("tells which pixels are valid")).unwrap();
        assert!(
            remark.starts_with("data: a mask") && remark.ends_with("the others become \"no data\", 9"),
            "{remark}"
        );
        // A valid sample of that value is counted.
        let clash = plan(&folder.0, &format!("{ONE}[output]\nnodata = 3\n")).unwrap();
        all::<u16>(&clash, "data");
        assert_eq!(clashes(&clash)[0].2[0].1, 1, "{kind:?}");
        // Floats have NaN.
        masked(&folder, "m.tif", kind, &[0f32, 1.0, 2.0, 3.0], 1.0, 0.0);
        let floats = plan(&folder.0, ONE).unwrap();
        let samples = all::<f32>(&floats, "data");
        assert!(
            samples[1].is_nan() && samples[5].is_nan() && samples[0] == 0.0 && samples[7] == 3.0,
            "{samples:?}"
        );
    }
}

#[test]
fn masks_are_arrays_where_no_value_means_no_data() {
    for kind in [Kind::Internal, Kind::Beside, Kind::Alpha] {
        let folder = Folder::new();
        masked(&folder, "m.tif", kind, &[0u8, 1, 2, 255], 255, 0);
        let found = plan(&folder.0, ONE).unwrap();
        let data = array(&found, "data");
        assert_eq!((data.nodata, data.mask.as_deref()), (None, Some("mask")), "{kind:?}");
        // The samples stay as they are.
        assert_eq!(all::<u8>(&found, "data")[..8], [0, 1, 2, 255, 0, 1, 2, 255]);
        let mask = array(&found, "mask");
        assert!(mask.is_mask());
        // Transparency itself has no mask, and shares that of the others.
        assert_eq!((mask.shape(), all::<u8>(&found, "mask")), (vec![2, 2], vec![1, 0, 1, 1]), "{kind:?}");
        let remark = found.remarks.iter().find(|r| r.contains("the array mask tells it")).unwrap();
        assert!(remark.contains("no value means \"no data\" in uint8"), "{remark}");
    }
}

#[test]
fn masks_count_for_what_is_computed() {
    let folder = Folder::new();
    masked(&folder, "m.tif", Kind::Internal, &[1u8, 1, 2, 3], 255, 0);
    let config = format!("{ONE}bands = [\"p\", \"q\"]\n[[derive]]\nname = \"sum\"\nexpression = \"p + q\"\n");
    let found = plan(&folder.0, &config).unwrap();
    let sum = all::<f32>(&found, "sum");
    assert!(sum[1].is_nan() && sum[0] == 2.0 && sum[3] == 6.0, "{sum:?}");
    let filled = "[[input]]\nfiles = [\"m.tif\"]\ntime = \"2020-01-01\"\n[time]\nfill_gaps_days = 3\n";
    let error = refused(&folder.0, filled);
    assert!(
        error.ends_with("no value means \"no data\" in uint8; declare one as nodata under [output]"),
        "{error}"
    );
}

#[test]
fn a_band_that_is_only_declared_as_transparency_is_data() {
    let folder = Folder::new();
    masked(&folder, "m.tif", Kind::Alpha, &[1u8, 2, 3, 4], 9, 0);
    let found =
        plan(&folder.0, &format!("{ONE}bands = [\"red\", \"green\", \"nir\"]\n[output]\nnodata = 77\n"))
            .unwrap();
    assert_eq!(all::<u8>(&found, "data"), [1, 2, 3, 4, 1, 2, 3, 4, 9, 0, 9, 9]);
    assert!(
        found
            .remarks
            .iter()
            .any(|r| r.contains("declared as transparency (alpha), and its name says otherwise")),
        "{:?}",
        found.remarks
    );
    let named =
        plan(&folder.0, &format!("{ONE}bands = [\"red\", \"green\", \"alpha\"]\n[output]\nnodata = 77\n"))
            .unwrap();
    assert_eq!(all::<u8>(&named, "data"), [1, 77, 3, 4, 1, 77, 3, 4, 9, 0, 9, 9]);
}
