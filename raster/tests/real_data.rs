//! Ingest of real rasters as they lie in their archives: the folder that `VQZ_DATA` names. Samples are compared with what GDAL
//! reads of the single file.

mod common;

use common::{all, array, bands, plain, plan, refused};
use std::path::{Path, PathBuf};
use vqz_raster::conventions::time::iso;
use vqz_raster::ingest::plan::{CubePlan, Dimension};
use vqz_raster::sample::{DataType, Sample};

/// The folder, or a word that the test did not run.
fn folder(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("VQZ_DATA").map(PathBuf::from).filter(|folder| folder.is_dir());
    if folder.is_none() {
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), "SKIPPED: {test}: VQZ_DATA names no folder with real rasters");
    }
    folder
}

macro_rules! data {
    ($name:expr, $part:expr) => {
        match folder($name) {
            Some(folder) => folder.join($part),
            None => return,
        }
    };
}

fn doubles<T: Sample>(bytes: &[u8]) -> Vec<f64> {
    bytes.chunks(size_of::<T>()).map(|s| bytemuck::pod_read_unaligned::<T>(s).to_f64()).collect()
}

/// All samples of a band at a date.
fn plane(plan: &CubePlan, path: &str, time: usize, band: &str) -> Vec<f64> {
    let array = array(plan, path);
    let at =
        bands(plan, path).iter().position(|name| *name == band).unwrap_or_else(|| panic!("no band {band}"));
    let region: Vec<_> = (array.dimensions.iter())
        .map(|dimension| match dimension {
            Dimension::Time => time as u64..time as u64 + 1,
            Dimension::Band => at as u64..at as u64 + 1,
            other => 0..array.extent(*other),
        })
        .collect();
    let bytes = plan.read(array, &region).unwrap();
    vqz_raster::with_sample_type!(array.sample_type, doubles(&bytes))
}

/// Whether a band at a date is what GDAL reads of a file; NaN equals NaN.
fn assert_is(plan: &CubePlan, path: &str, time: usize, band: &str, file: &str, number: usize) {
    let ([height, width], expected) = plain(file, number);
    let grid = &array(plan, path).grid;
    assert_eq!((grid.height, grid.width), (height, width), "{file}");
    assert_same(&plane(plan, path, time, band), &expected, file);
}

fn assert_same(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let odd = found.iter().zip(expected).position(|(a, b)| a != b && !(a.is_nan() && b.is_nan()));
    if let Some(at) = odd {
        panic!("{what}: sample {at} is {}, GDAL reads {}", found[at], expected[at]);
    }
}

fn times(plan: &CubePlan, path: &str) -> Vec<String> {
    array(plan, path).times.as_ref().unwrap().iter().map(|time| iso(*time)).collect()
}

fn file(folder: &Path, name: &str) -> String {
    folder.join(name).to_string_lossy().into_owned()
}

#[test]
fn a_ragged_landsat_series_becomes_one_cube() {
    let folder = data!("a_ragged_landsat_series_becomes_one_cube", "test/landsat8-series");
    let config = r#"
        [[input]]
        files = ["*/*_B[45].TIF", "*/*_BQA.TIF"]
        name = "LC08_L1TP_{scene}_{time:%Y%m%d}_{band}.TIF"
        nodata = 0
        resampling = { BQA = "nearest" }
        [[mask]]
        band = "BQA"
        preset = "landsat-c1-bqa"
        [output]
        drop = ["BQA"]
    "#;
    // Pixels of each date differ by some metres: how they come together must be said.
    let error = refused(&folder, config);
    assert!(error.contains("has pixels of [30"), "{error}");
    assert!(error.ends_with("set a common one as resolution under [grid]"), "{error}");
    let config =
        format!("{config}\n[grid]\nresolution = 3000\nresampling = \"bilinear\"\n[time]\nby_day = true\n");
    let plan = plan(&folder, &config).unwrap();
    assert_eq!(bands(&plan, "data"), ["B4", "B5"]);
    let days = times(&plan, "data");
    assert_eq!((days.first().unwrap().as_str(), days.last().unwrap().as_str()), ("2018-01-06", "2018-12-17"));
    let mut sorted = days.clone();
    sorted.dedup();
    assert_eq!(sorted, days, "19 scenes, some of one day");
    assert_eq!(
        (array(&plan, "data").sample_type, array(&plan, "data").nodata),
        (DataType::UInt16, Some(0.0))
    );
    assert_eq!(plan.files, 57);
    // Clouds and what no scene covers are nodata; what is left is near the mean of the scene's own clear samples.
    let at = days.iter().position(|day| day == "2018-07-10").unwrap();
    let near_infrared = plane(&plan, "data", at, "B5");
    let valid: Vec<f64> = near_infrared.iter().copied().filter(|v| *v > 0.0).collect();
    let scene = "LC08_L1TP_013032_20180710_20180717_01_T1/LC08_L1TP_013032_20180710";
    let (_, own) = plain(&file(&folder, &format!("{scene}_B5.TIF")), 1);
    let (_, quality) = plain(&file(&folder, &format!("{scene}_BQA.TIF")), 1);
    assert_eq!(own.len(), quality.len());
    let clear: Vec<f64> =
        own.iter().zip(&quality).filter(|(v, q)| **v > 0.0 && **q == 2720.0).map(|(v, _)| *v).collect();
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    assert!((mean(&valid) / mean(&clear) - 1.0).abs() < 0.05, "{} beside {}", mean(&valid), mean(&clear));
    assert!(valid.len() < near_infrared.len() / 2, "one scene covers a part of all");
}

