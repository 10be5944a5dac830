//! The bytes of a tile, without their checksum: its mode, its mask, and whatever codes its samples.
//!
//! The first byte is the mode: how the mask is stored, and how the samples are coded. Where there is a mask, its length and its
//! stream follow, then the bit patterns that the chunk's table had no room for. The rest codes the valid samples.

use crate::container::bytes::{Reader, put_varint};
use crate::error::{Error, Result};
use crate::mask::{self, ESCAPE};
use crate::sample::Sample;

/// A tile's first byte says how its mask is stored, here: not at all, for all samples are valid.
const MASK_NONE: u8 = 0;
/// One plane of classes for all bands.
const MASK_SHARED: u8 = 1;
/// A plane of classes for each band.
const MASK_EACH: u8 = 2;
/// Added to the above: the tile's picture is corrected by the model.
pub(crate) const CORRECTED: u8 = 4;
/// Added: corrections follow that bring the picture within the promised bound.
pub(crate) const BOUNDED: u8 = 8;
/// Added instead: there is no picture, samples are predicted.
pub(crate) const PREDICTED: u8 = 16;
/// Added instead: there is no picture, samples are of few classes.
pub(crate) const CLASSES: u8 = 32;

/// The mask of a tile.
#[derive(Debug, Default)]
pub(crate) struct Mask {
    /// Classes `(band, y, x)`; empty when all samples are valid.
    pub(crate) classes: Vec<u8>,
    /// The bit patterns of samples of the class [`ESCAPE`], in the order of the samples.
    pub(crate) escaped: Vec<u64>,
}

/// How a tile's valid samples are coded.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Content<'a> {
    /// There are none.
    Nothing,
    /// By the model's codes.
    Codes {
        stream: &'a [u8],
        /// Whether the model's correction is applied to what it decodes.
        corrected: bool,
        /// Corrections that bring the reconstruction within the promised bound.
        bounded: Option<&'a [u8]>,
    },
    /// By prediction from neighbours.
    Predicted(&'a [u8]),
    /// As classes.
    Classes(&'a [u8]),
}

/// What a reader knows of a tile before it reads its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExpectedTile {
    pub(crate) bands: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// Whether the chunk's header states a bound.
    pub(crate) promised: bool,
    /// Whether the array has a model, and whether that has a correction.
    pub(crate) model: bool,
    pub(crate) correction: bool,
}

/// The parts of a tile's bytes.
#[derive(Debug)]
pub(crate) struct Payload<'a> {
    pub(crate) mask: Mask,
    pub(crate) content: Content<'a>,
}

impl<'a> Payload<'a> {
    /// Takes a tile's bytes apart.
    ///
    /// # Errors
    /// [`Error::Corrupt`] and [`Error::Truncated`] for bytes that no writer writes.
    pub(crate) fn read<T: Sample>(bytes: &'a [u8], expected: &ExpectedTile) -> Result<Self> {
        let mut reader = Reader::new(bytes);
        let (mask, mode) = read_mask::<T>(&mut reader, expected)?;
        let valid = mask.classes.is_empty() || mask.classes.contains(&0);
        let content = match valid {
            true => read_content(mode, expected, &mut reader)?,
            false if mode == 0 => Content::Nothing,
            false => {
                return Err(Error::Corrupt(
                    "a tile says how its samples are coded, but holds no valid sample; write the chunk again"
                        .to_owned(),
                ));
            }
        };
        reader.finish("a tile")?;
        Ok(Self { mask, content })
    }
}

/// Starts a tile's bytes: its mode without what codes the samples, and the mask. `samples` and their `classes` are
/// `(band, y, x)`; no classes stand for a tile whose samples are all valid.
pub(crate) fn write_mask<T: Sample>(
    samples: &[T],
    classes: &[u8],
    [bands, height, width]: [usize; 3],
) -> Vec<u8> {
    if classes.is_empty() {
        return vec![MASK_NONE];
    }
    let area = height * width;
    let first = &classes[..area];
    let shared = !first.contains(&ESCAPE) && classes.chunks_exact(area).all(|band| band == first);
    let (mode, stream) = match shared {
        true => (MASK_SHARED, mask::coder::encode(first, 1, height, width)),
        false => (MASK_EACH, mask::coder::encode(classes, bands, height, width)),
    };
    let mut out = vec![mode];
    put_varint(&mut out, stream.len() as u64);
    out.extend(stream);
    for (sample, class) in samples.iter().zip(classes) {
        if *class == ESCAPE {
            out.extend_from_slice(&sample.to_bits().to_le_bytes()[..T::TYPE.size()]);
        }
    }
    out
}

fn read_content<'a>(mode: u8, expected: &ExpectedTile, reader: &mut Reader<'a>) -> Result<Content<'a>> {
    let refused = |why: &str| {
        Err(Error::Corrupt(format!("a tile's mode includes {mode}, but {why}; write the chunk again")))
    };
    let promised = expected.promised;
    let corrected = mode & CORRECTED != 0;
    if mode & (PREDICTED | CLASSES) != 0 {
        let mut samples = || reader.take(reader.remaining(), "a tile's samples");
        return match (mode, promised) {
            (PREDICTED, true) => Ok(Content::Predicted(samples()?)),
            (CLASSES, true) => Ok(Content::Classes(samples()?)),
            (PREDICTED | CLASSES, false) => refused("its chunk promises nothing"),
            _ => refused("samples without a picture are coded in one way, without corrections"),
        };
    }
    if !expected.model {
        return refused("the array has no model to make pictures");
    }
    if corrected && !expected.correction {
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

/// The mask, and the rest of the mode.
fn read_mask<T: Sample>(reader: &mut Reader<'_>, expected: &ExpectedTile) -> Result<(Mask, u8)> {
    let ExpectedTile { bands, height, width, .. } = *expected;
    let mode = reader.u8("a tile's mode")?;
    if mode >= 64 {
        return Err(Error::Corrupt(format!(
            "a tile's mode is {mode}, allowed are at most 63; write the chunk again"
        )));
    }
    let (mask, mode) = (mode & 3, mode & !3);
    let planes = match mask {
        MASK_NONE => return Ok((Mask::default(), mode)),
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
    Ok((Mask { classes, escaped }, mode))
}
