#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| support::checks::body_to_outcome(body));
