//! The names of a raster's bands in the cube: those of variables, messages, descriptions or file names, or numbers.

use crate::band::Band;
use crate::conventions::time::Instant;
use crate::ingest::sources::grib::Message;
use crate::ingest::sources::parts::Part;
use crate::ingest::sources::steps::Step;
use std::collections::HashMap;

/// The names of a raster's bands.
pub(crate) struct Names {
    /// One for each band. Bands of one date have distinct names.
    pub(crate) names: Vec<String>,
    /// Whether bands with the same name are told apart by numbers.
    pub(crate) numbered: bool,
}

/// The names of bands. `in_name` is the band that the file's name states: it is the name of the only band, and stands before those
/// of several.
pub(crate) fn names(
    part: &Part,
    bands: &[Band],
    steps: &[Step],
    messages: Option<&[Message]>,
    in_name: Option<&String>,
) -> Names {
    let own = |i: usize| {
        let message = messages.map(|messages| messages[i].name.clone());
        part.band.clone().or(message).or_else(|| bands[i].name.clone())
    };
    let times = |i: usize| {
        messages.map_or(steps[i].index.map(|at| Instant::from(at as i64)), |messages| messages[i].time)
    };
    let mut numbered = false;
    let mut known: Vec<Option<String>> = (0..bands.len()).map(own).collect();
    let suffix = |i: usize| steps[i].suffix.as_str();
    if let Some(messages) = messages.filter(|_| !are_distinct(&known, &times, &suffix)) {
        // Two forecasts of one instant.
        for (name, message) in known.iter_mut().zip(messages) {
            if let (Some(name), Some(hours)) = (name, &message.hours) {
                name.push_str(&format!("_{hours}h"));
            }
        }
    }
    if known.iter().any(Option::is_some) && !are_distinct(&known, &times, &suffix) {
        numbered = true;
        // A variable's name stays; descriptions that are all the same say nothing.
        let of_file = part.band.is_some() || messages.is_some();
        let several = known.iter().flatten().any(|name| Some(name) != known.iter().flatten().next());
        let keeps = of_file || several;
        let is_single: Vec<bool> = (0..known.len())
            .map(|i| {
                let same =
                    |j: &usize| (times(*j), &known[*j], suffix(*j)) == (times(i), &known[i], suffix(i));
                !of_file && (0..known.len()).filter(same).count() == 1
            })
            .collect();
        let mut count: HashMap<(Option<Instant>, Option<String>, &str), usize> = HashMap::new();
        for (i, name) in known.iter_mut().enumerate() {
            let number = count.entry((times(i), name.clone().filter(|_| keeps), suffix(i))).or_default();
            *number += 1;
            *name = match name {
                Some(name) if is_single[i] => Some(name.clone()),
                Some(name) if keeps => Some(format!("{name}_{number}")),
                _ => None,
            };
        }
        if !of_file && !are_distinct(&known, &times, &suffix) {
            known.fill(None);
        }
    }
    // Bands without a name are numbered, those of each date from 1.
    let mut count: HashMap<Option<usize>, usize> = HashMap::new();
    let numbers: Vec<usize> = steps
        .iter()
        .map(|step| {
            let number = count.entry(step.index).or_default();
            *number += 1;
            *number
        })
        .collect();
    let plain = |i: usize| known[i].clone().unwrap_or_else(|| numbers[i].to_string());
    let one = (0..bands.len()).all(|i| plain(i) == plain(0));
    let name = |i: usize| match (in_name, &known[i]) {
        (Some(band), _) if one => band.clone(),
        (Some(band), _) => format!("{band}_{}", plain(i)),
        (None, Some(name)) => name.clone(),
        (None, None) => format!("B{}", numbers[i]),
    };
    Names { names: (0..bands.len()).map(|i| format!("{}{}", name(i), suffix(i))).collect(), numbered }
}

/// Whether no two bands of one date have the same name.
fn are_distinct<'a>(
    names: &[Option<String>],
    times: &impl Fn(usize) -> Option<Instant>,
    suffix: &impl Fn(usize) -> &'a str,
) -> bool {
    let mut seen = std::collections::HashSet::new();
    (0..names.len()).all(|i| names[i].is_none() || seen.insert((times(i), &names[i], suffix(i))))
}
