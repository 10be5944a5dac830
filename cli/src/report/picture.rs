//! Pictures of rasters: a percentile stretch to 8 bits, and PNG.

use super::palette;
use anyhow::{Context, Result};
use std::ops::Range;

/// Three planes of one size, NaN where there is no data.
#[derive(Clone, Debug)]
pub(crate) struct Planes {
    /// Columns.
    pub(crate) width: usize,
    /// Rows.
    pub(crate) height: usize,
    /// Red, green and blue, in data units and C order.
    pub(crate) rgb: [Vec<f64>; 3],
}

/// What becomes black and white, for each plane.
pub(crate) type Stretch = [(f64, f64); 3];

/// From the 1st to the 99th percentile of each plane.
pub(crate) fn stretch(planes: &Planes) -> Stretch {
    let of = |plane: &Vec<f64>| {
        let mut valid: Vec<f64> = plane.iter().copied().filter(|v| v.is_finite()).collect();
        valid.sort_by(f64::total_cmp);
        let at = |part: f64| valid.get((part * valid.len().saturating_sub(1) as f64) as usize).copied();
        match (at(0.01), at(0.99)) {
            (Some(low), Some(high)) if high > low => (low, high),
            (Some(low), _) => (low, low + 1.0),
            _ => (0.0, 1.0),
        }
    };
    [of(&planes.rgb[0]), of(&planes.rgb[1]), of(&planes.rgb[2])]
}

/// A picture for the page.
#[derive(Clone)]
pub(crate) struct Picture {
    /// As a `data:` address.
    pub(crate) source: String,
    /// Columns.
    pub(crate) width: usize,
    /// Rows.
    pub(crate) height: usize,
    /// What it shows, in a few words, for those who do not see it.
    pub(crate) alt: String,
}

/// Places where errors change their colour, evenly spaced from 0 to the full scale: dark to bright, and told apart in
/// grey too (matplotlib's "inferno").
const SCALE: [[u8; 3]; 8] = [
    [0, 0, 4],
    [40, 11, 84],
    [101, 21, 110],
    [159, 42, 99],
    [212, 72, 66],
    [245, 125, 21],
    [250, 193, 39],
    [252, 255, 164],
];

/// The colours of errors as stops of a CSS gradient.
pub(crate) fn gradient() -> String {
    SCALE.map(|[r, g, b]| format!("rgb({r} {g} {b})")).join(",")
}

impl Planes {
    /// A part of them.
    pub(crate) fn crop(&self, x: Range<usize>, y: Range<usize>) -> Self {
        let part = |plane: &Vec<f64>| -> Vec<f64> {
            y.clone()
                .flat_map(|y| plane[y * self.width + x.start..y * self.width + x.end].iter().copied())
                .collect()
        };
        let [r, g, b] = &self.rgb;
        Self { width: x.len(), height: y.len(), rgb: [part(r), part(g), part(b)] }
    }

    /// The largest absolute error among the three planes at each pixel: NaN where one has no data.
    pub(crate) fn errors(&self, other: &Self) -> Vec<f64> {
        let largest = |i: usize| {
            let errors = [0, 1, 2].map(|c: usize| (self.rgb[c][i] - other.rgb[c][i]).abs());
            if errors.iter().any(|e| e.is_nan()) { f64::NAN } else { errors.into_iter().fold(0.0, f64::max) }
        };
        (0..self.width * self.height).map(largest).collect()
    }
}

/// A true or false colour picture, with a little gamma; transparent where there is no data.
pub(crate) fn colour(planes: &Planes, stretch: &Stretch, alt: String) -> Result<Picture> {
    let pixels = (0..planes.width * planes.height).flat_map(|i| {
        let valid = planes.rgb.iter().all(|plane| plane[i].is_finite());
        let level = |c: usize| {
            let (low, high) = stretch[c];
            (255.0 * ((planes.rgb[c][i] - low) / (high - low)).clamp(0.0, 1.0).powf(0.8)).round() as u8
        };
        if valid { [level(0), level(1), level(2), 255] } else { [0; 4] }
    });
    picture(planes, &pixels.collect::<Vec<u8>>(), alt)
}

/// The largest absolute error among the three planes at each pixel, in the colours of [`gradient`]; transparent where
/// there is no data.
pub(crate) fn errors(a: &Planes, b: &Planes, full_scale: f64, alt: String) -> Result<Picture> {
    scaled(a.width, &a.errors(b), (0.0, full_scale), alt)
}

