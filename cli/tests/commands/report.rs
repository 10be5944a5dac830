//! `vqz report`: a page that stands alone, with the figures that `compare` finds, for every kind of archive.

use crate::common::{self, Plain, as_f32, as_u16, figures, folder, landscape, model, plain, succeed, write};
use serde_json::json;
use std::path::Path;

/// The page, which must stand alone.
fn page(folder: &Path, name: &str) -> String {
    let page = std::fs::read_to_string(folder.join(name)).unwrap();
    for outside in ["http://", "https://", "src=\"/", "@import", "url(", "<script", "<link"] {
        assert!(!page.contains(outside), "{name} has {outside}");
    }
    assert_eq!(page.matches("<section>").count(), page.matches("</section>").count());
    assert_eq!(page.matches("<img").count(), page.matches(" alt=\"").count());
    // Pictures may hold any letters.
    let words: String =
        page.split("<img").map(|part| part.split_once('>').map_or(part, |(_, rest)| rest)).collect();
    assert!(!words.contains("NaN") && !words.contains("inf "), "{name}");
    page
}

#[test]
fn figures_are_those_of_compare() {
    let folder = folder("report");
    let model = model();
    let described = Plain {
        attributes: json!({"bands": ["B02", "B03", "B04", "B08"], "title": "a < b"}),
        ..plain(&[4, 200, 300], &[4, 200, 300])
    };
    write(&folder.join("plain.zarr"), &described, as_u16(&landscape(4, 200, 300, 3)));
    succeed(
        &folder,
        &[
            "encode",
            "plain.zarr",
            "a.zarr",
            "--model",
            model.to_str().unwrap(),
            "--quality",
            "45",
            "--bands",
            "0-3",
        ],
    );
    let printed = figures(&folder, &["report", "a.zarr", "--against", "plain.zarr", "-o", "r.html"]);
    let compared = figures(&folder, &["compare", "plain.zarr", "a.zarr"]);
    let found = &printed["arrays"][0];
    for figure in ["psnr_db", "rmse", "max_error", "ssim"] {
        assert_eq!(
            found["measured"]["overall"][figure], compared["rasters"][0]["overall"][figure],
            "{figure}"
        );
    }
    assert_eq!(found["held"], json!({"state": "not_promised"}));
    assert!(found["ndvi_rmse"].as_f64().unwrap() > 0.0);
    let page = page(&folder, "r.html");
    assert!(page.contains("<h1>a &lt; b</h1>") && page.contains("<h3>True colour: B04, B03, B02</h3>"));
    assert!(
        page.contains("<h3>False colour: B08, B04, B03</h3>") && page.contains("<h2>Vegetation index</h2>")
    );
    // Source, decoded and error, whole and as a crop, in true and in false colour; and where the bits go.
    assert_eq!(page.matches("<img").count(), 13);
}

#[test]
fn promises_are_held_or_broken() {
    let folder = folder("report-promises");
    let samples = landscape(1, 150, 150, 4);
    let described = Plain {
        data_type: "float32",
        attributes: json!({"units": "m", "long_name": "elevation"}),
        ..plain(&[1, 150, 150], &[1, 150, 150])
    };
    write(&folder.join("plain.zarr"), &described, as_f32(&samples));
    succeed(&folder, &["encode", "plain.zarr", "a.zarr", "--max-error", "0.5"]);
    let printed = figures(&folder, &["report", "a.zarr", "--against", "plain.zarr", "-o", "held.html"]);
    assert_eq!(printed["arrays"][0]["held"], json!({"state": "held"}));
    let verified = page(&folder, "held.html");
    assert!(
        verified.contains("Promise kept: ±0.5")
            && verified.contains("<h3>Heights</h3>")
            && verified.contains("in m.")
    );

    let mut other = samples;
    other[7] += 3.0;
    write(&folder.join("other.zarr"), &described, as_f32(&other));
    let printed = figures(&folder, &["report", "a.zarr", "--against", "other.zarr", "-o", "broken.html"]);
    assert_eq!(printed["arrays"][0]["held"]["state"], "broken");
    assert!(printed["arrays"][0]["held"]["found"].as_str().unwrap().ends_with("0.5 is promised"));
    assert!(page(&folder, "broken.html").contains("Promise broken: ±0.5"));

    let printed = figures(&folder, &["report", "a.zarr", "-o", "alone.html"]);
    assert_eq!(printed["arrays"][0]["held"], json!({"state": "unchecked"}));
    assert!(page(&folder, "alone.html").contains("Not compared with its source here."));
}

