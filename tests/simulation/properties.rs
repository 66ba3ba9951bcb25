//! The functions that the fuzz targets call, on a stable compiler: with the samples, the seeds, and what proptest makes.

use proptest::{collection::vec, prelude::*, sample::select};
use support::{
    checks::{body_to_outcome, record_to_row},
    files::{files, project},
    records::{any_bytes, record},
};

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn prop_any_bytes_have_an_outcome(bytes in any_bytes()) {
        body_to_outcome(&bytes);
        record_to_row(&bytes);
    }

    #[test]
    fn prop_any_value_in_any_column_is_found_again(record in record()) {
        record_to_row(record.as_bytes());
    }

    #[test]
    fn prop_a_body_that_is_cut_anywhere_has_an_outcome(records in vec(record(), 1..5), between in select(vec![",", "\n"]), cut: prop::sample::Index) {
        let list = records.join(between);
        let body = if between == "," { format!("[{list}]") } else { list };
        body_to_outcome(body.as_bytes());
        body_to_outcome(&body.as_bytes()[..cut.index(body.len())]);
    }
}

/// Calls with each file below a folder of the project.
fn each_file(folder: &str, mut call: impl FnMut(&[u8])) {
    let contents = files(&project(folder));
    assert!(!contents.is_empty(), "{folder}");
    contents.values().for_each(|bytes| call(bytes));
}

#[test]
fn the_samples_keep_their_promises() {
    each_file("events", |body| {
        body_to_outcome(body);
        record_to_row(body);
        body.split(|&byte| byte == b'\n').for_each(record_to_row);
    });
}

#[test]
fn the_seeds_of_fuzzing_keep_their_promises() {
    each_file("fuzz/seeds/body_to_outcome", body_to_outcome);
    each_file("fuzz/seeds/record_to_row", record_to_row);
}
