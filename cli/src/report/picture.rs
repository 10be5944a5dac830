//! Pictures of rasters: a percentile stretch to 8 bits, and PNG.

use anyhow::{Context, Result};

/// Three planes of one size, NaN where there is no data.
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

/// A true or false colour picture, with a little gamma; transparent where there is no data.
pub(crate) fn colour(planes: &Planes, stretch: &Stretch) -> Result<Vec<u8>> {
    let pixels = (0..planes.width * planes.height).flat_map(|i| {
        let valid = planes.rgb.iter().all(|plane| plane[i].is_finite());
        let level = |c: usize| {
            let (low, high) = stretch[c];
            (255.0 * ((planes.rgb[c][i] - low) / (high - low)).clamp(0.0, 1.0).powf(0.8)).round() as u8
        };
        if valid { [level(0), level(1), level(2), 255] } else { [0; 4] }
    });
    png(planes.width, planes.height, &pixels.collect::<Vec<u8>>())
}

/// The largest absolute error among the three planes at each pixel, black at 0 and white at `full_scale`, over yellow
/// and red between them.
pub(crate) fn errors(a: &Planes, b: &Planes, full_scale: f64) -> Result<Vec<u8>> {
    let pixels = (0..a.width * a.height).flat_map(|i| {
        let error = (0..3).map(|c| (a.rgb[c][i] - b.rgb[c][i]).abs()).fold(0.0, f64::max);
        let level = (error / full_scale.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
        let channel = |from: f64| (255.0 * ((level - from) * 3.0).clamp(0.0, 1.0)) as u8;
        [channel(0.0), channel(1.0 / 3.0), channel(2.0 / 3.0), 255]
    });
    png(a.width, a.height, &pixels.collect::<Vec<u8>>())
}

fn png(width: usize, height: usize, rgba: &[u8]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, u32::try_from(width)?, u32::try_from(height)?);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().context("writing a picture")?;
    writer.write_image_data(rgba).context("writing a picture")?;
    writer.finish().context("writing a picture")?;
    Ok(bytes)
}

/// As a `data:` address.
pub(crate) fn data_uri(png: &[u8]) -> String {
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
        assert!(colour(&planes, &stretch(&planes)).unwrap().starts_with(b"\x89PNG"));
    }
}