#[test]
fn patches_of_bigearthnet_become_groups_of_three_grids() {
    let folder = data!("patches_of_bigearthnet_become_groups_of_three_grids", "test/sentinel2-bigearthnet");
    let config = r#"
        [[input]]
        files = ["S2A*/*.tif"]
        name = "{patch}/S2A_MSIL2A_{time:%Y%m%dT%H%M%S}_*_{band}.tif"
        [output]
        split = "patch"
    "#;
    let plan = plan(&folder, config).unwrap();
    // Two patches of a scene, and two others: each has three grids.
    assert_eq!(plan.arrays.len(), 12);
    let patch = "S2A_MSIL2A_20170613T101031_87_48";
    let path = |grid: &str| format!("{patch}/{grid}/data");
    assert_eq!(bands(&plan, &path("10m")), ["B02", "B03", "B04", "B08"]);
    assert_eq!(bands(&plan, &path("20m")), ["B05", "B06", "B07", "B8A", "B11", "B12"]);
    assert_eq!(bands(&plan, &path("60m")), ["B01", "B09"]);
    for (grid, extent) in [("10m", 120), ("20m", 60), ("60m", 20)] {
        let array = array(&plan, &path(grid));
        assert_eq!((array.grid.height, array.grid.width), (extent, extent));
        assert_eq!((array.sample_type, array.nodata), (DataType::UInt16, None));
        assert_eq!(array.grid.georeference.code.as_deref(), Some("EPSG:32633"));
        assert_eq!(times(&plan, &path(grid)), ["2017-06-13T10:10:31"]);
        for band in bands(&plan, &path(grid)) {
            let file = file(&folder, &format!("{patch}/{patch}_{band}.tif"));
            assert_is(&plan, &path(grid), 0, band, &file, 1);
        }
    }
    // Other satellites write their hours with one digit; their folders need a pattern of their own.
    let error = refused(&folder, &config.replace("S2A*/", "S2B*/"));
    assert!(error.contains("do not match the name pattern"), "{error}");
}

#[test]
fn a_year_of_worldcereal_becomes_dates() {
    let folder = data!("a_year_of_worldcereal_becomes_dates", "test/worldcereal");
    let config = "[[input]]\nfiles = [\"*.nc\"]\n";
    let plan = plan(&folder, config).unwrap();
    let array = array(&plan, "data");
    assert_eq!(array.shape(), [12, 15, 100, 100]);
    assert_eq!(array.grid.transform(), [664_000.0, 10.0, 0.0, 5_612_120.0, 0.0, -10.0]);
    assert_eq!(array.grid.georeference.code.as_deref(), Some("EPSG:32631"));
    assert_eq!((array.sample_type, array.nodata), (DataType::UInt16, Some(32769.0)));
    let days = times(&plan, "data");
    assert_eq!((days[0].as_str(), days[11].as_str()), ("2020-11-01", "2021-10-01"));
    let source = file(&folder, "worldcereal_preprocessed_inputs.nc");
    for (band, time) in [("S2-L2A-B02", 0), ("S2-L2A-B08", 7), ("S1-SIGMA0-VV", 11), ("AGERA5-TMEAN", 3)] {
        assert_is(&plan, "data", time, band, &format!("NETCDF:\"{source}\":{band}"), time + 1);
    }
    let one = common::plan(&folder, "[[input]]\nfiles = [\"*.nc\"]\nvariables = [\"elevation\"]\n").unwrap();
    assert_eq!(bands(&one, "data"), ["elevation"]);
}

