//! The receiver's paths beside a plain parse of the same bytes, in one run on one core.

mod traffic;

use std::{hint::black_box, time::{Duration, Instant}};

use auth0_log_lake::{auth::{Source, Sources, TokenDigest}, batch, compression::Compression, partition, row::Arrival};
use chrono::Utc;
use http::{HeaderMap, HeaderValue, header};

const BODY_BYTES: usize = 5_500_000;
const ROUNDS: usize = 15;

fn main() {
    let body = traffic::array_of_bytes(BODY_BYTES, 7);
    let source = Source::parse("bench").expect("a source");
    let sources = Sources::new(vec![(source.clone(), TokenDigest::of(b"token"))]);
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer token"));
    let arrival = Arrival::new(&source, "bench", Utc::now());
    let authenticated = sources.authenticate(&headers).expect("a known token").with_body(&body);
    let text = std::cell::Cell::new(Vec::new());
    let split = || batch::split(&authenticated).len();
    let pure = || { let r = batch::split(&authenticated); let rows = partition::normalize(&arrival, &r, text.take()); let n = rows.ndjson().len(); text.set(rows.into_text()); n };
    let whole = || { let r = batch::split(&authenticated); let rows = partition::normalize(&arrival, &r, text.take()); let n = rows.objects(Compression::Gzip).unwrap().iter().map(|o| o.bytes.len()).sum::<usize>(); text.set(rows.into_text()); n };
    let none = || { let r = batch::split(&authenticated); let rows = partition::normalize(&arrival, &r, text.take()); let n = rows.objects(Compression::None).unwrap().iter().map(|o| o.bytes.len()).sum::<usize>(); text.set(rows.into_text()); n };
    let value = || serde_json::from_slice::<serde_json::Value>(&body).unwrap().as_array().unwrap().len();
    if std::env::var("PURE").is_ok() { for _ in 0..300 { black_box(pure()); } return; }
    let runs: [(&str, &dyn Fn() -> usize); 5] = [("Value", &value), ("split", &split), ("pure", &pure), ("none", &none), ("whole", &whole)];
    let mut times = vec![vec![]; runs.len()];
    let mut results = vec![0; runs.len()];
    for _ in 0..ROUNDS {
        for (i, (_, run)) in runs.iter().enumerate() {
            let t = Instant::now();
            results[i] = black_box(run());
            times[i].push(t.elapsed());
        }
    }
    let median = |t: &mut Vec<Duration>| { t.sort(); t[t.len() / 2] };
    let base = median(&mut times[0].clone());
    for (i, (name, _)) in runs.iter().enumerate() {
        let m = median(&mut times[i]);
        println!("{name:8} {:8.2} ms {:8.1} MB/s  x{:.2}  -> {}", m.as_secs_f64() * 1e3, body.len() as f64 / m.as_secs_f64() / 1e6, base.as_secs_f64() / m.as_secs_f64(), results[i]);
    }
}
