//! Reports: pages on their own, with figures, pictures and curves.

pub(crate) mod chart;
pub(crate) mod curves;
pub(crate) mod html;
pub(crate) mod picture;
pub(crate) mod table;

/// Text within HTML, in attributes too.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
