//! `[time]`: which dates are taken, and which are computed.

use serde::{Deserialize, Serialize};

/// Which dates are taken, and which are computed.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TimeConfig {
    /// The first date that is taken.
    #[serde(default)]
    pub from: Option<String>,
    /// The last date that is taken.
    #[serde(default)]
    pub to: Option<String>,
    /// Whether all times of one day count as one date, as for scenes of a strip that were taken seconds apart. Files of one band
    /// and day may then cover the same place, which is refused otherwise: `overlap` under `[output]` says which of them counts.
    #[serde(default)]
    pub by_day: bool,
    /// The part of samples, 0 to 1, that must be valid after masking; dates with less are left out.
    #[serde(default)]
    pub min_valid: Option<f64>,
    /// Gaps of at most this many days are filled linearly in time.
    #[serde(default)]
    pub fill_gaps_days: Option<f64>,
    /// The days between even steps, which start at `start`.
    #[serde(default)]
    pub step_days: Option<f64>,
    /// The first of the even steps; by default the first date.
    #[serde(default)]
    pub start: Option<String>,
    /// The last of the even steps; by default the last date.
    #[serde(default)]
    pub end: Option<String>,
}
