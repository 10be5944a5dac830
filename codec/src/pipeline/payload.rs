//! A tile's bytes taken apart: its mask, and how its samples are coded.

use super::ChunkCodec;
use super::decode::Shared;
use super::encode::empty_patches;
use crate::container::bytes::Reader;
use crate::error::{Error, Result};
use crate::mask::{self, ESCAPE};
use crate::sample::Sample;

/// A tile's first byte says how its mask is stored, here: not at all, for all samples are valid.
pub(super) const MASK_NONE: u8 = 0;
/// One plane of classes for all bands.
pub(super) const MASK_SHARED: u8 = 1;
/// A plane of classes for each band.
pub(super) const MASK_EACH: u8 = 2;
/// Added to the above: the tile's picture is corrected by the model.
pub(super) const CORRECTED: u8 = 4;
/// Added: corrections follow that bring the picture within the promised bound.
pub(super) const BOUNDED: u8 = 8;
/// Added instead: there is no picture, samples are predicted.
pub(super) const EXACT: u8 = 16;
/// Added instead: there is no picture, samples are of few classes.
pub(super) const CLASSES: u8 = 32;

/// The mask of a tile: classes `(band, y, x)`, empty when all are valid, and the escaped patterns in order.
#[derive(Default)]
pub(super) struct Mask {
    pub(super) classes: Vec<u8>,
    pub(super) escaped: Vec<u64>,
    /// The rest of the byte that tells how the mask is stored.
    mode: u8,
}

/// How a tile's valid samples are coded.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content<'a> {
    /// There are none.
    Nothing,
    /// As a picture, by its codes.
    Codes {
        stream: &'a [u8],
        /// Whether the model corrects it.
        corrected: bool,
        /// What brings it within the promised bound.
        bounded: Option<&'a [u8]>,
    },
    /// By prediction.
    Exact(&'a [u8]),
    /// As classes.
    Classes(&'a [u8]),
}

/// The parts of a tile's bytes.
pub(super) struct Payload<'a> {
    pub(super) mask: Mask,
    /// Which patches take no decisions; empty when all take some.
    pub(super) empty: Vec<bool>,
    pub(super) content: Content<'a>,
}

impl<'a> Payload<'a> {
    /// Takes a tile's bytes apart.
    pub(super) fn read<T: Sample>(
        codec: &ChunkCodec,
        shared: &Shared<'_, T>,
        payload: &'a [u8],
        [height, width]: [usize; 2],
    ) -> Result<Self> {
        let mut reader = Reader::new(payload);
        let mask = read_mask::<T>(&mut reader, shared.bands, height, width)?;
        let valid = mask.classes.is_empty() || mask.classes.contains(&0);
        let content = match valid {
            true => read_content(codec, mask.mode, shared.bounds.is_some(), &mut reader)?,
            false if mask.mode == 0 => Content::Nothing,
            false => {
                return Err(Error::Corrupt(
                    "a tile says how its samples are coded, but holds no valid sample; write the chunk again"
                        .to_owned(),
                ));
            }
        };
        reader.finish("a tile")?;
        let empty = empty_patches(&mask.classes, shared.bands, height, width, codec.patch());
        Ok(Self { mask, empty, content })
    }
}

fn read_content<'a>(
    codec: &ChunkCodec,
    mode: u8,
    promised: bool,
    reader: &mut Reader<'a>,
) -> Result<Content<'a>> {
    let refused = |why: &str| {
        Err(Error::Corrupt(format!("a tile's mode is {mode} and more, but {why}; write the chunk again")))
    };
    let corrected = mode & CORRECTED != 0;
    if mode & (EXACT | CLASSES) != 0 {
        let mut samples = || reader.take(reader.remaining(), "a tile's samples");
        return match (mode, promised) {
            (EXACT, true) => Ok(Content::Exact(samples()?)),
            (CLASSES, true) => Ok(Content::Classes(samples()?)),
            (EXACT | CLASSES, false) => refused("its chunk promises nothing"),
            _ => refused("samples without a picture are coded in one way, without corrections"),
        };
    }
    let Some(picture) = &codec.picture else { return refused("the array has no model to make pictures") };
    if corrected && picture.correction.is_none() {
        return refused("the model has no correction");
    }
    if (mode & BOUNDED != 0) != promised {
        return refused(if promised { "its chunk promises a bound" } else { "its chunk promises none" });
    }
    if !promised {
        let stream = reader.take(reader.remaining(), "a tile's codes")?;
        return Ok(Content::Codes { stream, corrected, bounded: None });
    }
    let length = reader.varint(u64::from(u32::MAX), "the length of a tile's codes")? as usize;
    let stream = reader.take(length, "a tile's codes")?;
    let bounded = reader.take(reader.remaining(), "a tile's corrections")?;
    Ok(Content::Codes { stream, corrected, bounded: Some(bounded) })
}

fn read_mask<T: Sample>(reader: &mut Reader<'_>, bands: usize, height: usize, width: usize) -> Result<Mask> {
    let mode = reader.u8("a tile's mode")?;
    if mode >= 64 {
        return Err(Error::Corrupt(format!(
            "a tile's mode is {mode}, allowed are at most 63; write the chunk again"
        )));
    }
    let (mask, mode) = (mode & 3, mode & !3);
    let planes = match mask {
        MASK_NONE => return Ok(Mask { mode, ..Mask::default() }),
        MASK_SHARED => 1,
        MASK_EACH => bands,
        _ => {
            return Err(Error::Corrupt(format!(
                "a mask's mode is {mask}, allowed are 0 to 2; write the chunk again"
            )));
        }
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
    Ok(Mask { classes, escaped, mode })
}
