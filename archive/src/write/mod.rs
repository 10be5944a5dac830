//! Outputs: written beside their target, resumed when interrupted, shared among processes, put in their place when complete.

pub(crate) mod completion;
pub(crate) mod consolidate;
pub(crate) mod existing;
pub(crate) mod fingerprint;
pub(crate) mod hierarchy;
pub(crate) mod ledger;
pub(crate) mod paths;
#[cfg(any(test, feature = "gdal"))]
pub(crate) mod scratch;
pub(crate) mod settings;
pub(crate) mod share;
pub(crate) mod share_summary;
pub(crate) mod state;
pub(crate) mod transfer;
pub(crate) mod unfinished;
pub(crate) mod walk;