#[test]
fn goes_is_masked_by_its_flags() {
    let folder = data!("goes_is_masked_by_its_flags", "test/goes");
    let config = r#"
        [[input]]
        files = ["*.tif"]
        name = "OR_ABI-L2-CMIPM1-M6C05_G16_s{time:%Y%j%H%M%S}*_{band}.tif"
        [[mask]]
        band = "DQF"
        keep = [0]
    "#;
    let plan = plan(&folder, config).unwrap();
    assert_eq!(times(&plan, "data"), ["2021-05-25T18:00:26"]);
    let cmi = array(&plan, "data");
    assert_eq!(
        (bands(&plan, "data"), cmi.sample_type, cmi.nodata),
        (vec!["CMI"], DataType::UInt16, Some(65535.0))
    );
    assert_eq!(cmi.bands[0].band.scale, Some(0.000_317_460_013_320_669_53));
    // Flags are bytes with a sign: nodata is −1.
    let flags = array(&plan, "DQF");
    assert_eq!((flags.sample_type, flags.nodata), (DataType::Int16, Some(-1.0)));
    let name = "OR_ABI-L2-CMIPM1-M6C05_G16_s20211451800267_e20211451800324_c20211451800393";
    let (_, own) = plain(&file(&folder, &format!("{name}_CMI.tif")), 1);
    let (_, quality) = plain(&file(&folder, &format!("{name}_DQF.tif")), 1);
    let expected: Vec<f64> =
        own.iter().zip(&quality).map(|(v, q)| if *q == 0.0 { *v } else { 65535.0 }).collect();
    assert_same(&plane(&plan, "data", 0, "CMI"), &expected, "CMI");
    // All of this crop is good; asked the other way round, nothing is left.
    let none = common::plan(&folder, &config.replace("keep", "values")).unwrap();
    assert!(quality.iter().all(|flag| *flag == 0.0));
    assert!(plane(&none, "data", 0, "CMI").iter().all(|v| *v == 65535.0));
}

#[test]
fn packed_levels_of_era_interim_keep_scale_and_offset() {
    let folder = data!("packed_levels_of_era_interim_keep_scale_and_offset", "train/era-interim");
    let config = r#"
        [[input]]
        files = ["eraint_uvz.nc"]
        times = ["2000-01", "2000-07"]
        [[derive]]
        name = "wind"
        expression = "sqrt(u_200 ^ 2 + v_200 ^ 2)"
    "#;
    let error = refused(&folder, "[[input]]\nfiles = [\"eraint_uvz.nc\"]\n");
    assert!(error.contains("its steps have no times that can be read"), "{error}");
    assert!(error.contains("; list them, as `times = "), "{error}");
    let plan = plan(&folder, config).unwrap();
    let expected = ["z_200", "z_500", "z_850", "u_200", "u_500", "u_850", "v_200", "v_500", "v_850"];
    let mut names = bands(&plan, "data");
    names.sort_unstable();
    let mut sorted = expected;
    sorted.sort_unstable();
    assert_eq!(names, sorted);
    let array = array(&plan, "data");
    assert_eq!(array.shape(), [2, 9, 241, 480]);
    assert_eq!(times(&plan, "data"), ["2000-01-01", "2000-07-01"]);
    // The files say NaN, which no int16 is.
    assert_eq!((array.sample_type, array.nodata), (DataType::Int16, None));
    let source = file(&folder, "eraint_uvz.nc");
    for (variable, scale, offset) in
        [("u", -0.001_572_704_938_045_535, 26.96875), ("v", 0.0, 0.0), ("z", 0.0, 0.0)]
    {
        let name = format!("{variable}_850");
        let band = array.bands.iter().find(|band| band.band.name.as_deref() == Some(&name)).unwrap();
        let dataset = gdal::Dataset::open(format!("NETCDF:\"{source}\":{variable}")).unwrap();
        // GDAL's bands are (month, level): the sixth is July at 850 hPa.
        let raster = dataset.rasterband(6).unwrap();
        assert_eq!((band.band.scale, band.band.offset), (raster.scale(), raster.offset()), "{name}");
        if variable == "u" {
            assert_eq!((band.band.scale, band.band.offset), (Some(scale), Some(offset)));
        }
        assert_is(&plan, "data", 1, &name, &format!("NETCDF:\"{source}\":{variable}"), 6);
    }
    // Expressions compute in metres a second: scale and offset are honoured.
    let value = |variable: &str| {
        let dataset = gdal::Dataset::open(format!("NETCDF:\"{source}\":{variable}")).unwrap();
        let raster = dataset.rasterband(4).unwrap();
        let stored = raster.read_as::<f64>((100, 60), (1, 1), (1, 1), None).unwrap().data()[0];
        stored * raster.scale().unwrap() + raster.offset().unwrap()
    };
    let wind = plan.read(common::array(&plan, "wind"), &[1..2, 60..61, 100..101]).unwrap();
    let wind = doubles::<f32>(&wind)[0];
    assert!((wind - value("u").hypot(value("v"))).abs() < 1e-4, "{wind}");
}

