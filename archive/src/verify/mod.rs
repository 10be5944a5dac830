//! Verifying: does an archive decode, and do the statistics and the promise hold that it states?

mod array;
mod chunks;
mod promise;
mod run;
mod statistics;

pub use array::ArrayVerification;
pub use chunks::Failure;
pub use run::{Verification, VerifyOptions, verify};
