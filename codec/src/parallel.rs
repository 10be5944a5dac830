//! Loops over independent pieces of work: on rayon's threads with the feature `rayon`, otherwise one after the other.
//!
//! The results come in the order of the pieces either way, and no result depends on the number of threads.

#[cfg(feature = "rayon")]
use rayon::prelude::*;

/// The results of `work` for each item, computed on several threads if `parallel` is set.
#[cfg(any(feature = "fit", test))]
pub(crate) fn map<T: Sync, R: Send>(
    items: &[T],
    parallel: bool,
    work: impl Fn(&T) -> R + Sync + Send,
) -> Vec<R> {
    #[cfg(feature = "rayon")]
    if parallel && items.len() > 1 {
        return items.par_iter().map(work).collect();
    }
    let _ = parallel;
    items.iter().map(work).collect()
}

/// As [`map`], for work that may fail. One of the errors is returned.
pub(crate) fn try_map<T: Sync, R: Send, E: Send>(
    items: &[T],
    parallel: bool,
    work: impl Fn(&T) -> Result<R, E> + Sync + Send,
) -> Result<Vec<R>, E> {
    #[cfg(feature = "rayon")]
    if parallel && items.len() > 1 {
        return items.par_iter().map(work).collect();
    }
    let _ = parallel;
    items.iter().map(work).collect()
}

/// Changes each item in its place, on many threads where there are some.
#[cfg(feature = "fit")]
pub(crate) fn for_each_mut<T: Send>(items: &mut [T], work: impl Fn(&mut T) + Sync + Send) {
    #[cfg(feature = "rayon")]
    items.par_iter_mut().for_each(work);
    #[cfg(not(feature = "rayon"))]
    items.iter_mut().for_each(work);
}

/// How many pieces are worked on at once, if the work is parallel.
pub(crate) fn threads() -> usize {
    #[cfg(feature = "rayon")]
    return rayon::current_num_threads();
    #[cfg(not(feature = "rayon"))]
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..100).collect();
        for parallel in [false, true] {
            assert_eq!(map(&items, parallel, |i| i * 2), (0..100).map(|i| i * 2).collect::<Vec<_>>());
            let odd = |i: &usize| if *i == 77 { Err(*i) } else { Ok(*i) };
            assert_eq!(try_map(&items[..50], parallel, odd).unwrap(), items[..50]);
            assert_eq!(try_map(&items, parallel, odd).unwrap_err(), 77);
        }
        assert!(threads() >= 1);
    }
}
