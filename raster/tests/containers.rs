//! NetCDF and HDF5: rows, columns, dates and levels are what the file's own words say, whatever their order; no axis and no
//! variable vanishes, and no image is turned over.

mod common;

use common::{Folder, all, array, bands, plan, refused};
use serde_json::json;
use std::path::{Path, PathBuf};
use vqz_raster::conventions::time::iso;
use vqz_raster::ingest::plan::CubePlan;
use vqz_raster::netcdf::{Content, NetCdf, Storage};
use vqz_raster::sample::DataType;

/// A variable to write: its name, its dimensions, its values, and its attributes.
type Variable<'a> = (&'a str, &'a [&'a str], Vec<f64>, &'a [(&'a str, &'a str)]);

/// Writes a NetCDF file. Values are doubles; those of variables over two dimensions or more are `int16`.
fn netcdf(path: &Path, dimensions: &[(&str, u64)], variables: &[Variable<'_>]) {
    let mut file = NetCdf::create(path).unwrap();
    for (name, extent) in dimensions {
        file.dimension(name, *extent).unwrap();
    }
    for (name, over, values, attributes) in variables {
        let raster = over.len() > 1;
        let kind = if raster { DataType::Int16 } else { DataType::Float64 };
        let variable = file.variable(name, over, Content::Samples(kind), &Storage::default()).unwrap();
        for (key, value) in *attributes {
            variable.attribute(key, &json!(value)).unwrap();
        }
        let extents: Vec<u64> =
            over.iter().map(|name| dimensions.iter().find(|(known, _)| known == name).unwrap().1).collect();
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|v| if raster { (*v as i16).to_ne_bytes().to_vec() } else { v.to_ne_bytes().to_vec() })
            .collect();
        variable.write(&vec![0; over.len()], &extents, &bytes).unwrap();
    }
    file.finish().unwrap();
}

const LAT: &[(&str, &str)] = &[("units", "degrees_north")];
const LON: &[(&str, &str)] = &[("standard_name", "longitude")];
const HOURS: &[(&str, &str)] = &[("units", "hours since 2020-01-01"), ("standard_name", "time")];
const NONE: &[(&str, &str)] = &[];

fn numbers(count: usize) -> Vec<f64> {
    (0..count).map(|i| i as f64).collect()
}

fn times(plan: &CubePlan) -> Vec<String> {
    array(plan, "data").times.as_ref().unwrap().iter().map(|time| iso(*time)).collect()
}

fn input(files: &str) -> String {
    format!("[[input]]\nfiles = [\"{files}\"]\n")
}

/// The sample of a band and date at the pixel whose centre is at x and y.
fn sample(plan: &CubePlan, plane: usize, [x, y]: [f64; 2]) -> i16 {
    let grid = &array(plan, "data").grid;
    let [x0, dx, _, y0, _, dy] = grid.georeference.transform.unwrap();
    let (column, row) = (((x - x0) / dx).floor() as usize, ((y - y0) / dy).floor() as usize);
    all::<i16>(plan, "data")[(plane * grid.height + row) * grid.width + column]
}

