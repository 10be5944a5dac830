//! What is odd about files, gathered so that it is said once for all files that share it.

use std::collections::BTreeSet;
use std::path::Path;

/// Oddities in the order in which they were found, each with the first file that has it and how many there are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Oddities(Vec<Oddity>);

#[derive(Clone, Debug)]
struct Oddity {
    what: String,
    file: String,
    /// All files that have it.
    files: BTreeSet<String>,
}

impl Oddities {
    /// Adds what is odd about a file.
    pub(crate) fn add(&mut self, file: &Path, what: String) {
        let file = file.display().to_string();
        let files = BTreeSet::from([file.clone()]);
        self.merge(Self(vec![Oddity { what, file, files }]));
    }

    /// Adds what may be odd about a file.
    pub(crate) fn extend(&mut self, file: &Path, what: Option<String>) {
        if let Some(what) = what {
            self.add(file, what);
        }
    }

    /// Adds those of other files.
    pub(crate) fn merge(&mut self, others: Self) {
        for other in others.0 {
            match self.0.iter_mut().find(|known| known.what == other.what) {
                Some(known) => known.files.extend(other.files),
                None => self.0.push(other),
            }
        }
    }

    /// A line for each.
    pub(crate) fn remarks(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|odd| match odd.files.len() {
            1 => format!("{}: {}", odd.file, odd.what),
            2 => format!("{} and another file: {}", odd.file, odd.what),
            n => format!("{} and {} other files: {}", odd.file, n - 1, odd.what),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_files_share_is_said_once() {
        let mut all = Oddities::default();
        for name in ["a.nc", "b.nc", "c.nc"] {
            let mut own = Oddities::default();
            own.add(Path::new(name), "mask is left out".to_owned());
            all.merge(own);
        }
        // Once for each of its variables.
        all.add(Path::new("d.nc"), "uneven".to_owned());
        all.add(Path::new("d.nc"), "uneven".to_owned());
        let remarks: Vec<String> = all.remarks().collect();
        assert_eq!(remarks, ["a.nc and 2 other files: mask is left out", "d.nc: uneven"]);
    }
}
