//! How an archive is repaired.

use crate::options::options;
use vqz_codec::engine::EngineKind;

options! {
    /// How [`repair`](crate::repair()) repairs an archive.
    pub struct RepairOptions {
        /// The engine that runs the model. Chunks are what they were to the last byte if it is the one that encoded them.
        pub engine: Option<EngineKind> = None,
        /// Whether chunks are written although others, which decode, are not what the source holds by now.
        pub source_changed: bool = false,
    }
}
