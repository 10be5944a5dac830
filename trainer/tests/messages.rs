//! What a fit tells its user: on what it rests, how it stands, what came out.

mod common;

use common::{array, fit, records, request, run, sample};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;
use vqz_zarr::models;

/// Messages of events of a kind.
fn events(folder: &Path, kind: &str) -> Vec<String> {
    let message = |record: &serde_json::Value| record["message"].as_str().unwrap().to_owned();
    records(folder).iter().filter(|r| r["event"] == kind).map(message).collect()
}

#[test]
fn data_split_and_peak_are_told_and_travel_with_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let outcome = fit(folder.path(), &["model.peak=0", "optimiser.steps=2"]).unwrap();
    let facts = events(folder.path(), "start").join("\n");
    for part in [
        "data: 1 array, 12 bands (B01, B02,",
        "axes time, band, y, x",
        "fitted on: ",
        "validated on: ",
        "peak: 10000 (reflectances, by the names of the bands)",
        "network: conv with fsq codes, patches of 16 pixels",
        "linear model: ",
    ] {
        assert!(facts.contains(part), "{part} is not in\n{facts}");
    }
    let page = std::fs::read_to_string(folder.path().join("model.run/report.html")).unwrap();
    assert!(page.contains("<dt>peak</dt><dd>10000"), "{page}");
    assert!(
        page.contains("<dt>model</dt><dd>") && page.contains("<dt>settings</dt><dd>config.toml"),
        "{page}"
    );
    let model = models::open(&folder.path().join("model.vqm")).unwrap();
    assert_eq!(model.manifest().peak, 10_000.0);
    assert!(model.manifest().training_data.starts_with("1 raster, "), "{:?}", model.manifest());
    let card = model.card().unwrap();
    for part in [
        "- training data: 1 raster, ",
        "- validated on: ",
        "## Beside the linear model",
        "| B01 | continuous |",
    ] {
        assert!(card.contains(part), "{part} is not in\n{card}");
    }
    let linear = models::open(&folder.path().join("model.run/linear.vqm")).unwrap();
    assert_eq!(linear.manifest().bands[3].name, "B04");
    // Network and linear model are compared on the same images, at the network's PSNR.
    let measured = &outcome.measured;
    assert_eq!(measured.comparison.len(), 2, "{measured:?}");
    assert!(measured.comparison.iter().all(|c| c.saved_percent.abs() < 20.0), "{measured:?}");
    assert!(measured.embedded_bytes > measured.linear_embedded_bytes && measured.notes.is_empty());
}

#[test]
fn a_stopped_fit_is_not_called_complete_and_a_complete_one_can_be_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let mut request = request(folder.path(), sample(), &["optimiser.steps=2"]);
    run(&request, &AtomicBool::new(true)).unwrap();
    assert_eq!(events(folder.path(), "stop"), ["stopped; --resume goes on from here"]);
    assert!(events(folder.path(), "finish").is_empty());
    request.resume = true;
    let first = run(&request, &AtomicBool::new(false)).unwrap();
    let again = run(&request, &AtomicBool::new(false)).unwrap();
    assert_eq!((first.sha256, first.step), (again.sha256, again.step));
    let data = events(folder.path(), "start").iter().filter(|fact| fact.starts_with("data: ")).count();
    assert_eq!(data, 1, "not once more for each resumption");
}

#[test]
fn codebooks_that_fall_short_and_constant_bands_are_noted() {
    let folder = tempfile::tempdir().unwrap();
    let input = array(&folder.path().join("half.zarr"), 2, 256, |band, y, x| match band {
        0 => ((y * 37 + x * 91) % 256) as f32,
        _ => 7.0,
    });
    let settings =
        ["model.quantiser=vq", "model.patch=8", "codebook.size=16", "model.peak=255", "data.crops=[64]"];
    let outcome = run(&request(folder.path(), input, &settings), &AtomicBool::new(false)).unwrap();
    let notes = outcome.measured.notes.join("\n");
    assert!(notes.starts_with("quality 40 is beyond these codebooks, which reach "), "{notes}");
    assert_eq!(events(folder.path(), "warning"), ["band band1 is 7 everywhere: there is nothing to fit"]);
}

#[test]
fn what_can_not_be_fitted_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let flat = array(&folder.path().join("flat.zarr"), 1, 128, |_, _, _| 3.0);
    let refused = run(&request(folder.path(), flat, &["model.peak=0"]), &AtomicBool::new(false)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "data: all valid samples are 3, which gives no peak; state one as model.peak"
    );
    let axes = ["data.axes=time,bands,north,col"];
    let refused =
        run(&request(folder.path(), sample(), &axes), &AtomicBool::new(false)).unwrap_err().to_string();
    assert!(refused.contains("exactly one must be `y`; name the dimensions"), "{refused}");
    assert!(refused.ends_with("or state their roles"), "{refused}");
    assert!(!folder.path().join("model.run").exists());
    let fit = |output: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vqz-train"));
        command.arg("fit").arg(sample()).args(["-o", output]).current_dir(folder.path());
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = fit("net.model");
    assert!(code == Some(2) && said.contains("models end in .vqm, such as net.vqm"), "{said}");
}
