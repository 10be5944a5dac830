//! Codes that GDAL returns.

use crate::{Error, Result};

/// An error where GDAL returned one.
pub(super) fn check(code: gdal_sys::CPLErr::Type, method: &'static str) -> Result<()> {
    if code == gdal_sys::CPLErr::CE_None {
        return Ok(());
    }
    Err(Error::Gdal(gdal::errors::GdalError::BadArgument(format!("{method} failed"))))
}
