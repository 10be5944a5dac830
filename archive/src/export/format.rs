//! The formats of exports, and what each can hold.

use crate::error::{Result, bail};
use crate::export::options::Compression;
use crate::raster::source::RasterInfo;
use std::path::Path;

/// The format of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    GeoTiff,
    NetCdf,
    Zarr,
}

impl Format {
    /// The format that the ending of a name stands for.
    ///
    /// # Errors
    /// When it stands for none.
    pub(crate) fn of(path: &Path) -> Result<Self> {
        let end = path.extension().map(|end| end.to_string_lossy().to_lowercase());
        match end.as_deref() {
            Some("tif" | "tiff") => Ok(Self::GeoTiff),
            Some("nc" | "nc4") => Ok(Self::NetCdf),
            Some("zarr") => Ok(Self::Zarr),
            _ => bail!(
                InvalidArgument,
                "the ending of {} names no known format; allowed are .tif (COG), .nc (NetCDF-4) and .zarr (plain)",
                path.display()
            ),
        }
    }

    /// Whether a mask is kept. A GeoTIFF has one for all bands.
    pub(crate) fn holds(self, mask: &RasterInfo) -> bool {
        self == Self::GeoTiff && mask.bands() == 1
    }

    /// Whether each band may have a scale and an offset of its own. CF knows one for all bands of a variable.
    pub(crate) fn holds_scales(self) -> bool {
        self == Self::GeoTiff
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::GeoTiff => "GeoTIFF",
            Self::NetCdf => "NetCDF",
            Self::Zarr => "Zarr",
        }
    }

    /// The requested compression, or the default.
    pub(crate) fn compression(self, asked: Option<Compression>) -> Result<Compression> {
        let allowed: &[Compression] = match self {
            Self::GeoTiff => &[Compression::Deflate, Compression::Zstd, Compression::Lzw, Compression::None],
            Self::NetCdf => &[Compression::Deflate, Compression::None],
            Self::Zarr => &[Compression::Zstd, Compression::None],
        };
        let chosen = asked.unwrap_or(allowed[0]);
        if !allowed.contains(&chosen) {
            let names: Vec<String> = allowed.iter().map(|c| format!("{c:?}").to_lowercase()).collect();
            bail!(
                InvalidArgument,
                "compression {} can't be used for {}; allowed are {}",
                format!("{chosen:?}").to_lowercase(),
                self.name(),
                names.join(", ")
            );
        }
        Ok(chosen)
    }
}
