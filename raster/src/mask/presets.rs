//! Quality bands of known products: the meaning of their bits and values, and the conditions that are dropped by default.
//!
//! The sources are named beside each. A preset's own choice drops what hides or spoils the ground (fill, clouds and
//! their shadows, cirrus, defects), and leaves what is real ground (snow, water) and what is merely doubtful.

use crate::{Error, Result};

/// What makes a condition hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Test {
    /// A bit is set.
    Bit(u8),
    /// The value is one of these.
    Values(&'static [i64]),
    /// A field has one of these values.
    Field {
        /// Its lowest bit.
        first_bit: u8,
        /// How many bits it has.
        bits: u8,
        /// The values.
        values: &'static [u32],
    },
}

/// A named condition of a quality band.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Condition {
    /// Its name in configurations.
    pub name: &'static str,
    /// What makes it hold.
    pub test: Test,
    /// Whether the preset drops samples with it by default.
    pub dropped: bool,
}

/// A product's quality band.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preset {
    /// Its name in configurations.
    pub name: &'static str,
    /// The conditions that the band can state.
    pub conditions: &'static [Condition],
}

const fn drop(name: &'static str, test: Test) -> Condition {
    Condition { name, test, dropped: true }
}

const fn keep(name: &'static str, test: Test) -> Condition {
    Condition { name, test, dropped: false }
}

const fn field(first_bit: u8, values: &'static [u32]) -> Test {
    Test::Field { first_bit, bits: 2, values }
}

/// All presets.
pub const PRESETS: &[Preset] = &[
    // USGS, Landsat 8 Data Users Handbook (LSDS-1574), and Landsat Collection 1 Level 1 Quality Assessment band, for
    // OLI/TIRS. Bit 1 is terrain occlusion there (on Landsat 1 to 7: a dropped pixel). Fields of two bits: 0 not
    // determined, 1 low, 2 medium, 3 high confidence; saturation counts bands: 1 is 1 or 2, 2 is 3 or 4, 3 is 5 and more.
    Preset {
        name: "landsat-c1-bqa",
        conditions: &[
            drop("fill", Test::Bit(0)),
            drop("terrain-occlusion", Test::Bit(1)),
            keep("saturation", field(2, &[1, 2, 3])),
            drop("cloud", Test::Bit(4)),
            keep("cloud-medium", field(5, &[2, 3])),
            drop("cloud-shadow", field(7, &[3])),
            keep("snow", field(9, &[3])),
            drop("cirrus", field(11, &[3])),
        ],
    },
    // USGS, Landsat 8-9 OLI/TIRS Collection 2 Level 2 Data Format Control Book (LSDS-1328), QA_PIXEL.
    Preset {
        name: "landsat-c2-qa-pixel",
        conditions: &[
            drop("fill", Test::Bit(0)),
            drop("dilated-cloud", Test::Bit(1)),
            drop("cirrus", Test::Bit(2)),
            drop("cloud", Test::Bit(3)),
            drop("cloud-shadow", Test::Bit(4)),
            keep("snow", Test::Bit(5)),
            keep("clear", Test::Bit(6)),
            keep("water", Test::Bit(7)),
            keep("cloud-medium", field(8, &[2, 3])),
        ],
    },
    // NASA, Harmonized Landsat Sentinel-2 Product User Guide, version 2.0, Fmask. Bit 0 is reserved for cirrus and not
    // used in version 2.0; bits 6 and 7 are the aerosol level: 0 climatology, 1 low, 2 moderate, 3 high. 255 is fill.
    Preset {
        name: "hls-fmask",
        conditions: &[
            drop("fill", Test::Values(&[255])),
            drop("cirrus", Test::Bit(0)),
            drop("cloud", Test::Bit(1)),
            drop("adjacent-cloud", Test::Bit(2)),
            drop("cloud-shadow", Test::Bit(3)),
            keep("snow", Test::Bit(4)),
            keep("water", Test::Bit(5)),
            keep("high-aerosol", field(6, &[3])),
        ],
    },
    // ESA, Sentinel-2 Level-2A Algorithm Theoretical Basis Document (S2-PDGS-MPC-ATBD-L2A), scene classification.
    Preset {
        name: "sentinel2-scl",
        conditions: &[
            drop("no-data", Test::Values(&[0])),
            drop("defective", Test::Values(&[1])),
            keep("dark", Test::Values(&[2])),
            drop("cloud-shadow", Test::Values(&[3])),
            keep("vegetation", Test::Values(&[4])),
            keep("bare", Test::Values(&[5])),
            keep("water", Test::Values(&[6])),
            keep("unclassified", Test::Values(&[7])),
            drop("cloud-medium", Test::Values(&[8])),
            drop("cloud-high", Test::Values(&[9])),
            drop("cirrus", Test::Values(&[10])),
            keep("snow", Test::Values(&[11])),
        ],
    },
    // NOAA/NASA, GOES-R Product Definition and Users' Guide, volume 5, cloud and moisture imagery:
    // DQF is a signed byte, 0 is good, and its fill value is -1, which unsigned readers see as 255.
    Preset {
        name: "goes-dqf",
        conditions: &[
            drop("fill", Test::Values(&[-1, 255])),
            keep("conditionally-usable", Test::Values(&[1])),
            drop("out-of-range", Test::Values(&[2])),
            drop("no-value", Test::Values(&[3])),
            drop("focal-plane-temperature", Test::Values(&[4])),
        ],
    },
];