#[test]
fn sea_surface_has_years_of_360_days() {
    let folder = data!("sea_surface_has_years_of_360_days", "test/sea-surface");
    let plan = plan(&folder, "[[input]]\nfiles = [\"*.nc\"]\n").unwrap();
    let array = array(&plan, "data");
    assert_eq!(array.shape(), [24, 1, 170, 180]);
    assert_eq!((bands(&plan, "data"), array.sample_type), (vec!["tos"], DataType::Float32));
    assert_eq!(array.nodata, Some(f64::from(1e20f32)));
    let days = times(&plan, "data");
    assert_eq!(
        (days[0].as_str(), days[1].as_str(), days[23].as_str()),
        ("2001-01-16", "2001-02-16", "2002-12-16")
    );
    let source = format!("NETCDF:\"{}\":tos", file(&folder, "tos_O1_2001-2002.nc"));
    for time in [0, 23] {
        assert_is(&plan, "data", time, "tos", &source, time + 1);
    }
    let land = plane(&plan, "data", 0, "tos").iter().filter(|v| **v > 1e19).count();
    assert_eq!(land, plain(&source, 1).1.iter().filter(|v| **v > 1e19).count());
    assert!(land > 5000, "{land}");
}

/// Where eo-learn's patch lies: the bounding box of its fields is 1000 × 1010 m of UTM zone 33.
const PATCH: &str = r#"crs = "EPSG:32633"
bounds = [465181.0522318204, 5079244.8912012065, 466180.53145382757, 5080254.63349641]"#;

