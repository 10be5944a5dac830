//! The spectral angle: between the two vectors of all bands at one pixel (Kruse et al. 1993).

/// A sum of spectral angles.
#[derive(Clone, Copy, Debug, Default)]
pub struct AngleSum {
    count: u64,
    degrees: f64,
}

impl AngleSum {
    /// Adds one pixel, given the dot product of both vectors and their squared lengths. Vectors of length 0 have no
    /// angle and are ignored.
    #[inline]
    pub fn add(&mut self, dot: f64, squared_a: f64, squared_b: f64) {
        if squared_a > 0.0 && squared_b > 0.0 {
            self.count += 1;
            self.degrees +=
                (dot / (squared_a.sqrt() * squared_b.sqrt())).clamp(-1.0, 1.0).acos().to_degrees();
        }
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.degrees += other.degrees;
    }

    /// The mean angle in degrees; none if there are no pixels.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.degrees / self.count as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_angles_and_none() {
        let mut sum = AngleSum::default();
        sum.add(0.0, 4.0, 9.0);
        sum.add(6.0, 4.0, 9.0);
        sum.add(0.0, 0.0, 9.0);
        assert!((sum.mean().unwrap() - 45.0).abs() < 1e-9);
    }
}
