//! Searches for the quality at which a figure that rises with the quality meets a target.

use crate::error::Result;

/// The range of qualities, in dB.
const LOWEST: f64 = 0.0;
const HIGHEST: f64 = 200.0;

/// Trials at most: enough to halve all qualities down to the finest setting, and more.
const TRIALS: u32 = 40;

/// How close is close enough, in units of the tolerance.
const CLOSE_ENOUGH: f64 = 0.25;

/// How much 1 dB of quality changes the figure, in units of the tolerance. This is assumed until two trials have
/// measured it.
const SLOPE: f64 = 8.0;

/// A quality, and how far its figure is above the target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Trial {
    /// The quality in dB.
    pub quality: f64,
    /// How far the figure is above the target, in units of the tolerance; negative if it is below.
    pub miss: f64,
}

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum SearchEnd {
    /// Close enough.
    Met(Trial),
    /// The target lies between these two, and there is no setting between them.
    Between(Trial, Trial),
    /// Even the lowest quality is above the target.
    Above(Trial),
    /// Even the highest quality is below the target.
    Below(Trial),
}

/// Searches from a first guess. Qualities with the same `setting` give the same result, so only one of them is tried. `miss`
/// may be infinite.
///
/// # Errors
/// The errors of `miss`.
pub(crate) fn search(
    first: f64,
    setting: impl Fn(f64) -> Result<i16>,
    mut miss: impl FnMut(f64) -> Result<f64>,
) -> Result<SearchEnd> {
    let (mut below, mut above): (Option<Trial>, Option<Trial>) = (None, None);
    let mut last: Option<Trial> = None;
    let mut quality = first.clamp(LOWEST, HIGHEST);
    for number in 0..TRIALS {
        let trial = Trial { quality, miss: miss(quality)? };
        if trial.miss.abs() <= CLOSE_ENOUGH {
            return Ok(SearchEnd::Met(trial));
        }
        if trial.miss < 0.0 {
            below = Some(trial);
        } else {
            above = Some(trial);
        }
        quality = match (below, above) {
            (Some(below), Some(above)) => {
                if (i32::from(setting(below.quality)?) - i32::from(setting(above.quality)?)).abs() <= 1 {
                    return Ok(SearchEnd::Between(below, above));
                }
                between(below, above, number)
            }
            (None, Some(above)) if above.quality <= LOWEST => return Ok(SearchEnd::Above(above)),
            (Some(below), None) if below.quality >= HIGHEST => return Ok(SearchEnd::Below(below)),
            _ => beyond(trial, last),
        };
        last = Some(trial);
    }
    Ok(match (below, above) {
        (Some(below), Some(above)) => SearchEnd::Between(below, above),
        (Some(below), None) => SearchEnd::Below(below),
        (None, above) => SearchEnd::Above(above.unwrap_or(Trial { quality, miss: f64::INFINITY })),
    })
}

/// The next quality to try: where the line through both ends meets the target. Now and then it is the middle instead,
/// because on a bent curve one end would otherwise never move.
fn between(below: Trial, above: Trial, number: u32) -> f64 {
    let t = -below.miss / (above.miss - below.miss);
    let t = if t.is_finite() && number % 3 != 2 { t.clamp(0.02, 0.98) } else { 0.5 };
    below.quality + t * (above.quality - below.quality)
}

/// The next quality to try beyond the last trial: a little past the point where the line through the last two trials
/// meets the target.
fn beyond(trial: Trial, last: Option<Trial>) -> f64 {
    let measured =
        last.map(|last| (trial.miss - last.miss) / (trial.quality - last.quality)).filter(|s| *s > 0.0);
    let distance = -trial.miss / measured.unwrap_or(SLOPE) * 1.1;
    // If the distance is infinite, the end of the range is as good a trial as any.
    let distance = if distance.is_finite() { distance } else { -trial.miss.signum() * HIGHEST };
    let least = 0.25 * distance.signum();
    (trial.quality + if distance.abs() < least.abs() { least } else { distance }).clamp(LOWEST, HIGHEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(quality: f64) -> Result<i16> {
        Ok((-quality * 42.5) as i16)
    }

    fn run(curve: impl Fn(f64) -> f64) -> (SearchEnd, u32) {
        let mut trials = 0;
        let found = search(42.0, setting, |quality| {
            trials += 1;
            Ok(curve(quality))
        });
        (found.unwrap(), trials)
    }

    #[test]
    fn smooth_curves_take_few_trials() {
        for at in [3.0, 30.0, 41.5, 58.0, 120.0] {
            for curve in [
                &(|q: f64| (q - at) * 10.0) as &dyn Fn(f64) -> f64,
                &|q: f64| ((q - at) * 0.1).sinh() * 50.0,
                &|q: f64| ((q - at) * 0.15).exp_m1() * 50.0,
            ] {
                let (found, trials) = run(curve);
                assert!(
                    matches!(found, SearchEnd::Met(trial) if (trial.quality - at).abs() < 0.1),
                    "{at} {found:?}"
                );
                assert!(trials <= 16, "{at}: {trials} trials");
            }
        }
    }

    #[test]
    fn steps_and_ends_are_told() {
        let step = |q: f64| if q < 37.3 { -5.0 } else { f64::INFINITY };
        let (found, _) = run(step);
        let SearchEnd::Between(below, above) = found else { panic!("{found:?}") };
        assert!(below.quality < 37.3 && above.quality >= 37.3 && above.quality - below.quality < 0.1);
        assert_eq!(run(|_| f64::INFINITY).0, SearchEnd::Above(Trial { quality: 0.0, miss: f64::INFINITY }));
        assert_eq!(run(|q| q - 300.0).0, SearchEnd::Below(Trial { quality: 200.0, miss: -100.0 }));
        assert_eq!(
            run(|_| f64::NEG_INFINITY).0,
            SearchEnd::Below(Trial { quality: 200.0, miss: f64::NEG_INFINITY })
        );
    }
}
