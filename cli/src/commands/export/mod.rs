//! `vqz export`: an archive, or a part of it, for programs that do not know the codec.

mod arguments;
#[cfg(feature = "gdal")]
mod run;

pub(crate) use arguments::Args;
#[cfg(feature = "gdal")]
pub(crate) use run::run;

#[cfg(not(feature = "gdal"))]
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    anyhow::bail!(
        "{} can't be exported: this vqz was built without GDAL; build it with `cargo install --path cli --features gdal` \
         (Debian's libgdal-dev is needed), or write plain Zarr with `vqz decode`",
        args.archive.display()
    )
}
