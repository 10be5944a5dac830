//! Texts within XML, in which GDAL's virtual data sets are described.

/// A text as it stands between tags, or within quotes as the value of an attribute.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_gives_a_meaning_is_escaped() {
        assert_eq!(escaped("a<b>&\"c\".tif"), "a&lt;b&gt;&amp;&quot;c&quot;.tif");
    }
}
