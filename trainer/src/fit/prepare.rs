//! From rasters and a configuration to a network that is ready to be fitted: split, statistics, heads, linear path.

use crate::arch::{
    Body, Branch, Codebooks, Head, Heads, Linear, Network, Ops, Quantiser, Resnet, Torch, Weights,
};
use crate::config::{Architecture, Config, HeadKind, HeadSection, Mode, QuantiserKind, Weighting};
use crate::data::{
    Augmentation, BandScale, BandStatistics, Block, Hiding, Raster, Sampler, SamplerOptions, Source,
    SourceOptions, Split, SplitOptions, Window, split, statistics, windows,
};
use crate::error::{Error, Result};
use crate::loss::Group;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tch::{Device, Kind, Tensor};
use vqz_codec::axes::Axes;
use vqz_codec::config::NoData;
use vqz_codec::fit::peak::Evidence;
use vqz_codec::fit::{FitOptions, Image, fit_klt};
use vqz_codec::model::Model;
use vqz_zarr::models;

/// The side of the windows that statistics and the linear path are fitted on, in pixels.
const WINDOW: usize = 256;
/// Chunks in a pool of the mode `random`.
const POOL: usize = 8;
/// The most classes of a categorical band.
const MAX_CLASSES: usize = 256;

/// Everything that a fit starts from.
#[derive(Debug)]
pub struct Prepared {
    /// The rasters.
    pub source: Arc<Source>,
    /// Which chunks are for what.
    pub split: Split,
    /// Names of the bands.
    pub band_names: Vec<String>,
    /// The network.
    pub network: Network,
    /// Bands by the losses they take.
    pub groups: Vec<Group>,
    /// The linear model, whose transform the network starts from.
    pub base: Arc<Model>,
    /// The value against which PSNR is stated.
    pub peak: f64,
    /// Where that value comes from.
    pub peak_from: &'static str,
    /// Statistics of the bands over the training chunks.
    pub bands: Vec<BandStatistics>,
    /// Parts of the training chunks, in data units.
    pub windows: Vec<Window>,
}

/// Opens the data and prepares the network; the linear model is read from `base` where that is there, and written to it
/// otherwise.
///
/// # Errors
/// [`Error::Data`], [`Error::Configuration`], [`Error::Codec`], [`Error::Io`].
pub fn prepare(config: &Config, inputs: &[PathBuf], base: &Path) -> Result<Prepared> {
    let source = Arc::new(Source::open_all(inputs, &source_options(config)?)?);
    let count = source.bands();
    let band_names =
        source.band_names().unwrap_or_else(|| (0..count).map(|band| format!("band{band}")).collect());
    let options =
        SplitOptions { validation: config.data.validation, seed: config.run.seed, patch: config.model.patch };
    let split = split(&source, &options)?;
    let bands = statistics(&source, &split.training, config.data.max_samples)?;
    let windows = windows(&source, &split.training, config.data.max_samples, WINDOW)?;
    let (peak, peak_from) = peak(config, &source, &band_names, &bands)?;
    let (heads, groups) = heads(config, &band_names, &bands, &windows)?;
    let base = match models::open(base) {
        Ok(model) => model,
        Err(vqz_codec::Error::MissingModel(_)) => {
            let options = FitOptions {
                name: format!("{} (linear path)", config.model.name),
                band_names: heads.names(&band_names),
                patch: config.model.patch,
                peak,
                scale_each_band: config.model.scale_each_band,
                licence: config.model.licence.clone(),
                training_data: training_data(config, &source, &split),
            };
            let model = linear(&heads, &windows, &options)?;
            models::save(&model, base)?;
            model
        }
        Err(error) => return Err(error.into()),
    };
    let network = network(config, heads, Linear::from_model(&base)?)?;
    let base = Arc::new(base);
    Ok(Prepared { source, split, band_names, network, groups, base, peak, peak_from, bands, windows })
}

/// The value against which PSNR is stated, and where it comes from.
fn peak(
    config: &Config,
    source: &Source,
    names: &[String],
    bands: &[BandStatistics],
) -> Result<(f64, &'static str)> {
    if config.model.peak > 0.0 {
        return Ok((config.model.peak, "given"));
    }
    let least = bands.iter().map(|b| b.minimum).fold(f64::INFINITY, f64::min);
    let greatest = bands.iter().map(|b| b.maximum).fold(f64::NEG_INFINITY, f64::max);
    let evidence = Evidence {
        types: source.rasters().iter().map(Raster::data_type).collect(),
        bands: names.len() as u64,
        names: Some(names.to_vec()),
        range: (least, greatest),
    };
    evidence.peak().ok_or_else(|| {
        Error::Data(format!("all valid samples are {least}, which gives no peak; state one as model.peak"))
    })
}

/// The description of the data in manifests.
pub(super) fn training_data(config: &Config, source: &Source, split: &Split) -> String {
    let samples = split.training.iter().map(|block| source.samples(block)).sum();
    vqz_codec::fit::training_data(&config.model.attribution, source.rasters().len(), samples)
}

