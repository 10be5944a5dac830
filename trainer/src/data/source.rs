//! The arrays to fit on, and their chunks.
//!
//! A [`Block`] is the unit of reading, of splitting and of shuffling: what one chunk holds of an array, with all bands,
//! and without what lies beyond the array's edges. Bands that are split over chunks are read together.

use crate::data::block::Block;
use crate::data::describe::{describe, is_archive};
use crate::data::error::{DataError, Result};
use crate::data::options::SourceOptions;
use crate::data::piece::{Mask, Piece};
use std::ops::Range;
use std::path::{Path, PathBuf};
use vqz_archive::store::{self, Node, open_array};
use vqz_codec::axes::{Axes, Role};
use vqz_codec::sample::DataType;
use vqz_raster::conventions::bands::{self, BandMatch};
use zarrs::array::{Array, ArrayBytes, ArraySubset, CodecOptions};
use zarrs::filesystem::FilesystemStore;

/// One array.
#[derive(Debug)]
pub struct Raster {
    name: String,
    shape: Vec<u64>,
    chunk: Vec<u64>,
    axes: Axes,
    data_type: DataType,
    band_names: Option<Vec<String>>,
    georeference: Option<String>,
    mask: Mask,
    picks: Vec<u64>,
    archive: bool,
    array: Array<FilesystemStore>,
}

/// All arrays to fit on: any shapes, one number of bands.
#[derive(Debug)]
pub struct Source {
    rasters: Vec<Raster>,
    bands: usize,
}

impl Source {
    /// Opens an array, or every raster of a group and of the groups in it.
    ///
    /// # Errors
    /// [`DataError::Archive`] for a path that is no Zarr v3 and for arrays that can't be read,
    /// [`DataError::NotAFolder`] for a file, [`DataError::Empty`] for a group without rasters, [`DataError::Invalid`] for
    /// arrays that do not fit the options or one another.
    pub fn open(path: &Path, options: &SourceOptions) -> Result<Self> {
        Self::open_all(&[path.to_path_buf()], options)
    }

    /// Opens several.
    ///
    /// # Errors
    /// As [`Source::open`].
    pub fn open_all(paths: &[PathBuf], options: &SourceOptions) -> Result<Self> {
        let mut rasters: Vec<Raster> = Vec::new();
        for path in paths {
            let mut refused = Vec::new();
            let before = rasters.len();
            if path.is_file() {
                return Err(DataError::NotAFolder(path.clone()));
            }
            for node in store::arrays(path)? {
                match Raster::open(&node, options) {
                    Ok(raster) => rasters.push(raster),
                    Err(error) if node.path.is_empty() || is_archive(&node) => return Err(error),
                    // Coordinates and the like.
                    Err(error) => refused.push(error.to_string()),
                }
            }
            if rasters.len() == before {
                let why =
                    if refused.is_empty() { "it holds no arrays".to_owned() } else { refused.join("; ") };
                return Err(DataError::Empty(format!("group {} holds no raster: {why}", path.display())));
            }
        }
        let Some(first) = rasters.first() else {
            return Err(DataError::Empty(
                "there is nothing to fit to; give Zarr v3 arrays or groups".to_owned(),
            ));
        };
        let bands = first.picks.len();
        if let Some(other) = rasters.iter().find(|r| r.picks.len() != bands) {
            return Err(DataError::Invalid(format!(
                "{} has {} bands, {} has {bands}; a model takes one number of bands: choose the same number of each, \
                 or fit two models",
                other.name,
                other.picks.len(),
                first.name
            )));
        }
        if options.bands.is_none()
            && let Some(names) = rasters.iter().find_map(Raster::band_names)
        {
            for raster in &mut rasters {
                raster.order_bands(&names)?;
            }
        }
        Ok(Self { rasters, bands })
    }

    /// The arrays.
    #[must_use]
    pub fn rasters(&self) -> &[Raster] {
        &self.rasters
    }

    /// Bands of every image.
    #[must_use]
    pub fn bands(&self) -> usize {
        self.bands
    }

    /// Names of the bands, as the first array that names them has them.
    #[must_use]
    pub fn band_names(&self) -> Option<Vec<String>> {
        self.rasters.iter().find_map(Raster::band_names)
    }

