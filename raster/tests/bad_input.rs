//! What is wrong with inputs or a configuration is said before samples are read, in words that help; what is merely odd
//! follows a stated rule. Rasters are made here, a few pixels each.

mod common;

use common::{Folder, Raster, all, array, bands, plan, read, refused};

const TWO_BY_TWO: [usize; 2] = [2, 2];

/// All GeoTIFFs of the folder, each a band and a date.
const DATED: &str = "[[input]]\nfiles = [\"*.tif\"]\nname = \"{band}_{time:%Y%m%d}.tif\"\n";
/// All GeoTIFFs of the folder, each a band.
const BANDS: &str = "[[input]]\nfiles = [\"*.tif\"]\nname = \"{band}.tif\"\n";
/// All GeoTIFFs of the folder, one band.
const TILES: &str = "[[input]]\nfiles = [\"*.tif\"]\nbands = [\"a\"]\n";

/// A folder with the bands a and b, 2 × 2 pixels of uint16, nodata 0.
fn two_bands() -> Folder {
    let folder = Folder::new();
    folder.tiff("a.tif", &Raster { nodata: Some(0.0), ..Raster::new(TWO_BY_TWO, &[1u16, 2, 3, 4]) });
    folder.tiff("b.tif", &Raster { nodata: Some(0.0), ..Raster::new(TWO_BY_TWO, &[5u16, 6, 7, 8]) });
    folder
}

fn polygon(folder: &Folder, name: &str, corners: [f64; 4], properties: &str) {
    let [left, bottom, right, top] = corners;
    let text = format!(
        r#"{{"type": "FeatureCollection",
            "crs": {{"type": "name", "properties": {{"name": "urn:ogc:def:crs:EPSG::32633"}}}},
            "features": [{{"type": "Feature", "properties": {properties}, "geometry": {{"type": "Polygon", "coordinates":
            [[[{left}, {bottom}], [{right}, {bottom}], [{right}, {top}], [{left}, {top}], [{left}, {bottom}]]]}}}}]}}"#
    );
    std::fs::write(folder.path(name), text).unwrap();
}

#[test]
fn coordinate_reference_systems_must_be_one_or_said() {
    let folder = Folder::new();
    let raster = Raster { nodata: Some(0.0), ..Raster::new(TWO_BY_TWO, &[1u8, 2, 3, 4]) };
    folder.tiff("a_20180101.tif", &raster);
    folder.tiff("a_20180201.tif", &Raster { epsg: Some(32_634), ..raster.clone() });
    let error = refused(&folder.0, DATED);
    assert!(error.contains("a_20180201.tif (band 1) has coordinate reference system EPSG:32634"), "{error}");
    assert!(
        error.ends_with(
            "set a common one as crs under [grid], or keep them separate with split under [output]"
        )
    );
    let config = format!("{DATED}[grid]\ncrs = \"EPSG:32633\"\nresolution = 10\nresampling = \"nearest\"\n");
    let planned = plan(&folder.0, &config).unwrap();
    assert_eq!(planned.arrays[0].times.as_ref().unwrap().len(), 2);
    assert!(planned.arrays[0].grid.width > 1000, "both zones are covered");

    folder.tiff("a_20180201.tif", &Raster { epsg: None, ..raster });
    let error = refused(&folder.0, DATED);
    assert!(
        error.contains("coordinate reference system 2 × 2 pixels of 10 × 10, no coordinate reference system"),
        "{error}"
    );
    let asked = format!("{DATED}[grid]\ncrs = \"EPSG:4326\"\nresampling = \"nearest\"\n");
    let error = refused(&folder.0, &asked);
    assert!(
        error.contains(
            "a_20180201.tif (band 1) has no coordinate reference system; give it as `crs` of its [[input]]"
        ),
        "{error}"
    );
    let given = DATED.replace("[[input]]", "[[input]]\ncrs = \"EPSG:32633\"");
    assert_eq!(plan(&folder.0, &given).unwrap().arrays[0].shape(), [2, 1, 2, 2]);
    let error = refused(&folder.0, &DATED.replace("[[input]]", "[[input]]\ncrs = \"EPSG:nothing\""));
    assert!(error.starts_with("\"EPSG:nothing\" is no coordinate reference system"), "{error}");
}