#[test]
fn classes_are_counted_and_dates_are_shown() {
    let folder = folder("report-classes");
    let classes: Vec<u8> = (0..3 * 96 * 96u32).map(|i| [11, 41, 90][(i / 700 % 3) as usize]).collect();
    let described = Plain {
        shape: &[3, 96, 96],
        chunk: &[1, 96, 96],
        names: Some(&["time", "y", "x"]),
        data_type: "uint8",
        fill: json!(0),
        attributes: json!({"flag_values": [11, 41, 90], "flag_meanings": "water forest wetland", "flag_colors": "#466b9f #1c5f2c #b8d9eb"}),
    };
    write(&folder.join("plain.zarr"), &described, classes);
    succeed(&folder, &["encode", "plain.zarr", "a.zarr", "--lossless"]);
    succeed(&folder, &["report", "a.zarr", "--against", "plain.zarr", "-o", "r.html", "--date", "all"]);
    let text = page(&folder, "r.html");
    assert!(text.contains("Promise kept: lossless") && text.contains("</span>41 forest</th>"));
    assert!(text.contains("background:rgb(28 95 44)") && text.contains("<td>all</td>"));
    // Three large pictures with crops, a map of bits, and two small ones for each of three dates.
    assert_eq!(text.matches("<img").count(), 6 + 1 + 6);
    common::fail(
        &folder,
        &["report", "a.zarr", "--date", "3"],
        2,
        &format!("--date is 3, {} has dates 0 to 2", "a.zarr"),
    );
    common::fail(
        &folder,
        &["report", "plain.zarr"],
        2,
        "plain.zarr is no vqz archive: its codecs are bytes, zstd; give one that `vqz encode` wrote",
    );
}

#[test]
fn groups_have_a_page_with_all_arrays_and_curves_stand_beside() {
    let folder = folder("report-group");
    std::fs::create_dir_all(folder.join("g.zarr")).unwrap();
    std::fs::write(folder.join("g.zarr/zarr.json"), r#"{"zarr_format": 3, "node_type": "group"}"#).unwrap();
    for (name, side) in [("fine", 120u64), ("coarse", 40)] {
        let shape = [4, side, side];
        write(
            &folder.join("g.zarr").join(name),
            &plain(&shape, &shape),
            as_u16(&landscape(4, side as usize, side as usize, 2)),
        );
    }
    succeed(&folder, &["encode", "g.zarr", "a.zarr", "--max-error", "3"]);
    let bench = json!({"inputs": ["x.zarr"], "peak": 1.0, "codecs": [{"codec": "rival", "parameters": "fast",
        "points": [{"psnr_db": 40.0, "bits_per_sample": 0.2}, {"psnr_db": 50.0, "bits_per_sample": 1.0}]}]});
    std::fs::write(folder.join("bench.json"), bench.to_string()).unwrap();
    succeed(&folder, &["report", "a.zarr", "--against", "g.zarr", "-o", "r.html", "--bench", "bench.json"]);
    let text = page(&folder, "r.html");
    assert!(text.contains("<a href=\"#array0\">coarse</a>") && text.contains("id=\"array1\"><h1>fine</h1>"));
    assert!(text.contains("This archive is not among the curves") && text.contains("</i>rival "));
    std::fs::write(folder.join("bench.json"), "{}").unwrap();
    let (code, _, err) = common::call(&folder, &["report", "a.zarr", "--bench", "bench.json"]);
    assert!(code == 2 && err.contains("bench.json holds no figures of a benchmark"), "{err}");
}
