//! Repairing: chunks of an archive that are damaged or lost are written again, from the source that was encoded.

mod array;
mod options;
mod run;

pub use array::ArrayRepair;
pub use options::RepairOptions;
pub use run::{Repair, repair};
