//! The roles of an array's dimensions, and how a chunk is divided into images.
//!
//! First station of a chunk's journey: whatever the order and number of dimensions, everything after this sees
//! *images*, `(band, y, x)` with strides. Dimensions with the roles `time` and `other` are looped over.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a dimension stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Dates or time steps.
    Time,
    /// Spectral bands, or whatever the model takes as its bands.
    Band,
    /// Rows, north to south as a rule.
    Y,
    /// Columns.
    X,
    /// Anything else (month, level, metric): looped over.
    Other(String),
}

impl Role {
    /// The role that a dimension name suggests, by the names in common use.
    #[must_use]
    pub fn guess(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "y" | "lat" | "latitude" | "row" | "rows" | "northing" => Self::Y,
            "x" | "lon" | "longitude" | "col" | "column" | "columns" | "easting" => Self::X,
            "band" | "bands" | "channel" | "channels" | "c" | "wavelength" | "feature" => Self::Band,
            "time" | "t" | "date" => Self::Time,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Time => "time",
            Self::Band => "band",
            Self::Y => "y",
            Self::X => "x",
            Self::Other(name) => name,
        })
    }
}

/// The roles of all dimensions, in the array's order: 2 to 6, with exactly one `y` and one `x`, and at most one
/// `band` and one `time`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Axes(Vec<Role>);

impl TryFrom<Vec<String>> for Axes {
    type Error = Error;

    fn try_from(names: Vec<String>) -> Result<Self> {
        Self::new(
            names
                .iter()
                .map(|name| match name.as_str() {
                    "time" => Role::Time,
                    "band" => Role::Band,
                    "y" => Role::Y,
                    "x" => Role::X,
                    other => Role::Other(other.to_owned()),
                })
                .collect(),
        )
    }
}

impl From<Axes> for Vec<String> {
    fn from(axes: Axes) -> Self {
        axes.0.iter().map(Role::to_string).collect()
    }
}

impl Axes {
    /// Checks the roles.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a wrong number of dimensions and for roles that are repeated, [`Error::UnclearAxes`] where
    /// rows or columns are missing or repeated.
    pub fn new(roles: Vec<Role>) -> Result<Self> {
        let found = || roles.iter().map(Role::to_string).collect::<Vec<_>>().join(", ");
        if !(2..=6).contains(&roles.len()) {
            return Err(Error::InvalidArgument(format!(
                "the array has {} dimensions, the codec takes 2 to 6; reshape it or split it",
                roles.len()
            )));
        }
        let count = |role: &Role| roles.iter().filter(|r| *r == role).count();
        for role in [Role::Y, Role::X] {
            if count(&role) != 1 {
                return Err(Error::UnclearAxes { found: found(), role: role.to_string() });
            }
        }
        for role in [Role::Band, Role::Time] {
            if count(&role) > 1 {
                return Err(Error::InvalidArgument(format!(
                    "axes are ({}), at most one may be `{role}`; give another name to the rest",
                    found()
                )));
            }
        }
        Ok(Self(roles))
    }

    /// Roles from dimension names.
    ///
    /// # Errors
    /// As [`Axes::new`].
    pub fn from_names<S: AsRef<str>>(names: &[S]) -> Result<Self> {
        let mut roles: Vec<Role> = names.iter().map(|name| Role::guess(name.as_ref())).collect();
        // Where several arrays of a group have bands of their own, each has a dimension of its own for them.
        let mut own =
            roles.iter_mut().filter(|role| matches!(role, Role::Other(name) if name.ends_with("_band")));
        if let (Some(band), None) = (own.next(), own.next())
            && !names.iter().any(|name| Role::guess(name.as_ref()) == Role::Band)
        {
            *band = Role::Band;
        }
        Self::new(roles)
    }

    /// The roles, in the array's order.
    #[must_use]
    pub fn roles(&self) -> &[Role] {
        &self.0
    }

    /// The dimension with this role.
    #[must_use]
    pub fn position(&self, role: &Role) -> Option<usize> {
        self.0.iter().position(|r| r == role)
    }

    /// How a chunk of this shape is divided into images.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when the shape has another number of dimensions, or a zero extent.
    pub fn layout(&self, shape: &[usize]) -> Result<Layout> {
        if shape.len() != self.0.len() || shape.contains(&0) {
            return Err(Error::InvalidArgument(format!(
                "chunk shape {shape:?} does not fit the axes ({}): one positive extent for each is needed",
                self.0.iter().map(Role::to_string).collect::<Vec<_>>().join(", ")
            )));
        }
        let mut strides = vec![1usize; shape.len()];
        for d in (0..shape.len() - 1).rev() {
            strides[d] = strides[d + 1].checked_mul(shape[d + 1]).ok_or_else(|| {
                Error::Limit(format!(
                    "chunk shape {shape:?} has more samples than fit in memory; use smaller chunks"
                ))
            })?;
        }
        let samples =
            strides[0].checked_mul(shape[0]).filter(|n| *n <= MAX_CHUNK_SAMPLES).ok_or_else(|| {
                Error::Limit(format!(
                    "chunk shape {shape:?} has more than {MAX_CHUNK_SAMPLES} samples; use smaller chunks"
                ))
            })?;
        let y = self.position(&Role::Y).unwrap_or_default();
        let x = self.position(&Role::X).unwrap_or_default();
        let band = self.position(&Role::Band);
        let looped: Vec<usize> =
            (0..shape.len()).filter(|d| *d != y && *d != x && Some(*d) != band).collect();
        Ok(Layout { shape: shape.to_vec(), strides, samples, y, x, band, looped, order: Vec::new() })
    }
}

