//! Coordinate arrays in memory: their values with names, dimensions and attributes.

use serde_json::{Map, Value};

/// The values of a coordinate array, in C order.
#[derive(Clone, Debug, PartialEq)]
pub enum CoordinateData {
    /// Numbers.
    Float(Vec<f64>),
    /// Numbers of 32 bits.
    Single(Vec<f32>),
    /// Whole numbers.
    Integer(Vec<i64>),
    /// Texts.
    Text(Vec<String>),
}

/// An array that stands beside a data array and says where its samples are.
#[derive(Clone, Debug, PartialEq)]
pub struct CoordinateArray {
    /// Its name within the group.
    pub name: String,
    /// The names of its dimensions; none for a scalar.
    pub dimensions: Vec<String>,
    /// Its extents, one for each dimension.
    pub shape: Vec<u64>,
    /// As many values as the extents have together; one for a scalar.
    pub data: CoordinateData,
    /// Its attributes.
    pub attributes: Map<String, Value>,
}

impl CoordinateData {
    /// How many values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Float(values) => values.len(),
            Self::Single(values) => values.len(),
            Self::Integer(values) => values.len(),
            Self::Text(values) => values.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values at these places, in this order. Places beyond the end are left out.
    #[must_use]
    fn at(&self, places: &[usize]) -> Self {
        fn pick<T: Clone>(values: &[T], places: &[usize]) -> Vec<T> {
            places.iter().filter_map(|place| values.get(*place).cloned()).collect()
        }
        match self {
            Self::Float(values) => Self::Float(pick(values, places)),
            Self::Single(values) => Self::Single(pick(values, places)),
            Self::Integer(values) => Self::Integer(pick(values, places)),
            Self::Text(values) => Self::Text(pick(values, places)),
        }
    }

    /// The values as numbers; `None` for texts.
    #[must_use]
    pub fn numbers(&self) -> Option<Vec<f64>> {
        match self {
            Self::Float(values) => Some(values.clone()),
            Self::Single(values) => Some(values.iter().map(|value| f64::from(*value)).collect()),
            Self::Integer(values) => Some(values.iter().map(|value| *value as f64).collect()),
            Self::Text(_) => None,
        }
    }
}

impl CoordinateArray {
    /// An array along one dimension of the same name.
    #[must_use]
    pub fn along(name: &str, data: CoordinateData, attributes: Map<String, Value>) -> Self {
        let shape = vec![data.len() as u64];
        Self { name: name.to_owned(), dimensions: vec![name.to_owned()], shape, data, attributes }
    }

    /// Keeps only some steps of a dimension, in this order. Arrays without that dimension stay as they are.
    #[must_use]
    pub fn picked(mut self, dimension: &str, steps: &[u64]) -> Self {
        let Some(at) = self.dimensions.iter().position(|name| name == dimension) else { return self };
        let inner: usize = self.shape[at + 1..].iter().product::<u64>() as usize;
        let outer: usize = self.shape[..at].iter().product::<u64>() as usize;
        let extent = self.shape[at] as usize;
        let mut places = Vec::with_capacity(outer * steps.len() * inner);
        for block in 0..outer {
            for step in steps {
                let start = (block * extent + *step as usize) * inner;
                places.extend(start..start + inner);
            }
        }
        self.data = self.data.at(&places);
        self.shape[at] = steps.len() as u64;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_picked_along_any_dimension() {
        let array = CoordinateArray {
            name: "lat".to_owned(),
            dimensions: vec!["y".to_owned(), "x".to_owned()],
            shape: vec![2, 3],
            data: CoordinateData::Integer((0..6).collect()),
            attributes: Map::new(),
        };
        assert_eq!(array.clone().picked("y", &[1]).data, CoordinateData::Integer(vec![3, 4, 5]));
        let columns = array.clone().picked("x", &[2, 0]);
        assert_eq!((columns.data, columns.shape), (CoordinateData::Integer(vec![2, 0, 5, 3]), vec![2, 2]));
        assert_eq!(array.clone().picked("time", &[0]), array);
        assert_eq!(CoordinateData::Single(vec![0.5]).numbers(), Some(vec![0.5]));
    }
}
