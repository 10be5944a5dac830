//! Models with codebooks through zarrs: whole, in parts, in shards, under masks, in both entropy modes; and what quality
//! and stages mean.

use serde_json::json;
use vqz_codec::DataType;
use vqz_codec::authoring::{Rates, Search, lagrangian};
use vqz_codec::config::{EntropyCoder, NoData};
use vqz_codec::engine::{self, EngineKind, Tensor};
use vqz_codec::fit::{CodeGrid, entropy_bits, index_priors};
use vqz_codec::model::Quantiser;
use vqz_codec::pipeline::Options;
use vqz_tests::Random;
use vqz_tests::arrays::{Case, round_trip};
use vqz_tests::models::PEAK;
use vqz_zarr::engines::chunk_codec;

const QUANTISERS: [Quantiser; 2] = [Quantiser::Vq, Quantiser::Rvq];

/// A case at a quality that its model can reach.
fn case(quantiser: Quantiser) -> Case {
    let quality = if quantiser == Quantiser::Vq { 31.0 } else { 40.0 };
    Case { quantiser, quality, ..Case::default() }
}

#[test]
fn arrays_come_back_alike_in_both_entropy_modes() {
    for quantiser in QUANTISERS {
        for data_type in DataType::ALL {
            let case = Case { data_type, ..case(quantiser) };
            let stored = case.bytes(&case.samples(1));
            let lz4 = Case { entropy: EntropyCoder::Lz4, ..case.clone() };
            assert!(round_trip(&case, &stored) == round_trip(&lz4, &stored), "{quantiser} {data_type:?}");
        }
    }
}

#[test]
fn shards_and_many_tiles() {
    for quantiser in QUANTISERS {
        let case = Case {
            axes: &["time", "band", "y", "x"],
            shape: &[3, 2, 150, 170],
            chunk: &[1, 2, 32, 64],
            shard: Some(&[2, 2, 128, 128]),
            ..case(quantiser)
        };
        let stored = case.bytes(&case.samples(9));
        let alone = Case { shard: None, ..case.clone() };
        assert!(round_trip(&case, &stored) == round_trip(&alone, &stored), "sharding changes no sample");
        let large = Case { axes: &["y", "x"], shape: &[530, 300], chunk: &[520, 290], shard: None, ..case };
        let _ = round_trip(&large, &large.bytes(&large.samples(4)));
    }
}

#[test]
fn masks_come_back_bit_for_bit() {
    for quantiser in QUANTISERS {
        for entropy in [EntropyCoder::Rans, EntropyCoder::Lz4] {
            let case = Case {
                shape: &[2, 60, 60],
                chunk: &[2, 40, 40],
                data_type: DataType::Float32,
                fill: json!("NaN"),
                nodata: vec![NoData::Integer(0)],
                entropy,
                ..case(quantiser)
            };
            let mut samples = case.samples(5);
            let mut random = Random::new(11);
            for (i, sample) in samples.iter_mut().enumerate() {
                // Whole patches at the left, the first one among them, and single samples.
                if i % 60 < 20 && i / 60 % 60 < 30 || random.below(50) == 0 {
                    *sample = if i % 2 == 0 { f64::NAN } else { 0.0 };
                }
            }
            let _ = round_trip(&case, &case.bytes(&samples));
        }
    }
}

fn psnr(squares: f64, count: usize) -> f64 {
    10.0 * (PEAK * PEAK * count as f64 / squares).log10()
}

/// Mean PSNR and the chunk's bytes at a quality.
fn at_quality(quantiser: Quantiser, quality: f64) -> (f64, usize) {
    let case = Case { shape: &[3, 128, 128], chunk: &[3, 128, 128], quality, ..case(quantiser) };
    let codec = chunk_codec(
        &case.configuration(),
        case.model(),
        case.data_type,
        &case.bytes(&[0.0]),
        Options::default(),
    )
    .expect("the case is sound");
    let chunk = codec.encode(&[3, 128, 128], &case.bytes(&case.samples(3))).expect("it can be encoded");
    let statistics = codec.statistics(&[3, 128, 128], &chunk).expect("the header is sound");
    (psnr(statistics.mean_square_error(), 1), chunk.len())
}

#[test]
fn more_quality_is_more_psnr_for_more_bytes() {
    for (quantiser, qualities) in
        [(Quantiser::Vq, &[29.0, 32.0, 34.5][..]), (Quantiser::Rvq, &[30.0, 34.0, 38.0, 42.0, 45.0])]
    {
        let found: Vec<_> = qualities.iter().map(|quality| at_quality(quantiser, *quality)).collect();
        println!("{quantiser}: {found:.2?}");
        assert!(found.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1), "{quantiser}: {found:?}");
    }
}

/// The latents, `(patch, latent)`, of 64 × 64 samples of three bands, and those samples.
fn latents(quantiser: Quantiser, seed: u64) -> (Vec<f32>, Vec<f32>) {
    let case = Case { shape: &[3, 64, 64], ..case(quantiser) };
    let samples: Vec<f32> = case.samples(seed).iter().map(|v| *v as f32).collect();
    let encoder = engine::open(EngineKind::Tract)
        .and_then(|tract| tract.load(case.model().encoder().unwrap_or_default()))
        .expect("the encoder loads");
    let input = Tensor::F32 { shape: vec![1, 3, 64, 64], data: samples.clone() };
    let Tensor::F32 { data, .. } = encoder.run(vec![input]).expect("the encoder runs").remove(0) else {
        panic!("the encoder gives floats")
    };
    let planes = data.len() / 64;
    ((0..data.len()).map(|i| data[i % planes * 64 + i / planes]).collect(), samples)
}

