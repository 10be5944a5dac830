//! Models with codebooks through zarrs: over all engines, in parts, in shards, under masks, in both entropy modes.

use std::sync::Arc;
use vqz_codec::DataType;
use vqz_codec::config::EntropyCoder;
use vqz_codec::model::Quantiser;
use vqz_tests::Random;
use vqz_tests::arrays::{Case, all, extract, read, store};
use zarrs::array::Array;
use zarrs::storage::store::MemoryStore;

fn case(quantiser: Quantiser) -> Case {
    let quality = if quantiser == Quantiser::Vq { 27.0 } else { 34.0 };
    Case { quantiser, quality, ..Case::default() }
}

#[test]
fn arrays_come_back_whole_and_in_parts() {
    for quantiser in [Quantiser::Vq, Quantiser::Rvq] {
        for entropy in [EntropyCoder::Rans, EntropyCoder::Lz4] {
            let case = Case { entropy, data_type: DataType::UInt8, ..case(quantiser) };
            println!("{:?}", case.model().manifest().calibration);
            let memory = Arc::new(MemoryStore::new());
            let stored = case.bytes(&case.samples(1));
            store(&case.create(&memory, "/a"), &stored);
            let array = Array::open(Arc::clone(&memory), "/a").expect("what was stored opens");
            let whole = read(&array, &all(case.shape));
            case.check(&stored, &whole);
            let mut random = Random::new(7);
            for _ in 0..10 {
                let region: Vec<_> = case.shape.iter().map(|extent| random.part(*extent)).collect();
                let part = read(&array, &region);
                assert!(part == extract(&whole, case.shape, 1, &region), "{region:?} of {quantiser}");
            }
        }
    }
}
