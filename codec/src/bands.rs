//! Properties of bands that follow from their names.

/// The bands to show as red, green and blue, where names say so: Sentinel-2's numbers, or the colours themselves.
#[must_use]
pub fn natural_colour(names: &[String]) -> Option<[usize; 3]> {
    const KNOWN: [[&str; 3]; 2] = [["B04", "B03", "B02"], ["red", "green", "blue"]];
    let find = |wanted: &str| names.iter().position(|name| name.eq_ignore_ascii_case(wanted));
    KNOWN.iter().find_map(|[red, green, blue]| Some([find(red)?, find(green)?, find(blue)?]))
}

#[cfg(test)]
mod tests {
    use super::natural_colour;

    #[test]
    fn colours_are_found_by_their_names() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(natural_colour(&names(&["B02", "B03", "B04", "B08"])), Some([2, 1, 0]));
        assert_eq!(natural_colour(&names(&["Red", "Green", "Blue"])), Some([0, 1, 2]));
        assert_eq!(natural_colour(&names(&["band0", "band1", "band2"])), None);
    }
}
