//! The header of a chunk: the promise, the measured errors, and where each tile's bytes lie.

use crate::config::EntropyCoder;
use crate::container::bytes::{Reader, hex, put_varint};
use crate::error::{Error, Result};
use crate::mask::{MAX_PATTERNS, Patterns};
use crate::squares::SquareSum;

/// The first three bytes of every chunk; the fourth is the version.
pub(crate) const MAGIC: [u8; 3] = *b"VQZ";
/// The version that is written.
const VERSION: u8 = 1;
/// The version that is written where errors are too small or too large for the short numbers of version 1. It states them as
/// float64, and is the same in everything else.
const WIDE: u8 = 2;
/// The first version, which is still read. It stated some fields that are now left out where they have their usual value.
const FIRST: u8 = 0;
/// The longest header body, in bytes.
const MAX_BODY: u64 = 1 << 28;
/// Bytes of a checksum.
pub(crate) const CHECKSUM: usize = 4;

const FLAG_LZ4: u8 = 1;
const FLAG_NO_TILES: u8 = 2;
const FLAG_REFERENCES: u8 = 4;
const FLAG_EXTENT: u8 = 8;
const FLAG_MASKED: u8 = 16;
const FLAG_BOUNDED: u8 = 32;
const FLAG_STABLE: u8 = 64;

/// What a chunk promises of its valid samples.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bounds {
    /// The maximum error of each band in data units; all 0 where samples come back bit for bit.
    pub(crate) each: Vec<f64>,
    /// Whether writing again what was decoded changes nothing.
    pub(crate) stable: bool,
}

impl Bounds {
    /// How many bounds are stated: none where all are 0, one where all are equal, otherwise one for each band.
    fn stated(&self) -> &[f64] {
        let first = self.each.first().copied().unwrap_or(0.0);
        match self.each.iter().all(|bound| *bound == first) {
            true if first == 0.0 => &[],
            true => &self.each[..1],
            false => &self.each,
        }
    }
}

/// A chunk's header.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Header {
    pub(crate) entropy: EntropyCoder,
    /// 256 × log2 of the quantiser's step, in normalised units.
    pub(crate) step: i16,
    /// Rows and columns before the trailing ones that are all fill value.
    pub(crate) extent: [usize; 2],
    pub(crate) patterns: Patterns,
    pub(crate) valid: u64,
    /// The squared errors of the valid samples.
    pub(crate) squares: SquareSum,
    /// The largest error of a valid sample.
    pub(crate) max_error: f64,
    /// Whether these errors were read as they were measured. A writer leaves it out of account.
    pub(crate) exact: bool,
    /// Bytes of each tile, in order of images, tile rows and tile columns; 0 for a tile all of whose samples are masked with the
    /// first pattern.
    pub(crate) tiles: Vec<u32>,
    /// How many images before its own each tile refers to, 0 for none; empty where no tile refers to another.
    pub(crate) references: Vec<u32>,
    /// What is promised of valid samples, if anything is.
    pub(crate) bounds: Option<Bounds>,
}

/// The beginning of the hash of a model, and the model's name for messages.
#[derive(Clone, Copy)]
pub(crate) struct ExpectedModel<'a> {
    pub(crate) hash: [u8; 4],
    pub(crate) name: &'a str,
}

/// The properties of a chunk that a reader knows from the array: its shape, the sample size and the model.
#[derive(Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) bands: usize,
    pub(crate) sample_size: usize,
    /// The model, if there is one.
    pub(crate) model: Option<ExpectedModel<'a>>,
    pub(crate) images: usize,
    /// Tiles of each image in a chunk with this extent.
    pub(crate) tiles: &'a dyn Fn([usize; 2]) -> usize,
}

/// A statistic, shortened to the 3 higher bytes of a float32. It is rounded up, so that the stated error is never below the
/// measured one. `None` where it is too small for the precision of all others, or too large.
fn short(value: f64) -> Option<[u8; 3]> {
    let nearest = value as f32;
    let up = if f64::from(nearest) < value { nearest.next_up() } else { nearest };
    let [_, low, middle, high] = up.to_bits().checked_add(255)?.to_le_bytes();
    let stated = f32::from_le_bytes([0, low, middle, high]);
    (value == 0.0 || stated.is_normal()).then_some([low, middle, high])
}

impl Expected<'_> {
    /// The number of samples within an extent.
    fn samples(&self, extent: [usize; 2]) -> u64 {
        (self.images * self.bands * extent[0] * extent[1]) as u64
    }
}

