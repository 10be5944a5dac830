//! The graphs against a slow, obvious oracle, in every engine at hand.

use std::f64::consts::PI;

use half::f16;

use super::*;
use crate::engine::Tensor;
use crate::engine::tests::each_engine;

/// SplitMix64, as numbers from -1 to 1.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }

    /// An orthonormal `c` × `c` matrix, rows by Gram-Schmidt.
    fn orthonormal(&mut self, c: usize) -> Vec<f64> {
        let mut rows: Vec<Vec<f64>> = Vec::new();
        while rows.len() < c {
            let mut row: Vec<f64> = (0..c).map(|_| self.next()).collect();
            for known in &rows {
                let dot: f64 = known.iter().zip(&row).map(|(a, b)| a * b).sum();
                row.iter_mut().zip(known).for_each(|(x, k)| *x -= dot * k);
            }
            let norm = row.iter().map(|x| x * x).sum::<f64>().sqrt();
            if norm > 0.1 {
                rows.push(row.iter().map(|x| x / norm).collect());
            }
        }
        rows.concat()
    }
}

/// Parameters with orthonormal matrices, and `unmix`.
fn parameters(f: usize, c: usize, random: &mut Random) -> (KltParameters, Vec<f32>) {
    let unmix: Vec<f64> = (0..f * f).flat_map(|_| random.orthonormal(c)).collect();
    let parameters = KltParameters {
        patch: f,
        bands: c,
        mix: unmix.iter().map(|&x| f16::from_f64(x)).collect(),
        scale: (0..c).map(|_| (600.0 + 400.0 * random.next()) as f32).collect(),
        offset: (0..c).map(|_| (1500.0 + 1000.0 * random.next()) as f32).collect(),
        shrink: 0.3,
    };
    (parameters, unmix.iter().map(|&x| x as f32).collect())
}

fn basis(f: usize, u: usize, i: usize) -> f64 {
    let norm = if u == 0 { 1.0 / f as f64 } else { 2.0 / f as f64 };
    norm.sqrt() * (PI * (2 * i + 1) as f64 * u as f64 / (2 * f) as f64).cos()
}

/// `y = scale * (Σ basis · coefficient) + offset`, by definition, for one patch: `coefficients[band][freq]`.
fn oracle_samples(p: &KltParameters, values: impl Fn(usize) -> f64) -> Vec<Vec<f64>> {
    let (f, c) = (p.patch, p.bands);
    (0..c)
        .map(|band| {
            let coefficients: Vec<f64> = (0..f * f)
                .map(|freq| {
                    (0..c).map(|k| p.mix[(freq * c + k) * c + band].to_f64() * values(freq * c + k)).sum()
                })
                .collect();
            // Separable, rows first, to keep 32-pixel patches affordable.
            let rows: Vec<f64> = (0..f * f)
                .map(|at| (0..f).map(|v| basis(f, v, at % f) * coefficients[at / f * f + v]).sum())
                .collect();
            (0..f * f)
                .map(|at| {
                    let sum: f64 = (0..f).map(|u| basis(f, u, at / f) * rows[u * f + at % f]).sum();
                    sum * f64::from(p.scale[band]) + f64::from(p.offset[band])
                })
                .collect()
        })
        .collect()
}

