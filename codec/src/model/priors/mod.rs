//! `priors.bin`: what the entropy coder knows of a model's planes before it has seen a code.

mod index;
mod scalar;

pub(crate) use index::IndexPriors;
pub(crate) use scalar::ScalarPriors;

use crate::container::bytes::Reader;
use crate::entropy::adaptive::{Counter, MAX_WEIGHT};
use crate::error::{Error, Result};

/// The most planes that a model may have.
pub(crate) const MAX_PLANES: usize = 1 << 16;
/// Confidence with which a tile starts from what the fit learnt: counts above are cut to this.
pub(crate) const START_COUNT: u32 = 30;
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

    /// The plane at each scan position, strongest first; codebook indices are in their own order, and have none.
    #[must_use]
    pub fn order(&self) -> Option<&[u32]> {
        self.scalar().map(|priors| priors.order.as_slice())
    }

    pub(crate) fn kind(&self) -> &Kind {
        &self.0
    }

    /// Those of scalar codes.
    pub(crate) fn scalar(&self) -> Option<&ScalarPriors> {
        match &self.0 {
            Kind::Scalar(priors) => Some(priors),
            Kind::Index(_) => None,
        }
    }

    /// Those of indices.
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
            return Err(Error::Corrupt("its content is not in the one form that is written".into()));
        }
        Ok(priors)
    }
}

const SCALAR: &[u8; 4] = b"VQZP";
const INDEX: &[u8; 4] = b"VQZI";

/// Appends a table: the probabilities, then the counts.
fn put_counters(out: &mut Vec<u8>, counters: &[Counter]) {
    counters.iter().for_each(|c| out.extend_from_slice(&(c.p1() as u16).to_le_bytes()));
    counters.iter().for_each(|c| out.push(c.count().min(START_COUNT) as u8));
}

fn read_counters(r: &mut Reader<'_>, counters: &mut [Counter]) -> Result<()> {
    let p1 = r.take(2 * counters.len(), "a table of probabilities")?;
    let counts = r.take(counters.len(), "a table of counts")?;
    for ((counter, p1), count) in counters.iter_mut().zip(p1.as_chunks().0).zip(counts) {
        if u32::from(*count) > START_COUNT {
            return Err(Error::Corrupt(format!("a count is {count}, at most {START_COUNT} is allowed")));
        }
        *counter = Counter::new(u16::from_le_bytes(*p1), *count);
    }
    Ok(())
}

fn read_weights<'w>(r: &mut Reader<'_>, weights: impl Iterator<Item = &'w mut i32>) -> Result<()> {
    for weight in weights {
        let value = r.u32("a weight")? as i32;
        if !(-MAX_WEIGHT..=MAX_WEIGHT).contains(&value) {
            return Err(Error::Corrupt(format!("a mixing weight is {value}, allowed is ±{MAX_WEIGHT}")));
        }
        *weight = value;
    }
    Ok(())
}
