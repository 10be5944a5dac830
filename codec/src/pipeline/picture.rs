//! From a tile's codes to the picture that the model decodes from them.

use super::correction::Correction;
use super::runner::ModelRunner;
use crate::config::EntropyCoder;
use crate::entropy::indices::IndexCoder;
use crate::entropy::lz4;
use crate::entropy::rans::Decoder;
use crate::entropy::tile::{HistoryLinks, TileCoder, TileHistory};
use crate::error::{Error, Result};
use crate::mask::Classifier;
use crate::model::priors::Kind;
use crate::quantise;
use crate::sample::Sample;
use crate::transform::{Linear, Scratch};

/// A tile whose codes are still to be read.
pub(super) struct CodedTile<'a, T> {
    pub(super) runner: &'a ModelRunner,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) step: i16,
    pub(super) entropy: EntropyCoder,
    pub(super) stream: &'a [u8],
    /// Which patches hold no valid sample, so that the entropy coder skips them; empty when all hold one.
    pub(super) empty: &'a [bool],
    pub(super) classifier: &'a Classifier<T>,
    pub(super) links: HistoryLinks<'a>,
}

impl<T: Sample> CodedTile<'_, T> {
    fn patch(&self) -> usize {
        self.runner.patch()
    }

    fn grid(&self) -> (usize, usize) {
        (self.height.div_ceil(self.patch()), self.width.div_ceil(self.patch()))
    }

    fn is_empty(&self, patch: usize) -> bool {
        self.empty.get(patch).copied().unwrap_or(false)
    }

    /// Decodes the valid samples. Masked samples get arbitrary values.
    pub(super) fn decode(
        &self,
        correction: Option<&Correction>,
        out: &mut [T],
    ) -> Result<Option<TileHistory>> {
        if let (Some(linear), None, None) = (&self.runner.linear, &self.runner.network, correction) {
            return self.linear(linear, out);
        }
        let (picture, history) = self.picture()?;
        self.finish(picture, correction, out)?;
        Ok(history)
    }

    /// The picture of all whole patches, in data units, neither rounded nor cut to the tile.
    pub(super) fn picture(&self) -> Result<(Vec<f32>, Option<TileHistory>)> {
        let (Some(linear), None) = (&self.runner.linear, &self.runner.network) else {
            let (codes, history) = self.codes()?;
            return Ok((self.network(&codes)?, history));
        };
        let ((rows, columns), patch) = (self.grid(), self.patch());
        let whole = CodedTile {
            runner: self.runner,
            height: rows * patch,
            width: columns * patch,
            step: self.step,
            entropy: self.entropy,
            stream: self.stream,
            empty: self.empty,
            classifier: &Classifier::<f32>::new(&[], Vec::new())?,
            links: self.links,
        };
        let bands = self.runner.model.manifest().bands.len();
        let mut picture = vec![0.0; bands * whole.height * whole.width];
        let history = whole.linear(linear, &mut picture)?;
        Ok((picture, history))
    }

    /// All codes, `(patch, scan position)`.
    pub(super) fn codes(&self) -> Result<(Vec<i32>, Option<TileHistory>)> {
        let planes = self.runner.model.manifest().planes;
        let (rows, columns) = self.grid();
        if self.entropy == EntropyCoder::Lz4 {
            let codes = lz4::decode(self.stream, planes, rows * columns)?;
            if let Some(codebooks) = self.runner.model.codebooks() {
                codebooks.check(&codes)?;
            }
            return Ok((codes, None));
        }
        let mut codes = vec![0; rows * columns * planes];
        let mut history = None;
        let patches = codes.chunks_exact_mut(planes).enumerate();
        match self.runner.model.priors().kind() {
            Kind::Scalar(priors) => {
                let planes = self.runner.planes(priors, self.step);
                let mut coder: TileCoder<'_, Decoder<'_>> =
                    TileCoder::decoder(&planes, columns, self.stream, self.links)?;
                let mut positions = Vec::new();
                for (at, codes) in patches {
                    if coder.exhausted() {
                        return Err(early());
                    }
                    coder.patch(codes, self.is_empty(at), &mut positions, &mut ())?;
                }
                history = coder.history();
                coder.finish()?;
            }
            Kind::Index(priors) => {
                let mut coder = IndexCoder::decoder(priors.shape, &priors.statistics, columns, self.stream)?;
                for (at, codes) in patches {
                    if coder.exhausted() {
                        return Err(early());
                    }
                    coder.patch(codes, self.is_empty(at), &mut ());
                }
                coder.finish()?;
            }
        }
        Ok((codes, history))
    }

    /// Decodes with the native linear path, which multiplies only codes that are not zero.
    fn linear(&self, linear: &Linear, out: &mut [T]) -> Result<Option<TileHistory>> {
        let columns = self.grid().1;
        match (self.entropy, self.runner.model.priors().kind()) {
            (EntropyCoder::Rans, Kind::Scalar(priors)) => {
                let planes = self.runner.planes(priors, self.step);
                let mut coder: TileCoder<'_, Decoder<'_>> =
                    TileCoder::decoder(&planes, columns, self.stream, self.links)?;
                let mut codes = vec![0i32; planes.count];
                let mut positions = Vec::new();
                self.by_patches(linear, out, |at, rows| {
                    if coder.exhausted() {
                        return Err(early());
                    }
                    coder.patch(&mut codes, self.is_empty(at), &mut positions, &mut ())?;
                    rows.take(&mut codes, &positions);
                    Ok(())
                })?;
                let history = coder.history();
                coder.finish()?;
                Ok(history)
            }
            _ => {
                let (mut codes, history) = self.codes()?;
                let planes = self.runner.model.manifest().planes;
                let mut positions = Vec::new();
                self.by_patches(linear, out, |at, rows| {
                    let codes = &mut codes[at * planes..(at + 1) * planes];
                    positions.clear();
                    positions.extend((0..planes as u32).filter(|k| codes[*k as usize] != 0));
                    rows.take(codes, &positions);
                    Ok(())
                })?;
                Ok(history)
            }
        }
    }

    /// Writes pixels while codes are read, patch by patch: `next` reads the codes of one patch.
    fn by_patches(
        &self,
        linear: &Linear,
        out: &mut [T],
        mut next: impl FnMut(usize, &mut Rows<'_, T>) -> Result<()>,
    ) -> Result<()> {
        let (rows, columns) = self.grid();
        let mut rows_of = Rows::new(self, linear);
        for row in 0..rows {
            for first in (0..columns).step_by(linear.batch()) {
                let slots = linear.batch().min(columns - first);
                rows_of.start();
                for slot in 0..slots {
                    next(row * columns + first + slot, &mut rows_of)?;
                }
                rows_of.write(row, first, slots, out);
            }
        }
        Ok(())
    }

    /// The picture of codes `(patch, scan position)` by the model's decoder graph: whole patches, in data units.
    fn network(&self, codes: &[i32]) -> Result<Vec<f32>> {
        let Some(network) = &self.runner.network else {
            return Err(Error::Engine("the model has no native form and no engine is open".to_owned()));
        };
        let (rows, columns) = self.grid();
        network.decode(&self.runner.model, codes, quantise::step(self.step), rows, columns)
    }

    /// Corrects a picture of whole patches where the tile says so, and makes samples of it.
    pub(super) fn finish(
        &self,
        picture: Vec<f32>,
        correction: Option<&Correction>,
        out: &mut [T],
    ) -> Result<()> {
        let picture = self.corrected(picture, correction)?;
        for (out, row) in out.chunks_exact_mut(self.width).zip(self.rows_of(&picture)) {
            for (out, value) in out.iter_mut().zip(row) {
                *out = self.classifier.keep_valid(T::from_decoded(*value), f64::from(*value));
            }
        }
        Ok(())
    }
}