#[test]
fn rows_and_columns_stand_in_any_order() {
    let folder = Folder::new();
    // Each sample is 100 · latitude + 10 · longitude + hour.
    let (lat, lon, hours) = ([3.0, 2.0, 1.0], [4.0, 5.0, 6.0, 7.0], [0.0, 6.0]);
    for order in [
        ["lon", "lat", "time"],
        ["lat", "time", "lon"],
        ["time", "lon", "lat"],
        ["lat", "lon", "time"],
        ["time", "lat", "lon"],
    ] {
        let own = |name: &str| match name {
            "lat" => &lat[..],
            "lon" => &lon[..],
            _ => &hours[..],
        };
        let mut values = Vec::new();
        for a in own(order[0]) {
            for b in own(order[1]) {
                for c in own(order[2]) {
                    let of = |name: &str| [a, b, c][order.iter().position(|known| *known == name).unwrap()];
                    values.push(100.0 * of("lat") + 10.0 * of("lon") + of("time"));
                }
            }
        }
        let path = folder.path("cube.nc");
        netcdf(
            &path,
            &[("lat", 3), ("lon", 4), ("time", 2)],
            &[
                ("lat", &["lat"], lat.to_vec(), LAT),
                ("lon", &["lon"], lon.to_vec(), LON),
                ("time", &["time"], hours.to_vec(), HOURS),
                ("v", &order, values, NONE),
            ],
        );
        let plan = plan(&folder.0, &input("cube.nc")).unwrap();
        assert_eq!(
            (array(&plan, "data").shape(), bands(&plan, "data")),
            (vec![2, 1, 3, 4], vec!["v"]),
            "{order:?}"
        );
        assert_eq!(times(&plan), ["2020-01-01", "2020-01-01T06:00:00"]);
        for (time, hour) in hours.iter().enumerate() {
            for y in lat {
                for x in lon {
                    let expected = (100.0 * y + 10.0 * x + hour) as i16;
                    assert_eq!(sample(&plan, time, [x, y]), expected, "{order:?} at {x}, {y}");
                }
            }
        }
        std::fs::remove_file(&path).unwrap();
    }
}

#[test]
fn a_variable_that_is_opened_by_its_own_axes_is_not_resampled() {
    let folder = Folder::new();
    netcdf(
        &folder.path("cube.nc"),
        &[("lat", 3), ("lon", 4), ("time", 2)],
        &[
            ("lat", &["lat"], vec![3.0, 2.0, 1.0], LAT),
            ("lon", &["lon"], vec![4.0, 5.0, 6.0, 7.0], LON),
            ("time", &["time"], vec![0.0, 6.0], HOURS),
            ("v", &["lat", "lon", "time"], numbers(24), NONE),
        ],
    );
    let grid = |lines: &str| format!("{}[grid]\nresampling = \"nearest\"\n{lines}", input("cube.nc"));
    // On its own pixels it is read, whether or not the configuration says how to resample.
    assert_eq!(array(&plan(&folder.0, &grid("")).unwrap(), "data").shape(), [2, 1, 3, 4]);
    let error = refused(&folder.0, &grid("resolution = 0.5\n"));
    assert!(
        error.contains(
            "and variable /v can't be resampled, because GDAL does not know its rows and columns as such"
        ),
        "{error}"
    );
    assert!(error.contains("axes of the variable in the order time, y, x"), "{error}");
}

