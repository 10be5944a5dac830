//! The statement of a manifest about the data on which a model was fitted.

/// The stated source and the amount of data: `Sentinel-2, ESA (3 rasters, 1769472 samples)`. It never contains a path.
#[must_use]
pub fn training_data(stated: &str, rasters: usize, samples: u64) -> String {
    let size = format!("{rasters} raster{}, {samples} samples", if rasters == 1 { "" } else { "s" });
    if stated.is_empty() { size } else { format!("{stated} ({size})") }
}

#[cfg(test)]
mod tests {
    use super::training_data;

    #[test]
    fn the_size_is_given_even_where_nothing_was_stated() {
        assert_eq!(training_data("", 1, 640), "1 raster, 640 samples");
        assert_eq!(training_data("ESA", 2, 640), "ESA (2 rasters, 640 samples)");
    }
}
