//! What `vqz report` is asked for.

use std::path::PathBuf;
use std::str::FromStr;
use vqz_codec::engine::EngineKind;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  vqz report scene-vqz.zarr --against scene.zarr -o report.html
  vqz bench scene.zarr --model mine.vqm --json > bench.json
  vqz report scene-vqz.zarr --against scene.zarr --bench bench.json

The page holds all it shows, pictures too, and asks nothing of a network. With --against it shows source, decoded and \
error side by side; without, what is decoded and what the archive states. Large arrays are shown smaller, at a factor that \
stands below each picture; figures are of all samples. See docs/guides/report.md.")]
pub(crate) struct Args {
    /// The archive: an encoded Zarr v3 array, or a group that holds some.
    pub(super) archive: PathBuf,
    /// What was encoded: a Zarr v3 array or group, or a GeoTIFF (feature gdal).
    #[arg(long, value_name = "SOURCE")]
    pub(super) against: Option<PathBuf>,
    /// Where the page goes.
    #[arg(long, short, default_value = "report.html", value_name = "FILE.html")]
    pub(super) output: PathBuf,
    /// The date that the large pictures show, by number from 0, or `all`: small ones of every date.
    #[arg(long, default_value = "0", value_name = "N|all")]
    pub(super) date: Dates,
    /// Curves to show: what `vqz bench --json` printed.
    #[arg(long, value_name = "FILE.json")]
    pub(super) bench: Option<PathBuf>,
    /// The package of the model, for its card, which archives do not hold.
    #[arg(long, value_name = "FILE.vqm")]
    pub(super) model: Option<PathBuf>,
    /// Replace the page if it exists.
    #[arg(long)]
    pub(super) overwrite: bool,
    /// The engine to run the model with; see `vqz info --runtime`.
    #[arg(long, value_name = "NAME")]
    pub(super) engine: Option<EngineKind>,
    /// Print the figures as JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// Dates to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dates {
    /// One, and some small.
    One(u64),
    /// All, small.
    All,
}

impl FromStr for Dates {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Self::All),
            _ => {
                text.parse().map(Self::One).map_err(|_| "allowed are numbers from 0 on, and `all`".to_owned())
            }
        }
    }
}