impl Header {
    /// The errors in the short form of version 1, where they have one.
    fn short_errors(&self) -> Option<[[u8; 3]; 2]> {
        let mean = self.squares.mean(self.valid);
        // A mean square may vanish in a float64 where its root does not.
        let vanished = mean == 0.0 && !self.squares.is_zero();
        Some([short(mean).filter(|_| !vanished)?, short(self.max_error)?])
    }

    pub(crate) fn to_bytes(&self, expected: &Expected<'_>) -> Vec<u8> {
        let no_tiles = self.tiles.iter().all(|t| *t == 0);
        let cut = self.extent != [expected.height, expected.width];
        let masked = self.valid != expected.samples(self.extent);
        let flags = [
            (self.entropy == EntropyCoder::Lz4, FLAG_LZ4),
            (no_tiles, FLAG_NO_TILES),
            (!self.references.is_empty(), FLAG_REFERENCES),
            (cut, FLAG_EXTENT),
            (masked, FLAG_MASKED),
            (self.bounds.is_some(), FLAG_BOUNDED),
            (self.bounds.as_ref().is_some_and(|bounds| bounds.stable), FLAG_STABLE),
        ];
        let mut body = Vec::with_capacity(32 + 3 * self.tiles.len());
        body.push(flags.iter().filter(|(set, _)| *set).fold(0, |flags, (_, flag)| flags | flag));
        if let Some(model) = expected.model {
            body.extend_from_slice(&model.hash[..2]);
            body.extend_from_slice(&self.step.to_le_bytes());
        }
        if cut {
            put_varint(&mut body, self.extent[0] as u64);
            put_varint(&mut body, self.extent[1] as u64);
        }
        if masked {
            put_varint(&mut body, self.patterns.list().len() as u64);
            for pattern in self.patterns.list() {
                body.extend_from_slice(&pattern.to_le_bytes()[..expected.sample_size]);
            }
            put_varint(&mut body, self.valid);
        }
        if let Some(bounds) = &self.bounds {
            put_varint(&mut body, bounds.stated().len() as u64);
            bounds.stated().iter().for_each(|bound| body.extend_from_slice(&bound.to_le_bytes()));
        }
        let mut version = VERSION;
        if self.valid > 0 {
            match self.short_errors() {
                Some(errors) => body.extend(errors.into_iter().flatten()),
                None => {
                    version = WIDE;
                    let errors = [self.squares.root_mean(self.valid), self.max_error];
                    body.extend(errors.into_iter().flat_map(f64::to_le_bytes));
                }
            }
        }
        if !no_tiles {
            for length in &self.tiles {
                put_varint(&mut body, u64::from(*length));
            }
        }
        for distance in &self.references {
            put_varint(&mut body, u64::from(*distance));
        }
        let mut out = Vec::with_capacity(body.len() + 16);
        out.extend_from_slice(&MAGIC);
        out.push(version);
        put_varint(&mut out, body.len() as u64);
        out.extend_from_slice(&body);
        let checksum = crc32c::crc32c(&out);
        out.extend_from_slice(&checksum.to_le_bytes());
        out
    }

    /// The header's length, checksum included, from its first bytes, and where its body starts.
    pub(crate) fn length(prefix: &[u8]) -> Result<(usize, usize)> {
        let mut reader = Reader::new(prefix);
        let magic = reader.take(3, "a chunk")?;
        if magic != MAGIC {
            return Err(Error::Corrupt(format!(
                "the chunk starts with {magic:02x?}, not with \"VQZ\": it was not written by the vqz codec"
            )));
        }
        let version = reader.u8("a chunk's version")?;
        if !(FIRST..=WIDE).contains(&version) {
            return Err(Error::Unsupported(format!(
                "the chunk has container version {version}, this release reads versions {FIRST} to {WIDE}; update vqz"
            )));
        }
        let body = reader.varint(MAX_BODY, "the header's length")? as usize;
        Ok((reader.position() + body + CHECKSUM, reader.position()))
    }

    /// Reads a header; `bytes` may hold more than the header.
    pub(crate) fn from_bytes(bytes: &[u8], expected: &Expected<'_>) -> Result<Self> {
        let (length, start) = Self::length(bytes)?;
        if bytes.len() < length {
            return Err(Error::Truncated(format!(
                "the chunk's header takes {length} bytes and {} are there; the chunk was cut off, write it again",
                bytes.len()
            )));
        }
        let (checked, checksum) = bytes[..length].split_at(length - CHECKSUM);
        check(checked, checksum, "the header")?;
        let mut body = Reader::new(&checked[start..]);
        let header = Self::read_body(&mut body, checked[MAGIC.len()], expected)?;
        body.finish("the header")?;
        Ok(header)
    }

