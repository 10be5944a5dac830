//! What the axes of a variable are: rows, columns, steps in time, or others such as levels.

use crate::conventions::dimensions::is_steps_in_time;
use crate::conventions::horizontal::{Direction, direction_of_name, direction_of_words};
use crate::ingest::sources::axes::Axis;

/// The places of a variable's axes, by what they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Roles {
    pub(crate) y: usize,
    pub(crate) x: usize,
    /// The axis of dates, if there is one.
    pub(crate) time: Option<usize>,
    /// All other axes, in the order of their names.
    pub(crate) others: Vec<usize>,
}

impl Roles {
    /// The roles of axes, by the words of their coordinates, then by their names, and only then by their order. `None` where
    /// there are no two axes that can be rows and columns.
    pub(crate) fn of(axes: &[Axis]) -> Option<Self> {
        let time = time_axis(axes);
        let free = |at: usize| !is_steps_in_time(&axes[at].name, &axes[at].words.units);
        let words = |at: usize| {
            let words = &axes[at].words;
            direction_of_words(&words.axis, &words.standard_name, &words.units)
        };
        let named = |at: usize| words(at).or(direction_of_name(&axes[at].name).filter(|_| free(at)));
        let find = |direction: Direction| {
            let by = |tell: &dyn Fn(usize) -> Option<Direction>| {
                (0..axes.len()).rev().find(|at| tell(*at) == Some(direction))
            };
            by(&words).or_else(|| by(&named))
        };
        let (mut y, mut x) = (find(Direction::Y), find(Direction::X));
        // The last axes that are nothing else, columns after rows.
        let last = |taken: Option<usize>| {
            (0..axes.len()).rev().find(|at| Some(*at) != taken && free(*at) && words(*at).is_none())
        };
        x = x.or_else(|| last(y));
        y = y.or_else(|| last(x));
        let (y, x) = (y?, x?);
        if y == x {
            return None;
        }
        let mut others: Vec<usize> =
            (0..axes.len()).filter(|at| ![Some(y), Some(x), time].contains(&Some(*at))).collect();
        others.sort_by(|a, b| axes[*a].name.cmp(&axes[*b].name));
        Some(Self { y, x, time, others })
    }

    /// Whether the last two of so many axes are rows and columns, in this order.
    pub(crate) fn end_in_rows_and_columns(&self, axes: usize) -> bool {
        (self.y + 2, self.x + 1) == (axes, axes)
    }
}

/// The axis of dates. Where several count time, such as the dates and the steps of forecasts, it is one whose units have an
/// origin, and of those the one that is called so.
fn time_axis(axes: &[Axis]) -> Option<usize> {
    let rank = |axis: &Axis| {
        let dated = axis.times.is_some() || axis.words.units.contains(" since ");
        let called = axis.words.standard_name == "time" || axis.name.eq_ignore_ascii_case("time");
        (!dated, !called)
    };
    let steps = (0..axes.len()).filter(|at| is_steps_in_time(&axes[*at].name, &axes[*at].words.units));
    steps.min_by_key(|at| rank(&axes[*at]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::sources::axes::Words;

    fn axis(name: &str, standard_name: &str, units: &str) -> Axis {
        let words =
            Words { units: units.to_owned(), standard_name: standard_name.to_owned(), ..Words::default() };
        Axis { words, ..Axis::bare(name, 3) }
    }

    fn roles(axes: &[Axis]) -> Option<(usize, usize, Option<usize>, Vec<usize>)> {
        Roles::of(axes).map(|roles| (roles.y, roles.x, roles.time, roles.others))
    }

    fn names(names: &[&str]) -> Option<(usize, usize, Option<usize>, Vec<usize>)> {
        roles(&names.iter().map(|name| axis(name, "", "")).collect::<Vec<_>>())
    }

    #[test]
    fn words_tell_rows_and_columns_in_any_order() {
        let (lat, lon) = (axis("a", "latitude", ""), axis("b", "", "degrees_east"));
        let time = axis("t0", "", "days since 2000-01-01");
        assert_eq!(roles(&[lon.clone(), lat.clone()]), Some((1, 0, None, vec![])));
        assert_eq!(roles(&[lat.clone(), lon.clone(), time.clone()]), Some((0, 1, Some(2), vec![])));
        assert_eq!(roles(&[lon, time, lat]), Some((2, 0, Some(1), vec![])));
    }

    #[test]
    fn names_and_then_the_order_tell_the_rest() {
        assert_eq!(names(&["x", "y", "level"]), Some((1, 0, None, vec![2])));
        assert_eq!(names(&["phony_dim_0", "phony_dim_1", "phony_dim_2"]), Some((1, 2, None, vec![0])));
        assert_eq!(names(&["time", "lat", "cell"]), Some((1, 2, Some(0), vec![])));
        assert_eq!(names(&["z", "member", "rows", "time", "columns"]), Some((2, 4, Some(3), vec![1, 0])));
        assert_eq!((names(&["time", "lat"]), names(&["x"]), names(&[])), (None, None, None));
    }

    #[test]
    fn of_two_axes_of_time_the_dates_count() {
        let (lat, lon) = (axis("lat", "", ""), axis("lon", "", ""));
        let (time, step) = (axis("time", "", "hours since 2020-01-01"), axis("step", "", "hours"));
        assert_eq!(
            roles(&[time.clone(), step.clone(), lat.clone(), lon.clone()]),
            Some((2, 3, Some(0), vec![1]))
        );
        assert_eq!(roles(&[step, time.clone(), lat.clone(), lon.clone()]), Some((2, 3, Some(1), vec![0])));
        let valid = axis("valid", "time", "hours since 2020-01-01");
        let reference = axis("reference", "", "hours since 2020-01-01");
        assert_eq!(roles(&[reference, valid, lat, lon]), Some((2, 3, Some(1), vec![0])));
    }
}
