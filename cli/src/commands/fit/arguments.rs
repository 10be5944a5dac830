//! The arguments of `vqz fit`.

// Doc comments are the text of --help here, in which brackets are no links.
#![allow(rustdoc::broken_intra_doc_links)]

use crate::arguments;
use anyhow::{Context, Result};
use clap::ValueEnum;
use std::path::PathBuf;
use vqz_archive::{BandSelection, FitOptions, Scaling};
use vqz_codec::axes::Axes;
use vqz_codec::config::NoData;
use vqz_zarr::models::package_path;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  vqz fit scenes/*.zarr -o mine.vqm
  vqz fit dem.zarr --nodata=-9999 -o dem.vqm
  vqz fit --arch conv scenes/*.zarr -o net.vqm --set optimiser.steps=5000 --set 'data.crops=[64]'")]
pub(crate) struct Args {
    /// The rasters to fit the model to: Zarr v3 arrays and groups, GeoTIFFs (feature gdal), and folders of these.
    #[arg(required = true)]
    pub(super) inputs: Vec<PathBuf>,
    /// The model to write. Its name must end in .vqm.
    #[arg(long, short, value_parser = package_path, value_name = "FILE.vqm")]
    pub(super) output: PathBuf,
    /// The architecture: klt is a linear model, fitted in seconds; the others are networks, which vqz-train fits.
    #[arg(long, value_enum, default_value_t = Architecture::Klt)]
    pub(super) arch: Architecture,
    /// The side of a patch, in pixels [default: 16].
    #[arg(long, value_parser = ["8", "16", "32"], value_name = "8|16|32")]
    pub(super) patch: Option<String>,
    /// The peak for PSNR [default: 255 for uint8, 10000 for 16-bit samples that look like reflectances (by the names of their
    /// bands, or by values in the thousands in three or more bands), and the range of the samples for all others].
    #[arg(long, value_parser = arguments::positive, allow_negative_numbers = true, value_name = "P")]
    pub(super) peak: Option<f64>,
    /// The model's name [default: the file name of the output].
    #[arg(long)]
    pub(super) name: Option<String>,
    /// The bands to fit: names, or numbers from 0. If the inputs' bands have no names, these become their names.
    #[arg(long, value_name = "B,…")]
    pub(super) bands: Option<BandSelection>,
    /// Divide each band by its own standard deviation instead of a common one. Use this for bands in different units.
    #[arg(long)]
    pub(super) scale_each_band: bool,
    /// Values that mean "no data" [default: the values that the inputs declare].
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true, value_name = "V,…")]
    pub(super) nodata: Vec<NoData>,
    /// The roles of the dimensions in order, if their names do not show them: time, band, y, x, or any other name.
    #[arg(long, value_parser = arguments::axes, value_name = "band,y,x")]
    pub(super) axes: Option<Axes>,
    /// The licence of the model, which may depend on that of the data [default: "not stated"].
    #[arg(long)]
    pub(super) licence: Option<String>,
    /// What the data are, and whom to credit.
    #[arg(long)]
    pub(super) attribution: Option<String>,
    /// How many samples to fit the model to at most. From larger inputs, blocks spread evenly over all of them are used
    /// [default: 64000000].
    #[arg(long, value_name = "N")]
    pub(super) max_samples: Option<u64>,
    /// A setting for the fit of a network, such as optimiser.steps=5000. May be repeated. Quote lists: --set
    /// 'data.crops=[64]'. `vqz-train init` lists all settings.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    /// A configuration file for the fit of a network, such as `vqz-train init` writes.
    #[arg(long, value_name = "FILE.toml")]
    pub(super) config: Option<PathBuf>,
    /// The folder for checkpoints and reports of a network [default: the output's name with the ending .run].
    #[arg(long, value_name = "FOLDER")]
    pub(super) run: Option<PathBuf>,
    /// Continue the fit of a network from its last checkpoint, with the settings of the first run.
    #[arg(long, conflicts_with = "overwrite")]
    pub(super) resume: bool,
    /// Replace an existing output and, for networks, an existing folder of a run.
    #[arg(long)]
    pub(super) overwrite: bool,
    /// Print the figures as one JSON object. `vqz schema` prints its schema.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Architecture {
    /// Linear: principal components of patches.
    Klt,
    /// Linear, with convolutional corrections.
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
