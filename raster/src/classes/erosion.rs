//! Erosion: pixels near a class border lose their label, because they are mixed on the ground or labelled a pixel off.
//!
//! A pixel keeps its class where the least and the greatest class within reach are equal. Both are found by widening the reach
//! k times by one pixel, which takes a few passes over the window, however many classes there are.

use crate::plane::Plane;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// A reach beyond which erosion is a mistake: whole fields would vanish.
const MAX_PIXELS: usize = 1000;

/// Which pixels lie within k of one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Neighbourhood {
    /// Those within k steps up, down, left or right: a diamond.
    #[serde(rename = "4")]
    Four,
    /// Those within k rows and k columns: a square.
    #[default]
    #[serde(rename = "8")]
    Eight,
}

/// How pixels without a class count for their neighbours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gaps {
    /// Nothing: only other classes make a border.
    #[default]
    Ignored,
    /// A border, as another class would.
    Border,
}

/// How class borders are eroded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erosion {
    /// The reach in pixels, at most 1000: a pixel with another class within it loses its label. With 0, no pixel does.
    pub pixels: usize,
    /// Which pixels count as near.
    #[serde(default)]
    pub neighbourhood: Neighbourhood,
    /// What pixels without a class mean.
    #[serde(default)]
    pub gaps: Gaps,
}

impl Erosion {
    /// How many rows and columns beyond a window must be read on each side so that its result is that of the whole
    /// raster: evaluate the wider window, and cut the halo off.
    #[must_use]
    pub fn halo(&self) -> usize {
        self.pixels
    }

    /// The labels, of which those with another class within reach are made invalid.
    ///
    /// The edge of the plane does not count as a border. Classes are compared as numbers. Invalid samples stay invalid.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the reach is above 1000 pixels, [`Error::Mismatch`] where the plane's shape and its
    /// samples disagree.
    pub fn apply(&self, labels: &Plane) -> Result<Plane> {
        if self.pixels > MAX_PIXELS {
            return Err(Error::Invalid(format!(
                "class borders are to be eroded by {} pixels, at most {MAX_PIXELS} are allowed",
                self.pixels
            )));
        }
        let (height, width) = (labels.height, labels.width);
        if height.checked_mul(width) != Some(labels.values.len()) || labels.values.len() != labels.valid.len()
        {
            return Err(Error::Mismatch(format!(
                "labels of {height} × {width} pixels have {} values and {} flags",
                labels.values.len(),
                labels.valid.len()
            )));
        }
        let mut result = labels.clone();
        if labels.values.is_empty() || self.pixels == 0 {
            return Ok(result);
        }
        let start = |unlabelled: f64| -> Vec<f64> {
            let pairs = labels.values.iter().zip(&labels.valid);
            pairs.map(|(value, valid)| if *valid { *value } else { unlabelled }).collect()
        };
        // Ignored pixels can't be least or greatest; those that make a border always are.
        let (low, high) = match self.gaps {
            Gaps::Ignored => (f64::INFINITY, f64::NEG_INFINITY),
            Gaps::Border => (f64::NEG_INFINITY, f64::INFINITY),
        };
        let least = self.spread(start(low), width, |a, b| if b < a { b } else { a });
        let greatest = self.spread(start(high), width, |a, b| if b > a { b } else { a });
        for ((valid, least), greatest) in result.valid.iter_mut().zip(least).zip(greatest) {
            *valid &= least == greatest;
        }
        Ok(result)
    }

