//! Which crops make up which batch: the sequence of batches, as a function of the seed and of the place in it.
//!
//! An epoch visits every block once, in a seeded order. A visit reads one block ([`Mode::Chunk`]) or a pool of them
//! ([`Mode::Random`]), and gives a number of batches in proportion to its valid area. Nothing here reads a file or
//! uses threads.

use crate::data::augment::Augmentation;
use crate::data::batch::{Batch, CropOrigin, SamplerState};
use crate::data::block::Block;
use crate::data::crop::{Crop, Symmetry};
use crate::data::error::{DataError, Result};
use crate::data::piece::Piece;
use crate::data::random::{Purpose, Random};
use crate::data::source::Source;
use std::sync::Arc;

/// The largest crop.
const MAX_SIZE: usize = 1024;
/// A pool holds no more samples than this (1 GiB as floats), unless two blocks alone have more.
const POOL_SAMPLES: u64 = 1 << 28;

/// Where the crops of a batch come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// From one chunk, all images of it: about as many chunks are in memory as there are readers.
    Chunk,
    /// From different chunks: a pool of this many is in memory, while the next one is being read.
    Random {
        /// Chunks in a pool.
        pool: usize,
    },
}

/// How batches are made.
#[derive(Clone, Debug, PartialEq)]
pub struct SamplerOptions {
    /// Where the crops of a batch come from.
    pub mode: Mode,
    /// The seed of everything random.
    pub seed: u64,
    /// The greatest number of crops in a batch. A chunk with little valid area gives a smaller batch.
    pub crops: usize,
    /// Sides of the crops, in pixels, one of which is drawn for each batch; multiples of the patch up to 1024.
    pub sizes: Vec<usize>,
    /// The side of the model's patch.
    pub patch: usize,
    /// Crops with a smaller fraction of valid samples are drawn again.
    pub min_valid: f64,
    /// How often a crop is drawn before it is given up.
    pub tries: usize,
    /// How crops are varied.
    pub augmentation: Augmentation,
}

impl Default for SamplerOptions {
    fn default() -> Self {
        Self {
            mode: Mode::Chunk,
            seed: 0,
            crops: 16,
            sizes: vec![128],
            patch: 16,
            min_valid: 0.1,
            tries: 16,
            augmentation: Augmentation::default(),
        }
    }
}

/// The sequence of batches over some blocks.
#[derive(Debug)]
pub struct Sampler {
    source: Arc<Source>,
    blocks: Vec<Block>,
    options: SamplerOptions,
    /// Samples of the largest block.
    largest: u64,
    /// Blocks of a visit, at most.
    pool: usize,
    fingerprint: u64,
}

/// The batches of one visit.
#[derive(Debug)]
pub(crate) struct VisitPlan {
    pieces: Vec<Arc<Piece>>,
    /// Valid samples up to and with each image of each piece.
    sums: Vec<(u64, usize, usize)>,
    /// Size and number of the crops of each batch.
    batches: Vec<(usize, usize)>,
}

impl VisitPlan {
    pub(crate) fn len(&self) -> u64 {
        self.batches.len() as u64
    }
}

impl Sampler {
    /// A sequence of batches over these blocks of a source, which are those for training as a rule.
    ///
    /// # Errors
    /// [`DataError::Invalid`] for options out of range, [`DataError::Empty`] without blocks.
    pub fn new(source: Arc<Source>, blocks: Vec<Block>, options: SamplerOptions) -> Result<Self> {
        let fail = |text: String| Err(DataError::Invalid(text));
        let patch = options.patch;
        if options.sizes.is_empty() || patch == 0 {
            return fail(format!(
                "crop sizes are {:?} and the patch {patch}; name a size, such as 128",
                options.sizes
            ));
        }
        if let Some(size) = options.sizes.iter().find(|s| **s == 0 || **s % patch != 0 || **s > MAX_SIZE) {
            return fail(format!(
                "a crop size is {size}, allowed are multiples of the patch, {patch}, up to {MAX_SIZE}; such as {}",
                128usize.next_multiple_of(patch)
            ));
        }
        if options.crops == 0 || options.mode == (Mode::Random { pool: 0 }) {
            return fail("a batch of 0 crops, or from a pool of 0 chunks; at least 1 is needed".to_owned());
        }
        if !(0.0..=1.0).contains(&options.min_valid) {
            return fail(format!("the least valid fraction is {}, allowed are 0 to 1", options.min_valid));
        }
        options.augmentation.check(source.bands(), &options.sizes)?;
        if blocks.is_empty() {
            return Err(DataError::Empty(
                "there are no chunks to fit on; ask for less validation".to_owned(),
            ));
        }
        let largest = blocks.iter().map(|block| source.samples(block)).max().unwrap_or_default().max(1);
        let pool = match options.mode {
            Mode::Chunk => 1,
            Mode::Random { pool } => pool.min((POOL_SAMPLES / largest).max(2) as usize),
        };
        let fingerprint = fingerprint(&source, &blocks, &options);
        Ok(Self { source, blocks, options, largest, pool, fingerprint })
    }

