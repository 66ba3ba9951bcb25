//! How fast a batch becomes objects, beside a plain parse of the same bytes; `make bench` runs it.
//!
//! First the ratios: each path and two parses by `serde_json` of the same body in turn, in one
//! process on one core, so that a noisy machine slows all of them; the medians are compared.
//! Then the same paths for requests of 1, 100 and 5,000 records, by divan.

mod raw_value;
mod traffic;

use std::{
    cell::Cell,
    hint::black_box,
    io::Write,
    process::Command,
    slice,
    time::{Duration, Instant},
};

use auth0_log_lake::{
    auth::Source,
    batch::split,
    object::Compression,
    partition::{normalize, objects},
    row::Arrival,
};
use chrono::{DateTime, Utc};
use divan::{Bencher, counter::BytesCount};
use flate2::{Compression as Level, write::GzEncoder};
use libdeflater::{CompressionLvl, Compressor};

/// A batch near the most that a request may hold, in bytes.
const LARGE_BATCH: usize = 5_500_000;
/// Name of the path that is compared with Python.
const GZIP: &str = "whole path, gzip";
/// Rounds of the comparison.
const ROUNDS: usize = 25;

fn main() {
    print_ratios();
    divan::main();
}

/// One batch, and what its rows share.
struct Bench {
    body: Vec<u8>,
    source: Source,
    rows: Cell<Vec<u8>>,
}

impl Bench {
    fn of(body: Vec<u8>) -> Self {
        let source = Source::parse("bench").expect("a source's name");
        Self { body, source, rows: Cell::default() }
    }

    /// Split, normalize and render; gives the bytes of the rows.
    fn pure(&self) -> usize {
        let arrival = Arrival::new(&self.source, "bench", received_at());
        let rows = normalize(&arrival, &self.body, self.rows.take());
        let bytes = rows.ndjson().len();
        self.rows.set(rows.into_text());
        bytes
    }

    /// Split, normalize, name and compress; gives the bytes of the objects.
    fn whole(&self, compression: Compression) -> usize {
        let arrival = Arrival::new(&self.source, "bench", received_at());
        let rows = normalize(&arrival, &self.body, self.rows.take());
        let objects = objects(slice::from_ref(&rows), compression).expect("objects");
        self.rows.set(rows.into_text());
        objects.iter().map(|(object, _)| object.bytes.len()).sum()
    }

    /// The same with zlib-rs, the gzip that needs no C; gives the bytes of the objects.
    fn whole_with_zlib_rs(&self) -> usize {
        let arrival = Arrival::new(&self.source, "bench", received_at());
        let rows = normalize(&arrival, &self.body, self.rows.take());
        let objects = objects(slice::from_ref(&rows), Compression::None).expect("objects");
        self.rows.set(rows.into_text());
        let compress = |rows: &[u8]| {
            let mut gzip = GzEncoder::new(Vec::new(), Level::new(1));
            gzip.write_all(rows).and_then(|()| gzip.finish()).expect("memory").len()
        };
        objects.iter().map(|(object, _)| compress(&object.bytes)).sum()
    }

    /// A plain parse of the same bytes; gives the number of records.
    fn parse(&self) -> usize {
        let value: serde_json::Value = serde_json::from_slice(&self.body).expect("a JSON body");
        value.as_array().map_or(0, Vec::len)
    }
}

fn received_at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_403_527, 412_000_000).expect("a time")
}

fn print_ratios() {
    let bench = Bench::of(traffic::array_of_bytes(LARGE_BATCH, 7));
    let paths: [(&str, &dyn Fn() -> usize); 7] = [
        ("serde_json Value", &|| bench.parse()),
        ("serde_json RawValue", &|| raw_value::parse(&bench.body)),
        ("split", &|| split(&bench.body).len()),
        ("pure path", &|| bench.pure()),
        (GZIP, &|| bench.whole(Compression::Gzip)),
        ("the same, zlib-rs", &|| bench.whole_with_zlib_rs()),
        ("whole path, zstd", &|| bench.whole(Compression::Zstd)),
    ];
    let records = bench.parse();
    println!("{records} records, {:.2} MB, {} rows of text; medians of {ROUNDS} rounds", megabytes(bench.body.len()), bench.pure());
    println!("{:19} {:>9} {:>9} {:>11} {:>8}  gives", "", "ms", "MB/s", "events/s", "ratio");
    let mut baseline = None;
    let mut ours = f64::INFINITY;
    for (name, times, result) in rounds(&paths, ROUNDS) {
        let seconds = median(times).as_secs_f64();
        if name == GZIP {
            ours = seconds;
        }
        let ratio = *baseline.get_or_insert(seconds) / seconds;
        let (speed, rate) = (megabytes(bench.body.len()) / seconds, records as f64 / seconds);
        println!("{name:19} {:>9.2} {speed:>9.1} {rate:>11.0} {ratio:>7.2}x  {result}", seconds * 1e3);
    }
    print_python(&bench.body, ours);
    print_levels(&bench);
    println!();
}

