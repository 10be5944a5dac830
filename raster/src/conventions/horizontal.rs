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

/// The direction of a dimension with these attributes of its coordinates, which are empty where they are missing; `None` where
/// they do not tell.
#[must_use]
pub fn direction_of_words(axis: &str, standard_name: &str, units: &str) -> Option<Direction> {
    match axis {
        "X" | "x" => return Some(Direction::X),
        "Y" | "y" => return Some(Direction::Y),
        _ => {}
    }
    match standard_name {
        "longitude" | "grid_longitude" | "projection_x_coordinate" | "projection_x_angular_coordinate" => {
            return Some(Direction::X);
        }
        "latitude" | "grid_latitude" | "projection_y_coordinate" | "projection_y_angular_coordinate" => {
            return Some(Direction::Y);
        }
        _ => {}
    }
    match units {
        "degrees_east" | "degree_east" | "degrees_E" | "degree_E" | "degreesE" | "degreeE" => {
            Some(Direction::X)
        }
        "degrees_north" | "degree_north" | "degrees_N" | "degree_N" | "degreesN" | "degreeN" => {
            Some(Direction::Y)
        }
        _ => None,
    }
}

/// The direction that the name of a dimension suggests.
#[must_use]
pub fn direction_of_name(name: &str) -> Option<Direction> {
    match Role::guess(name) {
        Role::X => Some(Direction::X),
        Role::Y => Some(Direction::Y),
        _ => match name.to_ascii_lowercase().as_str() {
            "nx" | "xdim" | "xc" | "rlon" | "west_east" | "longitudes" => Some(Direction::X),
            "ny" | "ydim" | "yc" | "rlat" | "south_north" | "latitudes" => Some(Direction::Y),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_before_names() {
        assert_eq!(direction_of_words("X", "latitude", ""), Some(Direction::X));
        assert_eq!(direction_of_words("", "latitude", "degrees_east"), Some(Direction::Y));
        assert_eq!(direction_of_words("", "", "degrees_N"), Some(Direction::Y));
        assert_eq!(direction_of_words("T", "time", "days since 2000-01-01"), None);
        assert_eq!(direction_of_name("Longitude"), Some(Direction::X));
        assert_eq!(direction_of_name("YDim"), Some(Direction::Y));
        assert_eq!((direction_of_name("level"), direction_of_name("time")), (None, None));
    }
}
