//! The arguments of `vqz report`.

use std::path::PathBuf;
use std::str::FromStr;
use vqz_codec::engine::EngineKind;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  vqz report scene-vqz.zarr --against scene.zarr -o report.html
  vqz bench scene.zarr --model mine.vqm --json > bench.json
  vqz report scene-vqz.zarr --against scene.zarr --bench bench.json

The page is one file with everything in it, pictures included, and needs no network. With --against it shows source, decoded \
samples and error side by side; without it, the decoded samples and what the archive states. Large arrays are shown reduced, \
by the factor that is stated above the pictures; figures are of all samples. See docs/guides/report.md.")]
pub(crate) struct Args {
    /// The archive: an encoded Zarr v3 array, or a group that holds encoded arrays.
    pub(super) archive: PathBuf,
    /// The source that was encoded: a Zarr v3 array or group, or a GeoTIFF (feature gdal).
    #[arg(long, value_name = "SOURCE")]
    pub(super) against: Option<PathBuf>,
    /// The page to write.
    #[arg(long, short, default_value = "report.html", value_name = "FILE.html")]
    pub(super) output: PathBuf,
    /// The date that the large pictures show, as a number from 0, or `all` for small pictures of every date.
    #[arg(long, default_value = "0", value_name = "N|all")]
    pub(super) date: Dates,
    /// Curves to show: a file with the output of `vqz bench --json`.
    #[arg(long, value_name = "FILE.json")]
    pub(super) bench: Option<PathBuf>,
    /// The model (.vqm), to show its card, which archives do not hold.
    #[arg(long, value_name = "FILE.vqm")]
    pub(super) model: Option<PathBuf>,
    /// Replace an existing page.
    #[arg(long)]
    pub(super) overwrite: bool,
    /// The engine that runs the model. `vqz info --runtime` lists them.
    #[arg(long, value_name = "NAME")]
    pub(super) engine: Option<EngineKind>,
    /// Print the figures as one JSON object. `vqz schema` prints its schema.
    #[arg(long)]
    pub(super) json: bool,
}

/// Dates to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dates {
    /// One date in large pictures, and some others in small ones.
    One(u64),
    /// All dates, in small pictures.
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
