//! The header of a chunk: what was promised and measured, and where each tile's bytes lie.

use crate::config::EntropyCoder;
use crate::container::bytes::{Reader, put_varint};
use crate::error::{Error, Result};
use crate::mask::{MAX_PATTERNS, Patterns};

/// The first three bytes of every chunk; the fourth is the version.
pub(crate) const MAGIC: [u8; 3] = *b"VQZ";
/// The container's version.
pub(crate) const VERSION: u8 = 0;
/// The longest header body, in bytes.
const MAX_BODY: u64 = 1 << 28;
/// Bytes of a checksum.
pub(crate) const CHECKSUM: usize = 4;

const FLAG_LZ4: u8 = 1;
const FLAG_NO_TILES: u8 = 2;
const FLAG_REFERENCES: u8 = 4;
const FLAGS: u8 = FLAG_LZ4 | FLAG_NO_TILES | FLAG_REFERENCES;

/// A chunk's header.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Header {
    pub(crate) entropy: EntropyCoder,
    /// The first four bytes of the model's hash.
    pub(crate) model: [u8; 4],
    /// 256 × log2 of the quantiser's step, in normalised units.
    pub(crate) step: i16,
    /// Rows and columns before the trailing ones that are all fill value.
    pub(crate) extent: [usize; 2],
    pub(crate) patterns: Patterns,
    pub(crate) valid: u64,
    pub(crate) mean_square_error: f32,
    pub(crate) max_error: f32,
    /// Bytes of each tile, in order of images, tile rows and tile columns; 0 for a tile that is masked throughout
    /// with the first pattern.
    pub(crate) tiles: Vec<u32>,
    /// How many images before its own each tile refers to, 0 for none; empty where no tile refers to another.
    pub(crate) references: Vec<u32>,
}

/// What a reader knows before it reads: the chunk's shape and sample size.
#[derive(Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) samples: usize,
    pub(crate) sample_size: usize,
    pub(crate) model: [u8; 4],
    pub(crate) model_name: &'a str,
    pub(crate) images: usize,
    /// Tiles of each image in a chunk with this extent.
    pub(crate) tiles: &'a dyn Fn([usize; 2]) -> usize,
}

impl Header {
    pub(crate) fn to_bytes(&self, sample_size: usize) -> Vec<u8> {
        let no_tiles = self.tiles.iter().all(|t| *t == 0);
        let mut body = Vec::with_capacity(48 + 3 * self.tiles.len());
        let mut flags = 0;
        if self.entropy == EntropyCoder::Lz4 {
            flags |= FLAG_LZ4;
        }
        if no_tiles {
            flags |= FLAG_NO_TILES;
        }
        if !self.references.is_empty() {
            flags |= FLAG_REFERENCES;
        }
        body.push(flags);
        body.extend_from_slice(&self.model);
        body.extend_from_slice(&self.step.to_le_bytes());
        put_varint(&mut body, self.extent[0] as u64);
        put_varint(&mut body, self.extent[1] as u64);
        put_varint(&mut body, self.patterns.list().len() as u64);
        for pattern in self.patterns.list() {
            body.extend_from_slice(&pattern.to_le_bytes()[..sample_size]);
        }
        put_varint(&mut body, self.valid);
        if self.valid > 0 {
            body.extend_from_slice(&self.mean_square_error.to_le_bytes());
            body.extend_from_slice(&self.max_error.to_le_bytes());
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
        out.push(VERSION);
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
                "the chunk starts with {magic:02x?}, not with \"VQZ\": it was not written by the vqvae codec"
            )));
        }
        let version = reader.u8("a chunk's version")?;
        if version != VERSION {
            return Err(Error::Unsupported(format!(
                "the chunk has container version {version}, this release reads version {VERSION}; update vqz"
            )));
        }
        let body = reader.varint(MAX_BODY, "the header's length")? as usize;
        Ok((reader.position() + body + CHECKSUM, reader.position()))
    }

    /// Reads a header; `bytes` may go on after it.
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
        let header = Self::read_body(&mut body, expected)?;
        body.finish("the header")?;
        Ok(header)
    }

    fn read_body(body: &mut Reader<'_>, expected: &Expected<'_>) -> Result<Self> {
        let flags = body.u8("the header's flags")?;
        if flags & !FLAGS != 0 {
            return Err(Error::Unsupported(format!(
                "the header's flags are {flags:#04x}, known are {FLAGS:#04x}; update vqz"
            )));
        }
        let entropy = if flags & FLAG_LZ4 == 0 { EntropyCoder::Rans } else { EntropyCoder::Lz4 };
        let mut model = [0; 4];
        model.copy_from_slice(body.take(4, "the model's hash")?);
        if model != expected.model {
            return Err(Error::InvalidModel(format!(
                "the chunk was written with a model whose hash starts with {}, the array names {} ({}); \
                 write the chunk again with the array's model",
                hex(&model),
                expected.model_name,
                hex(&expected.model)
            )));
        }
        let step = body.i16("the step")?;
        let extent = [
            body.varint(expected.height as u64, "the number of rows")? as usize,
            body.varint(expected.width as u64, "the number of columns")? as usize,
        ];
        let count = body.varint(MAX_PATTERNS as u64, "the number of bit patterns")? as usize;
        let mut patterns = Vec::with_capacity(count);
        for _ in 0..count {
            let mut bits = [0; 8];
            bits[..expected.sample_size].copy_from_slice(body.take(expected.sample_size, "a bit pattern")?);
            patterns.push(u64::from_le_bytes(bits));
        }
        let patterns = Patterns::from_list(patterns)?;
        let valid = body.varint(expected.samples as u64, "the number of valid samples")?;
        let (mean_square_error, max_error) = if valid > 0 {
            (body.f32("the mean square error")?, body.f32("the maximum error")?)
        } else {
            (0.0, 0.0)
        };
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
        let references =
            if flags & FLAG_REFERENCES == 0 { Vec::new() } else { read_references(body, &tiles, each)? };
        Ok(Self {
            entropy,
            model,
            step,
            extent,
            patterns,
            valid,
            mean_square_error,
            max_error,
            tiles,
            references,
        })
    }
}

/// Which tile each one refers to; `each` is the number of tiles of an image.
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
                "a tile without bytes refers to another date, or is referred to; write the chunk again".into(),
            ));
        }
        Ok(distance as u32)
    };
    tiles.iter().enumerate().map(refer).collect()
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

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
