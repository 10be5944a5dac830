//! The arguments of `vqz fit`.

use crate::arguments;
use anyhow::{Context, Result};
use clap::ValueEnum;
use std::path::PathBuf;
use vqz_archive::{BandSelection, FitOptions, Scaling};
use vqz_codec::axes::Axes;
use vqz_codec::config::NoData;
use vqz_zarr::models::package_path;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  vqz fit scenes/*.zarr -o mine.vqm
  vqz fit dem.zarr --nodata=-9999 -o dem.vqm
  vqz fit --arch conv scenes/*.zarr -o net.vqm --set optimiser.steps=5000 --set 'data.crops=[64]'")]
pub(crate) struct Args {
    /// What to fit on: Zarr v3 arrays and groups, GeoTIFFs (feature gdal), and folders of GeoTIFFs.
    #[arg(required = true)]
    pub(super) inputs: Vec<PathBuf>,
    /// The model to write; its name ends in .vqm.
    #[arg(long, short, value_parser = package_path, value_name = "FILE.vqm")]
    pub(super) output: PathBuf,
    /// The architecture: klt is linear and fitted here, in seconds; the others are networks, fitted by vqz-train.
    #[arg(long, value_enum, default_value_t = Architecture::Klt)]
    pub(super) arch: Architecture,
    /// The side of a patch, in pixels; 16 by default.
    #[arg(long, value_parser = ["8", "16", "32"], value_name = "8|16|32")]
    pub(super) patch: Option<String>,
    /// The value against which PSNR is stated; by default 255 for uint8, 10000 for 16 bits that look like reflectances (by
    /// their bands' names, or three bands or more that reach into the thousands), and otherwise the range of the samples.
    #[arg(long, value_parser = arguments::positive, allow_negative_numbers = true, value_name = "P")]
    pub(super) peak: Option<f64>,
    /// The model's name; by default the output's.
    #[arg(long)]
    pub(super) name: Option<String>,
    /// Bands to fit on, by name or by number from 0; names that the inputs do not know name their bands.
    #[arg(long, value_name = "B,…")]
    pub(super) bands: Option<BandSelection>,
    /// Divide each band by its own standard deviation, instead of all by a common one: for bands in different units.
    #[arg(long)]
    pub(super) scale_each_band: bool,
    /// Values that mean "no data"; by default those that the inputs' metadata declare.
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true, value_name = "V,…")]
    pub(super) nodata: Vec<NoData>,
    /// The roles of the dimensions in order, where their names do not tell.
    #[arg(long, value_parser = arguments::axes, value_name = "band,y,x")]
    pub(super) axes: Option<Axes>,
    /// The licence of the model, which the data may decide; "not stated" by default.
    #[arg(long)]
    pub(super) licence: Option<String>,
    /// What the data are and whom to credit.
    #[arg(long)]
    pub(super) attribution: Option<String>,
    /// The most samples to fit on, 64000000 by default; of more, blocks spread evenly over all inputs are taken.
    #[arg(long, value_name = "N")]
    pub(super) max_samples: Option<u64>,
    /// A setting of a network's fit, such as optimiser.steps=5000; again for each. Quote lists: --set 'data.crops=[64]'.
    /// `vqz-train init` shows them all.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    /// The configuration of a network's fit, as `vqz-train init` writes it.
    #[arg(long, value_name = "FILE.toml")]
    pub(super) config: Option<PathBuf>,
    /// The folder of a network's checkpoints and reports; by default the output's name with the ending .run.
    #[arg(long, value_name = "FOLDER")]
    pub(super) run: Option<PathBuf>,
    /// Go on with a network's fit from its last checkpoint, with the settings it was begun with.
    #[arg(long, conflicts_with = "overwrite")]
    pub(super) resume: bool,
    /// Replace the output if it exists, and for networks the folder of their run.
    #[arg(long)]
    pub(super) overwrite: bool,
    /// Print the figures as JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Architecture {
    /// Principal components of patches.
    Klt,
    /// The linear path with convolutional corrections.
    Conv,
    /// Residual blocks and self-attention.
    Resnet,
}

impl Args {
    /// The options of the call.
    pub(super) fn options(&self) -> Result<FitOptions> {
        let mut options = FitOptions::new()
            .name(self.name.clone())
            .peak(self.peak)
            .bands(self.bands.clone())
            .scaling(if self.scale_each_band { Scaling::EachBand } else { Scaling::Common })
            .nodata(self.nodata.clone())
            .axes(self.axes.clone())
            .existing(arguments::existing(self.overwrite));
        if let Some(patch) = &self.patch {
            options.patch = patch.parse().context("--patch")?;
        }
        if let Some(licence) = &self.licence {
            options.licence.clone_from(licence);
        }
        if let Some(attribution) = &self.attribution {
            options.attribution.clone_from(attribution);
        }
        if let Some(max_samples) = self.max_samples {
            options.max_samples = max_samples;
        }
        Ok(options)
    }
}
