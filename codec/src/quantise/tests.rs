//! The search against an exhaustive one, and what codebooks refuse.

use super::*;
use proptest::prelude::*;

/// Numbers between −1 and 1.
fn noise(seed: &mut u64) -> f32 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 40) as f32 / (1u64 << 23) as f32 - 1.0
}

/// Codebooks of noise that gets weaker from stage to stage, with rates of noise.
fn case(quantiser: Quantiser, shape: CodebookShape, mut seed: u64) -> (Codebooks, Rates) {
    let book = shape.size * shape.width;
    let entries: Vec<f32> = (0..shape.planes() * book)
        .map(|i| {
            let zero = quantiser == Quantiser::Rvq && i % book < shape.width;
            let strength = 0.6f32.powi((i / book / shape.groups) as i32);
            if zero { 0.0 } else { noise(&mut seed) * strength }
        })
        .collect();
    let codebooks = Codebooks::new(quantiser, shape, &entries).unwrap();
    let mut rates = Rates::flat(&codebooks);
    rates.entries.iter_mut().for_each(|bits| *bits = 4.0 + 3.0 * noise(&mut seed));
    if quantiser == Quantiser::Rvq {
        rates.used.iter_mut().flatten().for_each(|bits| *bits = 1.1 + noise(&mut seed));
    }
    (codebooks, rates)
}

/// Squared error plus λ × bits of the codes of one group of one patch, by the definition.
fn cost(
    codebooks: &Codebooks,
    rates: &Rates,
    lambda: f64,
    group: usize,
    latents: &[f32],
    codes: &[i32],
) -> f64 {
    let CodebookShape { groups, size, .. } = codebooks.shape();
    let mut left: Vec<f64> = latents.iter().map(|v| f64::from(*v)).collect();
    let mut bits = 0.0;
    for (stage, code) in codes.iter().enumerate() {
        let plane = stage * groups + group;
        let used = codebooks.quantiser() == Quantiser::Vq || *code != 0;
        bits += f64::from(rates.used[plane][usize::from(used)]);
        if !used {
            break;
        }
        bits += f64::from(rates.entries[plane * size + *code as usize]);
        let entry = codebooks.entry(plane, *code as usize);
        left.iter_mut().zip(entry).for_each(|(l, e)| *l -= f64::from(*e));
    }
    left.iter().map(|l| l * l).sum::<f64>() + lambda * bits
}