impl Prepared {
    /// The sequence of training batches.
    ///
    /// # Errors
    /// [`Error::Data`].
    pub fn sampler(&self, config: &Config) -> Result<Sampler> {
        let augment = &config.augment;
        let bands = self.bands.iter().zip(&self.network.heads.bands);
        let augmentation = Augmentation {
            symmetries: augment.symmetries,
            gain: augment.gain as f32,
            offset: augment.offset as f32,
            noise: augment.noise as f32,
            hiding: (augment.hidden > 0.0)
                .then_some(Hiding { fraction: augment.hidden, patch: config.model.patch }),
            bands: bands
                .map(|(b, head)| BandScale {
                    deviation: b.deviation as f32,
                    continuous: *head == Head::Continuous,
                })
                .collect(),
        };
        let options = SamplerOptions {
            mode: match config.data.mode {
                Mode::Chunk => crate::data::Mode::Chunk,
                Mode::Random => crate::data::Mode::Random { pool: POOL },
            },
            seed: config.run.seed,
            crops: config.data.batch,
            sizes: config.data.crops.clone(),
            patch: config.model.patch,
            min_valid: config.data.min_valid,
            augmentation,
            ..SamplerOptions::default()
        };
        Ok(Sampler::new(Arc::clone(&self.source), self.split.training.clone(), options)?)
    }

    /// Samples of blocks, valid or not.
    pub fn samples(&self, blocks: &[Block]) -> u64 {
        blocks.iter().map(|block| self.source.samples(block)).sum()
    }

    /// Each channel's band.
    pub fn band_of_channel(&self) -> Vec<i64> {
        band_of_channel(&self.network.heads)
    }
}

fn band_of_channel(heads: &Heads) -> Vec<i64> {
    heads.bands.iter().enumerate().flat_map(|(band, head)| vec![band as i64; head.channels()]).collect()
}

fn source_options(config: &Config) -> Result<SourceOptions> {
    let data = &config.data;
    let axes = if data.axes.is_empty() {
        None
    } else {
        let refuse = |e| Error::Configuration(format!("data.axes: {e}"));
        Some(Axes::from_names(&data.axes).map_err(refuse)?)
    };
    let nodata = data
        .nodata
        .iter()
        .map(|value| if value.is_nan() { NoData::Name("NaN".to_owned()) } else { NoData::Float(*value) });
    Ok(SourceOptions {
        axes,
        nodata: nodata.collect(),
        bands: (!data.bands.is_empty()).then(|| data.bands.to_vec()),
    })
}

/// What each band is, and the groups of bands by loss.
fn heads(
    config: &Config,
    names: &[String],
    bands: &[BandStatistics],
    windows: &[Window],
) -> Result<(Heads, Vec<Group>)> {
    let mut found: Vec<Option<Head>> = vec![None; names.len()];
    let mut groups = Vec::new();
    let everything = HeadSection {
        bands: ["*"].into(),
        kind: HeadKind::Continuous,
        weight: 1.0,
        classes: Vec::new(),
        empty: 0.0,
        bounds: None,
        loss: Weighting::default(),
    };
    let sections = if config.heads.is_empty() { vec![everything] } else { config.heads.clone() };
    // Named bands first, so that `*` stands for the remaining ones.
    let (rest, named): (Vec<_>, Vec<_>) =
        sections.into_iter().partition(|section| section.bands.iter().any(|band| band == "*"));
    for section in named.into_iter().chain(rest) {
        let mut chosen = Vec::new();
        for band in section.bands.iter() {
            if band == "*" {
                chosen.extend((0..names.len()).filter(|b| found[*b].is_none()));
            } else {
                chosen.push(number(band, names)?);
            }
        }
        for band in &chosen {
            let head = match section.kind {
                HeadKind::Continuous => Head::Continuous,
                HeadKind::Categorical if section.classes.is_empty() => {
                    Head::Categorical { classes: classes(*band, names, windows)? }
                }
                HeadKind::Categorical => Head::Categorical { classes: section.classes.clone() },
                HeadKind::Canopy => {
                    let [least, greatest] =
                        section.bounds.unwrap_or([bands[*band].minimum as f32, bands[*band].maximum as f32]);
                    Head::Canopy { empty: section.empty, least, greatest }
                }
            };
            if found[*band].replace(head).is_some() {
                return Err(Error::Configuration(format!("band {} is in two groups of heads", names[*band])));
            }
        }
        let kind = format!("{:?}", section.kind).to_lowercase();
        let name = if groups.iter().any(|g: &Group| g.name == kind) {
            format!("{kind}{}", groups.len())
        } else {
            kind
        };
        groups.push(Group { name, bands: chosen, weighting: section.loss, weight: section.weight });
    }
    groups.retain(|group| !group.bands.is_empty());
    let heads: Option<Vec<Head>> = found.into_iter().collect();
    let heads = heads.ok_or_else(|| {
        Error::Configuration("heads leave some bands out; add a group with bands = [\"*\"]".to_owned())
    })?;
    let spreads: Vec<f64> = heads
        .iter()
        .zip(bands)
        .filter(|(head, _)| !matches!(head, Head::Categorical { .. }))
        .map(|(_, band)| band.deviation)
        .collect();
    let spread = spreads.iter().sum::<f64>() / spreads.len().max(1) as f64;
    // A flag varies by half its height at most.
    let flag = if spread > 0.0 { (2.0 * spread) as f32 } else { 1.0 };
    Ok((Heads { bands: heads, flag }, groups))
}

