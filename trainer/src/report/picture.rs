//! Pictures of a run: RGB from the trainer, PNG on the disk and in TensorBoard, `data:` addresses in the page.

use super::error::ReportError;
use std::path::PathBuf;

/// A picture of three channels, 8 bits each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Red, green and blue of each pixel, row by row: `(height, width, 3)`.
    pub rgb: Vec<u8>,
}

impl Picture {
    /// As PNG; the name is for the message.
    pub(super) fn png(&self, name: &str) -> Result<Vec<u8>, ReportError> {
        let expected = self.width.checked_mul(self.height).and_then(|n| n.checked_mul(3)).unwrap_or(0);
        let size = u32::try_from(self.width).ok().zip(u32::try_from(self.height).ok());
        let (Some((width, height)), true) = (size, expected > 0 && self.rgb.len() == expected) else {
            let (width, height, found) = (self.width, self.height, self.rgb.len());
            return Err(ReportError::Picture { name: name.to_owned(), width, height, expected, found });
        };
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder
            .write_header()
            .and_then(|mut writer| {
                writer.write_image_data(&self.rgb)?;
                writer.finish()
            })
            .map_err(|error| convert(name, &error))?;
        Ok(bytes)
    }

    /// From a PNG that [`Picture::png`] made.
    pub(super) fn from_png(name: &str, bytes: &[u8]) -> Result<Self, ReportError> {
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
            .read_info()
            .map_err(|error| convert(name, &error))?;
        let mut rgb = vec![0; reader.output_buffer_size().unwrap_or(0)];
        let info = reader.next_frame(&mut rgb).map_err(|error| convert(name, &error))?;
        let picture = Self { width: info.width as usize, height: info.height as usize, rgb };
        if picture.rgb.len() == picture.width * picture.height * 3 {
            Ok(picture)
        } else {
            Err(convert(name, &"not a picture of three 8-bit channels"))
        }
    }

    /// The means of whole squares of pixels, as many as bring the longer side to `side` or less.
    pub(super) fn thumbnail(&self, side: usize) -> Self {
        let factor = self.width.max(self.height).div_ceil(side.max(1)).max(1);
        let (width, height) = (self.width.div_ceil(factor), self.height.div_ceil(factor));
        let mut rgb = Vec::with_capacity(width * height * 3);
        for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
            for channel in 0..3 {
                let (mut sum, mut count) = (0, 0);
                for row in (y * factor..self.height).take(factor) {
                    for column in (x * factor..self.width).take(factor) {
                        sum += u64::from(self.rgb[(row * self.width + column) * 3 + channel]);
                        count += 1;
                    }
                }
                rgb.push(u8::try_from((sum + count / 2) / count.max(1)).unwrap_or(u8::MAX));
            }
        }
        Self { width, height, rgb }
    }
}

fn convert(name: &str, reason: &dyn std::fmt::Display) -> ReportError {
    ReportError::Convert { what: format!("picture {name}"), reason: reason.to_string() }
}

/// Where a picture lies, relative to the report's folder: `pictures/NAME/STEP.png`, a folder for each slash. Other
/// signs than letters, digits, `-` and `_` are written as `=XX`, so that no name leaves the folder or meets another.
pub(super) fn file(name: &str, step: u64) -> PathBuf {
    let mut path = PathBuf::from("pictures");
    for part in name.split('/') {
        let mut safe = String::new();
        for byte in part.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => safe.push(char::from(byte)),
                other => safe.push_str(&format!("={other:02X}")),
            }
        }
        path.push(if safe.is_empty() { "=" } else { &safe });
    }
    path.join(format!("{step:09}.png"))
}

/// A PNG as a `data:` address.
pub(super) fn data_uri(png: &[u8]) -> String {
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
    fn png_and_back() {
        let picture = Picture { width: 3, height: 2, rgb: (0..18).collect() };
        let png = picture.png("a").unwrap();
        assert!(png.starts_with(b"\x89PNG"));
        assert_eq!(Picture::from_png("a", &png).unwrap(), picture);
        assert!(
            Picture::from_png("a", b"nothing")
                .unwrap_err()
                .to_string()
                .starts_with("cannot convert picture a")
        );
    }

    #[test]
    fn a_wrong_size_is_refused() {
        let message =
            Picture { width: 3, height: 2, rgb: vec![0; 17] }.png("valid/a").unwrap_err().to_string();
        assert!(
            message.starts_with("picture valid/a has 17 bytes, 3 × 2 pixels take 18; give red"),
            "{message}"
        );
        assert!(Picture::default().png("empty").is_err());
        assert!(Picture { width: usize::MAX, height: 2, rgb: vec![] }.png("large").is_err());
    }

    #[test]
    fn thumbnails_are_means() {
        let picture = Picture {
            width: 3,
            height: 2,
            rgb: vec![0, 10, 20, 4, 10, 20, 9, 9, 9, 0, 10, 20, 4, 10, 20, 9, 9, 9],
        };
        let small = picture.thumbnail(2);
        assert_eq!(small, Picture { width: 2, height: 1, rgb: vec![2, 10, 20, 9, 9, 9] });
        assert_eq!(picture.thumbnail(3), picture);
    }

    #[test]
    fn names_stay_in_the_folder() {
        assert_eq!(
            file("valid/reconstruction", 1200).to_str(),
            Some("pictures/valid/reconstruction/000001200.png")
        );
        assert_eq!(file("../a b", 1).to_str(), Some("pictures/=2E=2E/a=20b/000000001.png"));
        assert_eq!(file("/a", 1).to_str(), Some("pictures/=/a/000000001.png"));
    }

    #[test]
    fn base64_by_its_specification() {
        for (bytes, text) in [("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(data_uri(bytes.as_bytes()).split_once(',').unwrap().1, text);
        }
    }
}
