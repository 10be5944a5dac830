//! One tile: bytes to samples.

use super::ChunkCodec;
use super::encode::{MASK_EACH, MASK_NONE, MASK_SHARED, empty_patches};
use super::place::Job;
use crate::axes::Layout;
use crate::config::EntropyCoder;
use crate::container::bytes::Reader;
use crate::container::header::Header;
use crate::entropy::indices::IndexCoder;
use crate::entropy::lz4;
use crate::entropy::rans::Decoder;
use crate::entropy::tile::{Planes, TileCoder};
use crate::error::{Error, Result};
use crate::mask::{self, Classifier, ESCAPE, Patterns};
use crate::model::priors::{IndexPriors, Kind};
use crate::quantise;
use crate::sample::Sample;
use crate::transform::{Linear, Scratch};

/// The mask of a tile: classes `(band, y, x)`, empty when all are valid, and the escaped patterns in order.
#[derive(Default)]
struct Mask {
    classes: Vec<u8>,
    escaped: Vec<u64>,
}

impl ChunkCodec {
    /// The samples `(band, y, x)` of a tile from its bytes, checksum included.
    pub(super) fn decode_tile<T: Sample>(
        &self,
        layout: &Layout,
        header: &Header,
        job: &Job,
        part: &[u8],
        classifier: &Classifier<T>,
    ) -> Result<Vec<T>> {
        let (height, width) = (job.rows.len(), job.columns.len());
        if part.is_empty() {
            return Ok(vec![T::from_bits(header.patterns.pattern(1)?); layout.bands() * height * width]);
        }
        let payload = super::checked(part)?;
        self.decode_payload(height, width, header.entropy, &header.patterns, header.step, payload, classifier)
    }

    #[expect(clippy::too_many_arguments, reason = "a tile's own extent, then what its chunk's header says")]
    pub(super) fn decode_payload<T: Sample>(
        &self,
        height: usize,
        width: usize,
        entropy: EntropyCoder,
        patterns: &Patterns,
        step: i16,
        payload: &[u8],
        classifier: &Classifier<T>,
    ) -> Result<Vec<T>> {
        let bands = self.model.manifest().bands.len();
        let mut reader = Reader::new(payload);
        let mask = read_mask::<T>(&mut reader, bands, height, width)?;
        let mut out = vec![T::zeroed(); bands * height * width];
        if mask.classes.is_empty() || mask.classes.contains(&0) {
            let stream = reader.take(reader.remaining(), "a tile's codes")?;
            let tile = CodedTile { codec: self, height, width, step, stream, mask: &mask, classifier };
            match entropy {
                EntropyCoder::Rans => tile.rans(&mut out)?,
                EntropyCoder::Lz4 => tile.lz4(&mut out)?,
            }
        }
        reader.finish("a tile")?;
        let mut escaped = mask.escaped.into_iter();
        for (sample, class) in out.iter_mut().zip(&mask.classes) {
            match *class {
                0 => {}
                // As many as there are escapes were read.
                ESCAPE => *sample = escaped.next().map_or(*sample, T::from_bits),
                class => *sample = T::from_bits(patterns.pattern(class)?),
            }
        }
        Ok(out)
    }
}

fn read_mask<T: Sample>(reader: &mut Reader<'_>, bands: usize, height: usize, width: usize) -> Result<Mask> {
    let planes = match reader.u8("a tile's mask mode")? {
        MASK_NONE => return Ok(Mask::default()),
        MASK_SHARED => 1,
        MASK_EACH => bands,
        other => return Err(Error::Corrupt(format!("a tile's mask mode is {other}, allowed are 0 to 2"))),
    };
    let length = reader.varint(u64::from(u32::MAX), "a mask's length")? as usize;
    let classes = mask::coder::decode(reader.take(length, "a tile's mask")?, planes, height, width)?;
    let classes = if planes == bands { classes } else { classes.repeat(bands) };
    let escapes = classes.iter().filter(|c| **c == ESCAPE).count();
    let size = T::TYPE.size();
    let escaped = reader
        .take(escapes.saturating_mul(size), "a tile's bit patterns")?
        .chunks_exact(size)
        .map(|bytes| {
            let mut bits = [0; 8];
            bits[..size].copy_from_slice(bytes);
            u64::from_le_bytes(bits)
        })
        .collect();
    Ok(Mask { classes, escaped })
}

/// A tile whose codes are still to be read.
struct CodedTile<'a, T> {
    codec: &'a ChunkCodec,
    height: usize,
    width: usize,
    step: i16,
    stream: &'a [u8],
    mask: &'a Mask,
    classifier: &'a Classifier<T>,
}