fn number(band: &str, names: &[String]) -> Result<usize> {
    let by_name = names.iter().position(|name| name == band);
    let by_number = || band.parse().ok().filter(|number| *number < names.len());
    by_name.or_else(by_number).ok_or_else(|| {
        Error::Configuration(format!("heads name band {band}; the data have {}", names.join(", ")))
    })
}

/// The classes that the training data hold.
fn classes(band: usize, names: &[String], windows: &[Window]) -> Result<Vec<f32>> {
    let mut found: Vec<f32> = Vec::new();
    for window in windows {
        let size = window.height * window.width;
        for value in window.samples[band * size..(band + 1) * size].iter().filter(|v| !v.is_nan()) {
            if let Err(at) = found.binary_search_by(|known| known.total_cmp(value)) {
                found.insert(at, *value);
                if found.len() > MAX_CLASSES {
                    return Err(Error::Data(format!(
                        "band {} has more than {MAX_CLASSES} different values, so it is not categorical; make it \
                         continuous, or list its classes",
                        names[band]
                    )));
                }
            }
        }
    }
    if found.len() < 2 {
        // One class is certain; a second makes it a choice.
        found.push(found.first().map_or(0.0, |value| value + 1.0));
    }
    Ok(found)
}

/// Fits the linear path on the network's channels.
fn linear(heads: &Heads, windows: &[Window], options: &FitOptions) -> Result<Model> {
    let images: Vec<Image> = windows
        .iter()
        .map(|window| Image {
            height: window.height,
            width: window.width,
            samples: channels(heads, window, Device::Cpu).1,
        })
        .collect();
    Ok(fit_klt(&images, options, &|_, _| {})?)
}

/// A window's channels as a tensor `(1, channel, y, x)`, zero where invalid, and as numbers, NaN there.
pub(super) fn channels(heads: &Heads, window: &Window, device: Device) -> (Tensor, Vec<f32>) {
    let bands = heads.bands.len() as i64;
    let samples = Tensor::from_slice(&window.samples)
        .reshape([1, bands, window.height as i64, window.width as i64])
        .to_device(device);
    let invalid =
        samples.isnan().index_select(1, &Tensor::from_slice(&band_of_channel(heads)).to_device(device));
    let mut torch = Torch::new(&Weights::new(device));
    let channels = heads.expand(&mut torch, &samples.nan_to_num(0.0, None, None));
    let marked = channels.masked_fill(&invalid, f64::NAN);
    (channels.masked_fill(&invalid, 0.0), crate::arch::graph::numbers(&marked))
}

fn network(config: &Config, heads: Heads, linear: Linear) -> Result<Network> {
    let section = &config.codebook;
    let books =
        |stages| Codebooks { groups: section.groups, stages, size: section.size, width: section.width };
    let quantiser = match config.model.quantiser {
        QuantiserKind::Fsq => Quantiser::Fsq { fitted_steps: config.fsq.fitted_steps },
        QuantiserKind::Vq => Quantiser::Vq(books(1)),
        QuantiserKind::Rvq => Quantiser::Rvq(books(section.stages)),
    };
    let branch = |blocks| Branch { unshuffle: config.conv.unshuffle, width: config.conv.width, blocks };
    let body = match config.model.architecture {
        Architecture::Conv => Body::Conv {
            decoder: branch(config.conv.blocks),
            encoder: (config.conv.encoder_blocks > 0).then(|| branch(config.conv.encoder_blocks)),
        },
        Architecture::Resnet => Body::Resnet(Resnet {
            width: config.resnet.width,
            widest: config.resnet.widest,
            blocks: config.resnet.blocks,
            attention: config.resnet.attention,
        }),
    };
    let network = Network {
        heads,
        linear,
        body,
        quantiser,
        patch: config.model.patch,
        resnet_latents: config.resnet.latents,
    };
    if matches!(network.body, Body::Conv { .. }) && network.latents() > network.linear.planes() {
        return Err(Error::Configuration(format!(
            "codebook.groups × codebook.width is {}, a patch of {} has {} planes; choose fewer, or a larger patch",
            network.latents(),
            config.model.patch,
            network.linear.planes()
        )));
    }
    Ok(network)
}

/// Creates all weights of a network by running it on an empty input.
pub(super) fn touch(network: &Network, weights: &std::rc::Rc<Weights>) {
    let side = 2 * network.patch as i64;
    let device = weights.device();
    let options = (Kind::Float, device);
    tch::no_grad(|| {
        let mut torch = Torch::new(weights);
        let x = Tensor::zeros([1, network.linear.channels as i64, side, side], options);
        let step = torch.constant("unit", &[1], &[1.0]);
        let latents = network.encode(&mut torch, &x, &step);
        let _ = network.decode(&mut torch, &latents, &step);
    });
}
