//! `vqz bench --downstream`: classes are learnt from original and decoded pixels, and labels that fit nothing are refused.

use crate::common::{self, Plain, as_u16, figures, folder, landscape, model, plain, write};
use serde_json::{Value, json};

/// Fields of a landscape, by what made them.
fn fields(side: u64) -> Vec<u8> {
    (0..side * side).map(|i| ((i % side / 24 + i / side / 36 * 3) % 5) as u8 + 1).collect()
}

fn labels<'a>(shape: &'a [u64]) -> Plain<'a> {
    Plain {
        names: Some(&["y", "x"]),
        data_type: "uint8",
        attributes: json!({"nodata": 1}),
        ..plain(shape, shape)
    }
}

#[test]
fn classes_are_learnt_before_and_after() {
    let folder = folder("downstream");
    write(&folder.join("a.zarr"), &plain(&[4, 192, 192], &[4, 192, 192]), as_u16(&landscape(4, 192, 192, 3)));
    write(&folder.join("l.zarr"), &labels(&[192, 192]), fields(192));
    let model = model();
    let args = [
        "bench",
        "a.zarr",
        "--model",
        model.to_str().unwrap(),
        "--targets",
        "38,60",
        "--downstream",
        "l.zarr",
    ];
    let printed = figures(&folder, &[&args[..], &["--ignore", "5", "--report", "b.html"]].concat());
    let found = &printed["downstream"];
    assert_eq!(found["classes"], json!([2, 3, 4]), "1 is declared as no data, 5 is ignored");
    assert_eq!((found["features"].as_u64(), found["folds"].as_u64()), (Some(4), Some(5)));
    let accuracy = |row: &Value| row["accuracy"].as_f64().unwrap();
    let original = accuracy(&found["original"]);
    assert!(original > 0.6 && original <= 1.0, "{original}");
    let ours: Vec<&Value> = found["rows"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["codec"].as_str().unwrap().starts_with("vqz"))
        .collect();
    assert_eq!(ours.len(), 2);
    let same = |row: &Value| row["same"].as_f64().unwrap();
    assert!(same(ours[1]) > same(ours[0]), "finer pixels keep more of their classes: {found:#}");
    assert!((accuracy(&ours[1]["tested"]) - original).abs() < 0.1, "{found:#}");
    assert!(ours[1]["both"]["kappa"].as_f64().unwrap() > 0.2, "{found:#}");
    let again = figures(&folder, &[&args[..], &["--ignore", "5"]].concat());
    assert_eq!(again["downstream"], printed["downstream"], "the same again");
    let page = std::fs::read_to_string(folder.join("b.html")).unwrap();
    assert!(page.contains("<h2>Downstream: classes of pixels</h2>"));
}

#[test]
fn labels_that_fit_nothing_are_refused() {
    let folder = folder("downstream-refused");
    write(&folder.join("a.zarr"), &plain(&[4, 64, 64], &[4, 64, 64]), as_u16(&landscape(4, 64, 64, 3)));
    write(&folder.join("small.zarr"), &labels(&[32, 32]), fields(32));
    write(&folder.join("one.zarr"), &labels(&[64, 64]), vec![3; 64 * 64]);
    let model = model();
    let refused = |labels: &str, message: &str| {
        let args = [
            "bench",
            "a.zarr",
            "--model",
            model.to_str().unwrap(),
            "--targets",
            "40",
            "--downstream",
            labels,
        ];
        common::fail(&folder, &args, 2, message);
    };
    refused(
        "small.zarr",
        "labels small.zarr have shape [32, 32], a.zarr has 64 rows and 64 columns; give one label for each pixel",
    );
    refused("one.zarr", "labels are of 1 classes, 2 to 64 are allowed; leave values out with --ignore");
    refused("one.zarr,one.zarr", "there are 1 rasters and 2 labels; give --downstream once for each raster");
}
