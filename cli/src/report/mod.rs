//! Reports: pages on their own, with figures, pictures and curves.

pub(crate) mod chart;
pub(crate) mod curves;
pub(crate) mod heat;
pub(crate) mod histogram;
pub(crate) mod html;
pub(crate) mod palette;
pub(crate) mod picture;
pub(crate) mod spectrum;
pub(crate) mod table;
pub(crate) mod view;

/// Text within HTML, in attributes too.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Today's date, in UTC.
pub(crate) fn today() -> String {
    let seconds =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    vqz_raster::conventions::time::iso((seconds / 86_400 * 86_400) as i64)
}
