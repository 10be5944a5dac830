//! What the variables of a file are to each other: coordinates of the samples of others, or ancillary to them. CF names them in
//! attributes of the variables that they belong to.

use crate::conventions::auxiliary;
use crate::conventions::exact::Exact;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The attributes that say what a variable is to others, and what it is itself.
const ATTRIBUTES: [&str; 12] = [
    "coordinates",
    "bounds",
    "climatology",
    "cell_measures",
    "geometry",
    "node_coordinates",
    "nodes",
    "ancillary_variables",
    "standard_name",
    "units",
    "axis",
    "_CoordinateAxisType",
];

/// The variables of a file, by their places such as `/group/latitude`, with their attributes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Relations(BTreeMap<String, Map<String, Value>>);

impl Relations {
    /// Adds a variable; `text` gives the text of an attribute.
    pub(crate) fn add(&mut self, path: &str, text: &dyn Fn(&str) -> Option<String>) {
        let known = ATTRIBUTES.into_iter().filter_map(|key| Some((key.to_owned(), Value::from(text(key)?))));
        self.0.insert(path.to_owned(), known.collect());
    }

    /// What a variable is to others, where that asks for exact samples.
    pub(crate) fn exact(&self, path: &str) -> Option<Exact> {
        let named = |names: &dyn Fn(&Map<String, Value>) -> Vec<String>| {
            (self.0.iter()).any(|(of, attributes)| {
                of != path
                    && names(attributes).iter().any(|name| self.place(of, name).as_deref() == Some(path))
            })
        };
        let own = path.rsplit('/').next().unwrap_or_default();
        let is_coordinate =
            self.0.get(path).is_some_and(|attributes| auxiliary::is_coordinate(own, attributes));
        if is_coordinate || named(&auxiliary::named) {
            return Some(Exact::Coordinates);
        }
        named(&auxiliary::ancillary).then_some(Exact::Ancillary)
    }

    /// The places of the variables that one names as its coordinates, or as ancillary to it.
    pub(crate) fn beside(&self, path: &str) -> Vec<String> {
        let Some(attributes) = self.0.get(path) else { return Vec::new() };
        let names = auxiliary::coordinates(attributes).into_iter().chain(auxiliary::ancillary(attributes));
        names.filter_map(|name| self.place(path, &name)).collect()
    }

    /// The place of a variable that another names: in the same group, or in one around it.
    fn place(&self, of: &str, name: &str) -> Option<String> {
        if name.starts_with('/') {
            return self.0.contains_key(name).then(|| name.to_owned());
        }
        let mut group = of;
        while let Some((outer, _)) = group.rsplit_once('/') {
            let place = format!("{outer}/{name}");
            if self.0.contains_key(&place) {
                return Some(place);
            }
            group = outer;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_others_name_are_exact() {
        let mut all = Relations::default();
        let mut add = |path: &str, attributes: &[(&str, &str)]| {
            all.add(path, &|key| attributes.iter().find(|(k, _)| *k == key).map(|(_, v)| (*v).to_owned()));
        };
        add("/g/t", &[("coordinates", "where when"), ("ancillary_variables", "qa")]);
        add("/g/where", &[]);
        add("/qa", &[]);
        add("/other/qa", &[]);
        add("/longitude", &[("units", "degrees_east")]);
        assert_eq!(all.exact("/g/where"), Some(Exact::Coordinates));
        assert_eq!(all.exact("/longitude"), Some(Exact::Coordinates));
        assert_eq!(all.exact("/qa"), Some(Exact::Ancillary));
        assert_eq!((all.exact("/other/qa"), all.exact("/g/t")), (None, None));
        assert_eq!(all.beside("/g/t"), ["/g/where", "/qa"]);
    }
}
