//! Lists in messages: the first of many names, and how many more there are.

/// The first names, and how many more there are: `a, b and 3 more`.
pub(crate) fn listed<S: AsRef<str>>(names: impl IntoIterator<Item = S>, most: usize) -> String {
    let mut names = names.into_iter();
    let mut text = String::new();
    for name in names.by_ref().take(most) {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(name.as_ref());
    }
    match names.count() {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_names_stand_there() {
        let names = ["a", "b", "c", "d", "e"];
        assert_eq!(listed(names, 2), "a, b and 3 more");
        assert_eq!(listed(names, 5), "a, b, c, d, e");
        assert_eq!(listed(Vec::<String>::new(), 5), "");
    }
}
