//! One tile: bytes to samples.

use super::correct::Correction;
use super::encode::{CORRECTED, MASK_EACH, MASK_NONE, MASK_SHARED, empty_patches};
use super::place::Job;
use super::{ChunkCodec, TileCodes};
use crate::config::EntropyCoder;
use crate::container::bytes::Reader;
use crate::entropy::indices::IndexCoder;
use crate::entropy::lz4;
use crate::entropy::rans::Decoder;
use crate::entropy::tile::{Links, Memory, TileCoder};
use crate::error::{Error, Result};
use crate::mask::{self, Classifier, ESCAPE, Patterns};
use crate::model::priors::Kind;
use crate::quantise;
use crate::sample::Sample;
use crate::transform::{Linear, Scratch};

/// The mask of a tile: classes `(band, y, x)`, empty when all are valid, and the escaped patterns in order.
#[derive(Default)]
struct Mask {
    classes: Vec<u8>,
    escaped: Vec<u64>,
    /// Whether the picture is corrected, which the same byte tells.
    corrected: bool,
}

/// What the tiles of a chunk share.
pub(super) struct Shared<'a, T> {
    pub(super) classifier: &'a Classifier<T>,
    pub(super) patterns: &'a Patterns,
    pub(super) entropy: EntropyCoder,
    pub(super) step: i16,
}

impl ChunkCodec {
    /// The samples `(band, y, x)` of a tile from its bytes, checksum included, and what it leaves to later dates.
    pub(super) fn decode_tile<T: Sample>(
        &self,
        shared: &Shared<'_, T>,
        job: &Job,
        part: &[u8],
        links: Links<'_>,
    ) -> Result<(Vec<T>, Option<Memory>)> {
        let size = [job.rows.len(), job.columns.len()];
        if part.is_empty() {
            let samples = self.model.manifest().bands.len() * size[0] * size[1];
            return Ok((vec![T::from_bits(shared.patterns.pattern(1)?); samples], None));
        }
        self.decode_payload(shared, size, super::checked(part)?, links)
    }

    /// The valid samples of a tile without and with its correction, from one decoding of its codes: for a writer that has to
    /// choose. Masked samples are whatever comes out.
    pub(super) fn decode_both<T: Sample>(
        &self,
        shared: &Shared<'_, T>,
        [height, width]: [usize; 2],
        payload: &[u8],
        links: Links<'_>,
        correction: &Correction,
    ) -> Result<[Vec<T>; 2]> {
        let payload = Payload::read::<T>(self, payload, height, width)?;
        let mut both =
            [(); 2].map(|()| vec![T::zeroed(); self.model.manifest().bands.len() * height * width]);
        if let Some(tile) = payload.tile(self, shared, [height, width], links) {
            let (picture, _) = tile.picture()?;
            tile.finish(picture.clone(), None, &mut both[0])?;
            tile.finish(picture, Some(correction), &mut both[1])?;
        }
        Ok(both)
    }

    /// The codes of a tile from its bytes, checksum included, and what it leaves to later dates.
    pub(super) fn tile_codes<T: Sample>(
        &self,
        shared: &Shared<'_, T>,
        job: &Job,
        part: &[u8],
        links: Links<'_>,
    ) -> Result<(TileCodes, Option<Memory>)> {
        let (size, patch) = ([job.rows.len(), job.columns.len()], self.model.manifest().patch);
        let grid = size.map(|side| side.div_ceil(patch));
        let (mut codes, mut memory) = (Vec::new(), None);
        if !part.is_empty() {
            let payload = Payload::read::<T>(self, super::checked(part)?, size[0], size[1])?;
            if let Some(tile) = payload.tile(self, shared, size, links) {
                (codes, memory) = tile.codes()?;
            }
        }
        codes.resize(grid[0] * grid[1] * self.model.manifest().planes, 0);
        let (rows, columns) = (job.rows.clone(), job.columns.clone());
        Ok((TileCodes { image: job.image, rows, columns, grid, codes }, memory))
    }

