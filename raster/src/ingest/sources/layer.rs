//! A layer is one band of one file at one date, described before a sample is read.

use crate::band::{Band, Sign};
use crate::conventions::exact::Exact;
use crate::conventions::time::Instant;
use crate::georeference::Georeference;
use crate::ingest::grid::Grid;
use crate::ingest::sources::items::FileItems;
use crate::ingest::sources::lists::samples::List;
use crate::ingest::sources::own_coordinates::OwnCoordinates;
use crate::missing::Missing;
use crate::sample::DataType;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where samples are read from.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Its file, for messages and to detect changes.
    pub file: PathBuf,
    /// How it is read.
    pub(crate) reader: Reader,
    /// What the file says of itself.
    pub(crate) items: Arc<FileItems>,
}

impl Source {
    /// All files that are read for it.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        let index_files = match &self.reader {
            Reader::Raster(_) => &[][..],
            Reader::List(list) => list.index_files(),
        };
        std::iter::once(&self.file).chain(index_files).map(PathBuf::as_path)
    }
}

/// How a source is read.
#[derive(Clone, Debug)]
pub(crate) enum Reader {
    /// Through GDAL, which opens this text: a file, a variable of a file, or a description of raw samples.
    Raster(String),
    /// As a list of pixels.
    List(Arc<List>),
}

/// One band of a source.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    /// Where it is.
    pub source: Arc<Source>,
    /// GDAL's number of the band, from 1. In a list of pixels, the number of the entry over all other axes.
    pub number: usize,
    /// The name of the band in the cube.
    pub name: String,
    /// Seconds since 1970-01-01, where it has a time.
    pub time: Option<Instant>,
    /// The other fields of its file's name.
    pub fields: BTreeMap<String, String>,
    /// The type that holds its samples.
    pub sample_type: DataType,
    /// Its pixels, and where they lie.
    pub grid: Grid,
    /// How its samples, as they are read, stand for what is meant.
    pub sign: Sign,
    /// What is known of the band.
    pub band: Band,
    /// What tells, beside the band's nodata value, which of its samples are missing.
    pub missing: Missing,
    /// What it is to other variables of its file, where that asks for exact samples.
    pub exact: Option<Exact>,
    /// The place of its variable in the file, such as `/group/t`, where it is one.
    pub place: Option<String>,
    /// The places of the variables that are its coordinates, or ancillary to it.
    pub beside: Vec<String>,
    /// What its file says of the coordinates of rows and columns.
    pub own_coordinates: Option<Arc<OwnCoordinates>>,
    /// The number of its input in the configuration, from 0.
    pub input: usize,
}

impl Layer {
    /// The value that means "no data" in single samples; `None` where none does, or where a mask tells instead.
    pub(crate) fn nodata(&self) -> Option<f64> {
        self.band.nodata.filter(|_| !self.missing.is_by_mask())
    }

    /// A name for messages: its file, and its band where the file has several.
    pub(crate) fn label(&self) -> String {
        format!("{} (band {})", self.source.file.display(), self.number)
    }

    /// Whether there are pixels of its grid for which it has no samples.
    pub(crate) fn has_gaps(&self) -> bool {
        matches!(&self.source.reader, Reader::List(list) if !list.covers_grid())
    }

    /// Where it lies.
    pub(crate) fn georeference(&self) -> &Georeference {
        &self.grid.georeference
    }
}
