//! Where the pictures of a run lie.

use std::path::PathBuf;

/// The folder of all pictures.
pub(super) const FOLDER: &str = "pictures";

/// Where a picture lies, relative to the report's folder: `pictures/NAME/STEP.png`, a folder for each slash. Characters
/// other than letters, digits, `-` and `_` are written as `=XX`, so that no name leads out of the folder or collides with
/// another.
pub(super) fn file(name: &str, step: u64) -> PathBuf {
    let mut path = PathBuf::from(FOLDER);
    for part in name.split('/') {
        let mut safe = String::new();
        for byte in part.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => safe.push(char::from(byte)),
                other => safe.push_str(&format!("={other:02X}")),
            }
        }
        path.push(if safe.is_empty() { "=" } else { &safe });
    }
    path.join(format!("{step:09}.png"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_the_folder() {
        assert_eq!(
            file("valid/reconstruction", 1200).to_str(),
            Some("pictures/valid/reconstruction/000001200.png")
        );
        assert_eq!(file("../a b", 1).to_str(), Some("pictures/=2E=2E/a=20b/000000001.png"));
        assert_eq!(file("/a", 1).to_str(), Some("pictures/=/a/000000001.png"));
    }
}
