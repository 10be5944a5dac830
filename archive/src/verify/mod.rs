//! Verifying: does an archive decode, and are the statistics and the promise that it states true?

mod array;
mod chunks;
pub(crate) mod members;
mod promise;
mod run;
mod statistics;

pub use array::ArrayVerification;
pub(crate) use array::{check_chunk, verify_array};
pub use chunks::Failure;
pub use run::{Verification, VerifyOptions, verify};
