//! The places of arrays and groups in the hierarchy: each name becomes one safe part of a path, and names that become the same
//! stay apart.

use super::{ArrayPlan, CubePlan};

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