    fn read_body(body: &mut Reader<'_>, version: u8, expected: &Expected<'_>) -> Result<Self> {
        let flags = body.u8("the header's flags")?;
        let known = match version {
            FIRST => FLAG_LZ4 | FLAG_NO_TILES,
            _ => !128,
        };
        if flags & !known != 0 {
            return Err(Error::Unsupported(format!(
                "the header's flags are {flags:#04x}, known are {known:#04x}; update vqz"
            )));
        }
        let entropy = if flags & FLAG_LZ4 == 0 { EntropyCoder::Rans } else { EntropyCoder::Lz4 };
        let says = |flag| version == FIRST || flags & flag != 0;
        let step = match &expected.model {
            Some(model) => {
                read_model(body, if version == FIRST { 4 } else { 2 }, model)?;
                body.i16("the step")?
            }
            None if version == FIRST => {
                return Err(Error::Corrupt(
                    "the chunk was written with a model, the array names none".to_owned(),
                ));
            }
            None => 0,
        };
        let whole = [expected.height, expected.width];
        let extent = match says(FLAG_EXTENT) {
            true => [
                body.varint(expected.height as u64, "the number of rows")? as usize,
                body.varint(expected.width as u64, "the number of columns")? as usize,
            ],
            false => whole,
        };
        let mut patterns = Patterns::default();
        let mut valid = expected.samples(extent);
        if says(FLAG_MASKED) {
            patterns = read_patterns(body, expected.sample_size)?;
            valid = body.varint(expected.samples(whole), "the number of valid samples")?;
        }
        if version != FIRST
            && (says(FLAG_EXTENT) && extent == whole
                || says(FLAG_MASKED) && valid >= expected.samples(extent))
        {
            return Err(Error::Corrupt(
                "the header states a field that must be left out where it has its default, or more valid samples than there are; write the chunk again"
                    .to_owned(),
            ));
        }
        let bounds = match flags & (FLAG_BOUNDED | FLAG_STABLE) {
            0 => None,
            FLAG_STABLE => {
                return Err(Error::Corrupt(
                    "the header says that the chunk is stable, but states no bound; write the chunk again"
                        .to_owned(),
                ));
            }
            _ => Some(read_bounds(body, expected.bands, flags & FLAG_STABLE != 0)?),
        };
        let (squares, max_error) = read_errors(body, version, valid)?;
        let each = (expected.tiles)(extent);
        let count = each * expected.images;
        let tiles: Vec<u32> = if flags & FLAG_NO_TILES == 0 {
            // Each entry takes a byte at least, so nothing is allocated that the header could not hold.
            if count > body.remaining() {
                return Err(Error::Truncated(format!(
                    "the tile index has {} bytes for {count} tiles; write the chunk again",
                    body.remaining()
                )));
            }
            (0..count)
                .map(|_| body.varint(u64::from(u32::MAX), "a tile's length").map(|v| v as u32))
                .collect::<Result<_>>()?
        } else {
            vec![0; count]
        };
        if version != FIRST && flags & FLAG_NO_TILES == 0 && tiles.iter().all(|length| *length == 0) {
            return Err(Error::Corrupt(
                "the header lists tiles, none of which has bytes; write the chunk again".to_owned(),
            ));
        }
        let references =
            if flags & FLAG_REFERENCES == 0 { Vec::new() } else { read_references(body, &tiles, each)? };
        Ok(Self {
            entropy,
            step,
            extent,
            patterns,
            valid,
            squares,
            max_error,
            exact: version == WIDE,
            tiles,
            references,
            bounds,
        })
    }
}

/// Refuses a chunk of another model than the expected one. The header states the first bytes of the model's hash.
fn read_model(body: &mut Reader<'_>, bytes: usize, expected: &ExpectedModel<'_>) -> Result<()> {
    let found = body.take(bytes, "the model's hash")?;
    if found == &expected.hash[..bytes] {
        return Ok(());
    }
    Err(Error::InvalidModel(format!(
        "the chunk was written with a model whose hash starts with {}, the array names {} ({}); write the chunk \
         again with the array's model",
        hex(found),
        expected.name,
        hex(&expected.hash)
    )))
}

