//! What a tenant's log holds: everyday events, odd ones, and records that are not events.

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use crate::random::Random;

/// One record, and what must become of it.
#[derive(Debug)]
pub struct Record {
    /// The bytes as sent.
    pub bytes: Vec<u8>,
    /// What must become of it.
    pub fate: Fate,
    /// Milliseconds from the start of the world until it can be sent.
    pub available: u64,
    /// It breaks the structure around it, so that it needs a line of its own.
    pub needs_a_line: bool,
}

/// What must become of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// An event row; the mark stands in its description.
    Event { log_id: String, mark: String },
    /// A reject row with this reason, and with the bytes as sent.
    Reject { reason: &'static str },
}

impl Record {
    /// The row id that the contract gives it (section 4).
    pub fn row_id(&self, source: &str) -> String {
        match &self.fate {
            Fate::Event { log_id, .. } => row_id(source, log_id.as_bytes()),
            Fate::Reject { .. } => row_id(source, &self.bytes),
        }
    }
}

/// The first 32 hexadecimal digits of SHA-256 of the source, a zero byte, and what a row is known by.
pub fn row_id(source: &str, known_by: &[u8]) -> String {
    let digest = Sha256::new().chain_update(source).chain_update([0]).chain_update(known_by).finalize();
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// How the ids of a thief's events begin.
pub const THIEF: &str = "thief-";

/// Texts that a visitor to a login page can leave in a record, as JSON string content.
const NASTY: [&str; 8] = [
    "",
    r"\ud800 alone",
    r#"\" ,\"p_row_id\":\"0\" \\"#,
    r"line\r\nbreak \u0000\u001b[31m",
    "\u{2028}\u{202e}\u{1F469}\u{200D}\u{1F680}",
    r"]}],{\u0022log_id\u0022:1}",
    "' OR 1=1 -- <script>",
    r"\uD83D\uDE00 and \uDE00\uD83D",
];

/// Members that a sender adds to `data`.
const ODD_MEMBERS: [&str; 9] = [
    "",
    r#","ip":"192.0.2.1","ip":"192.0.2.2""#,
    r#","p_row_id":"mine","unmapped":{"a":1},"$envelope":[],"$duplicates":3"#,
    r#","isMobile":false,"is_mobile":"TRUE","scope":["openid","email"]"#,
    r#","details":{"n":1e999,"m":0.10000000000000000000000001,"N":-0}"#,
    r#","details":{"request":{"body":{"A":1,"a":2,"a":3}}},"client_id":null"#,
    r#","location_info":{"latitude":"1.5","longitude":[],"country_code":"CH"}"#,
    r#","user_name":"  someone@example.com ","user_id":"""#,
    r#","new_field_of_tomorrow":[[[],{}],""]"#,
];

/// Makes the record of a position in the log; it can be sent `available` milliseconds after `start`.
pub fn make(random: &mut Random, start: DateTime<Utc>, position: usize, available: u64) -> Record {
    let stored = start + TimeDelta::milliseconds(available as i64) - days_ago(random);
    let mark = format!("mark-{position}-{:08x}", random.next() as u32);
    let log_id = format!("900{}{:036}", stored.format("%Y%m%d%H%M%S%3f"), random.next());
    let broken = random.percent(15);
    let mut record = if broken { reject(random, &log_id, &mark) } else { event(random, stored, log_id, mark) };
    record.available = available;
    record
}

/// Makes an event of a thief, in an hour of its own.
pub fn hostile(start: DateTime<Utc>, message: usize, hour: usize) -> Record {
    let log_id = format!("{THIEF}{message}-{hour}");
    let date = start - TimeDelta::days(1 + message as i64 * 100) - TimeDelta::hours(hour as i64);
    let text = format!(
        "{{\"log_id\":\"{log_id}\",\"data\":{{\"date\":\"{}\",\"description\":\"{log_id} \"}}}}",
        date.format("%Y-%m-%dT%H:%M:%SZ")
    );
    Record { bytes: text.into_bytes(), fate: Fate::Event { mark: log_id.clone(), log_id }, available: 0, needs_a_line: false }
}

/// Most events are fresh; a stream that was resumed, or begins at an old cursor, sends old ones.
fn days_ago(random: &mut Random) -> TimeDelta {
    let hours = if random.percent(10) { random.below(72) } else { 0 };
    TimeDelta::hours(hours as i64)
}

fn event(random: &mut Random, stored: DateTime<Utc>, log_id: String, mark: String) -> Record {
    let date = stored - TimeDelta::milliseconds(random.below(6_001) as i64);
    let iso = date.format("%Y-%m-%dT%H:%M:%S%.3fZ");
    let (log_id, date) = match random.below(20) {
        0 => (log_id, String::new()),
        1 => (log_id, "\"date\":\"2099-01-01T00:00:00Z\",".to_owned()),
        2 => (log_id, "\"date\":17,".to_owned()),
        // Nothing says when: the row's time is that of the request.
        3 => (format!("short-{mark}"), String::new()),
        _ => (log_id, format!("\"date\":\"{iso}\",")),
    };
    let deep = if random.percent(4) { format!(",\"details\":{}{}", "[".repeat(130), "]".repeat(130)) } else { String::new() };
    let large = if random.percent(4) { format!(",\"user_agent\":\"{}\"", "x".repeat(5_000)) } else { String::new() };
    let fields = format!(
        "{date}\"type\":\"{}\",\"description\":\"{mark} {}\"{}{deep}{large}",
        random.pick(&["s", "f", "fp", "seacft", "pwd_leak"]),
        random.pick(&NASTY),
        random.pick(&ODD_MEMBERS),
    );
    let text = match random.below(12) {
        // As the Management API exports it.
        0 => format!("{{\"_id\":\"{log_id}\",\"log_id\":\"{log_id}\",{fields}}}"),
        1 => format!("{{\"log_id\" : \"{log_id}\",\r\t\"data\" : {{ {fields} }} }}"),
        2 => format!("{{\"data\":{{{fields},\"log_id\":\"{log_id}\"}},\"$version\":2}}"),
        _ => format!("{{\"log_id\":\"{log_id}\",\"data\":{{{fields}}}}}"),
    };
    Record { bytes: text.into_bytes(), fate: Fate::Event { log_id, mark }, available: 0, needs_a_line: false }
}

fn reject(random: &mut Random, log_id: &str, mark: &str) -> Record {
    let text = |reason, text: String| (reason, text.into_bytes(), false);
    let (reason, bytes, needs_a_line) = match random.below(9) {
        0 => text("malformed_json", format!("{{\"log_id\":\"{log_id}\",\"data\":{{\"n\":NaN,\"m\":\"{mark}\"}}}}")),
        1 => text("malformed_json", format!("{{\"log_id\":\"{log_id}\",\"data\":{{\"m\":\"{mark}\"}},}}")),
        2 => text("not_an_object", format!("\"{mark}\"")),
        3 => text("missing_data", format!("{{\"log_id\":\"{log_id}\",\"data\":null}}")),
        4 => text("missing_data", format!("{{\"log_id\":\"{log_id}\",\"dato\":{{}}}}")),
        5 => text("data_not_an_object", format!("{{\"log_id\":\"{log_id}\",\"data\":[\"{mark}\"]}}")),
        6 => text("missing_log_id", format!("{{\"log_id\":\"\",\"data\":{{\"m\":\"{mark}\"}}}}")),
        7 => {
            let mut bytes = format!("{{\"log_id\":\"{log_id}\",\"data\":{{\"m\":\"{mark}").into_bytes();
            bytes.extend_from_slice(b"\xff\xfe\xc0\x80\"}}");
            ("invalid_utf8", bytes, false)
        }
        _ => ("malformed_json", format!("{{\"log_id\":\"{log_id}\",\"data\":{{\"m\":\"{mark} cut").into_bytes(), true),
    };
    Record { bytes, fate: Fate::Reject { reason }, available: 0, needs_a_line }
}
