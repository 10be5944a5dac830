//! From `vqz fit --arch conv` to a verified archive, through vqz-train.

use crate::common::{fail, folder, succeed};
use std::path::{Path, PathBuf};

#[test]
fn a_network_is_fitted_encodes_and_verifies() {
    let folder = folder("networks");
    let sample = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../sample/sentinel2-l2a.zarr");
    let sample = sample.to_str().unwrap();
    let message = "--set, --config, --run and --resume are for networks; --arch klt takes none of them";
    fail(&folder, &["fit", sample, "-o", "linear.vqm", "--set", "optimiser.steps=2"], 2, message);
    if !Path::new(env!("CARGO_BIN_EXE_vqz")).with_file_name("vqz-train").exists() {
        eprintln!("SKIPPED: vqz-train is not built");
        return;
    }
    let quick = [
        "optimiser.steps=2",
        "data.crops=[64]",
        "conv.width=8",
        "conv.blocks=1",
        "validation.samples=200000",
        "validation.every_steps=0",
    ];
    let settings: Vec<&str> = quick.iter().flat_map(|setting| ["--set", setting]).collect();
    // Bands that are chosen are copied first; all of them are read where they lie.
    for (name, bands) in [("all.vqm", &[][..]), ("some.vqm", &["--bands", "B04,B03,B02"])] {
        let fit = ["fit", "--arch", "conv", sample, "-o", name];
        succeed(&folder, &[&fit[..], &["--threads", "1"], bands, &settings].concat());
        let run =
            std::fs::read_to_string(folder.join(name).with_extension("run").join("config.toml")).unwrap();
        assert!(run.contains("threads = 1\n"), "{run}");
        let linear = folder.join(name).with_extension("run").join("linear.vqm");
        let linear = succeed(&folder, &["info", linear.to_str().unwrap()]);
        assert!(linear.contains("peak          10000;") && linear.contains("B04"), "{linear}");
        let encode = ["encode", sample, "small.zarr", "--overwrite", "--model", name, "--quality", "42"];
        succeed(&folder, &[&encode[..], bands].concat());
        let info = succeed(&folder, &["info", name]);
        assert!(info.contains("conv, patch 16") && info.contains("fitted on     1 raster, "), "{info}");
        succeed(&folder, &["verify", "small.zarr"]);
    }
    succeed(&folder, &["decode", "small.zarr", "plain.zarr"]);
}