#[test]
fn a_patch_of_eo_learn_becomes_a_cube() {
    let folder = data!("a_patch_of_eo_learn_becomes_a_cube", "test/eo-learn");
    let days: Vec<String> = (0..68).map(|i| format!("\"{}\"", iso(1_435_708_800 + i * 5 * 86_400))).collect();
    let config = format!(
        r#"
        [[input]]
        files = ["TestEOPatch/data/NDVI.npy", "TestEOPatch/mask/CLM.npy"]
        name = "{{band}}.npy"
        times = [{}]
        {PATCH}
        [[input]]
        files = ["TestEOPatch/data_timeless/DEM.npy"]
        name = "{{band}}.npy"
        {PATCH}
        [[mask]]
        band = "CLM"
        values = [1]
        [output]
        drop = ["CLM"]
        valid_count = true
        "#,
        days.join(", ")
    );
    let plan = plan(&folder, &config).unwrap();
    let ndvi = array(&plan, "data");
    assert_eq!((ndvi.shape(), ndvi.sample_type), (vec![68, 1, 101, 100], DataType::Float32));
    let npy = |name: &str| vqz_raster::npy::NpyArray::open(folder.join("TestEOPatch").join(name)).unwrap();
    let window = [9..10, 0..101, 0..100, 0..1];
    let own = npy("data/NDVI.npy").read_f64(&window).unwrap();
    let clouds = npy("mask/CLM.npy").read_f64(&window).unwrap();
    let expected: Vec<f64> =
        own.iter().zip(&clouds).map(|(v, c)| if *c == 1.0 { f64::NAN } else { *v }).collect();
    assert_same(&plane(&plan, "data", 9, "NDVI"), &expected, "NDVI");
    // eo-learn counted the valid dates itself.
    let counts: Vec<f64> = all::<u16>(&plan, "valid_count").into_iter().map(f64::from).collect();
    let stored = npy("mask_timeless/VALID_COUNT.npy").read_f64(&[0..101, 0..100, 0..1]).unwrap();
    assert_same(&counts, &stored, "valid dates");
    let elevation = npy("data_timeless/DEM.npy").read_f64(&[0..101, 0..100, 0..1]).unwrap();
    assert_same(&plane(&plan, "DEM", 0, "DEM"), &elevation, "DEM");

    let scenes = format!(
        "[[input]]\nfiles = [\"REFERENCE_SCENES.npy\"]\ntimes = [{}]\n{PATCH}\n[output]\ndimensions = [\"time\", \"y\", \
         \"x\", \"band\"]\n",
        days[..5].join(", ")
    );
    let scenes = common::plan(&folder, &scenes).unwrap();
    assert_eq!(array(&scenes, "data").shape(), [5, 101, 100, 13]);
    let own = vqz_raster::npy::NpyArray::open(folder.join("REFERENCE_SCENES.npy")).unwrap();
    let own = own.read_f64(&[0..5, 0..101, 0..100, 0..13]).unwrap();
    let found: Vec<f64> = all::<f32>(&scenes, "data").into_iter().map(f64::from).collect();
    assert_same(&found, &own, "scenes");
}

#[test]
fn polygons_of_eo_learn_become_its_classes() {
    let folder = data!("polygons_of_eo_learn_become_its_classes", "test/eo-learn");
    let config = format!(
        r#"
        [[input]]
        files = ["TestEOPatch/mask_timeless/LULC.npy"]
        name = "{{band}}.npy"
        {PATCH}
        [[labels]]
        name = "land_use"
        file = "TestEOPatch/vector_timeless/LULC.gpkg"
        field = "LULC_ID"
        nodata = 255
        [border]
        file = "svn_border.geojson"
        extent_only = true
        "#
    );
    // 0 is a class of these polygons.
    let error = refused(&folder, &config.replace("nodata = 255", ""));
    assert!(error.contains("0 is a class and means \"no polygon\" as well; give another nodata"), "{error}");
    let plan = plan(&folder, &config).unwrap();
    assert_eq!(array(&plan, "data").shape(), [1, 101, 100]);
    let own = plane(&plan, "data", 0, "LULC");
    let burnt = all::<u8>(&plan, "land_use");
    // eo-learn has 0 where there is no polygon.
    let class = |burnt: u8| if burnt == 255 { 0.0 } else { f64::from(burnt) };
    let same = own.iter().zip(&burnt).filter(|(a, b)| **a == class(**b)).count();
    let part = same as f64 / own.len() as f64;
    println!("{:.2} % of the land use is what eo-learn made of the polygons", 100.0 * part);
    assert!(part > 0.97, "{part}");
}

