//! Curves that `vqz bench --json` measured, to be shown beside an archive.

use super::curves::Curve;
use crate::output;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The part of a benchmark's figures that the curves need.
#[derive(Debug, Deserialize)]
pub(super) struct Bench {
    inputs: Vec<String>,
    peak: f64,
    codecs: Vec<Codec>,
}

#[derive(Debug, Deserialize)]
struct Codec {
    codec: String,
    parameters: String,
    points: Vec<Point>,
}

#[derive(Debug, Deserialize)]
struct Point {
    psnr_db: Option<f64>,
    bits_per_sample: f64,
}

impl Bench {
    /// Reads the figures from a file.
    ///
    /// # Errors
    /// When the file is not an output of `vqz bench --json`.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let bench: Self = serde_json::from_str(&text).with_context(|| {
            format!(
                "{} holds no figures of a benchmark; give what `vqz bench --json` printed",
                path.display()
            )
        })?;
        if bench.codecs.is_empty() {
            bail!("{} holds no curves; give what `vqz bench --json` printed", path.display());
        }
        Ok(bench)
    }

    /// The curves.
    pub(super) fn curves(&self) -> Vec<Curve> {
        let point = |point: &Point| Some((point.bits_per_sample, point.psnr_db?));
        let curve = |codec: &Codec| Curve::new(&codec.codec, codec.points.iter().filter_map(point));
        self.codecs.iter().map(curve).collect()
    }

    /// Whether the benchmark's only input is this one, and its PSNR is stated against this peak.
    pub(super) fn is_of(&self, source: Option<&PathBuf>, peak: f64) -> bool {
        let same = |input: &String| source.is_some_and(|s| Path::new(input).file_name() == s.file_name());
        matches!(&self.inputs[..], [one] if same(one)) && self.peak == peak
    }

    /// States what was measured, and with which settings of each codec.
    pub(super) fn about(&self) -> Vec<String> {
        let inputs = self.inputs.join(", ");
        let measured = format!(
            "Measured by `vqz bench` on {inputs}, all codecs on the same samples in one run, against a peak of {}.",
            output::figure(self.peak)
        );
        let set = self.codecs.iter().map(|codec| format!("{}: {}.", codec.codec, codec.parameters));
        std::iter::once(measured).chain(set).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_figures_of_the_same_data_are_compared() {
        let bench: Bench = serde_json::from_str(
            r#"{"inputs": ["a/scene.zarr"], "peak": 10000.0, "rasters": 1, "codecs": [{"codec": "JPEG 2000", "parameters": "p",
            "points": [{"level": 40, "psnr_db": 41.0, "bits_per_sample": 0.5}, {"psnr_db": null, "bits_per_sample": 9}]}]}"#,
        )
        .unwrap();
        assert_eq!(bench.curves().len(), 1);
        assert!(bench.is_of(Some(&PathBuf::from("b/scene.zarr")), 10_000.0));
        assert!(!bench.is_of(Some(&PathBuf::from("b/scene.zarr")), 255.0) && !bench.is_of(None, 10_000.0));
        assert!(bench.about()[0].contains("against a peak of 10000"));
    }
}