    /// The source that it reads.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The options.
    #[must_use]
    pub fn options(&self) -> &SamplerOptions {
        &self.options
    }

    /// The place before the first batch.
    #[must_use]
    pub fn start(&self) -> SamplerState {
        SamplerState { fingerprint: self.fingerprint, ..SamplerState::default() }
    }

    /// Whether the sequence of a saved place is this one.
    ///
    /// # Errors
    /// [`DataError::Invalid`] when it is another's.
    pub fn resume(&self, state: SamplerState) -> Result<SamplerState> {
        if state.fingerprint != self.fingerprint || state.visit >= self.visits() {
            return Err(DataError::Invalid(
                "the saved place belongs to other data, another split or other sampling options; resume with those of \
                 the first run, or start anew"
                    .to_owned(),
            ));
        }
        Ok(state)
    }

    /// Batches of an epoch if every sample is valid: an estimate before anything is read. Masks make them fewer, small
    /// chunks more.
    #[must_use]
    pub fn expected_batches(&self) -> u64 {
        let sizes = &self.options.sizes;
        let crop = sizes.iter().map(|size| (size * size) as f64).sum::<f64>() / sizes.len() as f64;
        let batch = crop * self.options.crops as f64;
        let pixels = |blocks: &[Block]| -> f64 {
            blocks.iter().map(|block| self.source.samples(block) as f64).sum::<f64>()
                / self.source.bands().max(1) as f64
        };
        self.blocks.chunks(self.pool).map(|visit| (pixels(visit) / batch).round().max(1.0) as u64).sum()
    }

