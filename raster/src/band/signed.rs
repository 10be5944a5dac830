//! Bytes with a sign. GDAL before version 3.7 has no type for them: it reads them as bytes without one, and says so in metadata.

use gdal::Metadata as _;
use gdal::raster::RasterBand;

/// Whether GDAL reads the samples of a band, which are bytes with a sign, as bytes without one: 255 stands for -1.
#[must_use]
pub fn is_signed_byte(band: &RasterBand<'_>) -> bool {
    band.metadata_item("PIXELTYPE", "IMAGE_STRUCTURE").is_some_and(|item| item == "SIGNEDBYTE")
}

/// A value that means "no data" among bytes with a sign, which files state with the sign or without; `None` where no such byte
/// can equal it.
#[must_use]
pub fn signed_byte_nodata(value: f64) -> Option<f64> {
    if (128.0..256.0).contains(&value) && value.fract() == 0.0 {
        return Some(value - 256.0);
    }
    Some(value).filter(|v| v.fract() == 0.0 && (-128.0..128.0).contains(v))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodata_is_stated_with_the_sign_or_without() {
        assert_eq!((signed_byte_nodata(255.0), signed_byte_nodata(-1.0)), (Some(-1.0), Some(-1.0)));
        assert_eq!((signed_byte_nodata(128.0), signed_byte_nodata(127.0)), (Some(-128.0), Some(127.0)));
        for value in [256.0, -129.0, 0.5, 200.5, f64::NAN, f64::INFINITY] {
            assert_eq!(signed_byte_nodata(value), None, "{value}");
        }
    }
}
