//! Fields of file names: `LC08_{path}_{time:%Y%m%d}_{band}.TIF`.
//!
//! A pattern is matched to the end of a path, as many folders deep as it has slashes. `{field}` matches as few characters as
//! possible, none of them a slash; `{time:FORMAT}` a time in a form of strftime; `*` any characters but slashes.

use crate::conventions::time::{Instant, parse_time};
use crate::error::{Error, Result};
use regex::Regex;
use std::collections::BTreeMap;
use std::path::Path;

/// A pattern of file names.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    text: String,
    regex: Regex,
    /// The number of parts of a path that it matches: folders and the name.
    parts: usize,
    /// The form of the field `time`, if there is one.
    time: Option<String>,
}

/// The fields of a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    /// All fields but the time, by name.
    pub text: BTreeMap<String, String>,
    /// Seconds since 1970-01-01, UTC.
    pub time: Option<Instant>,
}

/// Letters of strftime, and the regular expression of the digits that each stands for.
const LETTERS: [(&str, &str); 8] = [
    ("%Y", r"\d{4}"),
    ("%y", r"\d{2}"),
    ("%m", r"\d{2}"),
    ("%d", r"\d{2}"),
    ("%j", r"\d{3}"),
    ("%H", r"\d{2}"),
    ("%M", r"\d{2}"),
    ("%S", r"\d{2}"),
];

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`Error::Invalid`] where braces do not match, a field stands twice, or a letter of a time is unknown.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let invalid = |what: String| Error::Invalid(format!("the name pattern \"{text}\" {what}"));
        let mut regex = String::from("(?:^|/)");
        let mut time = None;
        let mut fields: Vec<&str> = Vec::new();
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            if next == '{' {
                let Some(end) = rest.find('}') else {
                    return Err(invalid("has a { without a }".to_owned()));
                };
                let (name, format) = match rest[1..end].split_once(':') {
                    Some((name, format)) => (name, Some(format)),
                    None => (&rest[1..end], None),
                };
                if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                    return Err(invalid(format!(
                        "has a field \"{name}\"; letters, digits and _ are allowed"
                    )));
                }
                if fields.contains(&name) {
                    return Err(invalid(format!("has the field {name} twice; once is allowed")));
                }
                fields.push(name);
                match (name, format) {
                    ("time", Some(format)) => {
                        regex.push_str(&format!("(?P<time>{})", digits(format).map_err(invalid)?));
                        time = Some(format.to_owned());
                    }
                    ("time", None) => {
                        return Err(invalid(
                            "has a time without letters; give them, such as {time:%Y%m%d}".to_owned(),
                        ));
                    }
                    (_, Some(_)) => {
                        return Err(invalid(format!("gives letters to {name}; only time takes them")));
                    }
                    (_, None) => regex.push_str(&format!("(?P<f_{name}>[^/]+?)")),
                }
                rest = &rest[end + 1..];
                continue;
            }
            match next {
                '}' => return Err(invalid("has a } without a {".to_owned())),
                '*' => regex.push_str("[^/]*"),
                other => regex.push_str(&regex::escape(&other.to_string())),
            }
            rest = &rest[next.len_utf8()..];
        }
        regex.push('$');
        let regex = Regex::new(&regex).map_err(|e| invalid(format!("can't be used ({e})")))?;
        Ok(Self { text: text.to_owned(), regex, parts: text.matches('/').count() + 1, time })
    }

    /// The pattern's text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The fields of the end of a path; `None` where the pattern does not match it.
    ///
    /// # Errors
    /// [`Error::Mismatch`] where the digits of its time do not make a time.
    pub(crate) fn fields(&self, path: &Path) -> Result<Option<Fields>> {
        let parts: Vec<String> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        let tail = parts[parts.len().saturating_sub(self.parts)..].join("/");
        let Some(found) = self.regex.captures(&tail) else { return Ok(None) };
        let mut fields = Fields::default();
        for name in self.regex.capture_names().flatten() {
            let Some(value) = found.name(name) else { continue };
            match (name.strip_prefix("f_"), &self.time) {
                (Some(name), _) => {
                    fields.text.insert(name.to_owned(), value.as_str().to_owned());
                }
                (None, Some(format)) => {
                    let time = parse_time(value.as_str(), format);
                    fields.time =
                        Some(time.map_err(|e| Error::Mismatch(format!("{}: {e}", path.display())))?);
                }
                (None, None) => {}
            }
        }
        Ok(Some(fields))
    }
}

/// The regular expression for a time in these letters.
fn digits(format: &str) -> std::result::Result<String, String> {
    let mut out = String::new();
    let mut rest = format;
    while let Some(next) = rest.chars().next() {
        if next == '%' {
            let Some((letter, pattern)) = LETTERS.iter().find(|(letter, _)| rest.starts_with(letter)) else {
                let known = LETTERS.map(|(letter, _)| letter).join(" ");
                let found: String = rest.chars().take(2).collect();
                return Err(format!("has {found} in a time; {known} are allowed"));
            };
            out.push_str(pattern);
            rest = &rest[letter.len()..];
        } else {
            out.push_str(&regex::escape(&next.to_string()));
            rest = &rest[next.len_utf8()..];
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conventions::time::iso;

    fn fields_of(pattern: &str, path: &str) -> Fields {
        Pattern::parse(pattern).unwrap().fields(Path::new(path)).unwrap().unwrap()
    }

    #[test]
    fn names_tell_time_and_band() {
        let fields = fields_of(
            "LC08_L1TP_{place}_{time:%Y%m%d}_{band}.TIF",
            "a/LC08_L1TP_013032_20180131_20180207_01_T1/LC08_L1TP_013032_20180131_B10.TIF",
        );
        assert_eq!(fields.text["band"], "B10");
        assert_eq!(fields.text["place"], "013032");
        assert_eq!(fields.time.map(iso).as_deref(), Some("2018-01-31"));
        let goes =
            fields_of("OR_*_s{time:%Y%j%H%M%S}*_{band}.tif", "x/OR_ABI-L2_s20211451800267_e2021_CMI.tif");
        assert_eq!(goes.time.map(iso).as_deref(), Some("2021-05-25T18:00:26"));
        let folder = fields_of("{patch}/*_{band}.tif", "root/S2A_1_2/S2A_1_2_B01.tif");
        assert_eq!((folder.text["patch"].as_str(), folder.text["band"].as_str()), ("S2A_1_2", "B01"));
        assert_eq!(Pattern::parse("m_{time:%Y}.tif").unwrap().fields(Path::new("n_2018.tif")).unwrap(), None);
    }

    #[test]
    fn what_is_no_pattern_or_time_is_told() {
        let error = |pattern: &str| Pattern::parse(pattern).unwrap_err().to_string();
        assert!(error("a_{band.tif").ends_with("has a { without a }"));
        assert!(error("{time}.tif").contains("has a time without letters; give them, such as {time:%Y%m%d}"));
        assert!(error("{time:%Q}.tif").contains("has %Q in a time; %Y %y %m %d %j %H %M %S are allowed"));
        assert!(error("{band}{band}").contains("has the field band twice"));
        let pattern = Pattern::parse("{time:%Y%m%d}.tif").unwrap();
        let error = pattern.fields(Path::new("20181340.tif")).unwrap_err().to_string();
        assert!(error.contains("\"20181340\" is no time in the form %Y%m%d"), "{error}");
    }
}