#[test]
fn years_of_naip_lie_between_pixels() {
    let folder = data!("years_of_naip_lie_between_pixels", "train/naip");
    let config = r#"
        [[input]]
        files = ["*.tif"]
        name = "m_4709963_se_14_1_{time:%Y%m%d}.tif"
        bands = ["red", "green", "blue", "nir"]
    "#;
    let error = refused(&folder, config);
    assert!(error.contains("of a pixel to the right and"), "{error}");
    let plan =
        plan(&folder, &format!("{config}\n[grid]\nextent = \"first\"\nresampling = \"nearest\"\n")).unwrap();
    let array = array(&plan, "data");
    assert_eq!(array.shape(), [8, 4, 724, 934]);
    assert_eq!((array.sample_type, array.nodata), (DataType::UInt8, Some(0.0)));
    assert_eq!(
        (times(&plan, "data")[0].as_str(), times(&plan, "data")[7].as_str()),
        ("2009-08-18", "2018-07-16")
    );
    assert_is(&plan, "data", 0, "nir", &file(&folder, "m_4709963_se_14_1_20090818.tif"), 4);
    // Two of five metres down: the nearest is that of the same row.
    let found = plane(&plan, "data", 1, "red");
    let (_, own) = plain(&file(&folder, "m_4709963_se_14_1_20100629.tif"), 1);
    assert_same(&found[934 * 10..934 * 700], &own[934 * 10..934 * 700], "2010");
    // Two metres right and one up.
    let found = plane(&plan, "data", 7, "red");
    let (_, own) = plain(&file(&folder, "m_4709963_se_14_1_20180716.tif"), 1);
    for (row, column) in [(5, 5), (300, 400), (700, 900)] {
        assert_eq!(found[row * 934 + column], own[row * 934 + column], "row {row}, column {column}");
    }
}

#[test]
fn sites_of_sentinel_2_become_groups() {
    let folder = data!("sites_of_sentinel_2_become_groups", "train/sentinel2-l2a");
    let config = r#"
        [[input]]
        files = ["satclip_*.tif"]
        name = "satclip_{site}.tif"
        bands = ["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12"]
        [output]
        split = "site"
    "#;
    let sites = plan(&folder, config).unwrap();
    assert_eq!((sites.arrays.len(), sites.files), (23, 23));
    assert_eq!(array(&sites, "252161/data").shape(), [12, 256, 256]);
    assert_eq!(array(&sites, "252161/data").grid.georeference.code.as_deref(), Some("EPSG:32734"));
    assert_is(&sites, "445/data", 0, "B8A", &file(&folder, "satclip_445.tif"), 9);
    // Without groups, they are mosaics of nothing: their coordinate reference systems differ.
    let error = refused(&folder, &config.replace("split = \"site\"", ""));
    assert!(error.contains("keep them separate with split under [output]"), "{error}");
    // Seasons of a site are dates.
    let seasons = r#"
        [[input]]
        files = ["ssl4eo_0121563_0.tif"]
        time = "2020-01-15"
        [[input]]
        files = ["ssl4eo_0121563_2.tif"]
        time = "2020-07-15"
    "#;
    let seasons = plan(&folder, seasons).unwrap();
    assert_eq!(
        (times(&seasons, "data"), bands(&seasons, "data").len()),
        (vec!["2020-01-15".to_owned(), "2020-07-15".to_owned()], 12)
    );
    let name = bands(&seasons, "data")[3];
    assert_is(&seasons, "data", 1, name, &file(&folder, "ssl4eo_0121563_2.tif"), 4);
}

#[test]
fn radar_and_elevation_keep_their_gaps() {
    let root = data!("radar_and_elevation_keep_their_gaps", "");
    for (name, shape, sample_type) in [
        ("train/sentinel1/Ghana_53713_S1Hand.tif", vec![2, 512, 512], DataType::Float32),
        ("test/sentinel1/Somalia_699062_S1Hand.tif", vec![2, 512, 512], DataType::Float32),
        ("train/elevation/nz_elev.tif", vec![1, 1450, 1115], DataType::Float32),
        ("train/elevation/srtm.tif", vec![1, 457, 465], DataType::UInt16),
        ("train/elevation/ta.tif", vec![5, 415, 383], DataType::Float32),
        ("train/landsat8/LC08_224078_20200518_B2B3B4.tif", vec![3, 1860, 2041], DataType::UInt16),
    ] {
        let plan = plan(&root, &format!("[[input]]\nfiles = [\"{name}\"]\n")).unwrap();
        let array = array(&plan, "data");
        assert_eq!((array.shape(), array.sample_type), (shape, sample_type), "{name}");
        let declared = gdal::Dataset::open(root.join(name)).unwrap().rasterband(1).unwrap().no_data_value();
        match declared {
            Some(value) if value.is_nan() => assert!(array.nodata.is_some_and(f64::is_nan), "{name}"),
            other => assert_eq!(array.nodata, other, "{name}"),
        }
        for (number, band) in bands(&plan, "data").into_iter().enumerate() {
            assert_is(&plan, "data", 0, band, &file(&root, name), number + 1);
        }
    }
}

