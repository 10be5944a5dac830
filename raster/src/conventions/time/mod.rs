//! Dates: CF's coordinates of time with their units and calendars, and dates as texts.
//!
//! Everywhere in this crate an instant is the number of seconds since 1970-01-01T00:00:00Z, leap seconds not counted.

mod calendar;
mod text;
mod units;

pub use calendar::Calendar;
pub use text::{iso, parse_iso, parse_time};
pub use units::TimeUnits;
