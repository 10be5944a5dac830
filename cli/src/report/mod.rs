//! The demonstration's report: one HTML file with its pictures inside.

pub(crate) mod html;
pub(crate) mod picture;
