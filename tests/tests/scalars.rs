//! Models with scalar codes that are fitted elsewhere: encoders that take the step, and priors from latents.

use std::sync::Arc;
use vqz_codec::DataType;
use vqz_codec::authoring::{quantise, step, step_log2};
use vqz_codec::config::{EntropyCoder, Promise};
use vqz_codec::fit::{CodeGrid, LatentGrid, entropy_bits, scalar_priors};
use vqz_codec::model::Model;
use vqz_codec::pipeline::Options;
use vqz_tests::Random;
use vqz_tests::arrays::Case;
use vqz_tests::models::{PEAK, images, model};
use vqz_tests::scalars::fit_scalars;
use vqz_zarr::engines::chunk_codec;

const SHAPE: [usize; 3] = [3, 96, 80];

/// PSNR, bytes and decoded samples.
fn round_trip(model: &Arc<Model>, entropy: EntropyCoder, quality: f64) -> (f64, usize, Vec<u8>) {
    let case = Case { shape: &[3, 96, 80], data_type: DataType::Float32, ..Case::default() };
    let configuration = case
        .configuration()
        .with_model(model.reference().expect("a small model can be embedded"))
        .with_quality(quality)
        .with_entropy(entropy)
        .with_promise(Promise::Quality);
    let fill = case.bytes(&[0.0]);
    let codec = chunk_codec(&configuration, Arc::clone(model), case.data_type, &fill, Options::default())
        .expect("the case is sound");
    let stored = case.bytes(&case.samples(3));
    let chunk = codec.encode(&SHAPE, &stored).expect("it can be encoded");
    let read = codec.decode(&SHAPE, &chunk).expect("it can be decoded");
    let pairs = case.values(&stored).into_iter().zip(case.values(&read));
    let squares: f64 = pairs.map(|(a, b)| (a - b).powi(2)).sum();
    let count = stored.len() as f64 / 4.0;
    (10.0 * (PEAK * PEAK * count / squares).log10(), chunk.len(), read)
}

#[test]
fn an_encoder_that_takes_the_step_gets_it() {
    let model = Arc::new(fit_scalars(&model(3), &images(3, 24), 96, "test-steps"));
    let again = Model::from_bytes(&model.to_bytes().expect("it can be packed")).expect("the package opens");
    assert_eq!(again.sha256(), model.sha256());
    let mut last = (0.0, 0);
    for quality in [26.0, 32.0, 38.0] {
        let (psnr, bytes, read) = round_trip(&model, EntropyCoder::Rans, quality);
        println!("quality {quality}: {psnr:.2} dB, {bytes} bytes");
        assert!((psnr - quality).abs() < 2.0, "quality {quality} gave {psnr:.2} dB");
        assert!(bytes > last.1 && psnr > last.0);
        assert!(round_trip(&model, EntropyCoder::Lz4, quality).2 == read);
        last = (psnr, bytes);
    }
}

/// Latents of which plane `k` has the strength `strengths[k]` and repeats that much of the patch to the west.
fn latents(strengths: &[f32], repeats: f32, seed: u64) -> LatentGrid {
    let mut random = Random::new(seed);
    let (rows, columns) = (20, 24);
    let mut values: Vec<f32> = Vec::new();
    for at in 0..rows * columns {
        for (plane, strength) in strengths.iter().enumerate() {
            let noise = (0..4).map(|_| random.fraction() as f32 - 0.5).sum::<f32>() * strength;
            let west = if at % columns == 0 { 0.0 } else { values[(at - 1) * strengths.len() + plane] };
            values.push(repeats * west + noise);
        }
    }
    LatentGrid { rows, columns, values, valid: vec![true; rows * columns], step: None }
}

fn codes(grid: &LatentGrid, at: i16) -> CodeGrid {
    let codes = grid.values.iter().map(|v| quantise(v / step(at))).collect();
    CodeGrid { rows: grid.rows, columns: grid.columns, codes, valid: grid.valid.clone() }
}

