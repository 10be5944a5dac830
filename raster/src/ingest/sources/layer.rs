//! One band of one file: what is known of it before a sample is read.

use crate::band::Band;
use crate::georeference::Georeference;
use crate::ingest::grid::Grid;
use crate::ingest::sources::lists::samples::List;
use crate::sample::DataType;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where samples are read from.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file that it is, or is in; for messages, and to see whether it changes.
    pub file: PathBuf,
    /// How it is read.
    pub(in crate::ingest) reader: Reader,
}

impl Source {
    /// All files that it takes to read it.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let beside = match &self.reader {
            Reader::Raster(_) => &[][..],
            Reader::List(list) => list.beside(),
        };
        std::iter::once(&self.file).chain(beside).map(PathBuf::as_path)
    }
}

/// How a source is read.
#[derive(Clone, Debug)]
pub(in crate::ingest) enum Reader {
    /// By GDAL, which opens this: a file, a part of one such as a variable, or a description of raw samples.
    Raster(String),
    /// As a list of pixels.
    List(Arc<List>),
}

/// One band of a source.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Where it is.
    pub source: Arc<Source>,
    /// GDAL's number of the band, from 1; in a list, the number of the entry among those of all other axes.
    pub number: usize,
    /// The name of the band in the cube.
    pub name: String,
    /// Seconds since 1970-01-01, where it has a time.
    pub time: Option<i64>,
    /// What its file's name told besides.
    pub fields: BTreeMap<String, String>,
    /// The type that holds its samples.
    pub sample_type: DataType,
    /// Its pixels, and where they lie.
    pub grid: Grid,
    /// Whether GDAL gives bytes that have a sign as bytes without one.
    pub signed_byte: bool,
    /// What is known of the band.
    pub band: Band,
    /// The blocks in which it is stored: rows, columns.
    pub block: [usize; 2],
    /// The input of the configuration that it is of, from 0.
    pub input: usize,
}

impl Layer {
    /// For messages: its file, and where there are several bands in it, which.
    pub fn label(&self) -> String {
        format!("{} (band {})", self.source.file.display(), self.number)
    }

    /// Whether there are pixels of its grid for which it has no samples.
    pub(in crate::ingest) fn has_gaps(&self) -> bool {
        matches!(&self.source.reader, Reader::List(list) if !list.covers_grid())
    }

    /// Where it lies.
    pub fn georeference(&self) -> &Georeference {
        &self.grid.georeference
    }
}
