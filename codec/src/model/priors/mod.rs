//! `priors.bin`: the statistics of a model's planes with which the entropy coder starts.

mod index;
mod scalar;
mod tables;

pub(crate) use index::IndexPriors;
pub(crate) use scalar::ScalarPriors;
pub(crate) use tables::MAX_PLANES;

use crate::container::bytes::Reader;
use crate::error::{Error, Result};
use crate::quantise::Rates;

const VERSION: u8 = 0;

/// The entropy coder's priors: of scalar codes, or of codebook indices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priors(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Of scalar codes.
    Scalar(ScalarPriors),
    /// Of codebook indices.
    Index(IndexPriors),
}

impl From<ScalarPriors> for Priors {
    fn from(priors: ScalarPriors) -> Self {
        Self(Kind::Scalar(priors))
    }
}

impl From<IndexPriors> for Priors {
    fn from(priors: IndexPriors) -> Self {
        Self(Kind::Index(priors))
    }
}

impl Priors {
    /// How many planes there are.
    #[must_use]
    pub fn planes(&self) -> usize {
        match &self.0 {
            Kind::Scalar(priors) => priors.planes(),
            Kind::Index(priors) => priors.shape.planes(),
        }
    }

    /// The plane at each scan position, strongest first; `None` for codebook indices, which have no scan order.
    #[must_use]
    pub fn order(&self) -> Option<&[u32]> {
        self.scalar().map(|priors| priors.order.as_slice())
    }

    pub(crate) fn kind(&self) -> &Kind {
        &self.0
    }

    /// The priors of scalar codes; `None` with codebooks.
    pub(crate) fn scalar(&self) -> Option<&ScalarPriors> {
        match &self.0 {
            Kind::Scalar(priors) => Some(priors),
            Kind::Index(_) => None,
        }
    }

    /// The priors of codebook indices; `None` with scalar codes.
    pub(crate) fn index(&self) -> Option<&IndexPriors> {
        match &self.0 {
            Kind::Scalar(_) => None,
            Kind::Index(priors) => Some(priors),
        }
    }

    /// The content of `priors.bin`.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.magic().to_vec();
        out.push(VERSION);
        match &self.0 {
            Kind::Scalar(priors) => priors.write(&mut out),
            Kind::Index(priors) => priors.write(&mut out),
        }
        out
    }

    fn magic(&self) -> &'static [u8; 4] {
        match &self.0 {
            Kind::Scalar(_) => SCALAR,
            Kind::Index(_) => INDEX,
        }
    }

    /// Reads `priors.bin`, and refuses whatever [`Priors::to_bytes`] would not write.
    ///
    /// # Errors
    /// [`Error::InvalidModel`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::read(bytes).map_err(|e| Error::InvalidModel(format!("priors.bin: {e}; get the package again")))
    }

    fn read(bytes: &[u8]) -> Result<Self> {
        let mut r = Reader::new(bytes);
        let magic = r.take(4, "the magic number")?;
        if magic != SCALAR && magic != INDEX {
            return Err(Error::Corrupt("it starts neither with \"VQZP\" nor with \"VQZI\"".into()));
        }
        let version = r.u8("the version")?;
        if version != VERSION {
            return Err(Error::Unsupported(format!(
                "it has version {version}, this release reads {VERSION}"
            )));
        }
        let priors = if magic == SCALAR {
            Self::from(ScalarPriors::read(&mut r)?)
        } else {
            Self::from(IndexPriors::read(&mut r)?)
        };
        r.finish("priors.bin")?;
        if priors.to_bytes() != bytes {
            return Err(Error::Corrupt("its content is not in the canonical form".into()));
        }
        Ok(priors)
    }
}

impl Rates {
    /// The rates that follow from fitted priors.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for the priors of scalar codes.
    pub fn of(priors: &Priors) -> Result<Self> {
        let index = priors.index().ok_or_else(|| {
            Error::InvalidArgument(
                "the priors are of scalar codes; rates of indices need index priors".to_owned(),
            )
        })?;
        let (entries, used) = index.statistics.rates(&index.shape);
        Ok(Self { planes: index.shape.planes(), entries, used })
    }
}

const SCALAR: &[u8; 4] = b"VQZP";
const INDEX: &[u8; 4] = b"VQZI";