/// Values in rows of `width`, in the colours of [`gradient`] from the first of the range to the second; transparent where
/// they are NaN.
pub(crate) fn scaled(width: usize, values: &[f64], range: (f64, f64), alt: String) -> Result<Picture> {
    let span = (range.1 - range.0).max(f64::MIN_POSITIVE);
    painted(width, values, |_, value| palette::mix(&SCALE, (value - range.0) / span), alt)
}

/// Values in rows of `width`, in the colours that `paint` gives for a place and its value; transparent where they are NaN.
pub(crate) fn painted(
    width: usize,
    values: &[f64],
    paint: impl Fn(usize, f64) -> [u8; 3],
    alt: String,
) -> Result<Picture> {
    let height = values.len() / width.max(1);
    let mut rgba = Vec::with_capacity(values.len() * 4);
    for (at, value) in values.iter().enumerate() {
        if value.is_nan() {
            rgba.extend([0; 4]);
        } else {
            let [r, g, b] = paint(at, *value);
            rgba.extend([r, g, b, 255]);
        }
    }
    Ok(Picture { source: data_uri(&png(width, height, &rgba)?), width, height, alt })
}

fn picture(planes: &Planes, rgba: &[u8], alt: String) -> Result<Picture> {
    let (width, height) = (planes.width, planes.height);
    Ok(Picture { source: data_uri(&png(width, height, rgba)?), width, height, alt })
}

fn png(width: usize, height: usize, rgba: &[u8]) -> Result<Vec<u8>> {
    let pixels = rgba.as_chunks::<4>().0;
    let opaque = pixels.iter().all(|pixel| pixel[3] == 255);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, u32::try_from(width)?, u32::try_from(height)?);
    encoder.set_color(if opaque { png::ColorType::Rgb } else { png::ColorType::Rgba });
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().context("writing a picture")?;
    if opaque {
        let rgb: Vec<u8> = pixels.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect();
        writer.write_image_data(&rgb).context("writing a picture")?;
    } else {
        writer.write_image_data(rgba).context("writing a picture")?;
    }
    writer.finish().context("writing a picture")?;
    Ok(bytes)
}

/// As a `data:` address.
fn data_uri(png: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::from("data:image/png;base64,");
    for group in png.chunks(3) {
        let bits = group.iter().enumerate().fold(0u32, |bits, (i, b)| bits | u32::from(*b) << (16 - 8 * i));
        for i in 0..4 {
            let digit = ALPHABET[(bits >> (18 - 6 * i) & 63) as usize];
            text.push(if i <= group.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_by_its_specification() {
        let tail = |bytes: &[u8]| data_uri(bytes).split_once(',').unwrap().1.to_owned();
        assert_eq!(tail(b"f"), "Zg==");
        assert_eq!(tail(b"fo"), "Zm8=");
        assert_eq!(tail(b"foo"), "Zm9v");
        assert_eq!(tail(b"foobar"), "Zm9vYmFy");
    }

    #[test]
    fn a_stretch_leaves_outliers_out() {
        let plane: Vec<f64> = (0..1000).map(f64::from).chain([f64::NAN, 1e9]).collect();
        let planes = Planes { width: 1002, height: 1, rgb: [plane.clone(), plane.clone(), plane] };
        assert_eq!(stretch(&planes)[0], (10.0, 990.0));
        let picture = colour(&planes, &stretch(&planes), "plane".to_owned()).unwrap();
        assert!(picture.source.starts_with("data:image/png;base64,iVBORw0KGgo"));
    }

    #[test]
    fn crops_and_errors() {
        let plane = |add: f64| (0..12).map(|v| f64::from(v) + add).collect::<Vec<f64>>();
        let a = Planes { width: 4, height: 3, rgb: [plane(0.0), plane(0.0), plane(0.0)] };
        let mut b = Planes { width: 4, height: 3, rgb: [plane(0.0), plane(-2.0), plane(1.0)] };
        b.rgb[0][5] = f64::NAN;
        let errors = a.crop(1..3, 1..3).errors(&b.crop(1..3, 1..3));
        assert!(errors[0].is_nan());
        assert_eq!(errors[1..], [2.0, 2.0, 2.0]);
        assert_eq!(a.crop(1..3, 1..2).rgb[0], [5.0, 6.0]);
    }
}