/// The bit patterns of masked samples.
fn read_patterns(body: &mut Reader<'_>, sample_size: usize) -> Result<Patterns> {
    let count = body.varint(MAX_PATTERNS as u64, "the number of bit patterns")? as usize;
    let mut patterns = Vec::with_capacity(count);
    for _ in 0..count {
        let mut bits = [0; 8];
        bits[..sample_size].copy_from_slice(body.take(sample_size, "a bit pattern")?);
        patterns.push(u64::from_le_bytes(bits));
    }
    Patterns::from_list(patterns)
}

/// The promised bounds.
fn read_bounds(body: &mut Reader<'_>, bands: usize, stable: bool) -> Result<Bounds> {
    let count = body.varint(bands as u64, "the number of bounds")? as usize;
    let stated: Vec<f64> = (0..count).map(|_| body.f64("a bound")).collect::<Result<_>>()?;
    let each = match stated[..] {
        [] => vec![0.0; bands],
        [one] => vec![one; bands],
        _ => stated.clone(),
    };
    let bounds = Bounds { each, stable };
    let sound = bounds.each.iter().all(|bound| bound.is_finite() && bound.is_sign_positive());
    if !sound || bounds.each.len() != bands || bounds.stated() != stated {
        return Err(Error::Corrupt(format!(
            "the header states the bounds {stated:?} for {bands} bands, allowed are numbers from 0 on: none, one, or as many \
             different ones; write the chunk again"
        )));
    }
    Ok(bounds)
}

/// The errors over `valid` samples: their squares, and the largest.
fn read_errors(body: &mut Reader<'_>, version: u8, valid: u64) -> Result<(SquareSum, f64)> {
    if valid == 0 {
        if version == WIDE {
            return Err(Error::Corrupt(
                "the header has room for large or small errors, and no valid sample; write the chunk again"
                    .to_owned(),
            ));
        }
        return Ok((SquareSum::default(), 0.0));
    }
    let mut statistic = |what| match version {
        FIRST => body.f32(what).map(f64::from),
        WIDE => body.f64(what),
        _ => {
            let bytes = body.take(3, what)?;
            Ok(f64::from(f32::from_le_bytes([0, bytes[0], bytes[1], bytes[2]])))
        }
    };
    let (mean, max_error) = (statistic("the mean error")?, statistic("the maximum error")?);
    // Version 1 was also written with infinite errors.
    let largest = if version == WIDE { f64::MAX } else { f64::INFINITY };
    if ![mean, max_error].iter().all(|v| (0.0..=largest).contains(v)) {
        return Err(Error::Corrupt(format!(
            "the header states a mean error of {mean} and a maximum error of {max_error}; write the chunk again"
        )));
    }
    let squares = match version {
        WIDE => SquareSum::of_root(mean, valid),
        _ => SquareSum::of_mean(mean, valid),
    };
    Ok((squares, max_error))
}

/// For each tile, the one that it refers to; `each` is the number of tiles of an image.
fn read_references(body: &mut Reader<'_>, tiles: &[u32], each: usize) -> Result<Vec<u32>> {
    if tiles.len() > body.remaining() {
        return Err(Error::Truncated(format!(
            "{} bytes say which dates {} tiles refer to; write the chunk again",
            body.remaining(),
            tiles.len()
        )));
    }
    let refer = |(at, length): (usize, &u32)| {
        let distance = body.varint((at / each) as u64, "the date that a tile refers to")? as usize;
        if distance > 0 && (*length == 0 || tiles[at - distance * each] == 0) {
            return Err(Error::Corrupt(
                "a tile without bytes refers to another date, or is referred to; write the chunk again"
                    .into(),
            ));
        }
        Ok(distance as u32)
    };
    let references: Vec<u32> = tiles.iter().enumerate().map(refer).collect::<Result<_>>()?;
    match references.iter().any(|distance| *distance > 0) {
        true => Ok(references),
        false => Err(Error::Corrupt(
            "no tile refers to another, but the header says so; write the chunk again".into(),
        )),
    }
}

/// Compares a CRC-32C.
pub(crate) fn check(bytes: &[u8], checksum: &[u8], what: &str) -> Result<()> {
    let found = crc32c::crc32c(bytes).to_le_bytes();
    if found == checksum {
        return Ok(());
    }
    Err(Error::Corrupt(format!(
        "the checksum of {what} is {}, its bytes give {}; the chunk was damaged, write it again",
        hex(checksum),
        hex(&found)
    )))
}
