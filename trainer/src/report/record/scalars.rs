//! Scalars as a JSON object that keeps their order. A value that is not finite becomes `null`, and `null` becomes NaN.

use serde::de::{MapAccess, Visitor};
use serde::{Deserializer, Serializer};
use std::fmt;

pub(super) fn serialize<S: Serializer>(
    scalars: &[(String, f64)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(scalars.iter().map(|(name, value)| (name, value.is_finite().then_some(value))))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(String, f64)>, D::Error> {
    struct Scalars;
    impl<'de> Visitor<'de> for Scalars {
        type Value = Vec<(String, f64)>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("names with numbers")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut scalars = Vec::new();
            while let Some((name, value)) = map.next_entry::<String, Option<f64>>()? {
                scalars.push((name, value.unwrap_or(f64::NAN)));
            }
            Ok(scalars)
        }
    }
    deserializer.deserialize_map(Scalars)
}
