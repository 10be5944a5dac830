//! The journey of a chunk: axes → mask → normalise and transform → quantise → entropy code → container, and back.
//!
//! [`ChunkCodec`] does no I/O: a partial read is planned from the header ([`ChunkCodec::plan`]), the caller fetches the byte
//! ranges, and [`ChunkCodec::decode_planned`] does the rest.
//!
//! | file | what it holds |
//! |---|---|
//! | `codec` | the codec of one array: its configuration and its model |
//! | `encode`, `decode` | the main loops: over the places of a chunk and their dates |
//! | `plan`, `fetch` | which tiles and bytes a region needs; which of these bytes are still to be fetched |
//! | `trailing`, `within` | what trails at the end of a chunk, and how many samples are valid in the part of a chunk that lies in its array |
//! | `position`, `tile`, `dates` | where tiles lie; what they share with their chunk; what earlier dates hand to later ones |
//! | `source`, `latents`, `code_latents`, `encode_tile` | a tile on its way to bytes |
//! | `decode_tile`, `picture` | a tile on its way back |
//! | `promised`, `predicted`, `bounded` | tiles within a promised bound: by prediction, or by corrections of what a model decodes |
//! | `runner`, `network`, `correction` | the model, and what runs it |

mod bounded;
mod code_latents;
mod codec;
mod correction;
mod dates;
mod decode;
mod decode_tile;
mod encode;
mod encode_tile;
#[cfg(feature = "faults")]
pub mod faults;
mod fetch;
mod latents;
mod network;
mod picture;
mod plan;
mod position;
mod predicted;
mod promised;
mod runner;
mod source;
mod tile;
mod trailing;
mod within;

pub use crate::tiles::balanced as tile_ranges;
pub use codec::{ChunkCodec, Options, Statistics, patch_of};
pub use decode_tile::TileCodes;
pub use fetch::{FIRST_READ, Fetch, Head, max_chunk_bytes};
pub use plan::{Plan, PlannedTile};