#[test]
fn dates_without_a_file_are_nodata_and_told() {
    let folder = Folder::new();
    let raster = Raster { nodata: Some(9.0), ..Raster::new(TWO_BY_TWO, &[1u8, 2, 3, 4]) };
    for name in ["a_20180101.tif", "a_20180201.tif", "b_20180101.tif"] {
        folder.tiff(name, &raster);
    }
    let plan = plan(&folder.0, DATED).unwrap();
    assert_eq!(
        plan.remarks,
        [
            "data: 1 of 4 pairs of band and date have no file that reaches into the grid, and are written as nodata: b of \
          2018-02-01"
        ]
    );
    assert_eq!(all::<u8>(&plan, "data"), [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4, 9, 9, 9, 9]);
    for name in ["a_20180101.tif", "a_20180201.tif", "b_20180101.tif"] {
        folder.tiff(name, &Raster { nodata: None, ..raster.clone() });
    }
    let error = refused(&folder.0, DATED);
    assert!(error.contains("band b of 2018-02-01 does not cover the whole grid"), "{error}");
    assert!(error.ends_with("no value means \"no data\" in uint8; declare one as nodata under [output]"));
    let some =
        DATED.replace("{time:%Y%m%d}", "{day}").replace("[[input]]", "[[input]]\ntime_item = \"TAKEN\"");
    let error = refused(&folder.0, &some);
    assert!(error.ends_with("it has no metadata item TAKEN; see `gdalinfo` for those it has"), "{error}");
    let late = format!("{DATED}[time]\nfrom = \"2019-01-01\"\n");
    assert_eq!(
        refused(&folder.0, &late),
        "no input lies between [time] from and to; there are times from 2018-01-01 to 2018-02-01"
    );
    let error = refused(&folder.0, &format!("{DATED}[time]\nfrom = \"spring\"\n"));
    assert_eq!(error, "[time]: \"spring\" is no time; write it as 2018-07-10 or 2018-07-10T10:31:01");
}

#[test]
fn overlapping_tiles_follow_the_rule() {
    let folder = Folder::new();
    let tile = Raster { nodata: Some(0.0), ..Raster::new(TWO_BY_TWO, &[1u8, 2, 3, 4]) };
    folder.tiff("1.tif", &tile);
    // One column further: its first column lies on the other's second; one of its samples there is nodata.
    folder.tiff("2.tif", &Raster { corner: [500_010.0, 5_100_000.0], samples: &[7, 8, 0, 9], ..tile });
    let with = |overlap: &str| format!("{TILES}[output]\noverlap = \"{overlap}\"\n");
    let samples = |overlap: &str| all::<u8>(&plan(&folder.0, &with(overlap)).unwrap(), "data");
    assert_eq!(samples("first"), [1, 2, 8, 3, 4, 9]);
    assert_eq!(samples("last"), [1, 7, 8, 3, 4, 9]);
    let equal = plan(&folder.0, &with("equal")).unwrap();
    let error = equal.read(array(&equal, "data"), &[0..1, 0..2, 0..3]).unwrap_err().to_string();
    assert!(error.contains("2.tif (band 1) has 7 in row 0 where"), "{error}");
    assert!(error.contains("1.tif has 2; overlap = \"equal\" asks that they agree"), "{error}");
    // Where they agree, all is well.
    assert_eq!(read::<u8>(&equal, "data", &[0..1, 1..2, 0..3]), [3, 4, 9]);
    assert!(
        refused(&folder.0, &with("mean"))
            .contains("unknown variant `mean`, expected one of `first`, `last`, `equal`")
    );
}

