//! Which dimension of an array runs east and which north, by the words of its coordinates (CF conventions 1.11, sections 4.1, 4.2
//! and 5): their attribute `axis`, their standard name, their units, and only then their name.

use vqz_codec::axes::Role;

/// A horizontal direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Columns.
    X,
    /// Rows.
    Y,
}

/// CF's standard names of coordinates in space.
const STANDARD_NAMES: [(&str, Direction); 8] = [
    ("longitude", Direction::X),
    ("grid_longitude", Direction::X),
    ("projection_x_coordinate", Direction::X),
    ("projection_x_angular_coordinate", Direction::X),
    ("latitude", Direction::Y),
    ("grid_latitude", Direction::Y),
    ("projection_y_coordinate", Direction::Y),
    ("projection_y_angular_coordinate", Direction::Y),
];

/// Names of variables in common use that hold longitudes, latitudes and other coordinates of columns and rows, in small letters.
const COORDINATES: [(&str, Direction); 18] = [
    ("lon", Direction::X),
    ("longitude", Direction::X),
    ("nav_lon", Direction::X),
    ("xlong", Direction::X),
    ("tlong", Direction::X),
    ("ulong", Direction::X),
    ("geolon", Direction::X),
    ("lon_rho", Direction::X),
    ("xc", Direction::X),
    ("lat", Direction::Y),
    ("latitude", Direction::Y),
    ("nav_lat", Direction::Y),
    ("xlat", Direction::Y),
    ("tlat", Direction::Y),
    ("ulat", Direction::Y),
    ("geolat", Direction::Y),
    ("lat_rho", Direction::Y),
    ("yc", Direction::Y),
];

/// Further names of dimensions in common use, in small letters.
const DIMENSIONS: [(&str, Direction); 10] = [
    ("nx", Direction::X),
    ("xdim", Direction::X),
    ("rlon", Direction::X),
    ("west_east", Direction::X),
    ("longitudes", Direction::X),
    ("ny", Direction::Y),
    ("ydim", Direction::Y),
    ("rlat", Direction::Y),
    ("south_north", Direction::Y),
    ("latitudes", Direction::Y),
];

/// The direction of a dimension with these attributes of its coordinates, which are empty where they are missing; `None` where
/// they do not tell.
#[must_use]
pub fn direction_of_words(axis: &str, standard_name: &str, units: &str) -> Option<Direction> {
    match axis {
        "X" | "x" => Some(Direction::X),
        "Y" | "y" => Some(Direction::Y),
        _ => direction_of_standard_name(standard_name).or_else(|| direction_of_units(units)),
    }
}

/// The direction of coordinates with a standard name.
#[must_use]
pub fn direction_of_standard_name(name: &str) -> Option<Direction> {
    among(&STANDARD_NAMES, name)
}

/// The direction of coordinates in units that only longitudes or latitudes have: `degrees_north`, `degree_E` and so on.
#[must_use]
pub fn direction_of_units(units: &str) -> Option<Direction> {
    let small = units.to_ascii_lowercase().replace('_', "");
    match small.strip_prefix("degrees").or_else(|| small.strip_prefix("degree"))? {
        "east" | "e" | "west" | "w" => Some(Direction::X),
        "north" | "n" | "south" | "s" => Some(Direction::Y),
        _ => None,
    }
}

/// The direction of the coordinates that a variable of a name holds; `None` where the name is not known as one of coordinates.
#[must_use]
pub fn direction_of_coordinate(name: &str) -> Option<Direction> {
    among(&COORDINATES, &name.to_ascii_lowercase())
}

/// The direction that the name of a dimension suggests.
#[must_use]
pub fn direction_of_name(name: &str) -> Option<Direction> {
    match Role::guess(name) {
        Role::X => Some(Direction::X),
        Role::Y => Some(Direction::Y),
        _ => direction_of_coordinate(name).or_else(|| among(&DIMENSIONS, &name.to_ascii_lowercase())),
    }
}

fn among(table: &[(&str, Direction)], name: &str) -> Option<Direction> {
    table.iter().find(|(known, _)| *known == name).map(|(_, direction)| *direction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_before_names() {
        assert_eq!(direction_of_words("X", "latitude", ""), Some(Direction::X));
        assert_eq!(direction_of_words("", "latitude", "degrees_east"), Some(Direction::Y));
        assert_eq!(direction_of_words("", "", "degrees_N"), Some(Direction::Y));
        assert_eq!(direction_of_words("", "", "Degree_west"), Some(Direction::X));
        assert_eq!(direction_of_words("", "", "degrees"), None);
        assert_eq!(
            (direction_of_coordinate("XLAT"), direction_of_coordinate("nx")),
            (Some(Direction::Y), None)
        );
        assert_eq!(direction_of_name("nav_lon"), Some(Direction::X));
        assert_eq!(direction_of_words("T", "time", "days since 2000-01-01"), None);
        assert_eq!(direction_of_name("Longitude"), Some(Direction::X));
        assert_eq!(direction_of_name("YDim"), Some(Direction::Y));
        assert_eq!((direction_of_name("level"), direction_of_name("time")), (None, None));
    }
}
