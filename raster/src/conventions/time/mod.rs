//! Dates: CF's coordinates of time with their units and calendars, and dates as texts.
//!
//! An instant is the number of seconds since 1970-01-01T00:00:00Z, leap seconds not counted, in some places with nanoseconds
//! ([`Instant`]). A coordinate of time as a whole is read in `steps`, in units that `units` reads, from an origin that `stamp`
//! reads, in one of the calendars of `calendar`.

mod calendar;
mod instant;
mod stamp;
mod steps;
mod text;
mod units;

pub use calendar::Calendar;
pub use instant::Instant;
pub use steps::{Steps, Values};
pub use text::{iso, parse_iso, parse_time};
pub use units::{Count, TimeUnits};