#[test]
fn types_must_be_one_or_said() {
    let folder = Folder::new();
    folder.tiff("a_20180101.tif", &Raster { nodata: Some(0.0), ..Raster::new(TWO_BY_TWO, &[1u8, 2, 3, 4]) });
    folder.tiff(
        "a_20180201.tif",
        &Raster { nodata: Some(0.0), ..Raster::new(TWO_BY_TWO, &[1.25f32, 2.5, 300.0, 4.0]) },
    );
    let error = refused(&folder.0, DATED);
    assert!(error.contains("a_20180201.tif (band 1) has samples of type float32"), "{error}");
    assert!(error.ends_with("has uint8; choose one as data_type under [output]"), "{error}");
    let plan = plan(&folder.0, &format!("{DATED}[output]\ndata_type = \"float32\"\n")).unwrap();
    assert_eq!(all::<f32>(&plan, "data"), [1.0, 2.0, 3.0, 4.0, 1.25, 2.5, 300.0, 4.0]);
    assert!(
        refused(&folder.0, &format!("{DATED}[output]\ndata_type = \"int64\"\n"))
            .contains("unknown variant `int64`")
    );
    // Bands of different types are arrays of their own. `c` is where Zarr keeps chunks, so no array is called so.
    let folder = two_bands();
    folder.tiff("c.tif", &Raster::new(TWO_BY_TWO, &[0.5f32, 1.0, 1.5, 2.0]));
    let plan = common::plan(&folder.0, BANDS).unwrap();
    assert_eq!((bands(&plan, "data"), bands(&plan, "_c")), (vec!["a", "b"], vec!["c"]));
}

#[test]
fn expressions_are_checked() {
    let folder = two_bands();
    let derive = |text: &str| format!("{BANDS}[[derive]]\nname = \"x\"\nexpression = \"{text}\"\n");
    assert_eq!(
        refused(&folder.0, &derive("a + B8")),
        "derived band x: expression \"a + B8\" uses band B8, which is not there; there are a, b"
    );
    let error = refused(&folder.0, &derive("a + * b"));
    assert!(error.starts_with("derived band x: expression \"a + * b\", column 5: expected"), "{error}");
    let error = refused(&folder.0, &format!("{}data_type = \"uint8\"\n", derive("a")));
    assert!(error.contains("derived band x is uint8, and needs a nodata value of that type"), "{error}");
    let error = refused(&folder.0, &format!("{}array = \"other\"\n", derive("a")));
    assert!(error.contains("derived band x is to be a band of other, and there is no such array"), "{error}");
    let error = refused(&folder.0, &format!("{}array = \"data\"\n", derive("a")));
    assert!(error.contains("bands of one array share type, nodata and dates"), "{error}");
}

#[test]
fn files_are_there_whole_and_rasters() {
    let folder = two_bands();
    let one = |files: &str| format!("[[input]]\nfiles = [\"{files}\"]\n");
    let error = refused(&folder.0, &one("*.tiff"));
    assert!(error.contains("*.tiff; patterns are relative to the folder of the configuration"), "{error}");
    assert!(refused(&folder.0, &one("none.tif")).contains("no file matches"));
    assert!(refused(&folder.0, &one("[")).contains("the pattern of files \"[\" is wrong"));
    assert!(
        refused(&folder.0, "[[input]]\nfiles = []\n").contains("names no files; give at least one pattern")
    );
    std::fs::write(folder.path("text.tif"), "no raster").unwrap();
    let error = refused(&folder.0, &one("text.tif"));
    assert!(error.contains("text.tif: GDAL can't open it"), "{error}");
    assert!(error.ends_with("is it whole, and of a format that `gdalinfo` reads?"), "{error}");
    // Cut off within its samples: its head is whole.
    let samples: Vec<u16> = (0..10_000).collect();
    folder.tiff("long.tif", &Raster::new([100, 100], &samples));
    let whole = std::fs::read(folder.path("long.tif")).unwrap();
    for part in [100, whole.len() / 2, whole.len() - 1] {
        std::fs::write(folder.path("long.tif"), &whole[..part]).unwrap();
        let error = refused(&folder.0, &one("long.tif"));
        let expected = error.contains("long.tif: GDAL can't open it")
            || error.ends_with("it may be truncated: get it again");
        assert!(expected, "{part} bytes: {error}");
    }
    std::fs::remove_file(folder.path("text.tif")).unwrap();
    let error = refused(&folder.0, &BANDS.replace("{band}", "scene_{band}"));
    assert!(error.contains("3 files do not match the name pattern \"scene_{band}.tif\": "), "{error}");
    assert!(error.ends_with("long.tif; correct the pattern, or choose fewer files"), "{error}");
    let error = refused(&folder.0, &BANDS.replace("[[input]]", "[[input]]\nbands = [\"c\"]"));
    assert!(
        error.starts_with("there is no band c in [\"*.tif\"]; there are none of those that are named"),
        "{error}"
    );
    std::fs::remove_file(folder.path("long.tif")).unwrap();
    let split = refused(&folder.0, &format!("{BANDS}[output]\nsplit = \"place\"\n"));
    assert!(split.contains("has no such field; add {place} to the input's name"), "{split}");
}