/// The most samples that one chunk may hold.
pub const MAX_CHUNK_SAMPLES: usize = 1 << 31;

/// A chunk seen as images. Offsets and strides are in samples.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The chunk's shape, in the array's order.
    pub shape: Vec<usize>,
    /// C-order strides.
    pub strides: Vec<usize>,
    /// The product of the shape.
    pub samples: usize,
    y: usize,
    x: usize,
    band: Option<usize>,
    looped: Vec<usize>,
    /// The array's band that each band of an image is; empty where both have the same order.
    order: Vec<usize>,
}

impl Layout {
    /// Bands of an image: 1 where no dimension is a band.
    #[must_use]
    pub fn bands(&self) -> usize {
        self.band.map_or(1, |d| self.shape[d])
    }

    /// The same layout with the bands of its images in another order than the array's: for each band of an image, `order` gives
    /// the array's band. An empty order changes nothing.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] unless every band of the array stands in the order once.
    pub fn with_band_order(self, order: &[usize]) -> Result<Self> {
        if order.is_empty() {
            return Ok(self);
        }
        let mut seen = vec![false; self.bands()];
        let fits = order.len() == seen.len()
            && order
                .iter()
                .all(|band| seen.get_mut(*band).is_some_and(|seen| !std::mem::replace(seen, true)));
        if !fits {
            return Err(Error::InvalidArgument(format!(
                "the order of the bands is {order:?}; each of 0 to {} has to stand in it once",
                seen.len() - 1
            )));
        }
        Ok(Self { order: order.to_vec(), ..self })
    }

    /// The array's band that is the given band of an image. Both are counted from 0.
    #[must_use]
    pub fn array_band(&self, band: usize) -> usize {
        self.order.get(band).copied().unwrap_or(band)
    }

    /// Rows of an image.
    #[must_use]
    pub fn height(&self) -> usize {
        self.shape[self.y]
    }

    /// Columns of an image.
    #[must_use]
    pub fn width(&self) -> usize {
        self.shape[self.x]
    }

    /// Strides of band, row and column.
    #[must_use]
    pub fn image_strides(&self) -> [usize; 3] {
        [self.band.map_or(0, |d| self.strides[d]), self.strides[self.y], self.strides[self.x]]
    }

    /// How many images the chunk holds.
    #[must_use]
    pub fn images(&self) -> usize {
        self.looped.iter().map(|d| self.shape[*d]).product()
    }

    /// The offset of an image's first sample. Images are counted in C order of the looped dimensions.
    #[must_use]
    pub fn image_offset(&self, image: usize) -> usize {
        let mut rest = image;
        let mut offset = 0;
        for d in self.looped.iter().rev() {
            offset += rest % self.shape[*d] * self.strides[*d];
            rest /= self.shape[*d];
        }
        offset
    }

    /// The index of an image along each looped dimension of a region of the same chunk, or `None` when it lies outside.
    /// `region` gives a start and an end for each dimension.
    #[must_use]
    pub fn image_in_region(&self, image: usize, region: &[std::ops::Range<usize>]) -> Option<Vec<usize>> {
        let mut rest = image;
        let mut looped_index = vec![0; self.looped.len()];
        for (i, d) in self.looped.iter().enumerate().rev() {
            let at = rest % self.shape[*d];
            rest /= self.shape[*d];
            if !region[*d].contains(&at) {
                return None;
            }
            looped_index[i] = at - region[*d].start;
        }
        Some(looped_index)
    }

    /// The region before the trailing steps of the looped dimensions: those all of whose images trail.
    pub(crate) fn before_trailing(&self, trails: impl Fn(usize) -> bool) -> Vec<std::ops::Range<usize>> {
        let mut region: Vec<_> = self.shape.iter().map(|extent| 0..*extent).collect();
        self.looped.iter().for_each(|d| region[*d].end = 0);
        for image in (0..self.images()).filter(|image| !trails(*image)) {
            let mut rest = image;
            for d in self.looped.iter().rev() {
                region[*d].end = region[*d].end.max(rest % self.shape[*d] + 1);
                rest /= self.shape[*d];
            }
        }
        region
    }

    /// The offset, within a dense region's own layout, of the image at `looped_index` (from [`Layout::image_in_region`]).
    #[must_use]
    pub fn looped_offset(&self, looped_index: &[usize]) -> usize {
        looped_index.iter().zip(&self.looped).map(|(at, d)| at * self.strides[*d]).sum()
    }

    /// The ranges of band, row and column of a region.
    #[must_use]
    pub fn image_region(&self, region: &[std::ops::Range<usize>]) -> [std::ops::Range<usize>; 3] {
        [self.band.map_or(0..1, |d| region[d].clone()), region[self.y].clone(), region[self.x].clone()]
    }
}
