//! The wavelength of a band, as GDAL's drivers and common writers of metadata spell it.

use gdal::Metadata as _;
use gdal::raster::RasterBand;

/// GDAL's domain and item for it, in micrometres.
const DOMAIN: &str = "IMAGERY";
const ITEM: &str = "CENTRAL_WAVELENGTH_UM";

/// Reads the central wavelength of a band in micrometres.
pub(super) fn read(band: &RasterBand<'_>) -> Option<f64> {
    let micrometres = [DOMAIN, ""].iter().find_map(|domain| band.metadata_item(ITEM, domain));
    if let Some(text) = micrometres {
        return positive(&text);
    }
    let item = |names: &[&str]| names.iter().find_map(|name| band.metadata_item(name, ""));
    let value = positive(&item(&["wavelength", "WAVELENGTH", "central_wavelength", "center_wavelength"])?)?;
    Some(match item(&["wavelength_units", "WAVELENGTH_UNIT", "wavelength_unit"]) {
        Some(unit) => value * micrometres_of(&unit)?,
        // No optical band lies at 100 µm or at 100 nm, so the number itself shows the unit.
        None if value >= 100.0 => value / 1000.0,
        None => value,
    })
}

/// Writes it, also into the default domain, because only that one is kept where GDAL copies a file, as for a COG.
///
/// # Errors
/// Those of GDAL.
pub(super) fn write(band: &mut RasterBand<'_>, micrometres: f64) -> crate::Result<()> {
    for domain in [DOMAIN, ""] {
        band.set_metadata_item(ITEM, &micrometres.to_string(), domain)?;
    }
    Ok(())
}

fn positive(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|value| value.is_finite() && *value > 0.0)
}

/// How many micrometres a unit has.
fn micrometres_of(unit: &str) -> Option<f64> {
    match unit.trim().to_lowercase().as_str() {
        "um" | "µm" | "μm" | "micron" | "microns" | "micrometer" | "micrometers" | "micrometre"
        | "micrometres" => Some(1.0),
        "nm" | "nanometer" | "nanometers" | "nanometre" | "nanometres" => Some(1e-3),
        "mm" | "millimeter" | "millimeters" | "millimetre" | "millimetres" => Some(1e3),
        "m" | "meter" | "meters" | "metre" | "metres" => Some(1e6),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gdal::DriverManager;

    #[test]
    fn wavelengths_are_found_under_their_many_names() {
        let driver = DriverManager::get_driver_by_name("MEM").unwrap();
        let found = |items: &[(&str, &str, &str)]| {
            let dataset = driver.create_with_band_type::<u8, _>("", 1, 1, 1).unwrap();
            let mut band = dataset.rasterband(1).unwrap();
            for (key, value, domain) in items {
                band.set_metadata_item(key, value, domain).unwrap();
            }
            read(&band)
        };
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[(ITEM, "0.842", DOMAIN)]), Some(0.842));
        assert_eq!(found(&[("WAVELENGTH", "490", ""), ("WAVELENGTH_UNIT", "nm", "")]), Some(0.49));
        assert_eq!(found(&[("wavelength", "0.56", ""), ("wavelength_units", "Micrometers", "")]), Some(0.56));
        assert_eq!(found(&[("wavelength", "664.5", "")]), Some(0.6645));
        assert_eq!(found(&[("wavelength", "2.2", "")]), Some(2.2));
        assert_eq!(found(&[("wavelength", "3", ""), ("wavelength_units", "furlongs", "")]), None);
        assert_eq!(found(&[(ITEM, "dark", DOMAIN)]), None);
    }
}
