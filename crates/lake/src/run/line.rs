//! Log lines of requests, as a person reads them.

use std::io::{self, Write};

use serde::Deserialize;

/// What is shown of a log line.
#[derive(Deserialize)]
struct LogLine {
    #[serde(default)]
    timestamp: String,
    #[serde(default)]
    message: String,
    source: Option<String>,
    #[serde(rename = "response.status")]
    status: Option<u16>,
    #[serde(rename = "events.stored")]
    stored: Option<usize>,
    #[serde(rename = "records.rejected")]
    rejected: Option<usize>,
    #[serde(default, rename = "duration_ms")]
    duration: f64,
    #[serde(rename = "error.code")]
    code: Option<String>,
    #[serde(rename = "error.chain")]
    chain: Option<String>,
}

/// Shows the lines of one request: as they are, or as one line for a person; metrics only where they are asked for.
///
/// # Errors
/// The output cannot be written.
pub fn show(lines: &[u8], readable: bool, metrics: bool, out: &mut dyn Write) -> io::Result<()> {
    for line in lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let text = String::from_utf8_lossy(line);
        let is_metrics = text.contains("\"_aws\":");
        match serde_json::from_slice::<LogLine>(line) {
            _ if is_metrics && !metrics => {}
            Ok(request) if readable && !is_metrics => writeln!(out, "{}", request.sentence())?,
            _ => writeln!(out, "{text}")?,
        }
    }
    out.flush()
}

impl LogLine {
    fn sentence(&self) -> String {
        let time = self.timestamp.get(11..19).unwrap_or("-");
        let status = self.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
        let source = self.source.as_deref().unwrap_or("-");
        let what = match (self.stored, self.rejected, &self.code) {
            (Some(stored), Some(rejected), None) => format!("{stored} stored, {rejected} rejected"),
            (.., Some(code)) => format!("{code}{}", self.chain.as_ref().map(|chain| format!(": {chain}")).unwrap_or_default()),
            _ => self.message.clone(),
        };
        format!("{time}  {status}  {source}  {what}  {:.0} ms", self.duration)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &[u8] = br#"{"timestamp":"2026-07-01T12:34:56.789Z","level":"INFO","message":"stored","source":"eu","response.status":200,"events.stored":2,"records.rejected":1,"duration_ms":3.4}
{"_aws":{},"EventsStored":2}
{"timestamp":"2026-07-01T12:34:57.000Z","level":"WARN","message":"refused","response.status":401,"error.code":"invalid_token","duration_ms":0.2}
"#;

    fn shown(readable: bool, metrics: bool) -> String {
        let mut out = Vec::new();
        show(LINES, readable, metrics, &mut out).expect("memory");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_person_reads_one_line_a_request_and_metrics_only_when_asked() {
        let (stored, refused) = ("12:34:56  200  eu  2 stored, 1 rejected  3 ms\n", "12:34:57  401  -  invalid_token  0 ms\n");
        assert_eq!(shown(true, false), format!("{stored}{refused}"));
        assert_eq!(shown(true, true), format!("{stored}{{\"_aws\":{{}},\"EventsStored\":2}}\n{refused}"));
    }

    #[test]
    fn a_program_reads_the_lines_as_they_are() {
        assert_eq!(shown(false, true).as_bytes(), LINES);
        assert_eq!(shown(false, false).lines().count(), 2);
    }
}
