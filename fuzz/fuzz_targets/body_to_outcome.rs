#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| auth0_log_lake_fuzz::body_to_outcome(body));
