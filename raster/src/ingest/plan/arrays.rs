//! The places of arrays and groups in the hierarchy: each name becomes one safe part of a path, and names that become the same
//! stay apart.

use super::{ArrayPlan, CubePlan};
use crate::names::Siblings;
use std::collections::BTreeMap;

/// The names that are given in each folder. A folder is empty for the root, and ends with a slash otherwise.
#[derive(Clone, Debug, Default)]
pub(super) struct Folders(BTreeMap<String, Siblings>);

impl Folders {
    fn place(&mut self, folder: &str, name: &str) -> String {
        self.0.entry(folder.to_owned()).or_default().place(name)
    }

    /// The folder of a new group within another.
    pub(super) fn group(&mut self, folder: &str, name: &str) -> String {
        format!("{folder}{}/", self.place(folder, name))
    }
}

impl CubePlan {
    /// The folder of a scene's arrays, a new one for each scene; the root where inputs are not split.
    pub(super) fn scene_folder(&mut self, name: &str) -> String {
        if name.is_empty() {
            return String::new();
        }
        let folder = self.folders.group("", name);
        let place = folder.trim_end_matches('/');
        if place != name {
            self.remarks.push(format!(
                "group {place}: its name is {name:?}, which is taken or is no safe name of a folder; it stays as the attribute \
                 long_name"
            ));
            self.group_names.insert(place.to_owned(), name.to_owned());
        }
        folder
    }

    /// Adds an array to a folder, under its name or, where that is taken or not safe, under another.
    /// Returns its path.
    pub(super) fn push(&mut self, folder: &str, mut array: ArrayPlan) -> String {
        let place = self.folders.place(folder, &array.name);
        array.path = format!("{folder}{place}");
        if place != array.name {
            self.remarks.push(format!(
                "{}: the array's name is {:?}, which is taken or is no safe name of a folder; it stays in its attributes",
                array.path, array.name
            ));
        }
        let path = array.path.clone();
        self.arrays.push(array);
        path
    }
}