#[test]
fn classes_keep_their_colours_and_bits() {
    let root = data!("classes_keep_their_colours_and_bits", "");
    for name in ["train/landcover/nlcd.tif", "train/landcover/nlcd2011.tif"] {
        let plan = plan(&root, &format!("[[input]]\nfiles = [\"{name}\"]\n")).unwrap();
        let array = array(&plan, "data");
        assert_eq!((array.shape(), array.nodata), (vec![1, 1359, 1073], Some(255.0)));
        let categories = &array.bands[0].band.categories;
        let colours = categories.iter().filter(|class| class.colour.is_some()).count();
        assert!(colours >= 7, "{name}: {colours} colours");
        assert_is(&plan, "data", 0, bands(&plan, "data")[0], &file(&root, name), 1);
    }
    let name = "test/fmask/HLS.S30.T13RCN.2024128T173909.v2.0.Fmask.tif";
    let config = format!(
        "[[input]]\nfiles = [\"{name}\"]\nname = \"HLS.S30.{{tile}}.{{time:%Y%jT%H%M%S}}.v2.0.{{band}}.tif\"\n"
    );
    let plan = plan(&root, &config).unwrap();
    assert_eq!(array(&plan, "data").shape(), [1, 1, 3660, 3660]);
    assert_eq!(times(&plan, "data"), ["2024-05-07T17:39:09"]);
    assert_is(&plan, "data", 0, "Fmask", &file(&root, name), 1);
}

#[test]
fn floods_have_radar_optical_and_labels_on_one_grid() {
    let folder = data!("floods_have_radar_optical_and_labels_on_one_grid", "test/sen1floods11/sample");
    let config = r#"
        [[input]]
        files = ["S2/*.tif"]
        [[input]]
        files = ["S1/*.tif"]
        [[input]]
        files = ["Labels/*.tif"]
        bands = ["flood"]
        nodata = -1
    "#;
    let plan = plan(&folder, config).unwrap();
    let paths: Vec<&str> = plan.arrays.iter().map(|array| array.path.as_str()).collect();
    assert_eq!(paths, ["data", "static_float32"], "{:?}", plan.remarks);
    assert_eq!(array(&plan, "data").shape(), [14, 512, 512]);
    assert_eq!(bands(&plan, "static_float32"), ["VV", "VH"]);
    let of = |name: &str| file(&folder, name);
    assert_is(&plan, "data", 0, "B8A", &of("S2/Spain_7370579_S2Hand.tif"), 9);
    assert_is(&plan, "static_float32", 0, "VH", &of("S1/Spain_7370579_S1Hand.tif"), 2);
    assert!(
        plan.remarks[0].contains("\"no data\" of band flood is -1 in the files and becomes 0"),
        "{:?}",
        plan.remarks
    );
}

#[test]
fn native_grids_without_a_place_are_told_theirs() {
    let folder = data!("native_grids_without_a_place_are_told_theirs", "test/sentinel2-l1c-native");
    let input = |grid: &str, names: &str, place: &str| {
        format!("[[input]]\nfiles = [\"T33UUB_{grid}.tif\"]\nbands = [{names}]\n{place}\n")
    };
    let config = |place: &str| {
        [
            input("10m", "\"B02\", \"B03\", \"B04\", \"B08\"", place),
            input("20m", "\"B05\", \"B06\", \"B07\", \"B8A\", \"B11\", \"B12\"", place),
            input("60m", "\"B01\", \"B09\"", place),
        ]
        .concat()
    };
    let error = refused(&folder, &config(""));
    assert!(
        error.contains("nothing says where it lies; give its place as `crs` and `bounds` of its [[input]]"),
        "{error}"
    );
    let plan =
        plan(&folder, &config("crs = \"EPSG:32633\"\nbounds = [300000, 5694000, 306000, 5700000]")).unwrap();
    assert_eq!(array(&plan, "10m/data").shape(), [4, 600, 600]);
    assert_eq!(array(&plan, "20m/data").shape(), [6, 300, 300]);
    assert_eq!(array(&plan, "60m/data").shape(), [2, 100, 100]);
    assert_is(&plan, "20m/data", 0, "B11", &file(&folder, "T33UUB_20m.tif"), 5);
}
