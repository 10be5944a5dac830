//! The inside of encoded arrays: their chunks and headers, the record of the encode, and the cost of reading a
//! window.

pub(crate) mod array;
pub(crate) mod codes;
pub(crate) mod copies;
pub(crate) mod digest;
pub(crate) mod losses;
pub(crate) mod lost;
pub(crate) mod record;
pub(crate) mod seal;
pub(crate) mod shards;
pub(crate) mod totals;
pub(crate) mod window;

pub use array::{EncodedArray, PlannedRead};
pub use codes::{ArrayCodes, codes};
pub use losses::remark_on_losses;
pub use lost::LostChunks;
pub use record::Record;
pub use seal::seal;
pub use totals::{ChunkFigures, Totals};
pub use window::{WindowCost, date_of_image, is_padding, window_cost};