    /// All blocks, array by array in C order. An array without samples has none.
    #[must_use]
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        for (number, raster) in self.rasters.iter().enumerate() {
            for chunk in 0..raster.counts().iter().product() {
                let mut block = Block { raster: number, chunk, rows: 0..u64::MAX };
                block.rows = self.region(&block)[raster.y()].clone();
                blocks.push(block);
            }
        }
        blocks
    }

    /// The part of the array that a block covers, in the array's dimensions; all bands between the first and the last.
    ///
    /// # Panics
    /// For a block of another source: blocks belong to the source that listed them, or to one opened in the same way.
    #[must_use]
    pub fn region(&self, block: &Block) -> Vec<Range<u64>> {
        let raster = &self.rasters[block.raster];
        let mut region = vec![0..0; raster.shape.len()];
        let mut rest = block.chunk;
        let counts = raster.counts();
        for d in (0..region.len()).rev() {
            let (at, chunk, extent) = (rest % counts[d].max(1), raster.chunk[d], raster.shape[d]);
            rest /= counts[d].max(1);
            region[d] = at.saturating_mul(chunk).min(extent)..(at + 1).saturating_mul(chunk).min(extent);
        }
        if let Some(d) = raster.axes.position(&Role::Band) {
            let (first, last) = raster.span();
            region[d] = first..last + 1;
        }
        let y = &mut region[raster.y()];
        *y = y.start.max(block.rows.start)..y.end.min(block.rows.end);
        region
    }

    /// Samples of a block, valid or not.
    #[must_use]
    pub fn samples(&self, block: &Block) -> u64 {
        let raster = &self.rasters[block.raster];
        let band = raster.axes.position(&Role::Band);
        let region = self.region(block);
        let pixels: u64 = region
            .iter()
            .enumerate()
            .filter(|(d, _)| Some(*d) != band)
            .map(|(_, r)| r.end - r.start)
            .product();
        pixels * self.bands as u64
    }

    /// What to call a block in messages: the array's name and the chunk's place in the grid.
    #[must_use]
    pub fn describe(&self, block: &Block) -> String {
        format!("{} {}", self.rasters[block.raster].name, self.chunk_name(block))
    }

    fn chunk_name(&self, block: &Block) -> String {
        let raster = &self.rasters[block.raster];
        let region = self.region(block);
        let place: Vec<String> =
            region.iter().zip(&raster.chunk).map(|(r, c)| (r.start / c).to_string()).collect();
        place.join("/")
    }

    /// Reads a block.
    ///
    /// # Errors
    /// [`DataError::Read`], naming the array and the chunk.
    pub fn read(&self, block: &Block) -> Result<Piece> {
        let Some(raster) = self.rasters.get(block.raster) else {
            return Err(DataError::Invalid(format!(
                "block {block:?} belongs to another source, this one has {} arrays; list the blocks again",
                self.rasters.len()
            )));
        };
        let error = |reason: String| DataError::Read {
            array: raster.name.clone(),
            chunk: self.chunk_name(block),
            reason,
        };
        let region = self.region(block);
        // Readers are parallel already; more threads each would only get in their way.
        let options = CodecOptions::default().with_concurrent_target(1);
        let subset = ArraySubset::new_with_ranges(&region);
        let bytes: ArrayBytes<'static> =
            raster.array.retrieve_array_subset_opt(&subset, &options).map_err(|e| error(e.to_string()))?;
        let bytes = bytes.into_fixed().map_err(|e| error(e.to_string()))?;
        let shape: Vec<usize> = region.iter().map(|r| (r.end - r.start) as usize).collect();
        let layout = raster.axes.layout(&shape).map_err(|e| error(e.to_string()))?;
        let (first, _) = raster.span();
        let picks: Vec<usize> = raster.picks.iter().map(|pick| (pick - first) as usize).collect();
        let origin = (region[raster.y()].start, region[raster.x()].start);
        Piece::decode(block.clone(), origin, &layout, &picks, raster.data_type, &bytes, &raster.mask)
            .map_err(|e| error(e.to_string()))
    }
}

