//! Errors of metadata that break a convention.

use serde_json::Value;

/// Metadata of an array that can't be understood.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConventionError {
    /// The roles of the dimensions are neither given nor recorded, and the dimensions have no names.
    #[error(
        "the {dimensions} dimensions have no names, so their roles (y, x, band, time or another) are unknown; give one \
         role for each in order, such as band,y,x"
    )]
    UnnamedDimensions {
        /// How many dimensions there are.
        dimensions: usize,
    },
    /// Roles were given for another number of dimensions.
    #[error("{roles} roles are given for {dimensions} dimensions; give one role for each")]
    RoleCount {
        /// How many roles were given.
        roles: usize,
        /// How many dimensions there are.
        dimensions: usize,
    },
    /// The names of the dimensions suggest roles that no raster has.
    #[error("{0}")]
    Roles(String),
    /// A transform from pixels to coordinates is not six numbers.
    #[error("the attribute {key} is {found}, six numbers are needed; correct it or remove it")]
    Transform {
        /// The attribute.
        key: &'static str,
        /// Its value.
        found: Value,
    },
    /// Units of time that name no dates.
    #[error("the units of time are \"{units}\", which can't be read: {why}")]
    TimeUnits {
        /// The units.
        units: String,
        /// Why they can't be read.
        why: String,
    },
    /// The origin of units of time is not a time of their calendar.
    #[error("\"{0}\" is no time")]
    NoTime(String),
    /// A text is not a date or time of ISO 8601.
    #[error("\"{0}\" is no time; write it as 2018-07-10 or 2018-07-10T10:31:01")]
    NoIsoTime(String),
    /// A text is not a date or time in the required form.
    #[error("\"{text}\" is no time in the form {form} ({reason})")]
    NoTimeInForm {
        /// The text.
        text: String,
        /// The form, in the letters of strftime.
        form: String,
        /// Why it does not fit.
        reason: String,
    },
    /// A time is too far away to be stated in 64 bits of seconds, or with a year of four digits.
    #[error("{seconds} seconds after {origin} is further away than a date can state")]
    BeyondAllTimes {
        /// The number of seconds after the origin.
        seconds: f64,
        /// The origin.
        origin: String,
    },
    /// A band was chosen that the array does not have.
    #[error("band \"{asked}\" is not there; allowed are 0 to {last}{}", or_names(names))]
    NoSuchBand {
        /// The name or number that was chosen.
        asked: String,
        /// The number of the last band.
        last: u64,
        /// The names of the bands; empty where they have none.
        names: Vec<String>,
    },
    /// A band was chosen by a name that several have.
    #[error("several bands are called \"{asked}\": {}; choose by number", listed(numbers))]
    SeveralBands {
        /// The name.
        asked: String,
        /// The numbers of these bands, from 0.
        numbers: Vec<u64>,
    },
}

fn listed(numbers: &[u64]) -> String {
    numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
}

fn or_names(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(" or {}", names.join(", ")) }
}
