#![no_main]

libfuzzer_sys::fuzz_target!(|record: &[u8]| auth0_log_lake_fuzz::record_to_row(record));