    /// As [`ChunkCodec::decode_tile`], from the bytes without their checksum.
    pub(super) fn decode_payload<T: Sample>(
        &self,
        shared: &Shared<'_, T>,
        [height, width]: [usize; 2],
        payload: &[u8],
        links: Links<'_>,
    ) -> Result<(Vec<T>, Option<Memory>)> {
        let payload = Payload::read::<T>(self, payload, height, width)?;
        let mut out = vec![T::zeroed(); self.model.manifest().bands.len() * height * width];
        let mut memory = None;
        if let Some(tile) = payload.tile(self, shared, [height, width], links) {
            memory = tile.decode(payload.correction, &mut out)?;
        }
        let mut escaped = payload.mask.escaped.iter();
        for (sample, class) in out.iter_mut().zip(&payload.mask.classes) {
            match *class {
                0 => {}
                // As many as there are escapes were read.
                ESCAPE => *sample = escaped.next().map_or(*sample, |bits| T::from_bits(*bits)),
                class => *sample = T::from_bits(shared.patterns.pattern(class)?),
            }
        }
        Ok((out, memory))
    }
}

/// The parts of a tile's bytes.
struct Payload<'a> {
    mask: Mask,
    /// Which patches take no decisions; empty when all take some.
    empty: Vec<bool>,
    correction: Option<&'a Correction>,
    /// The stream of codes, where any sample is valid.
    stream: Option<&'a [u8]>,
}

impl<'a> Payload<'a> {
    /// Takes a tile's bytes apart. `T` is the type of the samples.
    fn read<T: Sample>(
        codec: &'a ChunkCodec,
        payload: &'a [u8],
        height: usize,
        width: usize,
    ) -> Result<Self> {
        let manifest = codec.model.manifest();
        let mut reader = Reader::new(payload);
        let mask = read_mask::<T>(&mut reader, manifest.bands.len(), height, width)?;
        let valid = mask.classes.is_empty() || mask.classes.contains(&0);
        let correction = match (mask.corrected, &codec.correction) {
            (false, _) => None,
            (true, Some(correction)) if valid => Some(correction),
            _ => {
                return Err(Error::Corrupt(format!(
                    "a tile says that it is corrected, but {}; write the chunk again",
                    if valid { "the model has no correction" } else { "it holds no valid sample" }
                )));
            }
        };
        let stream = if valid { Some(reader.take(reader.remaining(), "a tile's codes")?) } else { None };
        reader.finish("a tile")?;
        let empty = empty_patches(&mask.classes, manifest.bands.len(), height, width, manifest.patch);
        Ok(Self { mask, empty, correction, stream })
    }

    /// The tile whose codes these are; none where no sample is valid.
    fn tile<'b, T>(
        &'b self,
        codec: &'b ChunkCodec,
        shared: &'b Shared<'b, T>,
        [height, width]: [usize; 2],
        links: Links<'b>,
    ) -> Option<CodedTile<'b, T>> {
        let Shared { classifier, entropy, step, .. } = *shared;
        let stream = self.stream?;
        Some(CodedTile { codec, height, width, step, entropy, stream, empty: &self.empty, classifier, links })
    }
}

fn read_mask<T: Sample>(reader: &mut Reader<'_>, bands: usize, height: usize, width: usize) -> Result<Mask> {
    let mode = reader.u8("a tile's mode")?;
    let corrected = mode & CORRECTED != 0;
    let planes = match mode & !CORRECTED {
        MASK_NONE => return Ok(Mask { corrected, ..Mask::default() }),
        MASK_SHARED => 1,
        MASK_EACH => bands,
        _ => return Err(Error::Corrupt(format!("a tile's mode is {mode}, allowed are 0 to 2 and 4 to 6"))),
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
    Ok(Mask { classes, escaped, corrected })
}

/// A tile whose codes are still to be read.
struct CodedTile<'a, T> {
    codec: &'a ChunkCodec,
    height: usize,
    width: usize,
    step: i16,
    entropy: EntropyCoder,
    stream: &'a [u8],
    /// Which patches take no decisions; empty when all take some.
    empty: &'a [bool],
    classifier: &'a Classifier<T>,
    links: Links<'a>,
}

