//! Realistic batches of any size, made from the samples in `events/`.
//!
//! Every record is one of the samples with ids, addresses and times of its own, so that neither
//! parsing nor compression sees the same record twice. The same seed makes the same batch.

use std::{fs, path::Path};

/// Samples that show everyday traffic; the odd and broken ones would flatter or distort figures.
const SAMPLES: [&str; 4] = ["array.json", "attacks.json", "logs-object.json", "provisioning.json"];
const LINES: [&str; 3] = ["lines.jsonl", "api-operations.jsonl", "token-exchange.jsonl"];

/// Reads the sample records, one JSON text each.
pub fn samples() -> Vec<String> {
    let events = Path::new(env!("CARGO_MANIFEST_DIR")).join("events");
    let read = |name: &str| fs::read_to_string(events.join(name)).expect(name);
    let mut records: Vec<String> = LINES.iter().flat_map(|name| read(name).lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    for name in SAMPLES {
        let body: serde_json::Value = serde_json::from_str(&read(name)).expect(name);
        let array = body.get("logs").unwrap_or(&body).as_array().expect(name);
        records.extend(array.iter().map(ToString::to_string));
    }
    records
}

/// Makes a JSON array of so many records.
pub fn array(records: usize, seed: u64) -> Vec<u8> {
    let samples = samples();
    let mut random = Random(seed);
    let varied: Vec<String> = (0..records).map(|i| vary(&samples[i % samples.len()], i, &mut random)).collect();
    format!("[{}]", varied.join(",")).into_bytes()
}

/// Makes a JSON array of about so many bytes.
pub fn array_of_bytes(bytes: usize, seed: u64) -> Vec<u8> {
    let mean = array(200, seed).len() / 200;
    array(bytes / mean, seed)
}

/// Gives ids, tokens and addresses of a record other digits and letters, and its times other minutes.
fn vary(record: &str, position: usize, random: &mut Random) -> String {
    let mut out = String::with_capacity(record.len());
    let mut rest = record;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        out.push_str(before);
        out.push_str(&vary_word(word, position, random));
        rest = after;
    }
    out.push_str(rest);
    dated(&out, position)
}

/// Puts a record's date into the hour that all are of, as live batches have it.
fn dated(record: &str, position: usize) -> String {
    const DATE: &str = "\"date\":\"";
    let Some(start) = record.find(DATE).map(|at| at + DATE.len()) else { return record.to_owned() };
    let at = moment(position);
    let end = start + record[start..].find('"').unwrap_or_default();
    let date = format!("2026-07-01T12:{:02}:{:02}.{:03}Z", at / 60_000, at / 1_000 % 60, at % 1_000);
    format!("{}{date}{}", &record[..start], &record[end..])
}

/// Milliseconds into the hour.
fn moment(position: usize) -> usize {
    position * 137 % 3_600_000
}

fn vary_word(word: &str, position: usize, random: &mut Random) -> String {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    match word.len() {
        // A log_id: all within one hour, as live batches are.
        50.. if digits == word.len() => {
            let at = moment(position);
            format!("9002026070112{:02}{:02}{:03}{}", at / 60_000, at / 1_000 % 60, at % 1_000, random.like(&word[20..]))
        }
        14.. if digits > 1 => random.like(word),
        _ => word.to_owned(),
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Makes a word of the same form: digits for digits, hexadecimal letters for such.
    fn like(&mut self, word: &str) -> String {
        let hexadecimal = word.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        word.chars()
            .map(|c| {
                let pick = (self.next() >> 32) as u32;
                let letters = if hexadecimal { 6 } else { 26 };
                let digit = || char::from_digit(pick % 10, 10).unwrap_or(c);
                match c {
                    '0'..='9' => digit(),
                    'a'..='z' => char::from(b'a' + (pick % letters) as u8),
                    'A'..='Z' => char::from(b'A' + (pick % letters) as u8),
                    _ => c,
                }
            })
            .collect()
    }
}