impl<T: Sample> CodedTile<'_, T> {
    fn patch(&self) -> usize {
        self.codec.model.manifest().patch
    }

    fn grid(&self) -> (usize, usize) {
        (self.height.div_ceil(self.patch()), self.width.div_ceil(self.patch()))
    }

    fn rans(&self, out: &mut [T]) -> Result<()> {
        match self.codec.model.priors().kind() {
            Kind::Scalar(priors) => self.scalars(&self.codec.planes(priors, self.step), out),
            Kind::Index(priors) => self.indices(priors, out),
        }
    }

    /// Which patches take no decisions; empty when all take some.
    fn empty_patches(&self) -> Vec<bool> {
        let bands = self.codec.model.manifest().bands.len();
        empty_patches(&self.mask.classes, bands, self.height, self.width, self.patch())
    }

    fn indices(&self, priors: &IndexPriors, out: &mut [T]) -> Result<()> {
        let (rows, columns) = self.grid();
        let empty = self.empty_patches();
        let mut coder = IndexCoder::decoder(priors.shape, &priors.statistics, columns, self.stream)?;
        let planes = priors.shape.planes();
        let mut codes = vec![0; rows * columns * planes];
        for (at, codes) in codes.chunks_exact_mut(planes).enumerate() {
            if coder.exhausted() {
                return Err(early());
            }
            coder.patch(codes, empty.get(at).copied().unwrap_or(false), &mut ());
        }
        coder.finish()?;
        self.network(&codes, out)
    }

    fn scalars(&self, planes: &Planes, out: &mut [T]) -> Result<()> {
        let (rows, columns) = self.grid();
        let empty = self.empty_patches();
        let mut coder: TileCoder<'_, Decoder<'_>> = TileCoder::decoder(planes, columns, self.stream)?;
        let mut codes = vec![0i32; planes.count];
        let mut positions = Vec::new();
        let mut patch = |at: usize, codes: &mut [i32], positions: &mut Vec<u32>| {
            if coder.exhausted() {
                return Err(early());
            }
            let empty = empty.get(at).copied().unwrap_or(false);
            coder.patch(codes, empty, positions, &mut ())
        };
        match (&self.codec.linear, &self.codec.network) {
            (Some(linear), None) => {
                let mut rows_of = Rows::new(self, linear);
                for row in 0..rows {
                    for first in (0..columns).step_by(linear.batch()) {
                        let slots = linear.batch().min(columns - first);
                        rows_of.start();
                        for slot in 0..slots {
                            patch(row * columns + first + slot, &mut codes, &mut positions)?;
                            rows_of.take(&mut codes, &positions);
                        }
                        rows_of.write(row, first, slots, out);
                    }
                }
            }
            _ => {
                let mut all = vec![0; rows * columns * planes.count];
                for (at, codes) in all.chunks_exact_mut(planes.count).enumerate() {
                    patch(at, codes, &mut positions)?;
                }
                self.network(&all, out)?;
            }
        }
        coder.finish()
    }

    fn lz4(&self, out: &mut [T]) -> Result<()> {
        let planes = self.codec.model.manifest().planes;
        let (rows, columns) = self.grid();
        let mut codes = lz4::decode(self.stream, planes, rows * columns)?;
        if let Some(codebooks) = self.codec.model.codebooks() {
            codebooks.check(&codes)?;
        }
        let (Some(linear), None) = (&self.codec.linear, &self.codec.network) else {
            return self.network(&codes, out);
        };
        let mut rows_of = Rows::new(self, linear);
        let mut positions = Vec::new();
        for row in 0..rows {
            for first in (0..columns).step_by(linear.batch()) {
                let slots = linear.batch().min(columns - first);
                rows_of.start();
                for slot in 0..slots {
                    let at = (row * columns + first + slot) * planes;
                    let codes = &mut codes[at..at + planes];
                    positions.clear();
                    positions.extend((0..planes as u32).filter(|k| codes[*k as usize] != 0));
                    rows_of.take(codes, &positions);
                }
                rows_of.write(row, first, slots, out);
            }
        }
        Ok(())
    }

    /// Runs the model's decoder graph on codes `(patch, scan position)`.
    fn network(&self, codes: &[i32], out: &mut [T]) -> Result<()> {
        let Some(network) = &self.codec.network else {
            return Err(Error::Engine("the model has no native form and no engine is open".to_owned()));
        };
        let (rows, columns) = self.grid();
        let samples = network.decode(&self.codec.model, codes, quantise::step(self.step), rows, columns)?;
        let (padded_height, padded_width) = (rows * self.patch(), columns * self.patch());
        for (i, row) in out.chunks_exact_mut(self.width).enumerate() {
            let (band, y) = (i / self.height, i % self.height);
            let from = (band * padded_height + y) * padded_width;
            for (out, value) in row.iter_mut().zip(&samples[from..from + self.width]) {
                *out = self.classifier.keep_valid(T::from_decoded(*value), *value);
            }
        }
        Ok(())
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
            normalisation: tile.codec.model.manifest().bands.iter().map(|b| (b.scale, b.offset)).collect(),
        }
    }

    fn start(&mut self) {
        self.positions.clear();
        self.codes.clear();
        self.ends.clear();
    }

    /// Takes the next patch's codes out of `codes`, which is left all zero.
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
                            *sample = classifier.keep_valid(*sample, *value);
                        }
                    }
                    let at = (band * tile.height + y0 + y) * tile.width + x0;
                    out[at..at + width].copy_from_slice(samples);
                },
            );
        }
    }
}
