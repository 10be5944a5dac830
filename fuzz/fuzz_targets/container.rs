//! Whole chunks as they come: decoded whole, in part, as codes, as statistics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vqz_fuzz::chunks;

fuzz_target!(
    init: vqz_fuzz::start(chunks::CEILING, chunks::seeds()),
    |data: &[u8]| chunks::read(data, false)
);