#[test]
fn priors_fitted_to_latents_know_their_strengths_and_neighbours() {
    let strengths: Vec<f32> = (0..40).map(|k| if k % 2 == 0 { 0.05 } else { 8.0 / (1 + k) as f32 }).collect();
    let fit = |repeats| {
        let grids: Vec<LatentGrid> = (0..12).map(|seed| latents(&strengths, repeats, seed)).collect();
        scalar_priors(&grids).expect("the latents are sound")
    };
    let (plain, repeating) = (fit(0.0), fit(0.95));
    let at = step_log2(0.3);
    let held_out = codes(&latents(&strengths, 0.95, 99), at);
    let bits = |priors| entropy_bits(priors, &held_out, at).expect("the codes are sound");
    // With fitted priors, strong planes are predicted well from neighbouring patches.
    assert!(bits(&repeating) < 0.85 * bits(&plain), "{} {}", bits(&repeating), bits(&plain));
    let zeros = CodeGrid { codes: vec![0; held_out.codes.len()], ..held_out.clone() };
    let none = entropy_bits(&plain, &zeros, at).expect("the codes are sound");
    assert!(none < 0.01 * bits(&plain) + 800.0, "nothing takes {none} bits");
}

#[test]
fn latents_that_can_not_be_are_refused() {
    let says = |grids: &[LatentGrid], wanted: &str| {
        let error = scalar_priors(grids).expect_err(wanted).to_string();
        assert!(
            error.starts_with("invalid argument: ") && error.contains(wanted),
            "\"{error}\" lacks \"{wanted}\""
        );
    };
    let sound = latents(&[1.0, 2.0], 0.0, 1);
    says(&[], "there are latents of 0 planes");
    says(&[LatentGrid { rows: 7, ..sound.clone() }], "grid 0 of 7 × 24 patches has 960 values");
    says(&[LatentGrid { valid: vec![false; 480], ..sound.clone() }], "no patch of the latents is valid");
    let mut broken = sound.clone();
    broken.values[5] = f32::NAN;
    says(&[sound, broken], "grid 1 holds a latent of NaN");
}

/// Squared error and bits of a chunk's codes, and the codes themselves in the model's order of planes.
fn cost(model: &Arc<Model>, entropy: EntropyCoder) -> (f64, f64) {
    let case = Case { shape: &[3, 96, 80], data_type: DataType::Float32, entropy, ..Case::default() };
    let fill = case.bytes(&[0.0]);
    let codec =
        chunk_codec(&case.configuration(), Arc::clone(model), case.data_type, &fill, Options::default())
            .expect("the case is sound");
    let chunk = codec.encode(&SHAPE, &case.bytes(&case.samples(3))).expect("it can be encoded");
    let tile = codec.codes(&SHAPE, &chunk).expect("the chunk is sound").remove(0);
    let order = model.scan_order().expect("codes are scalars");
    let mut codes = vec![0; tile.codes.len()];
    for (own, coded) in codes.chunks_exact_mut(order.len()).zip(tile.codes.chunks_exact(order.len())) {
        order.iter().zip(coded).for_each(|(plane, code)| own[*plane as usize] = *code);
    }
    let [rows, columns] = tile.grid;
    let grid = CodeGrid { rows, columns, codes, valid: vec![true; rows * columns] };
    let at = model.manifest().step_for_quality(case.quality).expect("the quality is sound");
    let bits = entropy_bits(model.priors(), &grid, at).expect("the codes are sound");
    if entropy == EntropyCoder::Rans {
        assert!(
            (chunk.len() as f64) * 8.0 > bits && chunk.len() as f64 * 8.0 < bits + 8.0 * 64.0,
            "the chunk is these codes"
        );
    }
    let unit = f64::from(step(at)) * f64::from(model.manifest().bands[0].scale);
    let squares = codec.statistics(&SHAPE, &chunk).expect("the header is sound").mean_square_error();
    (squares * (3 * 96 * 80) as f64 / (unit * unit), bits)
}

#[test]
fn chosen_codes_are_worth_more_than_rounded_ones() {
    let model = model(3);
    let (chosen, rounded) = (cost(&model, EntropyCoder::Rans), cost(&model, EntropyCoder::Lz4));
    assert!(chosen.1 < 0.97 * rounded.1 && chosen.0 > rounded.0, "{chosen:?} {rounded:?}");
    // The price of a bit for the encoder, in squared steps.
    let whole = |(squares, bits): (f64, f64)| squares + 0.115 * bits;
    assert!(whole(chosen) < 0.99 * whole(rounded), "{chosen:?} {rounded:?}");
}