/// What gzip costs and saves at each level of libdeflate, on the rows of the batch.
fn print_levels(bench: &Bench) {
    let arrival = Arrival::new(&bench.source, "bench", received_at());
    let rows = normalize(&arrival, &bench.body, Vec::new());
    let compress = |level| {
        let mut compressor = Compressor::new(CompressionLvl::new(level).expect("a level"));
        let mut out = vec![0; compressor.gzip_compress_bound(rows.ndjson().len())];
        compressor.gzip_compress(rows.ndjson(), &mut out).expect("room")
    };
    let runs: Vec<(String, Box<dyn Fn() -> usize + '_>)> =
        [1, 2, 3, 4, 6].map(|level| (format!("gzip level {level}"), Box::new(move || compress(level)) as _)).into();
    let paths: Vec<(&str, &dyn Fn() -> usize)> = runs.iter().map(|(name, run)| (name.as_str(), run.as_ref())).collect();
    for (name, times, bytes) in rounds(&paths, ROUNDS / 5) {
        let seconds = median(times).as_secs_f64();
        let ratio = rows.ndjson().len() as f64 / bytes as f64;
        println!("{name}: {:.1} ms, {:.0} MB/s, {bytes} bytes, {ratio:.1} to 1", seconds * 1e3, megabytes(rows.ndjson().len()) / seconds);
    }
}

/// The handler that a user would write in Python instead, on the same body; `ours` is the whole path's time in seconds.
fn print_python(body: &[u8], ours: f64) {
    let file = std::env::temp_dir().join(format!("auth0-log-lake-bench-{}.json", std::process::id()));
    std::fs::write(&file, body).expect("a temporary file");
    let handler = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/python/handler.py");
    let ran = Command::new("python3").args([handler, "--repeat", "3", "--bench"]).arg(&file).output();
    _ = std::fs::remove_file(&file);
    let Ok(ran) = ran.inspect_err(|error| println!("no comparison with Python: {error}")) else { return };
    for line in String::from_utf8_lossy(&ran.stdout).lines() {
        let seconds = line.split(' ').nth(1).and_then(|seconds| seconds.parse::<f64>().ok()).expect("seconds");
        println!("Python {line}: the whole path with gzip is {:.1} times as fast", seconds / ours);
    }
}

/// Runs each path in turn, round by round: its times, and what it gave.
fn rounds<'a>(paths: &[(&'a str, &dyn Fn() -> usize)], count: usize) -> Vec<(&'a str, Vec<Duration>, usize)> {
    let mut runs: Vec<_> = paths.iter().map(|(name, path)| (*name, Vec::new(), path())).collect();
    for _ in 0..count {
        for ((_, times, result), (_, path)) in runs.iter_mut().zip(paths) {
            let started = now();
            *result = black_box(path());
            times.push(started.elapsed());
        }
    }
    runs
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn now() -> Instant {
    Instant::now()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

const RECORDS: [usize; 3] = [1, 100, 5_000];

fn bench(bencher: Bencher<'_, '_>, records: usize, run: impl Fn(&Bench) -> usize) {
    let bench = Bench::of(traffic::array(records, 7));
    bencher.counter(BytesCount::new(bench.body.len())).bench_local(|| run(black_box(&bench)));
}

#[divan::bench(args = RECORDS)]
fn pure_path(bencher: Bencher<'_, '_>, records: usize) {
    bench(bencher, records, Bench::pure);
}

#[divan::bench(args = RECORDS)]
fn whole_path_gzip(bencher: Bencher<'_, '_>, records: usize) {
    bench(bencher, records, |bench| bench.whole(Compression::Gzip));
}

#[divan::bench(args = RECORDS)]
fn whole_path_zlib_rs(bencher: Bencher<'_, '_>, records: usize) {
    bench(bencher, records, Bench::whole_with_zlib_rs);
}

#[divan::bench(args = RECORDS)]
fn whole_path_zstd(bencher: Bencher<'_, '_>, records: usize) {
    bench(bencher, records, |bench| bench.whole(Compression::Zstd));
}

#[divan::bench(args = RECORDS)]
fn serde_json_raw_value(bencher: Bencher<'_, '_>, records: usize) {
    bench(bencher, records, |bench| raw_value::parse(&bench.body));
}

#[divan::bench(args = RECORDS)]
fn serde_json_value(bencher: Bencher<'_, '_>, records: usize) {
    bench(bencher, records, Bench::parse);
}