/// All codes of one group that may be.
fn all(quantiser: Quantiser, shape: CodebookShape) -> Vec<Vec<i32>> {
    let mut out = vec![vec![]];
    for _ in 0..shape.stages {
        out = out
            .into_iter()
            .flat_map(|codes: Vec<i32>| {
                let ended = quantiser == Quantiser::Rvq && codes.last() == Some(&0);
                let next = if ended { 0..1 } else { 0..shape.size as i32 };
                next.map(move |code| [codes.as_slice(), &[code]].concat()).collect::<Vec<_>>()
            })
            .collect();
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// With a beam as wide as there are choices, no choice is better, for any shape, price and number of patches.
    #[test]
    fn a_wide_search_finds_the_best_of_all(
        rvq in any::<bool>(),
        groups in 1usize..4,
        stages in 1usize..4,
        size in 2usize..6,
        width in 1usize..9,
        patches in 1usize..7,
        lambda in prop_oneof![Just(0.0), 0.0..0.3],
        seed in any::<u64>(),
    ) {
        let (quantiser, stages) = if rvq { (Quantiser::Rvq, stages) } else { (Quantiser::Vq, 1) };
        let shape = CodebookShape { groups, stages, size, width };
        let (codebooks, rates) = case(quantiser, shape, seed);
        let mut seed = seed ^ 1;
        let latents: Vec<f32> = (0..patches * shape.latents()).map(|_| 1.5 * noise(&mut seed)).collect();
        let codes = codebooks.assign(&latents, lambda, &rates, &Search { beam: 1000 });
        codebooks.check(&codes).unwrap();
        for (codes, latents) in codes.chunks(shape.planes()).zip(latents.chunks(shape.latents())) {
            for group in 0..groups {
                let latents = &latents[group * width..(group + 1) * width];
                let found: Vec<i32> = (0..stages).map(|stage| codes[stage * groups + group]).collect();
                let found = cost(&codebooks, &rates, lambda, group, latents, &found);
                let costs = all(quantiser, shape).into_iter();
                let best = costs.map(|codes| cost(&codebooks, &rates, lambda, group, latents, &codes));
                let best = best.fold(f64::INFINITY, f64::min);
                prop_assert!(found <= best + 1e-4 * (1.0 + best), "{found} is above {best}");
            }
        }
    }

    /// Without a price, `vq` is the nearest neighbour, whatever the size of the blocks that the search works in.
    #[test]
    fn without_a_price_vq_is_the_nearest_entry(
        size in 2usize..70,
        width in 1usize..20,
        patches in 1usize..140,
        seed in any::<u64>(),
    ) {
        let shape = CodebookShape { groups: 1, stages: 1, size, width };
        let (codebooks, rates) = case(Quantiser::Vq, shape, seed);
        let mut seed = seed ^ 1;
        let latents: Vec<f32> = (0..patches * width).map(|_| noise(&mut seed)).collect();
        let codes = codebooks.assign(&latents, 0.0, &rates, &Search::default());
        for (code, latents) in codes.iter().zip(latents.chunks(width)) {
            let distance = |index: usize| {
                let pairs = codebooks.entry(0, index).iter().zip(latents);
                pairs.map(|(e, l)| f64::from(e - l).powi(2)).sum::<f64>()
            };
            let best = (0..size).map(distance).fold(f64::INFINITY, f64::min);
            prop_assert!(distance(*code as usize) <= best + 1e-5 * (1.0 + best));
        }
    }
}

#[test]
fn a_bit_that_costs_more_is_spent_less() {
    let shape = CodebookShape { groups: 2, stages: 6, size: 40, width: 5 };
    let (codebooks, _) = case(Quantiser::Rvq, shape, 3);
    let rates = Rates::flat(&codebooks);
    let mut seed = 4;
    let latents: Vec<f32> = (0..300 * shape.latents()).map(|_| noise(&mut seed)).collect();
    let mut last = (usize::MAX, 0.0);
    for lambda in [0.0, 0.003, 0.01, 0.03, 0.1, 30.0] {
        let codes = codebooks.assign(&latents, lambda, &rates, &Search::default());
        let used = codes.iter().filter(|code| **code != 0).count();
        let error: f64 = (latents.iter().zip(codebooks.reconstruct(&codes, 6)))
            .map(|(l, r)| f64::from(l - r).powi(2))
            .sum();
        assert!(used < last.0 && error > last.1, "{lambda}: {used} stages, error {error}, before {last:?}");
        last = (used, error);
    }
    assert_eq!(last.0, 0, "at a price of 30 nothing is worth a bit");
}

#[test]
fn latents_that_are_not_finite_get_the_first_entry() {
    for quantiser in [Quantiser::Vq, Quantiser::Rvq] {
        let stages = if quantiser == Quantiser::Vq { 1 } else { 3 };
        let shape = CodebookShape { groups: 1, stages, size: 20, width: 3 };
        let (codebooks, rates) = case(quantiser, shape, 5);
        let latents = [f32::NAN, 0.1, 0.2, f32::INFINITY, 0.1, 0.2, 1.0, f32::NEG_INFINITY, f32::INFINITY];
        let codes = codebooks.assign(&latents, 0.01, &rates, &Search { beam: 3 });
        codebooks.check(&codes).unwrap();
        assert_eq!(codes, vec![0; 3 * stages], "{quantiser}");
    }
}

#[test]
fn codebooks_that_can_not_be_are_refused() {
    let shape = |groups, stages, size, width| CodebookShape { groups, stages, size, width };
    let says = |quantiser, shape: CodebookShape, entries: &[f32], wanted: &str| {
        let error = Codebooks::new(quantiser, shape, entries).unwrap_err().to_string();
        assert!(error.contains(wanted), "\"{error}\" does not say \"{wanted}\"");
    };
    use Quantiser::{Fsq, Rvq, Vq};
    says(Fsq, shape(1, 1, 2, 1), &[0.0; 2], "fsq takes no codebooks");
    says(Vq, shape(1, 2, 2, 1), &[0.0; 4], "vq has 2 stages, allowed is 1");
    says(Rvq, shape(0, 1, 2, 1), &[], "0 groups, allowed are 1 to 64");
    says(Rvq, shape(1, 65, 2, 1), &[], "65 stages, allowed are 1 to 64");
    says(Vq, shape(1, 1, 1, 1), &[0.0], "1 entries a codebook, allowed are 2 to 65536");
    says(Vq, shape(1, 1, 2, 5000), &[], "5000 latents an entry, allowed are 1 to 4096");
    says(Rvq, shape(1, 32, 65_536, 1), &[], "2097152 entries of 1 numbers, allowed are 1048576");
    says(Vq, shape(1, 1, 2, 2), &[0.0; 3], "have 3 numbers");
    says(Vq, shape(1, 1, 2, 2), &[0.0, 0.0, 1e6, 0.0], "entry 1 of codebook 0 holds inf");
    says(Vq, shape(1, 1, 2, 1), &[f32::NAN, 0.0], "entry 0 of codebook 0 holds NaN");
    says(Rvq, shape(2, 1, 2, 1), &[0.0, 1.0, 0.5, 1.0], "entry 0 of codebook 1 is not zero");

    let codebooks = Codebooks::new(Rvq, shape(1, 2, 3, 1), &[0.0, 1.0, 2.0, 0.0, 0.5, -0.5]).unwrap();
    assert_eq!(codebooks.reconstruct(&[2, 1, 1, 0], 2), [2.5, 1.0]);
    assert_eq!(codebooks.reconstruct(&[2, 1, 1, 0], 1), [2.0, 1.0]);
    let says = |codes: &[i32], wanted: &str| {
        let error = codebooks.check(codes).unwrap_err().to_string();
        assert!(error.contains(wanted), "\"{error}\" does not say \"{wanted}\"");
    };
    says(&[3, 0], "an index of 3 is outside a codebook of 3 entries");
    says(&[-1, 0], "an index of -1 is outside");
    says(&[1, 1, 0, 1], "a stage is used after one that is not");
}

#[test]
fn a_step_and_its_price() {
    assert_eq!(lagrangian(0), 0.125);
    assert!((lagrangian(step_log2(0.3)) - 0.3 * 0.3 / 8.0).abs() < 1e-4);
}
