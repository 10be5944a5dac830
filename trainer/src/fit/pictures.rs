//! The fixed set of pictures: the original, the decoded image, and the difference.

use super::evaluate::decoded;
use crate::error::Result;
use crate::report::Picture;
use std::sync::Arc;
use vqz_codec::bands::natural_colour;
use vqz_codec::fit::Image;
use vqz_codec::model::Model;

/// The fraction of the samples at either end that is shown as black or as white.
const STRETCH: f64 = 0.02;
/// The difference that is shown at full strength, as a part of the range that is shown.
const DIFFERENCE: f32 = 0.1;
/// Pixels between the three.
const GAP: usize = 4;

/// An image beside what comes back at a quality and the difference of both, as red, green and blue of the given bands.
///
/// # Errors
/// [`crate::Error::Codec`].
pub(super) fn picture(model: &Arc<Model>, image: &Image, quality: f64, rgb: &[usize]) -> Result<Picture> {
    let back = decoded(model, image, quality)?;
    let size = image.height * image.width;
    let width = 3 * image.width + 2 * GAP;
    let mut out = vec![255; width * image.height * 3];
    for (channel, band) in rgb.iter().take(3).enumerate() {
        let own = &image.samples[band * size..(band + 1) * size];
        let made = &back[band * size..(band + 1) * size];
        let (low, high) = range(own);
        let shown =
            |v: f32| if v.is_nan() { 0 } else { (255.0 * (v - low) / (high - low)).clamp(0.0, 255.0) as u8 };
        for (at, (x, y)) in own.iter().zip(made).enumerate() {
            let (row, column) = (at / image.width, at % image.width);
            let difference = (y - x) / ((high - low) * DIFFERENCE);
            let difference =
                if difference.is_nan() { 0 } else { (128.0 + 127.0 * difference).clamp(0.0, 255.0) as u8 };
            for (third, value) in [shown(*x), shown(*y), difference].into_iter().enumerate() {
                out[(row * width + third * (image.width + GAP) + column) * 3 + channel] = value;
            }
        }
    }
    if rgb.len() < 3 {
        out.chunks_exact_mut(3).for_each(|pixel| {
            let grey = pixel[0];
            pixel.fill(grey);
        });
    }
    Ok(Picture::from_rgb(width, image.height, &out))
}

/// The bands to show: the requested ones, otherwise red, green and blue by name, otherwise the first three.
pub(super) fn bands(asked: &[usize], names: &[String]) -> Vec<usize> {
    if !asked.is_empty() {
        return asked.iter().copied().filter(|band| *band < names.len()).collect();
    }
    natural_colour(names).map_or_else(|| (0..names.len().min(3)).collect(), |bands| bands.to_vec())
}

fn range(samples: &[f32]) -> (f32, f32) {
    let mut sorted: Vec<f32> = samples.iter().copied().filter(|v| v.is_finite()).collect();
    if sorted.is_empty() {
        return (0.0, 1.0);
    }
    sorted.sort_unstable_by(f32::total_cmp);
    let at = |part: f64| sorted[((sorted.len() - 1) as f64 * part) as usize];
    let (low, high) = (at(STRETCH), at(1.0 - STRETCH));
    if high > low { (low, high) } else { (low, low + 1.0) }
}

#[cfg(test)]
mod tests {
    use super::bands;

    #[test]
    fn names_tell_the_colours() {
        let names = ["B01", "B02", "B03", "B04"].map(str::to_owned);
        assert_eq!(bands(&[], &names), [3, 2, 1]);
        assert_eq!(bands(&[0, 9], &names), [0]);
        assert_eq!(bands(&[], &["a".to_owned()]), [0]);
    }
}