    /// Samples of all blocks, valid or not.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.blocks.iter().map(|block| self.source.samples(block)).sum()
    }

    /// How many visits fit into the memory that pools may take: at most `wanted`, at least two.
    pub(crate) fn visits_in_memory(&self, wanted: usize) -> usize {
        let visit = self.largest.saturating_mul(self.pool as u64);
        wanted.min((2 * POOL_SAMPLES / visit.max(1)) as usize).max(2)
    }

    /// Visits of an epoch.
    pub(crate) fn visits(&self) -> u64 {
        self.blocks.len().div_ceil(self.pool) as u64
    }

    /// The order of an epoch's blocks.
    pub(crate) fn order(&self, epoch: u64) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.blocks.len() as u32).collect();
        Random::new(self.options.seed, Purpose::Order, &[epoch]).shuffle(&mut order);
        order
    }

    /// The blocks of a visit, in the epoch's order: all visits have the same number, or one less.
    pub(crate) fn visit(&self, order: &[u32], visit: u64) -> Vec<Block> {
        let (visits, all) = (self.visits().max(1), order.len() as u64);
        let bounds = |n: u64| (n * all / visits) as usize;
        order[bounds(visit)..bounds(visit + 1)].iter().map(|i| self.blocks[*i as usize].clone()).collect()
    }

    /// What a visit gives, once its blocks are read.
    pub(crate) fn plan(&self, epoch: u64, visit: u64, pieces: Vec<Arc<Piece>>) -> VisitPlan {
        let mut sums = Vec::new();
        let mut total = 0;
        for (number, piece) in pieces.iter().enumerate() {
            for (image, count) in piece.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                total += count;
                sums.push((total, number, image));
            }
        }
        let mut left = total as f64 / self.source.bands().max(1) as f64;
        let mut random = Random::new(self.options.seed, Purpose::Sizes, &[epoch, visit]);
        let mut batches = Vec::new();
        while left > 0.0 {
            let size = self.options.sizes[random.index(self.options.sizes.len())];
            let worth = left / (size * size) as f64;
            // A remainder of less than half a batch is dropped, unless it is the only one.
            if !batches.is_empty() && worth < 0.5 * self.options.crops as f64 {
                break;
            }
            let crops = (worth.round() as usize).clamp(1, self.options.crops);
            batches.push((size, crops));
            left -= (crops * size * size) as f64;
        }
        VisitPlan { pieces, sums, batches }
    }

    /// Cuts one batch of a visit into the buffers of `spare`. `None` where no crop has enough valid samples.
    pub(crate) fn assemble(&self, plan: &VisitPlan, at: SamplerState, mut spare: Batch) -> Option<Batch> {
        let (size, count) = *plan.batches.get(at.batch as usize)?;
        let total = plan.sums.last()?.0;
        let seed = self.options.seed;
        let place = [at.epoch, at.visit, at.batch];
        let mut random = Random::new(seed, Purpose::Crops, &place);
        // Evenly spaced with a random start: in proportion to the valid area, and from as many images as can be.
        let start = random.fraction();
        let crops: Vec<(&Piece, Crop)> = (0..count)
            .filter_map(|i| {
                let target = ((i as f64 + start) / count as f64 * total as f64) as u64;
                let found = plan.sums.partition_point(|(sum, ..)| *sum <= target).min(plan.sums.len() - 1);
                let (_, piece, image) = plan.sums[found];
                let piece = plan.pieces.get(piece)?.as_ref();
                let options = &self.options;
                let crop = Crop::draw(piece, image, size, options.min_valid, options.tries, &mut random)?;
                Some((piece, crop))
            })
            .collect();
        if crops.is_empty() {
            return None;
        }
        let bands = self.source.bands();
        let one = bands * size * size;
        let mut symmetries = Random::new(seed, Purpose::Symmetry, &place);
        let masked = crops.iter().any(|(_, crop)| crop.masked);
        spare.samples.resize(crops.len() * one, 0.0);
        let mut valid = masked.then(|| spare.valid.take().unwrap_or_default());
        if let Some(valid) = &mut valid {
            valid.resize(crops.len() * one, 0);
        }
        let mut places = Vec::with_capacity(crops.len());
        for (i, (piece, crop)) in crops.iter().enumerate() {
            let number = if self.options.augmentation.symmetries { symmetries.below(8) } else { 0 };
            let samples = &mut spare.samples[i * one..][..one];
            let mask = valid.as_mut().map(|valid| &mut valid[i * one..][..one]);
            crop.copy(piece, Symmetry::new(number), samples, mask);
            places.push(CropOrigin {
                block: piece.block.clone(),
                image: crop.image,
                rows: (piece.top + crop.y as u64, crop.height),
                columns: (piece.left + crop.x as u64, crop.width),
            });
        }
        let next = SamplerState { batch: at.batch + 1, index: at.index + 1, ..at };
        let mut batch = Batch {
            index: at.index,
            epoch: at.epoch,
            images: crops.len(),
            height: size,
            width: size,
            bands,
            samples: spare.samples,
            valid,
            input: spare.input,
            hidden: spare.hidden,
            places,
            next,
        };
        self.options.augmentation.apply(&mut batch, seed, &place);
        Some(batch)
    }
}

/// FNV-1a over everything that decides the sequence.
fn fingerprint(source: &Source, blocks: &[Block], options: &SamplerOptions) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut add = |text: String| {
        for byte in text.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    add(format!("{options:?};{};", source.bands()));
    for raster in source.rasters() {
        add(format!("{:?};{:?};", raster.shape(), raster.data_type()));
    }
    for block in blocks {
        add(format!("{block:?};"));
    }
    hash
}
