//! Which bands are red, green, blue and near infrared, by common names, names of bands, or wavelengths.

use serde_json::Value;
use vqz_archive::RasterInfo;
use vqz_codec::axes::Role;
use vqz_codec::model::Manifest;
use vqz_codec::sample::DataType;

/// What is known about a band.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct KnownBand {
    /// Its name, or its number.
    pub(crate) name: String,
    /// Its common name, such as `red`.
    common: Option<String>,
    /// Its central wavelength in nanometres.
    pub(crate) wavelength_nm: Option<f64>,
}

/// The bands of a raster.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spectrum {
    /// All of them, in order.
    pub(crate) bands: Vec<KnownBand>,
    /// Red, green and blue.
    pub(crate) natural: Option<[usize; 3]>,
    /// Near infrared, red and green.
    pub(crate) infrared: Option<[usize; 3]>,
    /// Red and near infrared.
    pub(crate) vegetation: Option<(usize, usize)>,
    /// Whether this is a guess from the number and the type of the bands alone.
    pub(crate) assumed: bool,
}

/// A colour, with its central wavelength and the greatest distance of a band from it, in nanometres.
const COLOURS: [(&str, f64, f64); 4] =
    [("red", 660.0, 35.0), ("green", 558.0, 35.0), ("blue", 480.0, 35.0), ("nir", 835.0, 70.0)];

impl Spectrum {
    /// Finds the bands of a raster, with the help of what a model says about its bands.
    pub(crate) fn of(info: &RasterInfo, model: Option<&Manifest>) -> Self {
        let count = if info.axes.position(&Role::Band).is_some() { info.bands() as usize } else { 1 };
        let mut bands = vec![KnownBand::default(); count];
        if let Some(manifest) = model.filter(|manifest| manifest.bands.len() == count) {
            for (known, band) in bands.iter_mut().zip(&manifest.bands) {
                (known.name, known.wavelength_nm) = (band.name.clone(), band.wavelength_nm);
            }
        }
        if let Some(names) = info.band_names() {
            bands.iter_mut().zip(names).for_each(|(known, name)| known.name = name);
        }
        let attributes = info.metadata.attributes();
        if let Some(list) =
            attributes.get("bands").and_then(Value::as_array).filter(|list| list.len() == count)
        {
            bands.iter_mut().zip(list).for_each(|(known, band)| known.describe(band));
        }
        for (i, known) in bands.iter_mut().enumerate().filter(|(_, known)| known.name.is_empty()) {
            known.name = i.to_string();
        }
        Self::new(bands, info.data_type)
    }

    fn new(bands: Vec<KnownBand>, data_type: DataType) -> Self {
        let found = COLOURS.map(|(name, middle, reach)| {
            let common = bands.iter().position(|b| b.common.as_deref().is_some_and(|c| is(c, name)));
            common.or_else(|| by_name(&bands, name)).or_else(|| by_wavelength(&bands, middle, reach))
        });
        let unnamed = bands.iter().enumerate().all(|(i, band)| band.name == i.to_string());
        let (mut assumed, mut colours) = (false, found);
        if unnamed
            && data_type == DataType::UInt8
            && found.iter().all(Option::is_none)
            && matches!(bands.len(), 3 | 4)
        {
            // Aerial images: red, green, blue, and near infrared if there is a fourth band.
            assumed = true;
            colours = [Some(0), Some(1), Some(2), (bands.len() == 4).then_some(3)];
        }
        let [red, green, blue, nir] = colours;
        Self {
            natural: red.zip(green).zip(blue).map(|((r, g), b)| [r, g, b]),
            infrared: nir.zip(red).zip(green).map(|((n, r), g)| [n, r, g]),
            vegetation: red.zip(nir),
            bands,
            assumed,
        }
    }

    /// The names of some bands.
    pub(crate) fn names(&self, bands: &[usize]) -> String {
        bands
            .iter()
            .filter_map(|band| self.bands.get(*band))
            .map(KnownBand::label)
            .collect::<Vec<_>>()
            .join(", ")
    }
}

impl KnownBand {
    /// Adds what an attribute says about the band.
    fn describe(&mut self, band: &Value) {
        let text = |keys: &[&str]| keys.iter().find_map(|key| band.get(key)?.as_str()).map(str::to_owned);
        let number = |keys: &[&str]| keys.iter().find_map(|key| band.get(key)?.as_f64());
        if let Some(name) = text(&["name", "id", "description"]) {
            self.name = name;
        }
        self.common = text(&["common_name", "eo:common_name", "color_interpretation", "colour"]);
        let micrometres =
            number(&["wavelength_um", "center_wavelength", "eo:center_wavelength", "wavelength"]);
        let nanometres = micrometres.map(|um| if um < 100.0 { um * 1000.0 } else { um });
        self.wavelength_nm = number(&["wavelength_nm"]).or(nanometres).or(self.wavelength_nm);
    }