/// The names of all presets, for messages.
pub(super) fn names() -> String {
    PRESETS.iter().map(|preset| preset.name).collect::<Vec<_>>().join(", ")
}

/// The preset with a name.
///
/// # Errors
/// [`Error::Invalid`] which lists those that are there.
pub fn find(name: &str) -> Result<&'static Preset> {
    PRESETS
        .iter()
        .find(|preset| preset.name == name)
        .ok_or_else(|| Error::Invalid(format!("there is no preset {name} for masks; there are {}", names())))
}

impl Preset {
    /// The conditions that make a sample invalid: those named, or the preset's own choice.
    ///
    /// # Errors
    /// [`Error::Invalid`] for names it does not know, with those that it does, and where none is named.
    pub fn chosen(&self, drop: Option<&[String]>) -> Result<Vec<Condition>> {
        let Some(drop) = drop else {
            return Ok(self.conditions.iter().filter(|condition| condition.dropped).copied().collect());
        };
        let known = || self.conditions.iter().map(|condition| condition.name).collect::<Vec<_>>().join(", ");
        if drop.is_empty() {
            return Err(Error::Invalid(format!(
                "drop of preset {} names nothing; leave it out, or choose among {}",
                self.name,
                known()
            )));
        }
        let pick = |name: &String| {
            self.conditions.iter().find(|condition| condition.name == name).copied().ok_or_else(|| {
                Error::Invalid(format!("preset {} has no condition {name}; it has {}", self.name, known()))
            })
        };
        drop.iter().map(pick).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::mask::MaskRule;
    use crate::plane::Plane;
    use crate::test_data;

    fn usable(toml: &str, plane: Plane) -> Vec<bool> {
        let mask = toml::from_str::<MaskRule>(toml).unwrap().mask().unwrap();
        let (height, width) = (plane.height, plane.width);
        mask.usable(height, width, &[("QA", plane)][..]).unwrap()
    }

    fn dropped(preset: &str, extra: &str, values: &[i64]) -> Vec<i64> {
        let plane = Plane {
            height: 1,
            width: values.len(),
            values: values.iter().map(|v| *v as f64).collect(),
            valid: vec![true; values.len()],
        };
        let usable = usable(&format!("band = 'QA'\npreset = '{preset}'\n{extra}"), plane);
        values.iter().zip(usable).filter(|(_, usable)| !usable).map(|(value, _)| *value).collect()
    }

    #[test]
    fn documented_values_mean_what_they_say() {
        // Collection 1: 1 fill, 2720 clear, 2722 occluded, 2724 saturated, 2752 cloud medium, 2800 cloud high, 2976
        // shadow high, 3744 snow high, 6816 cirrus high.
        let bqa = [1, 2720, 2722, 2724, 2752, 2800, 2976, 3744, 6816];
        assert_eq!(dropped("landsat-c1-bqa", "", &bqa), [1, 2722, 2800, 2976, 6816]);
        assert_eq!(
            dropped("landsat-c1-bqa", "drop = ['saturation', 'snow', 'cloud-medium']", &bqa),
            [2724, 2752, 2800, 3744]
        );
        // Collection 2: 1 fill, 21824 clear, 21826 dilated, 21952 water, 22280 cloud high, 23888 shadow, 30048 snow,
        // 54596 cirrus.
        let qa_pixel = [1, 21824, 21826, 21952, 22280, 23888, 30048, 54596];
        assert_eq!(dropped("landsat-c2-qa-pixel", "", &qa_pixel), [1, 21826, 22280, 23888, 54596]);
        assert_eq!(dropped("landsat-c2-qa-pixel", "drop = ['snow']", &qa_pixel), [30048]);
        // 64 clear with low aerosol, 66 cloud, 68 adjacent, 72 shadow, 80 snow, 96 water, 224 water with high aerosol.
        assert_eq!(dropped("hls-fmask", "", &[64, 66, 68, 72, 80, 96, 224, 255]), [66, 68, 72, 255]);
        let scl: Vec<i64> = (0..12).collect();
        assert_eq!(dropped("sentinel2-scl", "", &scl), [0, 1, 3, 8, 9, 10]);
        assert_eq!(dropped("goes-dqf", "", &[-1, 0, 1, 2, 3, 4, 255]), [-1, 2, 3, 4, 255]);
    }

    #[test]
    fn unknown_presets_and_conditions_are_listed() {
        let message = |toml: &str| toml::from_str::<MaskRule>(toml).unwrap().mask().unwrap_err().to_string();
        assert_eq!(
            message("band = 'QA'\npreset = 'landsat'"),
            "there is no preset landsat for masks; there are landsat-c1-bqa, landsat-c2-qa-pixel, hls-fmask, \
             sentinel2-scl, goes-dqf"
        );
        assert_eq!(
            message("band = 'QA'\npreset = 'goes-dqf'\ndrop = ['clouds']"),
            "preset goes-dqf has no condition clouds; it has fill, conditionally-usable, out-of-range, no-value, \
             focal-plane-temperature"
        );
        assert!(
            message("band = 'QA'\npreset = 'goes-dqf'\ndrop = []")
                .starts_with("drop of preset goes-dqf names")
        );
    }

    /// Reads the bits from the written binary number.
    fn binary(value: f64, last: usize, first: usize) -> String {
        let text = format!("{:016b}", value as u16);
        text[15 - last..=15 - first].to_owned()
    }

    #[test]
    fn a_real_landsat_series_is_masked() {
        let Some(folder) = test_data::folder("a_real_landsat_series_is_masked") else {
            return;
        };
        let (mut scenes, mut samples, mut clear, mut filled) = (0, 0, 0, 0);
        for entry in std::fs::read_dir(folder.join("test/landsat8-series")).unwrap() {
            let files = std::fs::read_dir(entry.unwrap().path()).unwrap().map(|file| file.unwrap().path());
            for path in files.filter(|path| path.to_string_lossy().ends_with("_BQA.TIF")) {
                let plane = test_data::plane(&path);
                let values = plane.values.clone();
                let found = usable("band = 'QA'\npreset = 'landsat-c1-bqa'", plane);
                for (value, usable) in values.iter().zip(found) {
                    let bad = binary(*value, 0, 0) == "1"
                        || binary(*value, 1, 1) == "1"
                        || binary(*value, 4, 4) == "1"
                        || binary(*value, 8, 7) == "11"
                        || binary(*value, 12, 11) == "11";
                    assert_eq!(usable, !bad, "BQA {value} of {}", path.display());
                    samples += 1;
                    clear += usize::from(usable);
                    filled += usize::from(*value == 1.0);
                }
                scenes += 1;
            }
        }
        println!("{scenes} scenes, {samples} samples, {filled} fill, {clear} clear");
        assert_eq!(scenes, 19);
        assert!(filled * 5 > samples && clear * 10 > samples && clear < samples - filled);
    }

    #[test]
    fn real_quality_bands_of_other_sensors_are_masked() {
        let Some(folder) = test_data::folder("real_quality_bands_of_other_sensors_are_masked") else {
            return;
        };
        let only = |folder: std::path::PathBuf, end: &str| {
            let mut paths = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
            test_data::plane(&paths.find(|path| path.to_string_lossy().ends_with(end)).unwrap())
        };
        let fmask = only(folder.join("test/fmask"), "Fmask.tif");
        let expected: Vec<bool> =
            fmask.values.iter().map(|v| *v != 255.0 && binary(*v, 3, 0) == "0000").collect();
        let found = usable("band = 'QA'\npreset = 'hls-fmask'", fmask);
        println!("HLS Fmask: {} of {} usable", found.iter().filter(|u| **u).count(), found.len());
        assert!(found == expected && found.contains(&true) && found.contains(&false));
        let dqf = only(folder.join("test/goes"), "DQF.tif");
        let expected: Vec<bool> = dqf.values.iter().map(|v| *v == 0.0 || *v == 1.0).collect();
        let found = usable("band = 'QA'\npreset = 'goes-dqf'", dqf);
        println!("GOES DQF: {} of {} usable", found.iter().filter(|u| **u).count(), found.len());
        assert!(found == expected && found.contains(&true));
    }
}
