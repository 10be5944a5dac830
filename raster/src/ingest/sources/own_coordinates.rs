//! What a file itself says of the coordinates of its rows and columns: their words, and their values where no transform holds them. A
//! cube on the grid of its files keeps both.

use crate::conventions::coordinates::even_axis;
use crate::georeference::{CoordinateArray, CoordinateData};
use crate::ingest::sources::axes::Axis;
use crate::ingest::sources::container::Variable;
use serde_json::{Map, Value};

/// The coordinates of rows and columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OwnCoordinates {
    y: OwnAxis,
    x: OwnAxis,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct OwnAxis {
    words: Map<String, Value>,
    /// Where they are not evenly spaced.
    values: Option<Vec<f64>>,
}

impl OwnCoordinates {
    /// Those of a variable. `uneven` says that no transform holds its rows or columns.
    pub(crate) fn of(variable: &Variable, uneven: bool) -> Option<Self> {
        let roles = variable.roles.as_ref()?;
        let axis =
            |axis: &Axis| OwnAxis { words: words(axis), values: axis.values.clone().filter(|_| uneven) };
        Some(Self { y: axis(&variable.axes[roles.y]), x: axis(&variable.axes[roles.x]) })
    }

    /// Whether no transform holds them.
    pub(crate) fn is_uneven(&self) -> bool {
        self.y.values.is_some() || self.x.values.is_some()
    }

    /// Gives the coordinate arrays of a grid what they lack: words that its reference system does not state, and values.
    pub fn complete(&self, arrays: &mut Vec<CoordinateArray>) {
        for (name, own) in [("y", &self.y), ("x", &self.x)] {
            if let Some(values) = &own.values {
                let axis = Map::from_iter([("axis".to_owned(), Value::from(name.to_uppercase()))]);
                let made = CoordinateArray::along(name, CoordinateData::Float(values.clone()), axis);
                match arrays.iter_mut().find(|array| array.name == name) {
                    Some(array) => array.data = made.data,
                    None => arrays.push(made),
                }
            }
            if let Some(array) = arrays.iter_mut().find(|array| array.name == name) {
                // A reference system states all of these, in units of its own.
                let stated = array.attributes.contains_key("units");
                for (key, value) in own.words.iter().filter(|_| !stated) {
                    array.attributes.entry(key.clone()).or_insert_with(|| value.clone());
                }
            }
        }
    }
}

fn words(axis: &Axis) -> Map<String, Value> {
    let words = &axis.words;
    let all =
        [("units", &words.units), ("standard_name", &words.standard_name), ("long_name", &words.long_name)];
    let stated = all.into_iter().filter(|(_, text)| !text.is_empty());
    stated.map(|(key, text)| (key.to_owned(), Value::from(text.clone()))).collect()
}

/// Whether the coordinates along an axis are those of no even grid. `stated` is the first edge and the step that the file states of one,
/// in the order of the axis or the reverse of it.
pub(crate) fn is_uneven(axis: &Axis, stated: Option<[f64; 2]>) -> bool {
    let Some(values) = axis.values.as_ref().filter(|values| values.len() > 1) else { return false };
    let agrees = |values: &[f64]| {
        stated.is_some_and(|[start, step]| {
            crate::conventions::coordinates::EvenAxis { start, step }.agrees_with(values)
        })
    };
    let reversed: Vec<f64> = values.iter().rev().copied().collect();
    even_axis(values).is_none() && !agrees(values) && !agrees(&reversed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_get_what_they_lack() {
        let own = |units: &str, values: &[f64]| OwnAxis {
            words: Map::from_iter([("units".to_owned(), Value::from(units))]),
            values: (!values.is_empty()).then(|| values.to_vec()),
        };
        let coordinates =
            OwnCoordinates { y: own("degrees_north", &[80.0, 50.0, 10.0]), x: own("degrees_east", &[]) };
        let x = CoordinateArray::along("x", CoordinateData::Float(vec![1.0, 2.0]), Map::new());
        let mut arrays = vec![x];
        coordinates.complete(&mut arrays);
        assert_eq!(arrays[0].attributes["units"], "degrees_east");
        assert_eq!((arrays[1].name.as_str(), arrays[1].shape.as_slice()), ("y", &[3][..]));
        assert_eq!(arrays[1].attributes["axis"], "Y");
        assert!(coordinates.is_uneven());
    }

    #[test]
    fn an_axis_is_uneven_where_no_grid_holds_it() {
        let axis = |values: &[f64]| Axis { values: Some(values.to_vec()), ..Axis::bare("y", values.len()) };
        let uneven = axis(&[80.0, 50.0, 10.0]);
        assert!(is_uneven(&uneven, None) && is_uneven(&uneven, Some([95.0, -35.0])));
        assert!(!is_uneven(&axis(&[3.0, 2.0, 1.0]), None) && !is_uneven(&axis(&[3.0]), None));
        // Rounded, and computed from the grid that is stated, upside down.
        let rounded = axis(&[0.33, 1.0, 1.67, 2.33]);
        assert!(is_uneven(&rounded, None) && !is_uneven(&rounded, Some([8.0 / 3.0, -2.0 / 3.0])));
        // Gaussian latitudes, of which some tell an even step that is almost theirs.
        let gaussian = axis(&[1.00512, 2.01, 3.0, 3.99, 4.99488]);
        assert!(is_uneven(&gaussian, Some([5.5, -1.0])));
    }
}