/// The largest difference, in standard deviations of `expected`.
fn error(found: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let n = expected.len() as f64;
    let mean = expected.iter().sum::<f64>() / n;
    let deviation = (expected.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
    found.iter().zip(expected).map(|(&a, &b)| (f64::from(a) - b).abs()).fold(0.0, f64::max) / deviation
}

fn floats(mut tensors: Vec<Tensor>) -> (Vec<usize>, Vec<f32>) {
    match tensors.pop() {
        Some(Tensor::F32 { shape, data }) if tensors.is_empty() => (shape, data),
        other => panic!("{other:?} is not one tensor of floats"),
    }
}

const CASES: [(usize, usize, [usize; 3]); 9] = [
    (8, 1, [1, 1, 1]),
    (8, 4, [2, 3, 5]),
    (8, 12, [3, 7, 1]),
    (16, 1, [3, 5, 3]),
    (16, 4, [1, 1, 7]),
    (16, 12, [2, 3, 5]),
    (32, 1, [2, 3, 1]),
    (32, 4, [1, 3, 3]),
    (32, 12, [1, 1, 2]),
];

#[test]
fn decoders_equal_the_oracle() {
    for (f, c, [n, gy, gx]) in CASES {
        let mut random = Random(7);
        let (p, _) = parameters(f, c, &mut random);
        let planes = p.planes();
        let codes: Vec<i32> =
            (0..n * planes * gy * gx).map(|_| (random.next().powi(5) * 40.0) as i32).collect();
        let step = 0.125_f32;

        let mut expected = vec![0.0; n * c * gy * f * gx * f];
        for image in 0..n {
            for (y, x) in (0..gy).flat_map(|y| (0..gx).map(move |x| (y, x))) {
                let patch = oracle_samples(&p, |plane| {
                    let code = f64::from(codes[((image * planes + plane) * gy + y) * gx + x]);
                    (code - f64::from(p.shrink) * code.clamp(-1.0, 1.0)) * f64::from(step)
                });
                for (band, pixels) in patch.iter().enumerate() {
                    for (at, &sample) in pixels.iter().enumerate() {
                        let row = (image * c + band) * gy * f + y * f + at / f;
                        expected[row * gx * f + x * f + at % f] = sample;
                    }
                }
            }
        }

        let onnx = decoder(&p).unwrap();
        each_engine(|engine| {
            let session = engine.load(&onnx).unwrap();
            let codes = Tensor::I32 { shape: vec![n, planes, gy, gx], data: codes.clone() };
            let outputs = session.run(vec![codes, Tensor::F32 { shape: vec![1], data: vec![step] }]).unwrap();
            let (shape, samples) = floats(outputs);
            assert_eq!(shape, [n, c, gy * f, gx * f]);
            let error = error(&samples, &expected);
            assert!(error < 1e-5, "{}, patch {f}, {c} bands: {error:e}", engine.name());
        });
    }
}

#[test]
fn encoding_then_decoding_is_the_identity() {
    for (f, c, [n, gy, gx]) in CASES {
        let mut random = Random(11);
        let (mut p, unmix) = parameters(f, c, &mut random);
        p.shrink = 0.0;
        let samples: Vec<f32> = (0..n * c * gy * f * gx * f)
            .map(|i| {
                let band = i / (gy * f * gx * f) % c;
                (f64::from(p.offset[band]) + f64::from(p.scale[band]) * random.next()) as f32
            })
            .collect();
        let (encoder, decoder) = (encoder(&p, &unmix).unwrap(), decoder(&p).unwrap());
        each_engine(|engine| {
            let input = Tensor::F32 { shape: vec![n, c, gy * f, gx * f], data: samples.clone() };
            let (shape, latents) = floats(engine.load(&encoder).unwrap().run(vec![input]).unwrap());
            assert_eq!(shape, [n, p.planes(), gy, gx]);
            // The decoder takes integers: a fine step, and matrices of half precision, leave 1e-3.
            let step = 1e-5_f32;
            let codes = latents.iter().map(|x| (x / step).round() as i32).collect();
            let inputs =
                vec![Tensor::I32 { shape, data: codes }, Tensor::F32 { shape: vec![1], data: vec![step] }];
            let (_, decoded) = floats(engine.load(&decoder).unwrap().run(inputs).unwrap());
            let expected: Vec<f64> = samples.iter().map(|&x| f64::from(x)).collect();
            let error = error(&decoded, &expected);
            let bound = if c == 1 { 1e-4 } else { 2e-3 };
            assert!(error < bound, "{}, patch {f}, {c} bands: {error:e}", engine.name());
        });
    }
}

#[test]
fn encoders_equal_the_oracle() {
    for (f, c, [n, gy, gx]) in CASES {
        let mut random = Random(13);
        let (p, unmix) = parameters(f, c, &mut random);
        let (height, width, planes) = (gy * f, gx * f, p.planes());
        let samples: Vec<f32> =
            (0..n * c * height * width).map(|_| (1500.0 + 500.0 * random.next()) as f32).collect();
        // Of one patch, the last: definitions by quadruple sums are slow.
        let (image, y, x) = (n - 1, gy - 1, gx - 1);
        let coefficient = |band: usize, freq: usize| -> f64 {
            let mut sum = 0.0;
            for (i, j) in (0..f).flat_map(|i| (0..f).map(move |j| (i, j))) {
                let at = ((image * c + band) * height + y * f + i) * width + x * f + j;
                let v = (f64::from(samples[at]) - f64::from(p.offset[band])) / f64::from(p.scale[band]);
                sum += basis(f, freq / f, i) * basis(f, freq % f, j) * v;
            }
            sum
        };
        let frequencies = [0, 1, f, f + 3, f * f - 1];
        let expected: Vec<f64> = frequencies
            .iter()
            .flat_map(|&freq| {
                let coefficients: Vec<f64> = (0..c).map(|band| coefficient(band, freq)).collect();
                let unmix = &unmix[freq * c * c..];
                (0..c)
                    .map(|k| (0..c).map(|band| f64::from(unmix[k * c + band]) * coefficients[band]).sum())
                    .collect::<Vec<f64>>()
            })
            .collect();

        let onnx = encoder(&p, &unmix).unwrap();
        each_engine(|engine| {
            let input = Tensor::F32 { shape: vec![n, c, height, width], data: samples.clone() };
            let (_, latents) = floats(engine.load(&onnx).unwrap().run(vec![input]).unwrap());
            let found: Vec<f32> = frequencies
                .iter()
                .flat_map(|freq| (0..c).map(move |k| freq * c + k))
                .map(|plane| latents[((image * planes + plane) * gy + y) * gx + x])
                .collect();
            let error = error(&found, &expected);
            assert!(error < 1e-5, "{}, patch {f}, {c} bands: {error:e}", engine.name());
        });
    }
}

#[test]
fn parameters_are_read_back() {
    let (p, unmix) = parameters(8, 4, &mut Random(3));
    assert_eq!(read_decoder(&decoder(&p).unwrap()).unwrap(), p);
    assert_eq!(read_encoder(&encoder(&p, &unmix).unwrap(), &p).unwrap(), unmix);
}

#[test]
fn other_graphs_are_refused() {
    let (p, unmix) = parameters(8, 2, &mut Random(3));
    let onnx = decoder(&p).unwrap();

    let message = |bytes: &[u8]| read_decoder(bytes).unwrap_err().to_string();
    assert!(message(b"\xff").starts_with("invalid model: not an ONNX file: "));
    assert_eq!(message(&[]), "invalid model: the ONNX file holds no graph; export the model again");
    let encoder_graph = encoder(&p, &unmix).unwrap();
    assert!(message(&encoder_graph).contains("the graph has no initialiser `mix`; it is not a klt graph"));

    let mut model = pb::ModelProto::decode(onnx.as_slice()).unwrap();
    let add = model.graph.as_mut().unwrap().node.last_mut().unwrap();
    add.op_type = Some("Sub".to_owned());
    let not_ours = "invalid model: the graph holds klt parameters but is not the graph that this release writes; \
                    fit or export the model again";
    assert_eq!(message(&model.encode_to_vec()), not_ours);
    // Unknown fields, such as a second copy of a known one, change the bytes.
    assert_eq!(message(&[onnx.as_slice(), &onnx].concat()), not_ours);
    let mut other = p.clone();
    other.offset[1] += 1.0;
    assert!(read_encoder(&encoder_graph, &other).is_err());

    // Every prefix, and every flipped bit of the structure (the rest is weights), is refused or is another klt graph.
    for cut in 0..onnx.len() {
        assert!(read_decoder(&onnx[..cut]).is_err(), "{cut}");
    }
    let mut flipped = onnx.clone();
    for bit in 0..onnx.len() * 8 {
        flipped[bit / 8] ^= 1 << (bit % 8);
        if let Ok(read) = read_decoder(&flipped) {
            assert_eq!(decoder(&read).unwrap(), flipped, "{bit}");
        }
        flipped[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn parameters_out_of_range_are_named() {
    let (p, unmix) = parameters(8, 2, &mut Random(3));
    let message = |change: &dyn Fn(&mut KltParameters)| {
        let mut p = p.clone();
        change(&mut p);
        decoder(&p).unwrap_err().to_string()
    };
    assert!(message(&|p| p.patch = 4).ends_with("klt patch is 4 pixels; 8, 16 and 32 are allowed"));
    assert!(message(&|p| p.bands = 0).ends_with("klt has 0 bands; 1 to 1024 are allowed"));
    assert!(message(&|p| p.bands = 3).ends_with("`mix` has 256 elements; patch 8 and 3 bands take 576"));
    assert!(message(&|p| p.mix[5] = f16::NAN).ends_with("klt `mix` holds NaN at 5; it must be finite"));
    assert!(message(&|p| p.scale[1] = 0.0).ends_with("klt `scale` holds 0; it must be finite and positive"));
    assert!(message(&|p| p.offset[0] = f32::INFINITY).ends_with("klt `offset` holds inf; it must be finite"));
    assert!(message(&|p| p.shrink = 1.5).ends_with("klt `shrink` is 1.5; 0 to 1 is allowed"));
    let error = encoder(&p, &unmix[1..]).unwrap_err().to_string();
    assert!(error.ends_with("klt `unmix` has 255 elements; patch 8 and 2 bands take 256"), "{error}");
}