#[test]
fn areas_are_where_the_rasters_are() {
    let folder = two_bands();
    polygon(&folder, "far.geojson", [600_000.0, 5_000_000.0, 600_100.0, 5_000_100.0], "{}");
    polygon(&folder, "near.geojson", [500_000.0, 5_099_980.0, 500_010.0, 5_100_000.0], "{}");
    let border = |file: &str| format!("{BANDS}[border]\nfile = \"{file}\"\n");
    let error = refused(&folder.0, &border("far.geojson"));
    assert!(
        error.starts_with("the border ([600000.0, 5000000.0, 600100.0, 5000100.0]) and the inputs"),
        "{error}"
    );
    assert!(error.ends_with("left, bottom, right, top) have nothing in common"), "{error}");
    let near = plan(&folder.0, &border("near.geojson")).unwrap();
    assert_eq!(all::<u16>(&near, "data"), [1, 3, 5, 7]);
    assert!(refused(&folder.0, &border("none.geojson")).ends_with("none.geojson: there is no such file"));
    assert!(refused(&folder.0, &border("a.tif")).contains("a.tif: GDAL finds no polygons in it"));
    let error = refused(&folder.0, &format!("{}where = \"height >\"\n", border("near.geojson")));
    assert!(error.contains("near.geojson: where = \"height >\" can't be used"), "{error}");
    let error = refused(&folder.0, &format!("{}layer = \"roads\"\n", border("near.geojson")));
    assert!(error.contains("it has no layer roads; there are near"), "{error}");
    let error = refused(&folder.0, &format!("{BANDS}[grid]\nbounds = [0, 0, 10, 10]\n"));
    assert!(error.starts_with("the bounds under [grid] ([0.0, 0.0, 10.0, 10.0]) and the inputs"), "{error}");
    let error = refused(&folder.0, &format!("{BANDS}[grid]\nbounds = [500000, 5100000, 500020, 5099980]\n"));
    assert_eq!(
        error,
        "bounds under [grid] are left 500000, bottom 5100000, right 500020, top 5099980; left < right and bottom < top are \
         needed"
    );
    let error = refused(&folder.0, &BANDS.replace("[[input]]", "[[input]]\nbounds = [1, 1, 0, 0]"));
    assert!(error.starts_with("the bounds of an [[input]] are"), "{error}");
}

