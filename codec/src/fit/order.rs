//! The order of a codebook's entries. Indices are coded from their highest bit down, and contexts compare high bits, so similar
//! entries must stand side by side.

/// Rounds of the power iteration that finds a principal axis.
const ROUNDS: usize = 24;

/// An order of entries `(entry, latent)` for which the binary tree over indices is meaningful: the entries are cut in two
/// across their principal axis, then each half again. Gives, for each new index, the old one. With `keep_first`, entry 0
/// stays where it is, as `rvq` wants.
///
/// # Panics
/// When `width` is 0 or does not divide the number of values.
#[must_use]
pub fn tree_order(entries: &[f32], width: usize, keep_first: bool) -> Vec<u32> {
    let count = entries.len() / width;
    assert_eq!(count * width, entries.len(), "entries are whole");
    let mut order: Vec<u32> = (0..count as u32).collect();
    split(entries, width, &mut order, keep_first);
    order
}

fn split(entries: &[f32], width: usize, order: &mut [u32], keep_first: bool) {
    if order.len() <= 2 {
        return;
    }
    let entry = |index: u32| &entries[index as usize * width..][..width];
    let axis = principal_axis(order.iter().map(|i| entry(*i)), width);
    let along = |index: &u32| entry(*index).iter().zip(&axis).map(|(e, a)| f64::from(*e) * a).sum::<f64>();
    let kept = usize::from(keep_first);
    order[kept..].sort_by(|a, b| along(a).total_cmp(&along(b)).then(a.cmp(b)));
    // The lower half of a tree over this many is full.
    let half = order.len().next_power_of_two() / 2;
    let (lower, upper) = order.split_at_mut(half);
    split(entries, width, lower, keep_first);
    split(entries, width, upper, false);
}

/// The direction in which vectors spread most, its largest entry positive.
fn principal_axis<'a>(vectors: impl Iterator<Item = &'a [f32]> + Clone, width: usize) -> Vec<f64> {
    let count = vectors.clone().count() as f64;
    let mut mean = vec![0.0f64; width];
    let mut spread = vec![0.0f64; width];
    for vector in vectors.clone() {
        for ((m, s), v) in mean.iter_mut().zip(&mut spread).zip(vector) {
            *m += f64::from(*v) / count;
            *s += f64::from(*v).powi(2) / count;
        }
    }
    // Starts from the standard deviations, to which an axis of interest is orthogonal only by accident.
    let mut axis: Vec<f64> = spread.iter().zip(&mean).map(|(s, m)| (s - m * m).max(0.0).sqrt()).collect();
    let offset = |axis: &[f64]| mean.iter().zip(axis).map(|(m, a)| m * a).sum::<f64>();
    for _ in 0..ROUNDS {
        let zero = offset(&axis);
        let mut next = vec![0.0; width];
        for vector in vectors.clone() {
            let along = vector.iter().zip(&axis).map(|(v, a)| f64::from(*v) * a).sum::<f64>() - zero;
            next.iter_mut().zip(vector).zip(&mean).for_each(|((n, v), m)| *n += along * (f64::from(*v) - m));
        }
        let norm = next.iter().map(|v| v * v).sum::<f64>().sqrt();
        if norm <= 0.0 || !norm.is_finite() {
            break;
        }
        next.iter_mut().for_each(|v| *v /= norm);
        axis = next;
    }
    let largest = axis.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(1.0);
    axis.iter_mut().for_each(|v| *v *= largest.signum());
    axis
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_put_in_order() {
        let coordinates = [0.0, 5.0, -3.0, 2.0, 9.0, 1.0, -7.0];
        let entries: Vec<f32> = coordinates.iter().flat_map(|p| [*p, 2.0 * p, -p]).collect();
        let order: Vec<f32> =
            tree_order(&entries, 3, false).iter().map(|i| coordinates[*i as usize]).collect();
        assert!(order.is_sorted() || order.iter().rev().is_sorted(), "{order:?}");
        let kept = tree_order(&entries, 3, true);
        assert_eq!(kept[0], 0);
        let mut all = kept.clone();
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn equal_entries_do_no_harm() {
        assert_eq!(tree_order(&[1.0; 20], 4, true).len(), 5);
        assert_eq!(tree_order(&[f32::NAN; 8], 2, true)[0], 0);
    }
}
