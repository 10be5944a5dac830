//! What lies behind the checksums, above all the entropy decoders: every checksum that can be found is made right.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use vqz_fuzz::chunks;

fuzz_target!(
    init: vqz_fuzz::start(chunks::CEILING, chunks::seeds()),
    |data: &[u8]| chunks::read(data, true)
);

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    chunks::mutate_sealed(data, size, max_size, seed)
});