impl<T> CodedTile<'_, T> {
    /// Sides of the whole patches.
    fn whole(&self) -> [usize; 2] {
        [self.height, self.width].map(|side| side.next_multiple_of(self.runner.patch()))
    }

    /// A picture of whole patches, corrected where the tile says so.
    fn corrected(&self, picture: Vec<f32>, correction: Option<&Correction>) -> Result<Vec<f32>> {
        let [height, width] = self.whole();
        match correction {
            Some(correction) => {
                correction.apply(picture, [self.runner.bands(), height, width], quantise::step(self.step))
            }
            None => Ok(picture),
        }
    }

    /// The tile's rows, band by band, in a picture of whole patches.
    fn rows_of<'p>(&self, picture: &'p [f32]) -> impl Iterator<Item = &'p [f32]> + use<'p, T> {
        let ([height, width], own) = (self.whole(), [self.height, self.width]);
        picture
            .chunks_exact(height * width)
            .flat_map(move |band| band.chunks_exact(width).take(own[0]).map(move |row| &row[..own[1]]))
    }

    /// The values of the tile's own samples in a picture of whole patches, corrected where the tile says so.
    pub(super) fn values(&self, picture: Vec<f32>, correction: Option<&Correction>) -> Result<Vec<f32>> {
        let picture = self.corrected(picture, correction)?;
        Ok(self.rows_of(&picture).flatten().copied().collect())
    }
}