#[test]
fn a_border_hides_no_other_error() {
    let folder = Folder::new();
    let raster = Raster { nodata: Some(0.0), ..Raster::new(TWO_BY_TWO, &[1u16, 2, 3, 4]) };
    folder.tiff("a_20180101.tif", &raster);
    folder.tiff("a_20180201.tif", &Raster { corner: [500_100.0, 5_100_000.0], ..raster.clone() });
    polygon(&folder, "both.geojson", [500_000.0, 5_099_980.0, 500_120.0, 5_100_000.0], "{}");
    let config = format!("{DATED}[border]\nfile = \"both.geojson\"\n");
    assert_eq!(array(&plan(&folder.0, &config).unwrap(), "data").grid.width, 12);
    let error = refused(&folder.0, &format!("{config}[grid]\nextent = \"intersection\"\n"));
    assert!(
        error.ends_with(
            "covers nothing that the layers before it do; with extent = \"intersection\" nothing is left"
        ),
        "{error}"
    );
    // A map that is larger than the reference system has places for has no bounds there, but the border has.
    let world = vec![5i16; 180 * 360];
    let world = Raster {
        epsg: Some(4326),
        corner: [-180.0, 90.0],
        pixel: 1.0,
        nodata: Some(0.0),
        ..Raster::new([180, 360], &world)
    };
    folder.tiff("world.tif", &world);
    let config = "[[input]]\nfiles = [\"world.tif\"]\n[border]\nfile = \"both.geojson\"\n[grid]\ncrs = \
                  \"EPSG:32633\"\nresolution = 10\nresampling = \"nearest\"\n";
    let found = plan(&folder.0, config).unwrap();
    assert_eq!(array(&found, "data").grid.bounds(), [500_000.0, 5_099_980.0, 500_120.0, 5_100_000.0]);
}

#[test]
fn classes_are_what_is_named() {
    let folder = two_bands();
    let all_of_it = [500_000.0, 5_099_980.0, 500_020.0, 5_100_000.0];
    polygon(
        &folder,
        "fields.geojson",
        all_of_it,
        r#"{"crop": "maize", "code": 7, "size": 1.5, "owner": null}"#,
    );
    let labels =
        |more: &str| format!("{BANDS}[[labels]]\nname = \"crops\"\nfile = \"fields.geojson\"\n{more}");
    let error = refused(&folder.0, &labels("field = \"kind\"\n"));
    assert!(
        error.ends_with("fields.geojson has no field kind; there are crop, code, size, owner"),
        "{error}"
    );
    let error = refused(&folder.0, &labels("field = \"crop\"\n"));
    assert!(error.ends_with(
        "crop is \"maize\", which is no class; whole numbers are, or name others under [labels.classes]"
    ));
    let error = refused(&folder.0, &labels("field = \"crop\"\nclasses = { wheat = 1, rye = 2 }\n"));
    assert!(error.ends_with("crop is \"maize\", which is no class; there are rye, wheat"), "{error}");
    let error = refused(&folder.0, &labels("field = \"size\"\n"));
    assert!(error.contains("size is \"1.5\", which is no class"), "{error}");
    let error = refused(&folder.0, &labels("field = \"owner\"\n"));
    assert!(error.contains("a feature has no owner; leave it out, or give it a class"), "{error}");
    let error = refused(&folder.0, &labels("field = \"code\"\ncolours = { 7 = \"green\" }\n"));
    assert_eq!(error, "\"green\" is no colour; write it as #2ca02c");
    let error = refused(&folder.0, &labels("field = \"crop\"\nclasses = { maize = 0 }\n"));
    assert!(error.starts_with("labels crops: 0 is a class and means \"no polygon\" as well"), "{error}");
    let plan = plan(&folder.0, &labels("field = \"crop\"\nclasses = { maize = 3 }\n")).unwrap();
    assert_eq!(all::<u8>(&plan, "crops"), [3; 4]);
    assert!(array(&plan, "crops").categorical);
}

