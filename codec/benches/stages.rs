//! What each station of a chunk's journey takes, on one thread: `cargo bench -p vqz-codec --bench stages`.
//!
//! Without arguments it runs on the sample that ships with vqz, four dates of one Sentinel-2 site. With a model and a file,
//! `cargo bench -p vqz-codec --bench stages -- MODEL.vqm FILE`, it runs on int16 samples `(band, 256, 256)` in C order and
//! native byte order, image after image.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use vqz_codec::axes::Axes;
use vqz_codec::config::{Configuration, EntropyCoder};
use vqz_codec::model::Model;
use vqz_codec::pipeline::{ChunkCodec, Options};
use vqz_codec::sample::DataType;

/// The least time that a measurement goes on for, in seconds.
const LEAST: f64 = 1.0;
/// The side of the images in a file, and of those of the sample, in pixels.
const SIDE: usize = 256;
const SAMPLE_SIDE: usize = 192;
/// Dates of the sample.
const DATES: usize = 4;

/// Images of one size.
struct Images {
    model: Arc<Model>,
    side: usize,
    /// Samples of each image, `(band, y, x)`.
    images: Vec<Vec<u8>>,
}

impl Images {
    /// The sample, whose chunks are one date each, in little-endian order under zstd.
    fn sample() -> Result<Self, Box<dyn Error>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let model = Model::from_bytes(&std::fs::read(root.join("models/sentinel2-l2a.vqm"))?)?;
        let date = |date: usize| -> Result<Vec<u8>, Box<dyn Error>> {
            let chunk = std::fs::read(root.join(format!("sample/sentinel2-l2a.zarr/c/{date}/0/0/0")))?;
            let bytes = zstd::decode_all(&chunk[..])?;
            let (samples, _) = bytes.as_chunks::<2>();
            Ok(samples.iter().flat_map(|sample| i16::from_le_bytes(*sample).to_ne_bytes()).collect())
        };
        let images = (0..DATES).map(date).collect::<Result<_, _>>()?;
        Ok(Self { model: Arc::new(model), side: SAMPLE_SIDE, images })
    }

    /// Samples from a file.
    fn open(model: &str, file: &str) -> Result<Self, Box<dyn Error>> {
        let model = Arc::new(Model::from_bytes(&std::fs::read(model)?)?);
        let image = 2 * model.manifest().bands.len() * SIDE * SIDE;
        let images = std::fs::read(file)?.chunks_exact(image).map(<[u8]>::to_vec).collect();
        Ok(Self { model, side: SIDE, images })
    }
}

/// Millions a second, of what `work` says that it did.
fn rate(mut work: impl FnMut() -> usize) -> f64 {
    work();
    let (start, mut done) = (Instant::now(), 0);
    while start.elapsed().as_secs_f64() < LEAST {
        done += work();
    }
    done as f64 / start.elapsed().as_secs_f64() / 1e6
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let Images { model, side, images } = match arguments.as_slice() {
        [] => Images::sample()?,
        [model, file] => Images::open(model, file)?,
        _ => return Err("give a model and a file of samples, or nothing for the sample".into()),
    };
    let shape = [model.manifest().bands.len(), side, side];
    let samples: usize = shape.iter().product();
    let all = samples * images.len();
    println!("{} images; MB/s of int16 samples, latents as millions a second", images.len());
    println!("quality  bits/sample  encode  decode  LZ4 decode  entropy decode (latents)");
    for quality in [39.0, 42.0, 46.0, 50.0, 55.0] {
        let codec = |entropy| {
            let configuration = Configuration::new(Axes::from_names(&["band", "y", "x"])?)
                .with_model(model.reference()?)
                .with_quality(quality)
                .with_entropy(entropy);
            ChunkCodec::new(&configuration, Arc::clone(&model), DataType::Int16, &[0; 2], Options::default())
        };
        let (rans, lz4) = (codec(EntropyCoder::Rans)?, codec(EntropyCoder::Lz4)?);
        let encoded = |codec: &ChunkCodec| {
            images.iter().map(|image| codec.encode(&shape, image)).collect::<Result<Vec<_>, _>>()
        };
        let (chunks, fast) = (encoded(&rans)?, encoded(&lz4)?);
        let bits = chunks.iter().map(Vec::len).sum::<usize>() as f64 * 8.0 / all as f64;
        let decode = |codec: &ChunkCodec, chunks: &[Vec<u8>]| {
            rate(|| {
                chunks
                    .iter()
                    .for_each(|chunk| drop(codec.decode(&shape, chunk).expect("it was encoded here")));
                2 * all
            })
        };
        let encode = rate(|| {
            drop(encoded(&rans).expect("it could be encoded before"));
            2 * all
        });
        let latents = rate(|| {
            let tiles =
                chunks.iter().flat_map(|chunk| rans.codes(&shape, chunk).expect("it was encoded here"));
            tiles.map(|tile| tile.codes.len()).sum()
        });
        println!(
            "{quality:7}  {bits:11.4}  {encode:6.0}  {:6.0}  {:10.0}  {latents:7.0}",
            decode(&rans, &chunks),
            decode(&lz4, &fast),
        );
    }
    Ok(())
}