#[test]
fn why_times_cannot_be_read_is_told() {
    const LUNAR: &[(&str, &str)] =
        &[("units", "hours since 2020-01-01"), ("standard_name", "time"), ("calendar", "lunar")];
    const WHY: &str = "the units of time are \"hours since 2020-01-01\", which can't be read: the calendar lunar is not supported";
    let place = || {
        [("lat", &["lat"][..], vec![2.0, 1.0], LAT), ("lon", &["lon"][..], vec![1.0, 2.0], LON)].into_iter()
    };
    let extents = [("lat", 2), ("lon", 2), ("time", 2)];
    for order in [["time", "lat", "lon"], ["lat", "lon", "time"]] {
        let folder = Folder::new();
        let own: [Variable<'_>; 2] =
            [("time", &["time"], vec![0.0, 6.0], LUNAR), ("v", &order, numbers(8), NONE)];
        netcdf(&folder.path("a.nc"), &extents, &place().chain(own).collect::<Vec<_>>());
        let error = refused(&folder.0, &input("a.nc"));
        assert!(
            error.contains(&format!("its steps have no times that can be read ({WHY}); list them")),
            "{error}"
        );
        // The configuration may give them.
        let given = format!("{}times = [\"2020-01-01\", \"2020-01-02\"]\n", input("a.nc"));
        assert_eq!(times(&plan(&folder.0, &given).unwrap()), ["2020-01-01", "2020-01-02"]);
    }
    // The file of a single time becomes one without, which is said once, however many bands it has.
    let folder = Folder::new();
    let own: [Variable<'_>; 2] =
        [("time", &[], vec![0.0], LUNAR), ("v", &["level", "lat", "lon"], numbers(8), NONE)];
    let extents = [("lat", 2), ("lon", 2), ("level", 2)];
    netcdf(&folder.path("a.nc"), &extents, &place().chain(own).collect::<Vec<_>>());
    let found = plan(&folder.0, &input("a.nc")).unwrap();
    assert_eq!(array(&found, "data").times, None);
    let file = folder.path("a.nc");
    assert_eq!(
        found.remarks,
        [format!(
            "{}: it states a time that can't be read, and is taken as one without: {WHY}",
            file.display()
        )]
    );
    let given = plan(&folder.0, &format!("{}time = \"2021-05-01\"\n", input("a.nc"))).unwrap();
    assert_eq!((times(&given), given.remarks.len()), (vec!["2021-05-01".to_owned()], 0));
}

#[test]
fn an_image_without_units_is_not_turned_over() {
    let down: Vec<f64> = (0..3).map(|i| 5_000_000.0 - 10.0 * f64::from(i)).collect();
    let up: Vec<f64> = down.iter().rev().copied().collect();
    let right: Vec<f64> = (0..4).map(|i| 500_000.0 + 10.0 * f64::from(i)).collect();
    let left: Vec<f64> = right.iter().rev().copied().collect();
    for (y, x) in [(&down, &right), (&up, &right), (&up, &left)] {
        let folder = Folder::new();
        netcdf(
            &folder.path("a.nc"),
            &[("y", 3), ("x", 4)],
            &[
                ("y", &["y"], y.clone(), NONE),
                ("x", &["x"], x.clone(), NONE),
                ("v", &["y", "x"], numbers(12), NONE),
            ],
        );
        let plan = plan(&folder.0, &input("a.nc")).unwrap();
        for (row, y) in y.iter().enumerate() {
            for (column, x) in x.iter().enumerate() {
                assert_eq!(sample(&plan, 0, [*x, *y]), (4 * row + column) as i16);
            }
        }
    }
    // Without coordinates, the first row of the file is the first.
    let folder = Folder::new();
    netcdf(
        &folder.path("a.nc"),
        &[("rows", 3), ("cells", 4)],
        &[("v", &["rows", "cells"], numbers(12), NONE)],
    );
    let bare = plan(&folder.0, &input("a.nc")).unwrap();
    assert_eq!(all::<i16>(&bare, "data"), (0..12).collect::<Vec<i16>>());
    assert_eq!(array(&bare, "data").grid.georeference.transform, None);
}

#[test]
fn the_time_of_a_file_is_that_of_a_scalar_coordinate() {
    let seconds: &[(&str, &str)] =
        &[("units", "seconds since 2000-01-01 12:00:00"), ("standard_name", "time")];
    let made: &[(&str, &str)] =
        &[("units", "days since 1970-01-01"), ("standard_name", "forecast_reference_time")];
    let named: &[(&str, &str)] = &[("coordinates", "made t lat")];
    let days: &[(&str, &str)] = &[("units", "days since 1900-01-01")];
    let in_day: &[(&str, &str)] = &[("coordinates", "day")];
    let place = || [("lat", &["lat"][..], vec![2.0, 1.0], LAT), ("lon", &["lon"][..], vec![1.0, 2.0], LON)];
    for (more, expected) in [
        // The variable names it, among others.
        (
            vec![
                ("made", &[][..], vec![1.0], made),
                ("t", &[][..], vec![86_400.0], seconds),
                ("v", &["lat", "lon"][..], numbers(4), named),
            ],
            "2000-01-02T12:00:00",
        ),
        // It has no standard name.
        (
            vec![("day", &[][..], vec![43_485.0], days), ("v", &["lat", "lon"][..], numbers(4), in_day)],
            "2019-01-22",
        ),
        // Nothing names it but itself.
        (
            vec![("time", &[][..], vec![36.0], HOURS), ("v", &["lat", "lon"][..], numbers(4), NONE)],
            "2020-01-02T12:00:00",
        ),
        // It is a list of one.
        (
            vec![("time", &["one"][..], vec![12.0], HOURS), ("v", &["lat", "lon"][..], numbers(4), NONE)],
            "2020-01-01T12:00:00",
        ),
    ] {
        let folder = Folder::new();
        let variables: Vec<Variable<'_>> = place().into_iter().chain(more).collect();
        netcdf(&folder.path("a.nc"), &[("lat", 2), ("lon", 2), ("one", 1)], &variables);
        let found = plan(&folder.0, &input("a.nc")).unwrap();
        assert_eq!(times(&found), [expected]);
        // A time that the configuration gives comes first.
        let given = plan(&folder.0, &format!("{}time = \"2021-05-01\"\n", input("a.nc"))).unwrap();
        assert_eq!(times(&given), ["2021-05-01"]);
    }
}

#[test]
fn files_of_a_time_each_are_dates() {
    let folder = Folder::new();
    for hour in 0..3 {
        netcdf(
            &folder.path(&format!("{hour}.nc")),
            &[("lat", 2), ("lon", 2)],
            &[
                ("lat", &["lat"], vec![2.0, 1.0], LAT),
                ("lon", &["lon"], vec![1.0, 2.0], LON),
                ("time", &[], vec![f64::from(hour)], HOURS),
                ("v", &["lat", "lon"], vec![f64::from(hour); 4], NONE),
            ],
        );
    }
    let cube = plan(&folder.0, &input("*.nc")).unwrap();
    assert_eq!(times(&cube), ["2020-01-01", "2020-01-01T01:00:00", "2020-01-01T02:00:00"]);
    assert_eq!(all::<i16>(&cube, "data"), [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
}

#[test]
fn two_axes_of_time_and_levels_are_bands() {
    let folder = Folder::new();
    let hours: &[(&str, &str)] = &[("units", "hours"), ("standard_name", "forecast_period")];
    netcdf(
        &folder.path("a.nc"),
        &[("lat", 2), ("lon", 2), ("step", 3), ("time", 2), ("level", 2)],
        &[
            ("lat", &["lat"], vec![2.0, 1.0], LAT),
            ("lon", &["lon"], vec![1.0, 2.0], LON),
            ("step", &["step"], vec![0.0, 6.0, 12.0], hours),
            ("time", &["time"], vec![0.0, 24.0], HOURS),
            ("level", &["level"], vec![500.0, 850.0], NONE),
            ("t", &["time", "step", "level", "lat", "lon"], numbers(48), NONE),
            (
                "q",
                &["time", "step", "level", "lat", "lon"],
                numbers(48).iter().map(|v| v + 1000.0).collect(),
                NONE,
            ),
            ("land", &["lat", "lon"], numbers(4), NONE),
        ],
    );
    let cube = plan(&folder.0, &input("a.nc")).unwrap();
    assert_eq!(array(&cube, "data").shape(), [2, 12, 2, 2]);
    let names = bands(&cube, "data");
    assert_eq!(names[..3], ["t_500_0", "t_850_0", "t_500_6"]);
    assert_eq!(names.iter().filter(|name| name.starts_with("q_")).count(), 6);
    let mut samples = all::<i16>(&cube, "data");
    assert_eq!(samples[16..20], [16, 17, 18, 19], "t at 500, 12 hours");
    samples.sort_unstable();
    assert_eq!(samples, (0..48).chain(1000..1048).collect::<Vec<i16>>());
    assert_eq!(times(&cube), ["2020-01-01", "2020-01-02"]);
    // What is left out is said.
    assert_eq!(cube.remarks.len(), 2, "{:?}", cube.remarks);
    assert!(
        cube.remarks[1]
            .contains("the entries of step (forecast_period, hours) become parts of the names of bands")
    );
    assert!(cube.remarks[0].ends_with(
        "variables with fewer samples are left out: land; choose with `variables` of its [[input]]"
    ));
}

#[test]
fn steps_whose_instants_another_coordinate_tells_are_dates() {
    let folder = Folder::new();
    let hours: &[(&str, &str)] = &[("units", "hours"), ("standard_name", "forecast_period")];
    let named: &[(&str, &str)] = &[("coordinates", "valid_time")];
    let file = |named: &[(&str, &str)]| {
        netcdf(
            &folder.path("a.nc"),
            &[("lat", 2), ("lon", 2), ("step", 2)],
            &[
                ("lat", &["lat"], vec![2.0, 1.0], LAT),
                ("lon", &["lon"], vec![1.0, 2.0], LON),
                ("step", &["step"], vec![0.0, 6.0], hours),
                ("valid_time", &["step"], vec![24.0, 30.0], HOURS),
                ("t", &["step", "lat", "lon"], numbers(8), named),
            ],
        );
    };
    file(named);
    assert_eq!(times(&plan(&folder.0, &input("a.nc")).unwrap()), ["2020-01-02", "2020-01-02T06:00:00"]);
    std::fs::remove_file(folder.path("a.nc")).unwrap();
    file(NONE);
    assert!(refused(&folder.0, &input("a.nc")).contains("its steps have no times that can be read"));
}

#[test]
fn uneven_coordinates_are_told() {
    let folder = Folder::new();
    let gaussian = vec![87.8638, 85.0965, 82.3129, 79.5256, 76.7369, 73.9475, 71.1578, 68.4];
    netcdf(
        &folder.path("a.nc"),
        &[("lat", 8), ("lon", 2)],
        &[
            ("lat", &["lat"], gaussian, LAT),
            ("lon", &["lon"], vec![1.0, 2.0], LON),
            ("t", &["lat", "lon"], numbers(16), NONE),
        ],
    );
    let cube = plan(&folder.0, &input("a.nc")).unwrap();
    assert!(
        cube.remarks.iter().any(
            |remark| remark.contains("coordinates along lat or lon are not evenly spaced: they are kept")
        ),
        "{:?}",
        cube.remarks
    );
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/containers").join(name)
}

#[test]
fn variables_in_groups_have_their_own_names() {
    for name in ["soil.h5", "soil.nc"] {
        let folder = Folder::new();
        std::fs::copy(fixture("soil.nc"), folder.path(name)).unwrap();
        let cube = plan(&folder.0, &input(name)).unwrap();
        let mut names = bands(&cube, "data");
        names.sort_unstable();
        assert_eq!(names, ["am/moisture", "density", "pm/moisture"], "{name}");
        let mut samples = all::<i16>(&cube, "data");
        samples.sort_unstable();
        assert_eq!(samples, (0..12).chain(100..112).chain(200..212).collect::<Vec<i16>>());
        let one = |asked: &str| {
            let config = format!("{}variables = [\"{asked}\"]\n", input(name));
            let cube = plan(&folder.0, &config).unwrap();
            (bands(&cube, "data").join(" "), all::<i16>(&cube, "data")[0])
        };
        assert_eq!(one("pm/moisture"), ("moisture".to_owned(), 100));
        assert_eq!(one("/am/density"), ("density".to_owned(), 200));
        let levels = plan(&folder.0, &format!("{}variables = [\"profile\"]\n", input(name))).unwrap();
        assert_eq!(bands(&levels, "data").len(), 4, "two axes besides rows and columns: {name}");
    }
}

#[test]
fn bytes_with_a_sign_stay_signed() {
    for name in ["flags.nc", "flags.h5"] {
        let folder = Folder::new();
        std::fs::copy(fixture("flags.nc"), folder.path(name)).unwrap();
        let cube = plan(&folder.0, &input(name)).unwrap();
        assert_eq!(array(&cube, "data").sample_type, DataType::Int16);
        let mut samples = all::<i16>(&cube, "data");
        samples.sort_unstable();
        assert_eq!(samples, [-128, -1, 0, 1, 5, 127], "{name}");
    }
}