impl Raster {
    fn open(node: &Node, options: &SourceOptions) -> Result<Self> {
        let described = describe(node, options)?;
        let name = node.label();
        let invalid = |reason: String| DataError::Invalid(format!("array {name}: {reason}"));
        let mask = Mask::new(&described.nodata, described.data_type).map_err(|e| invalid(e.to_string()))?;
        let array = open_array(&node.folder, None)?;
        let count = described.axes.position(&Role::Band).map_or(1, |d| described.shape[d]);
        let band_names = described.band_names.filter(|names| names.len() as u64 == count);
        let picks = match &options.bands {
            None => (0..count).collect(),
            Some(wanted) if wanted.is_empty() => {
                return Err(invalid(format!(
                    "no bands are chosen; name at least one of its {count}, or leave the choice out"
                )));
            }
            Some(wanted) => bands::choose(wanted, count, band_names.as_deref())
                .map_err(|error| invalid(error.to_string()))?,
        };
        let mut chunk = described.chunk;
        if let Some(d) = described.axes.position(&Role::Band) {
            chunk[d] = described.shape[d].max(1);
        }
        Ok(Self {
            name,
            shape: described.shape,
            chunk,
            axes: described.axes,
            data_type: described.data_type,
            band_names,
            georeference: described.georeference,
            mask,
            picks,
            archive: described.is_archive,
            array,
        })
    }

    /// Takes its bands in the order of these names, where its own names tell it.
    fn order_bands(&mut self, names: &[String]) -> Result<()> {
        let Some(found) = self.band_names() else { return Ok(()) };
        match bands::match_names(&found, names) {
            BandMatch::Unnamed | BandMatch::Same => {}
            BandMatch::Reordered(order) => {
                self.picks = order.into_iter().map(|band| self.picks[band]).collect();
            }
            BandMatch::Other => {
                return Err(DataError::Invalid(format!(
                    "the bands of {} are named {}, those of the other arrays {}; a model takes the same bands of all: choose \
                     them by number",
                    self.name,
                    found.join(", "),
                    names.join(", ")
                )));
            }
        }
        Ok(())
    }

    /// Its path below the root that was opened; the root itself where it is the root.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its extents, in the array's order.
    #[must_use]
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// The roles of its dimensions.
    #[must_use]
    pub fn axes(&self) -> &Axes {
        &self.axes
    }

    /// The type of its samples.
    #[must_use]
    pub fn data_type(&self) -> DataType {
        self.data_type
    }

    /// Whether it was encoded by the codec `vqz` before: then errors add up.
    #[must_use]
    pub fn is_archive(&self) -> bool {
        self.archive
    }

    /// Names of the bands that are taken.
    #[must_use]
    pub fn band_names(&self) -> Option<Vec<String>> {
        let names = self.band_names.as_ref()?;
        self.picks.iter().map(|pick| names.get(*pick as usize).cloned()).collect()
    }

    /// What arrays over the same pixels have in common: their extents and what their attributes say of their place on
    /// Earth. `None` where these say nothing.
    #[must_use]
    pub fn footprint(&self) -> Option<String> {
        let (height, width) = (self.shape[self.y()], self.shape[self.x()]);
        self.georeference.as_ref().map(|place| format!("{height}x{width};{place}"))
    }

    /// Rows and columns of a whole chunk.
    #[must_use]
    pub fn chunk_size(&self) -> (u64, u64) {
        (self.chunk[self.y()], self.chunk[self.x()])
    }

    pub(crate) fn y(&self) -> usize {
        self.axes.position(&Role::Y).unwrap_or_default()
    }

    pub(crate) fn x(&self) -> usize {
        self.axes.position(&Role::X).unwrap_or_default()
    }

    fn counts(&self) -> Vec<u64> {
        self.shape.iter().zip(&self.chunk).map(|(n, c)| n.div_ceil(*c)).collect()
    }

    /// The first and the last band that is read.
    fn span(&self) -> (u64, u64) {
        let first = self.picks.iter().min().copied().unwrap_or_default();
        let last = self.picks.iter().max().copied().unwrap_or_default();
        (first, last)
    }
}