    /// For each pixel, the least or the greatest value within reach, as `choose` decides.
    fn spread(&self, mut values: Vec<f64>, width: usize, choose: impl Fn(f64, f64) -> f64) -> Vec<f64> {
        let beside = |to: &mut [f64], from: &[f64]| {
            for (to, from) in to.iter_mut().zip(from) {
                *to = choose(*to, *from);
            }
        };
        let rest = values.len() - width;
        let mut wide = values.clone();
        for _ in 0..self.pixels {
            wide.copy_from_slice(&values);
            for (to, from) in wide.chunks_mut(width).zip(values.chunks(width)) {
                beside(&mut to[1..], &from[..width - 1]);
                beside(&mut to[..width - 1], &from[1..]);
            }
            // A square takes rows above and below that are already wide, a diamond the narrow ones.
            if self.neighbourhood == Neighbourhood::Eight {
                values.copy_from_slice(&wide);
            }
            beside(&mut wide[width..], &values[..rest]);
            beside(&mut wide[..rest], &values[width..]);
            std::mem::swap(&mut values, &mut wide);
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(rows: &[&str]) -> Plane {
        let cells: Vec<char> = rows.iter().flat_map(|row| row.chars()).collect();
        Plane {
            height: rows.len(),
            width: rows[0].len(),
            values: cells.iter().map(|c| f64::from(c.to_digit(10).unwrap_or(0))).collect(),
            valid: cells.iter().map(char::is_ascii_digit).collect(),
        }
    }

    fn written(plane: &Plane) -> Vec<String> {
        let cell = |(value, valid): (&f64, &bool)| if *valid { value.to_string() } else { ".".to_owned() };
        let cells: Vec<String> = plane.values.iter().zip(&plane.valid).map(cell).collect();
        cells.chunks(plane.width).map(|row| row.concat()).collect()
    }

    fn erosion(pixels: usize, neighbourhood: Neighbourhood, gaps: Gaps) -> Erosion {
        Erosion { pixels, neighbourhood, gaps }
    }

    #[test]
    fn borders_lose_their_labels() {
        let map = labels(&["11111", "11111", "11211", "11111", "11.33"]);
        let eroded = |pixels, n, gaps| written(&erosion(pixels, n, gaps).apply(&map).unwrap());
        let (four, eight) = (Neighbourhood::Four, Neighbourhood::Eight);
        assert_eq!(eroded(0, four, Gaps::Ignored), ["11111", "11111", "11211", "11111", "11.33"]);
        assert_eq!(eroded(1, four, Gaps::Ignored), ["11111", "11.11", "1...1", "11...", "11..."]);
        assert_eq!(eroded(1, eight, Gaps::Ignored), ["11111", "1...1", "1...1", "1....", "11..."]);
        assert_eq!(eroded(1, four, Gaps::Border), ["11111", "11.11", "1...1", "11...", "1...."]);
        assert_eq!(eroded(2, four, Gaps::Ignored), ["11.11", "1...1", ".....", "1....", "1...."]);
    }

    #[test]
    fn every_map_equals_the_oracle_and_every_window_the_whole() {
        let mut state = 9u64;
        let mut roll = |sides: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % sides
        };
        for round in 0..120 {
            let (height, width) = (1 + roll(14) as usize, 1 + roll(14) as usize);
            let mut map = Plane::empty(height, width);
            for (value, valid) in map.values.iter_mut().zip(&mut map.valid) {
                *value = if roll(9) == 0 { 2.0 } else { 1.0 };
                *valid = roll(8) != 0;
            }
            let how = erosion(
                roll(4) as usize,
                [Neighbourhood::Four, Neighbourhood::Eight][round % 2],
                [Gaps::Ignored, Gaps::Border][round / 2 % 2],
            );
            let found = how.apply(&map).unwrap();
            assert_eq!(found.values, map.values);
            for y in 0..height {
                for x in 0..width {
                    let is_other = |v: usize, u: usize| {
                        let (dy, dx) = (v.abs_diff(y), u.abs_diff(x));
                        let distance =
                            if how.neighbourhood == Neighbourhood::Four { dy + dx } else { dy.max(dx) };
                        let (at, here) = (v * width + u, y * width + x);
                        let differs = match map.valid[at] {
                            true => map.values[at] != map.values[here],
                            false => how.gaps == Gaps::Border,
                        };
                        distance <= how.pixels && differs
                    };
                    let near_border = (0..height).any(|v| (0..width).any(|u| is_other(v, u)));
                    let expected = map.valid[y * width + x] && !near_border;
                    assert_eq!(
                        found.valid[y * width + x],
                        expected,
                        "({y}, {x}) of {:?}, {how:?}",
                        written(&map)
                    );
                }
            }
            // The right half, read with its halo.
            let (cut, halo) = (width / 2, how.halo());
            let from = cut.saturating_sub(halo);
            let mut part = Plane::empty(height, width - from);
            for (at, i) in (0..height).flat_map(|y| (from..width).map(move |x| y * width + x)).enumerate() {
                (part.values[at], part.valid[at]) = (map.values[i], map.valid[i]);
            }
            let part = how.apply(&part).unwrap();
            for y in 0..height {
                let whole = &found.valid[y * width + cut..(y + 1) * width];
                assert_eq!(&part.valid[y * part.width + cut - from..(y + 1) * part.width], whole);
            }
        }
    }

    #[test]
    fn options_are_read_and_checked() {
        let how: Erosion = toml::from_str("pixels = 2\nneighbourhood = '4'\ngaps = 'border'").unwrap();
        assert_eq!(how, erosion(2, Neighbourhood::Four, Gaps::Border));
        let how: Erosion = toml::from_str("pixels = 1").unwrap();
        assert_eq!(how, erosion(1, Neighbourhood::Eight, Gaps::Ignored));
        assert_eq!(
            Erosion { pixels: 1001, ..how }.apply(&Plane::empty(1, 1)).unwrap_err().to_string(),
            "class borders are to be eroded by 1001 pixels, at most 1000 are allowed"
        );
        let broken = Plane { height: 2, width: 2, values: vec![1.0], valid: vec![true; 4] };
        assert_eq!(
            how.apply(&broken).unwrap_err().to_string(),
            "labels of 2 × 2 pixels have 1 values and 4 flags"
        );
    }
}
