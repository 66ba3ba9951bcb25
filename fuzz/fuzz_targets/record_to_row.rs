#![no_main]

libfuzzer_sys::fuzz_target!(|record: &[u8]| support::checks::record_to_row(record));
