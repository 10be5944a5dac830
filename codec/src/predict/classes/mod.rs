//! Categorical tiles, coded exactly: class maps and quality flags, in which few distinct values occur.
//!
//! A [`palette`] lists the values, and each sample is then a *class*, an index into it. A class is coded either as equal to that
//! of a neighbour or else bit by bit ([`walk`]). The probability of each of these binary decisions is mixed from several
//! contexts ([`model`]). Where the raster was enlarged from a coarser one by repeating pixels, a [`grid`] says so.

mod canvas;
mod grid;
mod model;
mod palette;
#[cfg(test)]
mod tests;
mod walk;

use crate::container::bytes::{Reader, put_varint};
use crate::entropy::rans::{Decoder, Encoder};
use crate::error::{Error, Result};
use crate::predict::padded::Shape;
use grid::Grid;
use palette::Palette;

/// The stream of a tile's `(plane, y, x)` samples; `None` if more than 256 values occur. Samples that are not `valid` are
/// ignored; without a mask all are valid. A tile without a valid sample is an empty stream. `samples` and `valid` must have as
/// many elements as the shape has samples.
pub(crate) fn encode(samples: &[i32], valid: Option<&[bool]>, shape: Shape) -> Option<Vec<u8>> {
    debug_assert_eq!(samples.len(), shape.samples());
    debug_assert!(valid.is_none_or(|v| v.len() == samples.len()));
    let is_valid = |i: usize| valid.is_none_or(|v| v[i]);
    let occurring = samples.iter().enumerate().filter(|(i, _)| is_valid(*i)).map(|(_, v)| *v);
    let palette = Palette::collect(occurring)?;
    let count = palette.0.len();
    let mut stream = Vec::new();
    match palette.0[..] {
        [] => {}
        [value] => {
            stream.push(0);
            put_varint(&mut stream, palette::fold(i64::from(value)));
        }
        _ => {
            stream.push((count - 1) as u8);
            let mut classes = palette.classes(samples);
            if let Some(valid) = valid {
                fill_invalid(&mut classes, valid);
            }
            let grid = Grid::find(&classes, shape.height, shape.width);
            let mut coder = Encoder::default();
            // With an encoder, these fail only on numbers that no palette and no grid can hold.
            Palette::code(&mut coder, count, &palette).ok()?;
            Grid::code(&mut coder, grid).ok()?;
            walk::code(&mut coder, shape, valid, count, grid, &mut classes);
            stream.extend(coder.finish());
        }
    }
    Some(stream)
}

/// The `(plane, y, x)` samples of a stream; 0 where they are not `valid`.
///
/// # Errors
/// [`Error::Truncated`] and [`Error::Corrupt`] for a stream that no encoder writes, [`Error::InvalidArgument`] if the mask
/// does not have this shape.
pub(crate) fn decode(stream: &[u8], valid: Option<&[bool]>, shape: Shape) -> Result<Vec<i32>> {
    if let Some(valid) = valid.filter(|v| v.len() != shape.samples()) {
        let (found, all) = (valid.len(), shape.samples());
        return Err(Error::InvalidArgument(format!(
            "a mask has {found} samples, its tile {all}; give one of its shape"
        )));
    }
    let is_valid = |i: usize| valid.is_none_or(|v| v[i]);
    let samples = valid.map_or(shape.samples(), |v| v.iter().filter(|v| **v).count());
    let corrupt = |what: &str| Err(Error::Corrupt(format!("{what}; write the chunk again")));
    let Some((last, rest)) = stream.split_first() else {
        return match samples {
            0 => Ok(vec![0; shape.samples()]),
            _ => Err(Error::Truncated("a tile of classes has no byte; write the chunk again".into())),
        };
    };
    let count = usize::from(*last) + 1;
    if count > samples {
        return corrupt(&format!("a tile of {samples} valid samples has {count} classes"));
    }
    if count == 1 {
        let mut reader = Reader::new(rest);
        let value = reader.varint(u64::from(u32::MAX), "the value of a tile's only class")?;
        reader.finish("a tile of one class")?;
        return match i32::try_from(palette::unfold(value)) {
            Ok(value) => Ok((0..shape.samples()).map(|i| if is_valid(i) { value } else { 0 }).collect()),
            Err(_) => corrupt("a tile's only class stands for a value beyond 32 bits"),
        };
    }
    let mut coder = Decoder::new(rest)?;
    let palette = Palette::code(&mut coder, count, &Palette(Vec::new()))?;
    let grid = Grid::code(&mut coder, None)?;
    let mut classes = vec![0; shape.samples()];
    walk::code(&mut coder, shape, valid, count, grid, &mut classes);
    coder.finish()?;
    let mut values = [0; palette::MAX_CLASSES];
    values[..count].copy_from_slice(&palette.0);
    let mut samples: Vec<i32> = classes.iter().map(|class| values[usize::from(*class)]).collect();
    if let Some(valid) = valid {
        samples.iter_mut().zip(valid).filter(|(_, valid)| !**valid).for_each(|(sample, _)| *sample = 0);
    }
    Ok(samples)
}

/// Gives each sample that is not valid the class of the valid sample before it, so that the stream does not depend on the
/// value that stood there.
fn fill_invalid(classes: &mut [u8], valid: &[bool]) {
    let mut last = 0;
    for (class, valid) in classes.iter_mut().zip(valid) {
        if *valid {
            last = *class;
        } else {
            *class = last;
        }
    }
}