#[test]
fn pixels_that_are_no_others_are_not_resampled_unasked() {
    let folder = Folder::new();
    let raster = Raster { nodata: Some(0.0), ..Raster::new(TWO_BY_TWO, &[1u8, 2, 3, 4]) };
    folder.tiff("1.tif", &raster);
    folder.tiff("2.tif", &Raster { corner: [500_024.0, 5_099_999.0], ..raster.clone() });
    let error = refused(&folder.0, TILES);
    assert!(error.contains("2.tif (band 1) has 2 × 2 pixels of 10 × 10, EPSG:32633, the cube"), "{error}");
    assert!(
        error.contains(
            "and its pixels lie 0.400 of a pixel to the right and 0.100 down of those; to resample it, set"
        ),
        "{error}"
    );
    let nearest = format!("{TILES}[grid]\nresampling = \"nearest\"\n");
    assert_eq!(plan(&folder.0, &nearest).unwrap().arrays[0].shape(), [1, 3, 5]);
    folder.tiff("2.tif", &Raster { pixel: 20.0, ..raster });
    let error = refused(&folder.0, TILES);
    assert!(error.contains("2.tif (band 1) has pixels of [20.0, 20.0]"), "{error}");
    assert!(error.ends_with("has [10.0, 10.0]; set a common one as resolution under [grid]"), "{error}");
}

#[test]
fn nodata_is_a_sample() {
    let folder = two_bands();
    let error = refused(&folder.0, &format!("{BANDS}[output]\nnodata = -9999\n"));
    assert_eq!(
        error,
        "data: nodata is -9999, which is no uint16; give another from 0 to 65535, as nodata under [output]"
    );
    let error = refused(&folder.0, &BANDS.replace("[[input]]", "[[input]]\nnodata = -9999"));
    assert!(error.contains("a.tif: nodata of its [[input]] is -9999, and its samples are uint16"), "{error}");
    // A nodata value in the file that no sample can have counts as none.
    let folder = Folder::new();
    folder.tiff("a.tif", &Raster { nodata: Some(-9999.0), ..Raster::new(TWO_BY_TWO, &[1u8, 2, 3, 0]) });
    let one = plan(&folder.0, BANDS).unwrap();
    assert_eq!((array(&one, "data").nodata, all::<u8>(&one, "data")), (None, vec![1, 2, 3, 0]));
    // Bands with different nodata: that of one is converted to that of the other, with a remark.
    let folder = two_bands();
    folder.tiff("b.tif", &Raster { nodata: Some(8.0), ..Raster::new(TWO_BY_TWO, &[5u16, 6, 7, 8]) });
    let plan = plan(&folder.0, BANDS).unwrap();
    assert_eq!(all::<u16>(&plan, "data"), [1, 2, 3, 4, 5, 6, 7, 0]);
    assert_eq!(
        plan.remarks,
        [
            "data: \"no data\" of band b is 8 in the files and becomes 0; valid samples of 0 become \"no data\" too"
        ]
    );
}

#[test]
fn configurations_are_read_strictly() {
    let folder = two_bands();
    for (text, expected) in [
        ("[grid]\nresolutoin = 10\n", "unknown field `resolutoin`"),
        ("[output]\nchunks = 3\n", "unknown field `chunks`"),
        ("[[mask]]\nband = \"a\"\nbit = [1]\n", "unknown field `bit`"),
        ("[grid]\nresampling = \"linear\"\n", "unknown variant `linear`"),
        (
            "[output]\ndimensions = [\"time\", \"y\", \"x\"]\n",
            "time, band, y and x are needed, each once, in any order",
        ),
        ("[output]\ndrop = [\"c\"]\n", "[output] drops c, and there is no such band; there are a, b"),
        (
            "[output]\ndrop = [\"a\", \"b\"]\n",
            "nothing would be written: all bands are dropped, and none is derived",
        ),
        (
            "[[mask]]\nband = \"QA\"\nbits = [3]\n",
            "a mask uses quality band QA, which is not there; there are a, b",
        ),
        ("[[mask]]\nbits = [3]\n", "band"),
        (
            "[grid]\nresolution = -10\nresampling = \"nearest\"\n",
            "pixels are [-10.0, -10.0]; positive sizes are needed",
        ),
        (
            "[grid]\nresolution = 0\nresampling = \"nearest\"\n",
            "pixels are [0.0, 0.0]; positive sizes are needed",
        ),
        ("[time]\nmin_valid = 2\nstep_days = -1\n", "[time]"),
    ] {
        let config = format!("{BANDS}{text}");
        match plan(&folder.0, &config) {
            Err(error) => assert!(error.to_string().contains(expected), "{text}: {error}"),
            // Without dates, settings about them have no meaning.
            Ok(plan) => assert!(expected == "[time]" && plan.arrays[0].times.is_none(), "{text} is planned"),
        }
    }
    assert!(refused(&folder.0, "").contains("has no [[input]]; name files in one"));
    assert!(refused(&folder.0, "[[input]\n").contains("line 1"));
    let error = refused(&folder.0, &format!("{BANDS}[grid]\nresolutoin = 10\n"));
    assert!(error.contains("line 5"), "{error}");
    for text in ["[[mask]]\nband = \"a\"\nbits = [60]\n", "[[mask]]\nband = \"a\"\npreset = \"none\"\n"] {
        assert!(plan(&folder.0, &format!("{BANDS}{text}")).is_err(), "{text}");
    }
}

