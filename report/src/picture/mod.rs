//! Pictures: 8-bit RGBA in memory, PNG on disk and on pages.

mod heat;
pub mod paint;
pub mod scale;

pub use heat::Heat;
pub use paint::{Planes, Stretch};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// An error of a picture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The samples do not match the size.
    #[error(
        "a picture has {found} bytes, {width} × {height} pixels take {expected}; give 4 bytes (RGBA) for each pixel, row by row"
    )]
    Size {
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
        /// The number of bytes for that size; 0 if no picture can have that size.
        expected: usize,
        /// Bytes that were given.
        found: usize,
    },
    /// PNG could not be written or read.
    #[error("a picture cannot be converted: {reason}; PNG of 8 bits, RGB or RGBA, can be read")]
    Png {
        /// The message of the PNG library.
        reason: String,
    },
}

/// A picture of 8-bit pixels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Red, green, blue and opacity of each pixel, row by row: `(height, width, 4)`.
    pub rgba: Vec<u8>,
    /// A short description for screen readers.
    pub alt: String,
}

impl Picture {
    /// An opaque picture of red, green and blue, `(height, width, 3)`.
    pub fn from_rgb(width: usize, height: usize, rgb: &[u8]) -> Self {
        let rgba = rgb.as_chunks::<3>().0.iter().flat_map(|[r, g, b]| [*r, *g, *b, 255]).collect();
        Self { width, height, rgba, alt: String::new() }
    }

    /// The picture with a description in a few words.
    #[must_use]
    pub fn described(mut self, alt: impl Into<String>) -> Self {
        self.alt = alt.into();
        self
    }

    /// The picture as PNG, without an opacity channel if all pixels are opaque.
    ///
    /// # Errors
    /// [`Error::Size`] and [`Error::Png`].
    pub fn png(&self) -> Result<Vec<u8>, Error> {
        let Self { width, height, rgba, .. } = self;
        let expected = width.checked_mul(*height).and_then(|n| n.checked_mul(4)).unwrap_or(0);
        let size = u32::try_from(*width).ok().zip(u32::try_from(*height).ok());
        let (Some(size), true) = (size, expected > 0 && rgba.len() == expected) else {
            return Err(Error::Size { width: *width, height: *height, expected, found: rgba.len() });
        };
        let pixels = rgba.as_chunks::<4>().0;
        let opaque = pixels.iter().all(|pixel| pixel[3] == 255);
        let rgb: Vec<u8> = pixels.iter().filter(|_| opaque).flat_map(|[r, g, b, _]| [*r, *g, *b]).collect();
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, size.0, size.1);
        encoder.set_color(if opaque { png::ColorType::Rgb } else { png::ColorType::Rgba });
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().map_err(convert)?;
        writer.write_image_data(if opaque { &rgb } else { rgba }).map_err(convert)?;
        writer.finish().map_err(convert)?;
        Ok(bytes)
    }

    /// A picture from a PNG of 8-bit RGB or RGBA.
    ///
    /// # Errors
    /// [`Error::Png`].
    pub fn from_png(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().map_err(convert)?;
        let mut samples = vec![0; reader.output_buffer_size().unwrap_or(0)];
        let info = reader.next_frame(&mut samples).map_err(convert)?;
        let (width, height) = (info.width as usize, info.height as usize);
        match (info.color_type, info.bit_depth) {
            (png::ColorType::Rgb, png::BitDepth::Eight) => Ok(Self::from_rgb(width, height, &samples)),
            (png::ColorType::Rgba, png::BitDepth::Eight) => {
                Ok(Self { width, height, rgba: samples, alt: String::new() })
            }
            (colour, depth) => Err(convert(format!("it has {colour:?} pixels of depth {depth:?}"))),
        }
    }

    /// The picture scaled down: each pixel is the mean of a square. The square is as large as needed for a longer
    /// side of at most `side` pixels.
    #[must_use]
    pub fn thumbnail(&self, side: usize) -> Self {
        let factor = self.width.max(self.height).div_ceil(side.max(1)).max(1);
        let (width, height) = (self.width.div_ceil(factor), self.height.div_ceil(factor));
        let mut rgba = Vec::with_capacity(width * height * 4);
        for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
            for channel in 0..4 {
                let (mut sum, mut count) = (0, 0);
                for row in (y * factor..self.height).take(factor) {
                    for column in (x * factor..self.width).take(factor) {
                        sum += u64::from(self.rgba[(row * self.width + column) * 4 + channel]);
                        count += 1;
                    }
                }
                rgba.push(u8::try_from((sum + count / 2) / count.max(1)).unwrap_or(u8::MAX));
            }
        }
        Self { width, height, rgba, alt: self.alt.clone() }
    }

    /// The picture as a `data:` URL. Empty if the picture is invalid, so that its description is shown instead.
    pub(crate) fn data_uri(&self) -> String {
        self.png()
            .map_or_else(|_| String::new(), |png| format!("data:image/png;base64,{}", STANDARD.encode(png)))
    }
}

fn convert(reason: impl ToString) -> Error {
    Error::Png { reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn png_and_back() {
        let opaque = Picture::from_rgb(3, 2, &(0..18).collect::<Vec<u8>>());
        let clear = Picture { rgba: (0..24).collect(), ..opaque.clone() };
        for picture in [opaque, clear] {
            let png = picture.png().unwrap();
            assert!(png.starts_with(b"\x89PNG"));
            assert_eq!(Picture::from_png(&png).unwrap(), picture);
        }
        let message = Picture::from_png(b"nothing").unwrap_err().to_string();
        assert!(message.starts_with("a picture cannot be converted: "), "{message}");
    }

    #[test]
    fn a_wrong_size_is_refused() {
        let message =
            Picture { width: 3, height: 2, rgba: vec![0; 17], alt: String::new() }.png().unwrap_err();
        assert!(
            message.to_string().starts_with("a picture has 17 bytes, 3 × 2 pixels take 24; give"),
            "{message}"
        );
        assert!(Picture::default().png().is_err());
        assert!(Picture { width: usize::MAX, height: 2, ..Picture::default() }.png().is_err());
    }

    #[test]
    fn thumbnails_are_means() {
        let rgb = [0, 10, 20, 4, 10, 20, 9, 9, 9, 0, 10, 20, 4, 10, 20, 9, 9, 9];
        let picture = Picture::from_rgb(3, 2, &rgb);
        assert_eq!(picture.thumbnail(2), Picture::from_rgb(2, 1, &[2, 10, 20, 9, 9, 9]));
        assert_eq!(picture.thumbnail(3), picture);
    }

    #[test]
    fn pages_hold_pictures_as_base64() {
        let uri = Picture::from_rgb(1, 1, &[1, 2, 3]).data_uri();
        assert!(uri.starts_with("data:image/png;base64,iVBORw0KGgo"), "{uri}");
    }
}