impl<T: Sample> CodedTile<'_, T> {
    fn patch(&self) -> usize {
        self.codec.model.manifest().patch
    }

    fn grid(&self) -> (usize, usize) {
        (self.height.div_ceil(self.patch()), self.width.div_ceil(self.patch()))
    }

    fn is_empty(&self, patch: usize) -> bool {
        self.empty.get(patch).copied().unwrap_or(false)
    }

    /// Valid samples; masked ones are whatever comes out.
    fn decode(&self, correction: Option<&Correction>, out: &mut [T]) -> Result<Option<Memory>> {
        if let (Some(linear), None, None) = (&self.codec.linear, &self.codec.network, correction) {
            return self.linear(linear, out);
        }
        let (picture, memory) = self.picture()?;
        self.finish(picture, correction, out)?;
        Ok(memory)
    }

    /// What the decoder gives for all whole patches, in data units, neither rounded nor cut.
    fn picture(&self) -> Result<(Vec<f32>, Option<Memory>)> {
        let (Some(linear), None) = (&self.codec.linear, &self.codec.network) else {
            let (codes, memory) = self.codes()?;
            return Ok((self.network(&codes)?, memory));
        };
        let ((rows, columns), patch) = (self.grid(), self.patch());
        let whole = CodedTile {
            codec: self.codec,
            height: rows * patch,
            width: columns * patch,
            step: self.step,
            entropy: self.entropy,
            stream: self.stream,
            empty: self.empty,
            classifier: &Classifier::<f32>::new(&[], &[])?,
            links: self.links,
        };
        let bands = self.codec.model.manifest().bands.len();
        let mut picture = vec![0.0; bands * whole.height * whole.width];
        let memory = whole.linear(linear, &mut picture)?;
        Ok((picture, memory))
    }

    /// All codes, `(patch, scan position)`.
    fn codes(&self) -> Result<(Vec<i32>, Option<Memory>)> {
        let planes = self.codec.model.manifest().planes;
        let (rows, columns) = self.grid();
        if self.entropy == EntropyCoder::Lz4 {
            let codes = lz4::decode(self.stream, planes, rows * columns)?;
            if let Some(codebooks) = self.codec.model.codebooks() {
                codebooks.check(&codes)?;
            }
            return Ok((codes, None));
        }
        let mut codes = vec![0; rows * columns * planes];
        let mut memory = None;
        let patches = codes.chunks_exact_mut(planes).enumerate();
        match self.codec.model.priors().kind() {
            Kind::Scalar(priors) => {
                let planes = self.codec.planes(priors, self.step);
                let mut coder: TileCoder<'_, Decoder<'_>> =
                    TileCoder::decoder(&planes, columns, self.stream, self.links)?;
                let mut positions = Vec::new();
                for (at, codes) in patches {
                    if coder.exhausted() {
                        return Err(early());
                    }
                    coder.patch(codes, self.is_empty(at), &mut positions, &mut ())?;
                }
                memory = coder.memory();
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
        Ok((codes, memory))
    }

    /// By the native linear path, which multiplies only codes that are not zero.
    fn linear(&self, linear: &Linear, out: &mut [T]) -> Result<Option<Memory>> {
        let columns = self.grid().1;
        match (self.entropy, self.codec.model.priors().kind()) {
            (EntropyCoder::Rans, Kind::Scalar(priors)) => {
                let planes = self.codec.planes(priors, self.step);
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
                let memory = coder.memory();
                coder.finish()?;
                Ok(memory)
            }
            _ => {
                let (mut codes, memory) = self.codes()?;
                let planes = self.codec.model.manifest().planes;
                let mut positions = Vec::new();
                self.by_patches(linear, out, |at, rows| {
                    let codes = &mut codes[at * planes..(at + 1) * planes];
                    positions.clear();
                    positions.extend((0..planes as u32).filter(|k| codes[*k as usize] != 0));
                    rows.take(codes, &positions);
                    Ok(())
                })?;
                Ok(memory)
            }
        }
    }

    /// Writes pixels as the codes of patches come in: `next` hands those of one patch over.
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
        let Some(network) = &self.codec.network else {
            return Err(Error::Engine("the model has no native form and no engine is open".to_owned()));
        };
        let (rows, columns) = self.grid();
        network.decode(&self.codec.model, codes, quantise::step(self.step), rows, columns)
    }

    /// Corrects a picture of whole patches where that is asked for, and makes samples of it.
    fn finish(&self, picture: Vec<f32>, correction: Option<&Correction>, out: &mut [T]) -> Result<()> {
        let (rows, columns) = self.grid();
        let (height, width) = (rows * self.patch(), columns * self.patch());
        let picture = match correction {
            Some(correction) => {
                let shape = [self.codec.model.manifest().bands.len(), height, width];
                correction.apply(picture, shape, quantise::step(self.step))?
            }
            None => picture,
        };
        for (i, row) in out.chunks_exact_mut(self.width).enumerate() {
            let (band, y) = (i / self.height, i % self.height);
            let from = (band * height + y) * width;
            for (out, value) in row.iter_mut().zip(&picture[from..from + self.width]) {
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