    /// Its name in tables.
    pub(crate) fn label(&self) -> String {
        if self.name.chars().all(|c| c.is_ascii_digit()) {
            format!("band {}", self.name)
        } else {
            self.name.clone()
        }
    }
}

/// Whether a common name is that of a colour.
fn is(common: &str, colour: &str) -> bool {
    let common = common.to_ascii_lowercase();
    common == colour
        || (colour == "nir"
            && matches!(common.as_str(), "nir08" | "near infrared" | "near-infrared" | "near_infrared"))
}

/// Finds a colour by the band's name: the colour itself, its first letter (if all of red, green and blue have such
/// names), or a band number of Sentinel-2 or Landsat 8.
fn by_name(bands: &[KnownBand], colour: &str) -> Option<usize> {
    let plain = |name: &str| {
        let name = name.to_ascii_uppercase();
        name.strip_prefix("SR_").map_or(name.clone(), str::to_owned)
    };
    let names: Vec<String> = bands.iter().map(|band| plain(&band.name)).collect();
    let find = |wanted: &str| names.iter().position(|name| name == wanted);
    if let Some(at) = names.iter().position(|name| is(name, colour)) {
        return Some(at);
    }
    if ["R", "G", "B"].iter().all(|letter| find(letter).is_some()) {
        return find(&colour[..1].to_ascii_uppercase());
    }
    let sentinel = names.iter().any(|n| n == "B8A" || n == "B12" || (n.len() == 3 && n.starts_with("B0")))
        || (find("B8").is_some() && find("B5").is_none());
    let numbers: &[&str] = match (sentinel, colour) {
        (true, "red") => &["B04", "B4"],
        (true, "green") => &["B03", "B3"],
        (true, "blue") => &["B02", "B2"],
        (true, _) => &["B08", "B8", "B8A"],
        (false, "red") => &["B4"],
        (false, "green") => &["B3"],
        (false, "blue") => &["B2"],
        (false, _) => &["B5"],
    };
    numbers.iter().find_map(|number| find(number))
}

fn by_wavelength(bands: &[KnownBand], middle: f64, reach: f64) -> Option<usize> {
    let far = |band: &KnownBand| band.wavelength_nm.map(|nm| (nm - middle).abs()).filter(|far| *far <= reach);
    let near = bands.iter().enumerate().filter_map(|(i, band)| Some((far(band)?, i)));
    near.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, i)| i)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(names: &[&str], data_type: DataType) -> Spectrum {
        let known = |name: &&str| KnownBand { name: (*name).to_owned(), ..KnownBand::default() };
        Spectrum::new(names.iter().map(known).collect(), data_type)
    }

    #[test]
    fn colours_are_found_by_names() {
        let sentinel = named(&["B01", "B02", "B03", "B04", "B08", "B8A"], DataType::UInt16);
        assert_eq!((sentinel.natural, sentinel.infrared), (Some([3, 2, 1]), Some([4, 3, 2])));
        let landsat = named(&["B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8"], DataType::UInt16);
        assert_eq!((landsat.natural, landsat.vegetation), (Some([3, 2, 1]), Some((3, 4))));
        assert_eq!(named(&["b", "g", "r", "n"], DataType::UInt16).infrared, Some([3, 2, 1]));
        assert_eq!(named(&["Red", "Green", "Blue"], DataType::UInt8).natural, Some([0, 1, 2]));
        let radar = named(&["VV", "VH"], DataType::Float32);
        assert_eq!((radar.natural, radar.vegetation, radar.assumed), (None, None, false));
    }

    #[test]
    fn wavelengths_and_what_is_usual_tell_too() {
        let band =
            |nm| KnownBand { name: format!("w{nm}"), wavelength_nm: Some(f64::from(nm)), common: None };
        let found = Spectrum::new([490, 560, 665, 705, 842].map(band).to_vec(), DataType::UInt16);
        assert_eq!((found.natural, found.vegetation), (Some([2, 1, 0]), Some((2, 4))));
        let naip = named(&["0", "1", "2", "3"], DataType::UInt8);
        assert!(naip.assumed && naip.natural == Some([0, 1, 2]) && naip.infrared == Some([3, 0, 1]));
        let mut known = KnownBand::default();
        known.describe(&serde_json::json!({"name": "B4", "common_name": "red", "center_wavelength": 0.665}));
        assert_eq!(known.wavelength_nm, Some(665.0));
        assert_eq!(KnownBand { name: "3".to_owned(), ..KnownBand::default() }.label(), "band 3");
    }
}
