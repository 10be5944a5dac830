//! Errors of the TOML reader, reworded for those who write settings.

/// An error of reading values: the key, what was found, what is allowed.
pub(super) fn plain(error: &toml::de::Error) -> String {
    let whole = error.to_string();
    // The reader names the key on a line of its own; errors of syntax have a place in the text instead.
    let key = whole.lines().find_map(|line| line.strip_prefix("in `")?.strip_suffix('`'));
    let message = error.message();
    let reworded = unknown(message, key)
        .or_else(|| {
            let (found, expected) = message
                .strip_prefix("invalid type: ")
                .or(message.strip_prefix("invalid value: "))?
                .split_once(", expected ")?;
            Some(format!(
                "{}found {}, allowed is {}",
                prefix(key),
                found.replace('`', ""),
                allowed(expected, key)
            ))
        })
        .unwrap_or_else(|| match key {
            Some(key) => format!("{key}: {message}"),
            None => whole.clone(),
        });
    reworded.trim_end().to_owned()
}

fn prefix(key: Option<&str>) -> String {
    key.map_or_else(String::new, |key| format!("{key}: "))
}

/// How a value of a type is written.
fn allowed<'a>(expected: &'a str, key: Option<&str>) -> &'a str {
    match expected {
        "a sequence" if key == Some("heads") => "groups of bands, written as [[heads]] in a configuration",
        "u64" | "usize" | "u32" => "a whole number from 0 on",
        "f64" | "f32" => "a number",
        "a boolean" => "true or false",
        "a string" | "path string" => "a text",
        "a sequence" => "a list such as [64, 128]",
        "an array of length 2" | "a tuple of size 2" => "a list of two such as [36.0, 54.0]",
        "a map" => "a section of keys",
        other if other.starts_with("struct ") => "a section of keys",
        other => other,
    }
}

/// For a key or a choice that does not exist: the nearest one that does, or all of them.
fn unknown(message: &str, key: Option<&str>) -> Option<String> {
    let (what, rest) = match message.strip_prefix("unknown field `") {
        Some(rest) => ("key", rest),
        None => ("choice", message.strip_prefix("unknown variant `")?),
    };
    let (found, expected) = rest.split_once('`')?;
    let known: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    let all = known.join(", ");
    let nearest = known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(found, name), *name))
        .min()
        .filter(|(distance, name)| *distance <= 1.max(name.len() / 3))
        .map_or_else(String::new, |(_, name)| format!("; did you mean {name}?"));
    Some(match what {
        "key" => {
            let place = key.map_or_else(String::new, |key| format!(" in {key}"));
            format!("there is no key {found}{place}, allowed are {all}{nearest}")
        }
        _ => format!("{}found {found}, allowed are {all}{nearest}", prefix(key)),
    })
}
