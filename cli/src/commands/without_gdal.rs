//! Commands that need GDAL, in a program that was built without it: they only say how to get it.

use anyhow::{Result, bail};
use std::ffi::OsString;

/// Any arguments, which are ignored.
#[derive(Debug, clap::Args)]
pub(crate) struct IngestArgs {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "CONFIG.toml | FILES… OUTPUT")]
    _given: Vec<OsString>,
}

/// Fails with the reason why files can't be read.
pub(crate) fn ingest(_: &IngestArgs) -> Result<()> {
    bail!(
        "this vqz was built without GDAL, which reads the files; build it with `cargo install --path cli --features gdal` \
         (Debian's libgdal-dev is needed)"
    )
}
