//! The codec's name in Zarr metadata.
//!
//! Archives from before the first release call it `vqvae`. Readers take either name, for ever; writers use the new one.
//! The attribute in which a writer records how many chunks an archive has bears the codec's name, so what holds for one
//! holds for the other.

/// The name that is written: of the codec under `codecs`, and of the attribute under `attributes`.
pub const NAME: &str = "vqz";

/// The name before the first release, which is still read.
pub const FORMER_NAME: &str = "vqvae";

/// Every name that is read, the one to prefer first.
pub const NAMES: [&str; 2] = [NAME, FORMER_NAME];

/// Whether a codec that metadata call `name` is this codec.
#[must_use]
pub fn is_codec(name: &str) -> bool {
    NAMES.contains(&name)
}
