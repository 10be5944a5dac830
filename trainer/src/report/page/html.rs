//! Small parts of HTML.

/// Text as it may stand between tags and in attributes.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The colour of series `index` of `count`: distinct ones for a few, a ramp for many.
pub(super) fn colour(index: usize, count: usize) -> String {
    if count <= 8 {
        format!("var(--c{})", index.min(7))
    } else {
        format!("hsl({:.0} 50% var(--ramp))", 30.0 + 270.0 * index as f64 / (count - 1) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_an_attribute() {
        assert_eq!(escape("\"<a & b>"), "&quot;&lt;a &amp; b&gt;");
    }

    #[test]
    fn many_series_make_a_ramp() {
        assert_eq!(colour(2, 3), "var(--c2)");
        assert_eq!(
            (colour(0, 10).as_str(), colour(9, 10).as_str()),
            ("hsl(30 50% var(--ramp))", "hsl(300 50% var(--ramp))")
        );
    }
}
