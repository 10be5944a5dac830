//! Names that come from files, as names of arrays, groups and files of an output.
//!
//! A band may be described `../..`, a variable `kg/m2`, a scene `CON`: such names are kept in attributes and coordinates, and
//! [`component`] makes the one part of a path of each that is safe in every store: it names something directly below the
//! folder that it is joined to, on Unix and on Windows, and nothing that has a meaning of its own there. [`Siblings`] keeps
//! apart names that are the same afterwards.

use std::collections::HashSet;

/// What replaces a character that no name may hold, and stands before a name that is taken by something else.
const FILLER: char = '_';

/// The name of what has none left.
const UNNAMED: &str = "unnamed";

/// The most bytes of a name. File systems allow 255, and programs add endings such as `.partial`.
const LONGEST: usize = 200;

/// Names that mean something else in a group: the coordinates of its arrays, Zarr's metadata and folder of chunks, and the levels of
/// lower resolution.
const RESERVED: [&str; 8] = ["time", "band", "y", "x", "spatial_ref", "zarr.json", "c", "overviews"];

/// Devices of Windows, which it opens instead of a file of that name, whatever its ending.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The part of a path that stands for a name: without separators, characters that Windows refuses, and dots or blanks at
/// either end; at most 200 bytes long. It is not empty, and no name that Zarr, Windows or the coordinates of a group have for
/// themselves. A name that is such a part already stays as it is.
#[must_use]
pub fn component(name: &str) -> String {
    let replaced: String = name.chars().map(|c| if is_refused(c) { FILLER } else { c }).collect();
    let edge = |c: char| c == '.' || c.is_whitespace();
    let mut part = replaced.trim_matches(edge);
    // Zarr keeps names that begin with two of them to itself.
    while part.starts_with("__") {
        part = &part[1..];
    }
    let part = shortened(part, LONGEST).trim_end_matches(edge);
    if part.is_empty() || part.chars().all(|c| c == FILLER) {
        return UNNAMED.to_owned();
    }
    if is_taken(part) { format!("{FILLER}{part}") } else { part.to_owned() }
}

/// Whether a path below a folder, with `/` between names, stays below that folder: none of its names is empty, `.` or `..`, or
/// holds what separates names on this system.
#[must_use]
pub fn stays_below(path: &str) -> bool {
    let plain = |name: &str| !matches!(name, "" | "." | "..") && !name.contains('\0');
    // On Windows, a name such as `D:x` leads to another drive.
    let leads = |name: &str| cfg!(windows) && name.contains(['\\', ':']);
    path.split('/').all(|name| plain(name) && !leads(name))
}

fn is_refused(c: char) -> bool {
    c.is_control() || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
}

fn is_taken(part: &str) -> bool {
    let lower = part.to_lowercase();
    let stem = lower.split('.').next().unwrap_or_default().trim_end();
    let numbered = |port: &str| {
        let number = stem.strip_prefix(port).and_then(|rest| {
            let mut rest = rest.chars();
            rest.next().filter(|_| rest.next().is_none())
        });
        number.is_some_and(|digit| matches!(digit, '0'..='9' | '¹' | '²' | '³'))
    };
    RESERVED.contains(&lower.as_str()) || DEVICES.contains(&stem) || numbered("com") || numbered("lpt")
}

/// The beginning of a text, at most so many bytes.
fn shortened(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The names that are given within one folder. Two of them differ by more than the case of their letters, which some file
/// systems do not tell apart.
#[derive(Clone, Debug, Default)]
pub struct Siblings {
    given: HashSet<String>,
}

impl Siblings {
    /// The part of a path for a name, which no other name of the folder has: `ndvi`, and `ndvi_2` for the next of that name.
    pub fn place(&mut self, name: &str) -> String {
        let part = component(name);
        let mut own = part.clone();
        for number in 2.. {
            if self.given.insert(own.to_lowercase()) {
                break;
            }
            own = format!("{part}_{number}");
        }
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for name in [
            "B02",
            "S2-L2A-B8A",
            "10m",
            "0.25x0.5",
            "ndvi",
            "Größe",
            "u_500",
            "_hidden",
            "a b",
            "v1.2",
            "com",
            "com10",
        ] {
            assert_eq!(component(name), name);
        }
    }

    #[test]
    fn a_name_is_one_part_of_a_path() {
        for (name, part) in [
            ("..", "unnamed"),
            (".", "unnamed"),
            ("", "unnamed"),
            ("   ", "unnamed"),
            ("///", "unnamed"),
            ("../..", "unnamed"),
            ("kg/m2", "kg_m2"),
            ("../../outside", "_.._outside"),
            ("/etc/passwd", "_etc_passwd"),
            ("C:\\Windows", "C__Windows"),
            ("a\0b\nc", "a_b_c"),
            (".hidden", "hidden"),
            (".vqz-resume.json", "vqz-resume.json"),
            ("__proto", "_proto"),
            ("trailing. . ", "trailing"),
        ] {
            let found = component(name);
            assert_eq!(found, part, "{name:?}");
            assert!(stays_below(&found));
        }
    }

    #[test]
    fn names_that_mean_something_else_are_not_given() {
        for name in [
            "x",
            "Y",
            "time",
            "Band",
            "spatial_ref",
            "zarr.json",
            "c",
            "overviews",
            "CON",
            "nul.tif",
            "aux.b.c",
            "Com1",
            "LPT9",
            "com²",
        ] {
            assert_eq!(component(name), format!("_{name}"));
        }
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        let long = "ä".repeat(300);
        let part = component(&long);
        assert!(part.len() <= LONGEST && long.starts_with(&part) && part.len() > LONGEST - 2);
    }

    #[test]
    fn names_that_become_the_same_stay_apart() {
        let mut siblings = Siblings::default();
        let given: Vec<String> =
            ["a/b", "a:b", "A_B", "a_b_2", "..", "."].map(|name| siblings.place(name)).to_vec();
        assert_eq!(given, ["a_b", "a_b_2", "A_B_3", "a_b_2_2", "unnamed", "unnamed_2"]);
    }

    #[test]
    fn what_leads_elsewhere_is_told() {
        for path in ["", "/a", "a//b", "a/", "../a", "a/..", "./a", "a\0"] {
            assert!(!stays_below(path), "{path:?}");
        }
        assert!(stays_below("a") && stays_below("10m/data") && stays_below("...") && stays_below("a..b/c"));
    }
}