#[test]
fn steps_in_time_are_steps() {
    let folder = Folder::new();
    let raster = Raster { nodata: Some(0.0), ..Raster::new(TWO_BY_TWO, &[1u8, 2, 3, 4]) };
    folder.tiff("a_20180101.tif", &raster);
    folder.tiff("a_20180201.tif", &raster);
    let time = |text: &str| refused(&folder.0, &format!("{DATED}[time]\n{text}\n"));
    assert!(
        time("step_days = -1").contains("[time] asks for steps of -1 days from 2018-01-01 to 2018-02-01")
    );
    assert!(time("step_days = 1e-9").contains("a step above 0, and an end not before the start, are needed"));
    assert!(time("fill_gaps_days = 0").contains("fill_gaps_days is 0; a number of days above 0 is needed"));
    assert!(time("step_days = 1\nstart = \"soon\"").contains("[time]: \"soon\" is no time"));
    let error = time("min_valid = 2");
    assert!(error.contains('2'), "{error}");
}

#[test]
fn a_grid_of_a_million_millions_is_planned_at_once() {
    let folder = two_bands();
    // A million pixels of 2 mm × 2 mm would be 20 m; these are of 20 µm: 10¹² pixels.
    let config = format!("{BANDS}[grid]\nresolution = 0.00002\nresampling = \"nearest\"\n");
    let plan = plan(&folder.0, &config).unwrap();
    assert_eq!(array(&plan, "data").shape(), [2, 1_000_000, 1_000_000]);
    assert_eq!(array(&plan, "data").raw_bytes(), 4_000_000_000_000);
    assert_eq!(read::<u16>(&plan, "data", &[0..1, 999_999..1_000_000, 0..1]), [3]);
    let error = refused(&folder.0, &config.replace("0.00002", "0.000000001"));
    assert!(error.contains("less than 2147483648 a row are allowed: check bounds and resolution"), "{error}");
}

#[test]
fn coarser_bands_that_cover_all_need_no_nodata() {
    let folder = Folder::new();
    folder.tiff("a.tif", &Raster::new([4, 4], &(0u8..16).collect::<Vec<_>>()));
    folder.tiff("b.tif", &Raster { pixel: 20.0, ..Raster::new(TWO_BY_TWO, &[1u8, 2, 3, 4]) });
    let one = format!("{BANDS}[grid]\nresolution = 10\nresampling = \"bilinear\"\n");
    let plan = plan(&folder.0, &one).unwrap();
    let b: Vec<u8> = read(&plan, "data", &[1..2, 0..4, 0..4]);
    assert_eq!((array(&plan, "data").nodata, b[0], b[3], b[12], b[15]), (None, 1, 2, 3, 4));
    // One that ends before the grid does, needs it.
    folder.tiff("b.tif", &Raster { pixel: 20.0, ..Raster::new([2, 1], &[1u8, 2]) });
    let error = refused(&folder.0, &one);
    assert!(
        error.starts_with("data: band b does not cover the whole grid (4 × 4 pixels of 10 × 10, EPSG:32633)"),
        "{error}"
    );
}
