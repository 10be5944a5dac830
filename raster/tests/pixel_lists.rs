//! Arrays that keep only some pixels: onto their grid, at several resolutions, and back.

mod common;

use common::{Folder, Raster, all, array, bands, npy, plan, read};
use vqz_raster::npy::NpyArray;
use vqz_raster::pixels::{Domain, Layout, export};

/// Rows and columns of five pixels of a grid of 4 × 6, in no order, and a list of `(pixel, month, hour, band)` whose samples
/// encode their positions: pixel · 1000 + month · 100 + hour · 10 + band.
fn list(folder: &Folder) -> (Vec<i32>, Vec<i32>) {
    let (rows, columns) = (vec![3, 0, 1, 1, 2], vec![5, 0, 2, 3, 2]);
    npy(&folder.path("rows.npy"), &[5], &rows);
    npy(&folder.path("columns.npy"), &[5], &columns);
    let mut samples: Vec<i16> = Vec::new();
    for pixel in 0..5 {
        for month in 1..=12 {
            for hour in 0..2 {
                samples.extend((0..3).map(|band| pixel * 5000 + month * 100 + hour * 10 + band));
            }
        }
    }
    npy(&folder.path("values.npy"), &[5, 12, 2, 3], &samples);
    (rows, columns)
}

const LIST: &str = r#"
    [[input]]
    files = ["values.npy"]
    nodata = -1
    bands = ["temperature", "dew", "wind"]
    [input.pixels]
    axes = ["pixel", "month", "hour", "band"]
    height = 4
    width = 6
    rows = "rows.npy"
    columns = "columns.npy"
    labels = { hour = ["06", "18"] }
"#;

#[test]
fn other_axes_become_names_of_bands() {
    let folder = Folder::new();
    let (rows, columns) = list(&folder);
    let plan = plan(&folder.0, LIST).unwrap();
    let names = bands(&plan, "data");
    assert_eq!(names.len(), 72);
    assert_eq!(names[0], "temperature_month01_hour06");
    assert_eq!(names[1], "dew_month01_hour06");
    assert_eq!(names[71], "wind_month12_hour18");
    assert_eq!(array(&plan, "data").shape(), [72, 4, 6]);
    assert_eq!(array(&plan, "data").nodata, Some(-1.0));
    let samples: Vec<i16> = all(&plan, "data");
    for (band, name) in names.iter().enumerate() {
        let (month, hour, own) = (1 + band / 6, band / 3 % 2, band % 3);
        for cell in 0..24 {
            let pixel = (0..5).find(|p| (rows[*p] * 6 + columns[*p]) as usize == cell);
            let expected = pixel.map_or(-1, |p| (p * 5000 + month * 100 + hour * 10 + own) as i16);
            assert_eq!(samples[band * 24 + cell], expected, "{name}, cell {cell}");
        }
    }
    // A window is the part of the whole.
    let part: Vec<i16> = read(&plan, "data", &[7..9, 1..3, 2..4]);
    let whole = |band: usize, y: usize, x: usize| samples[(band * 4 + y) * 6 + x];
    let expected: Vec<i16> =
        [7, 8].iter().flat_map(|b| [(1, 2), (1, 3), (2, 2), (2, 3)].map(|(y, x)| whole(*b, y, x))).collect();
    assert_eq!(part, expected);
}

#[test]
fn an_axis_of_time_becomes_time() {
    let folder = Folder::new();
    // (time, pixel) of floats: NaN stands where no pixel is, and an expression computes with the rest.
    let mask = [0u8, 1, 0, 1, 1, 0];
    npy(&folder.path("mask.npy"), &[2, 3], &mask);
    npy(&folder.path("ndvi.npy"), &[2, 3], &[0.1f32, 0.2, 0.3, 0.4, f32::NAN, 0.6]);
    let config = r#"
        [[input]]
        files = ["ndvi.npy"]
        name = "{band}.npy"
        times = ["2018-01-01", "2018-02-01"]
        crs = "EPSG:32633"
        bounds = [500000, 5099980, 500030, 5100000]
        [input.pixels]
        axes = ["time", "pixel"]
        mask = "mask.npy"
        [[derive]]
        name = "double"
        expression = "ndvi * 2"
    "#;
    let plan = plan(&folder.0, config).unwrap();
    assert_eq!(bands(&plan, "data"), ["ndvi"]);
    let times = array(&plan, "data").times.clone().unwrap();
    assert_eq!(times.iter().map(|time| time.iso()).collect::<Vec<_>>(), ["2018-01-01", "2018-02-01"]);
    let grid = &array(&plan, "data").grid;
    assert_eq!(grid.transform(), [500_000.0, 10.0, 0.0, 5_100_000.0, 0.0, -10.0]);
    assert_eq!(grid.georeference.code.as_deref(), Some("EPSG:32633"));
    let found: Vec<f32> = all(&plan, "data");
    let nan = f32::NAN;
    let expected = [nan, 0.1, nan, 0.2, 0.3, nan, nan, 0.4, nan, nan, 0.6, nan];
    let same = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| a == b || (a.is_nan() && b.is_nan()));
    assert!(same(&found, &expected), "{found:?}");
    let double: Vec<f32> = all(&plan, "double");
    assert!(same(&double, &expected.map(|v| 2.0 * v)), "{double:?}");
}