fn early() -> Error {
    Error::Truncated("a tile's codes end early; write the chunk again".to_owned())
}

/// Collects the codes of a batch of patches and writes its pixels.
struct Rows<'a, T> {
    tile: &'a CodedTile<'a, T>,
    linear: &'a Linear,
    step: f32,
    scratch: Scratch,
    positions: Vec<u32>,
    codes: Vec<i32>,
    ends: Vec<usize>,
    normalisation: Vec<(f32, f32)>,
}

impl<'a, T: Sample> Rows<'a, T> {
    fn new(tile: &'a CodedTile<'a, T>, linear: &'a Linear) -> Self {
        Self {
            tile,
            linear,
            step: quantise::step(tile.step),
            scratch: Scratch::default(),
            positions: Vec::new(),
            codes: Vec::new(),
            ends: Vec::new(),
            normalisation: tile.runner.model.manifest().bands.iter().map(|b| (b.scale, b.offset)).collect(),
        }
    }

    fn start(&mut self) {
        self.positions.clear();
        self.codes.clear();
        self.ends.clear();
    }

    /// Takes the next patch's codes out of `codes`, and resets these to zero.
    fn take(&mut self, codes: &mut [i32], positions: &[u32]) {
        self.positions.extend_from_slice(positions);
        self.codes.extend(positions.iter().map(|k| std::mem::take(&mut codes[*k as usize])));
        self.ends.push(self.positions.len());
    }

    fn write(&mut self, row: usize, first: usize, slots: usize, out: &mut [T]) {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let patches = starts
            .zip(&self.ends)
            .map(|(start, end)| (&self.positions[start..*end], &self.codes[start..*end]));
        self.linear.decode(&mut self.scratch, self.step, patches);
        let (tile, patch) = (self.tile, self.linear.patch);
        let y0 = row * patch;
        let height = patch.min(tile.height - y0);
        let classifier = tile.classifier.has_nodata().then_some(tile.classifier);
        for slot in 0..slots {
            let x0 = (first + slot) * patch;
            let width = patch.min(tile.width - x0);
            self.linear.rows(
                &self.scratch,
                slot,
                height,
                &self.normalisation,
                |band, y, values: &[f32], samples: &mut [T]| {
                    let samples = &mut samples[..width];
                    if let Some(classifier) = classifier {
                        for (sample, value) in samples.iter_mut().zip(values) {
                            *sample = classifier.keep_valid(*sample, f64::from(*value));
                        }
                    }
                    let at = (band * tile.height + y0 + y) * tile.width + x0;
                    out[at..at + width].copy_from_slice(samples);
                },
            );
        }
    }
}
