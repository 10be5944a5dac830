//! What each station of a chunk's journey takes, on one thread: `cargo bench -p vqz-codec --bench stages -- MODEL.vqm FILE`,
//! where FILE holds int16 samples `(band, 256, 256)` in C order, native byte order, image after image.

use std::sync::Arc;
use std::time::Instant;
use vqz_codec::axes::Axes;
use vqz_codec::config::{Configuration, EntropyCoder, Promise};
use vqz_codec::model::Model;
use vqz_codec::pipeline::{ChunkCodec, Options};
use vqz_codec::sample::DataType;

/// The least time that a measurement goes on for, in seconds.
const LEAST: f64 = 1.0;
const SIDE: usize = 256;

/// Millions a second, of what `work` says that it did.
fn rate(mut work: impl FnMut() -> usize) -> f64 {
    work();
    let (start, mut done) = (Instant::now(), 0);
    while start.elapsed().as_secs_f64() < LEAST {
        done += work();
    }
    done as f64 / start.elapsed().as_secs_f64() / 1e6
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let [model, file] = arguments.as_slice() else {
        println!("SKIPPED: give a model and a file of samples");
        return Ok(());
    };
    let model = Arc::new(Model::open(model.as_ref())?);
    let bytes = std::fs::read(file)?;
    let shape = [model.manifest().bands.len(), SIDE, SIDE];
    let samples: usize = shape.iter().product();
    let images: Vec<&[u8]> = bytes.chunks_exact(2 * samples).collect();
    println!("{} images; MB/s of int16 samples, latents as millions a second", images.len());
    println!("quality  bits/sample  encode  decode  LZ4 decode  entropy decode (latents)");
    for quality in [39.0, 42.0, 46.0, 50.0, 55.0] {
        let codec = |entropy| {
            let configuration = Configuration {
                model: Some(model.reference()?),
                axes: Axes::from_names(&["band", "y", "x"])?,
                quality,
                entropy,
                nodata: Vec::new(),
                promise: Promise::Quality,
            };
            ChunkCodec::new(&configuration, Arc::clone(&model), DataType::Int16, &[0; 2], Options::default())
        };
        let (rans, lz4) = (codec(EntropyCoder::Rans)?, codec(EntropyCoder::Lz4)?);
        let encoded = |codec: &ChunkCodec| {
            images.iter().map(|image| codec.encode(&shape, image)).collect::<Result<Vec<_>, _>>()
        };
        let (chunks, fast) = (encoded(&rans)?, encoded(&lz4)?);
        let bits = chunks.iter().map(Vec::len).sum::<usize>() as f64 * 8.0 / (samples * images.len()) as f64;
        let all = samples * images.len();
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