#[test]
fn resolutions_share_one_domain() {
    let folder = Folder::new();
    let mask = [1u8, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    folder.tiff("mask.tif", &Raster { nodata: Some(0.0), ..Raster::new([4, 4], &mask) });
    npy(&folder.path("fine.npy"), &[4], &[1u16, 2, 3, 4]);
    npy(&folder.path("coarse.npy"), &[2, 2], &[10u16, 11, 20, 21]);
    let config = |more: &str| {
        format!(
            r#"
            [[input]]
            files = ["fine.npy"]
            nodata = 0
            bands = ["B02"]
            [input.pixels]
            axes = ["pixel"]
            mask = "mask.tif"
            [[input]]
            files = ["coarse.npy"]
            nodata = 0
            bands = ["B05", "B06"]
            [input.pixels]
            axes = ["pixel", "band"]
            factor = 2
            {more}
            "#
        )
    };
    let expected = |folder: &Folder, more: &str| {
        let plan = plan(&folder.0, &config(more)).unwrap();
        assert_eq!(bands(&plan, "20m/data"), ["B05", "B06"]);
        assert_eq!(
            array(&plan, "20m/data").grid.transform(),
            [500_000.0, 20.0, 0.0, 5_100_000.0, 0.0, -20.0]
        );
        assert_eq!(all::<u16>(&plan, "10m/data"), [1, 0, 0, 0, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4]);
        all::<u16>(&plan, "20m/data")
    };
    assert_eq!(expected(&folder, ""), [10, 0, 0, 20, 11, 0, 0, 21]);
    // The same pixels in another order, which the list itself states.
    npy(&folder.path("rows.npy"), &[2], &[1i32, 0]);
    npy(&folder.path("columns.npy"), &[2], &[1i32, 0]);
    let given_order = "rows = \"rows.npy\"\ncolumns = \"columns.npy\"";
    assert_eq!(expected(&folder, given_order), [20, 0, 0, 10, 21, 0, 0, 11]);
    // Others do not nest.
    npy(&folder.path("columns.npy"), &[2], &[0i32, 0]);
    let error = common::refused(&folder.0, &config(given_order));
    assert!(
        error.contains("lacks 1 cells (the first at row 1, column 1) and has in surplus 1 cells (the first at row 1, column 0)"),
        "{error}"
    );
}

#[test]
fn lists_go_to_grids_and_back() {
    let folder = Folder::new();
    let (rows, columns) = list(&folder);
    let plan = plan(&folder.0, LIST).unwrap();
    let grid = plan.read(array(&plan, "data"), &[0..72, 0..4, 0..6]).unwrap();
    let index = |of: &[i32]| of.iter().map(|v| *v as usize).collect::<Vec<_>>();
    let domain = Domain::from_indices(4, 6, &index(&rows), &index(&columns)).unwrap();
    let layout = Layout { shape: vec![5, 12, 2, 3], axis: 0, size: 2 };
    let out = folder.path("out");
    let exported = export(&out, &domain, vqz_raster::sample::DataType::Int16, &layout, &grid).unwrap();
    for (written, source) in
        [(&exported.values, "values.npy"), (&exported.rows, "rows.npy"), (&exported.columns, "columns.npy")]
    {
        assert_eq!(std::fs::read(written).unwrap(), std::fs::read(folder.path(source)).unwrap(), "{source}");
    }
    assert_eq!(NpyArray::open(&exported.values).unwrap().shape(), [5, 12, 2, 3]);
}

#[test]
fn lists_may_be_variables() {
    let folder = Folder::new();
    list(&folder);
    // GDAL calls its dimensions y and x: five pixels of three bands. A name of the configuration's stands for each.
    let samples: Vec<i16> = (0..15).collect();
    let raster = Raster { epsg: None, nodata: Some(-7.0), ..Raster::new([5, 3], &samples) };
    raster.write("netCDF", &folder.path("list.nc"));
    let config = LIST
        .replace("values.npy", "list.nc")
        .replace("nodata = -1\n", "variables = [\"Band1\"]\n")
        .replace("\"pixel\", \"month\", \"hour\", \"band\"", "\"pixel\", \"band\"")
        .replace("labels = { hour = [\"06\", \"18\"] }", "");
    let plan = plan(&folder.0, &config).unwrap();
    assert_eq!(bands(&plan, "data"), ["Band1_temperature", "Band1_dew", "Band1_wind"]);
    assert_eq!(array(&plan, "data").nodata, Some(-7.0));
    let dew: Vec<i16> = read(&plan, "data", &[1..2, 0..4, 0..6]);
    // The driver may have turned the rows over: the plain reading of the variable tells.
    let first = samples.iter().skip(1).step_by(3).copied().collect::<Vec<_>>();
    let (rows, columns) = ([3, 0, 1, 1, 2], [5, 0, 2, 3, 2]);
    let found: Vec<i16> = rows.iter().zip(columns).map(|(r, c)| dew[r * 6 + c]).collect();
    let turned: Vec<i16> = first.iter().rev().copied().collect();
    assert!(found == first || found == turned, "{found:?}");
    assert_eq!(dew.iter().filter(|sample| **sample == -7).count(), 19);
    let error = common::refused(&folder.0, &config.replace("\"Band1\"", "\"Band2\""));
    assert!(error.contains("list.nc has no variable Band2; there are"), "{error}");
}

#[test]
fn what_does_not_fit_is_told() {
    let folder = Folder::new();
    list(&folder);
    let error = |from: &str, to: &str| {
        assert!(LIST.contains(from), "{from}");
        common::refused(&folder.0, &LIST.replace(from, to))
    };
    let values = folder.path("values.npy");
    let of_values = |text: &str| format!("{}: {text}", values.display());
    assert_eq!(
        error("[\"pixel\", \"month\", \"hour\", \"band\"]", "[\"pixel\", \"band\"]"),
        of_values(
            "its array has 4 axes, [input.pixels] names 2 (pixel, band); name each, such as axes = [\"pixel\", \"band\"]"
        )
    );
    assert_eq!(
        error("axes = [\"pixel\"", "axes = [\"place\""),
        of_values(
            "its axes are place, month, hour, band; one of them must be pixel: name them, as `axes` under [input.pixels]"
        )
    );
    assert_eq!(
        error("\"month\", \"hour\"", "\"time\", \"hour\""),
        of_values(
            "its axis time has 12 entries, `times` lists 0; list each, as `times = [\"2018-01-01\", …]`"
        )
    );
    assert_eq!(
        error("bands = [\"temperature\", ", "bands = ["),
        of_values("its axis band has 3 entries, 2 are named (dew, wind); name each")
    );
    assert!(
        error("hour = [\"06\", \"18\"]", "day = [\"1\"]")
            .ends_with("has day, its axes are pixel, month, hour, band")
    );
    assert!(
        error("nodata = -1", "nodata = 0.5")
            .contains("nodata of its [[input]] is 0.5, and its samples are int16")
    );
    assert!(error("    nodata = -1\n", "").ends_with("declare one as nodata under [output]"));
    assert!(error("    width = 6\n", "").contains("has one of height and width; give both"));
    assert!(
        error("height = 4", "height = 3")
            .contains("pixel 0 of a list is at row 3, column 5, the grid has 3 rows")
    );
    assert!(error("    columns = \"columns.npy\"\n", "").contains("give both rows and columns, or a mask"));
    assert!(
        error("    rows = \"rows.npy\"\n    columns = \"columns.npy\"\n", "")
            .contains("does not say which pixels")
    );
    assert!(error("height = 4", "factor = 2\n    height = 4").contains("no list stands before it"));
    assert!(error("height = 4", "factor = 0\n    height = 4").contains("is 0; 1 or more is allowed"));
    assert!(error("height = 4", "size = 1\n    height = 4").contains("unknown field `size`"));
    let placed = LIST.replace("nodata = -1", "nodata = -1\ncrs = \"EPSG:32633\"\nbounds = [0, 0, 6, 4]");
    let coarser = format!("{placed}\n[grid]\nresolution = 2\nresampling = \"average\"\n");
    let error = common::refused(&folder.0, &coarser);
    assert!(error.contains("is a list of pixels of 4 × 6 pixels"), "{error}");
    npy(&folder.path("rows.npy"), &[4], &[0i32, 1, 2, 3]);
    npy(&folder.path("columns.npy"), &[4], &[0i32, 1, 2, 3]);
    let error = common::refused(&folder.0, LIST);
    assert_eq!(error, of_values("its list has 5 pixels, but its rows and columns or its mask give 4"));
}