#[test]
fn each_stage_makes_the_picture_finer() {
    let (latents, samples) = latents(Quantiser::Rvq, 21);
    let model = case(Quantiser::Rvq).model();
    let codebooks = model.codebooks().expect("the model has codebooks");
    let rates = Rates::of(model.priors()).expect("the priors are of indices");
    let codes = codebooks.assign(&latents, lagrangian(-1000), &rates, &Search::default());
    let decoder = engine::open(EngineKind::Tract)
        .and_then(|tract| tract.load(model.decoder()))
        .expect("the decoder loads");
    let shape = codebooks.shape();
    let planes = shape.planes();
    let mut last = 0.0;
    for stages in 0..=shape.stages {
        // (plane, patch), with the planes of later stages zero.
        let data = (0..codes.len()).map(|i| {
            let (plane, patch) = (i / 64, i % 64);
            if plane / shape.groups < stages { codes[patch * planes + plane] } else { 0 }
        });
        let input = Tensor::I32 { shape: vec![1, planes, 8, 8], data: data.collect() };
        let Tensor::F32 { data, .. } = decoder.run(vec![input]).expect("the decoder runs").remove(0) else {
            panic!("the decoder gives floats")
        };
        let squares = data.iter().zip(&samples).map(|(a, b)| f64::from(a - b).powi(2)).sum();
        let found = psnr(squares, data.len());
        println!("{stages} stages: {found:.2} dB");
        assert!(found > last + 0.2, "{stages} stages give {found:.2} dB after {last:.2}");
        last = found;
    }
}

#[test]
fn the_search_that_keeps_more_is_no_worse() {
    let (latents, _) = latents(Quantiser::Rvq, 22);
    let model = case(Quantiser::Rvq).model();
    let codebooks = model.codebooks().expect("the model has codebooks");
    let rates = Rates::flat(codebooks);
    let cost = |beam: usize| {
        let mut search = Search::default();
        search.beam = beam;
        let codes = codebooks.assign(&latents, 0.01, &rates, &search);
        let shape = codebooks.shape();
        let error: f64 = (codebooks.reconstruct(&codes, shape.stages).iter().zip(&latents))
            .map(|(a, b)| f64::from(a - b).powi(2))
            .sum();
        let used = codes.iter().filter(|code| **code != 0).count() as f64;
        error + 0.01 * used * (1.0 + (shape.size as f64).log2())
    };
    let [one, four, many] = [1, 4, 64].map(cost);
    assert!(many < four && four < one, "{one} {four} {many}");
}

#[test]
fn coded_sizes_are_those_of_the_codec() {
    for quantiser in QUANTISERS {
        let case = Case {
            shape: &[3, 64, 64],
            chunk: &[3, 64, 64],
            data_type: DataType::Float32,
            ..case(quantiser)
        };
        let model = case.model();
        let fill = case.bytes(&[0.0]);
        let codec =
            chunk_codec(&case.configuration(), model.clone(), case.data_type, &fill, Options::default())
                .expect("the case is sound");
        let chunk = codec.encode(&[3, 64, 64], &case.bytes(&case.samples(21))).expect("it can be encoded");
        // A tile is the mask's mode, the stream and a checksum.
        let stream = chunk.len() - codec.header_len(&chunk).expect("the header is sound") - 5;
        let (latents, _) = latents(quantiser, 21);
        let codebooks = model.codebooks().expect("the model has codebooks");
        let rates = Rates::of(model.priors()).expect("the priors are of indices");
        let step = model.manifest().step_for_quality(case.quality).expect("the quality is in range");
        let codes = codebooks.assign(&latents, lagrangian(step), &rates, &Search::default());
        let grid = CodeGrid { rows: 8, columns: 8, codes, valid: vec![true; 64] };
        let bits = entropy_bits(model.priors(), &grid, step).expect("the codes are sound");
        let difference = (bits / 8.0 - stream as f64).abs();
        assert!(
            difference <= 0.02 * stream as f64,
            "{quantiser}: {bits} bits, the stream has {stream} bytes"
        );
    }
}

#[test]
fn grids_that_do_not_fit_are_refused() {
    let model = case(Quantiser::Rvq).model();
    let codebooks = model.codebooks().expect("the model has codebooks");
    let planes = codebooks.shape().planes();
    let grid =
        |codes: Vec<i32>, patches: usize| CodeGrid { rows: 1, columns: 2, codes, valid: vec![true; patches] };
    let says = |grids: &[CodeGrid], wanted: &str| {
        let error = index_priors(grids, codebooks).expect_err(wanted).to_string();
        assert!(error.contains(wanted), "\"{error}\" does not say \"{wanted}\"");
    };
    says(&[], "there are no codes to learn from");
    says(&[grid(vec![0; planes], 2)], "grid 0 of 1 × 2 patches has 16 values and 2 flags");
    says(&[grid(vec![0; 2 * planes], 1)], "and 1 flags of validity");
    says(&[grid(vec![48; 2 * planes], 2)], "grid 0: corrupt data: an index of 48 is outside");
    let priors = index_priors(&[grid(vec![0; 2 * planes], 2)], codebooks).expect("one grid is enough");
    assert_eq!(priors.planes(), planes);
}
