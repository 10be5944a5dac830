//! JSON that is changed by its structure.

use serde_json::{Map, Value, json};
use vqz_tests::Random;

/// Changes one to four places of a document.
pub fn mutate(document: &mut Value, random: &mut Random) {
    for _ in 0..1 + random.below(4) {
        let count = places(document) as u64;
        let mut at = random.below(count) as usize;
        if let Some(place) = place(document, &mut at) {
            change(place, random);
        }
    }
}

fn places(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(places).sum(),
        Value::Object(map) => map.values().map(places).sum(),
        _ => 0,
    }
}

fn place<'a>(value: &'a mut Value, at: &mut usize) -> Option<&'a mut Value> {
    if *at == 0 {
        return Some(value);
    }
    *at -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| place(item, at)),
        Value::Object(map) => map.values_mut().find_map(|item| place(item, at)),
        _ => None,
    }
}

fn change(value: &mut Value, random: &mut Random) {
    match value {
        Value::Array(items) if !items.is_empty() && random.below(4) != 0 => {
            let at = random.below(items.len() as u64) as usize;
            match random.below(4) {
                0 => drop(items.remove(at)),
                1 => items.push(items[at].clone()),
                2 => items.swap(at, 0),
                _ => items.insert(at, any(random)),
            }
        }
        Value::Object(map) if random.below(4) != 0 => {
            let keys: Vec<String> = map.keys().cloned().collect();
            let any_key = WORDS[random.below(WORDS.len() as u64) as usize];
            match keys.get(random.below(keys.len().max(1) as u64) as usize) {
                Some(key) if random.below(2) == 0 => drop(map.remove(key)),
                _ => drop(map.insert(any_key.to_owned(), any(random))),
            }
        }
        Value::Number(number) if random.below(2) == 0 => {
            let old = number.as_f64().unwrap_or(0.0);
            *value = match random.below(5) {
                0 => json!(old + 1.0),
                1 => json!(-old),
                2 => json!(old * 1e30),
                3 => json!(number.as_i64().unwrap_or(0).wrapping_add(1)),
                _ => json!(number.as_i64().unwrap_or(0).wrapping_sub(1)),
            };
        }
        _ => *value = any(random),
    }
}

const WORDS: [&str; 44] = [
    "time",
    "band",
    "y",
    "x",
    "month",
    "",
    "NaN",
    "Infinity",
    "-Infinity",
    "rans",
    "lz4",
    "quality",
    "lossless",
    "max_error",
    "kind",
    "bound",
    "stable",
    "promise",
    "nodata",
    "entropy",
    "axes",
    "model",
    "name",
    "sha256",
    "decoder",
    "configuration",
    "codecs",
    "chunk_shape",
    "shape",
    "data_type",
    "fill_value",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "float32",
    "float64",
    "bool",
    "complex64",
    "r16",
    "attributes",
    "dimension_names",
    "fsq",
    "rvq",
];

fn any(random: &mut Random) -> Value {
    match random.below(14) {
        0 => json!(0),
        1 => json!(1),
        2 => json!(-1),
        3 => json!(random.below(300)),
        4 => json!(random.bits()),
        5 => json!(random.bits() as i64),
        6 => json!(1e-320),
        7 => json!(f64::MAX),
        8 => json!(random.fraction()),
        9 => json!(f64::from_bits(random.bits())),
        10 => Value::Null,
        11 => json!(random.below(2) == 0),
        12 => match random.below(3) {
            0 => json!([]),
            1 => Value::Object(Map::new()),
            _ => json!([any(random), any(random)]),
        },
        _ => json!(WORDS[random.below(WORDS.len() as u64) as usize]),
    }
}
