//! What one request reports: a structured log line, and a line of CloudWatch metrics. A refusal has one short line for both.
//!
//! Metrics are in CloudWatch's embedded metric format ("Specification: Embedded metric format",
//! Amazon CloudWatch User Guide), written with `serde_json`: the crates for it bring a global
//! recorder or a macro stack for what is one object of constants and numbers.
//! No line holds a header, a body, an address, an e-mail, a user id or a token.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::Serialize;

use crate::{
    partition::Tally,
    response::{NotStored, Outcome, Refusal, Stored, Taken},
    store::{Puts, StoreError},
};

/// Namespace of the metrics.
pub const NAMESPACE: &str = "Auth0LogLake";

/// Names and units of the metrics of a source, which are those of the stack as well.
pub const SOURCE_METRICS: [(&str, &str); 6] = [
    ("RecordsReceived", "Count"),
    ("EventsStored", "Count"),
    ("RecordsRejected", "Count"),
    ("RowsWithDrift", "Count"),
    ("BytesReceived", "Bytes"),
    ("EventLag", "Seconds"),
];

/// Names and units of the metrics of the stack alone: each costs money, and by source they would say nothing more.
pub const STACK_METRICS: [(&str, &str); 8] = [
    ("ObjectsWritten", "Count"),
    ("ObjectsAlreadyThere", "Count"),
    ("BytesStored", "Bytes"),
    ("Duration", "Milliseconds"),
    ("AuthenticationFailures", "Count"),
    ("StoreFailures", "Count"),
    ("AddressesRefused", "Count"),
    ("AddressesOutside", "Count"),
];

/// What became of one request.
#[derive(Debug)]
pub struct Report {
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// Its id.
    pub request_id: String,
    /// The stack that received it.
    pub stack: Option<String>,
    /// The source whose token it held.
    pub source: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// What became of its records; what is not stored counts for nothing.
    pub tally: Tally,
    /// What the store did.
    pub puts: Puts,
    /// Size of its body, in bytes.
    pub bytes_received: usize,
    /// It came from an address outside the ranges given.
    pub from_elsewhere: bool,
    /// Why the store failed.
    pub failure: Option<StoreError>,
    /// How long it took.
    pub duration: Duration,
}

impl Report {
    /// Starts the report of a request that has not ended.
    pub fn new(received_at: DateTime<Utc>, request_id: &str, stack: Option<&str>) -> Self {
        Self {
            received_at,
            request_id: request_id.to_owned(),
            stack: stack.map(str::to_owned),
            source: None,
            outcome: Outcome::Failed,
            tally: Tally::default(),
            puts: Puts::default(),
            bytes_received: 0,
            from_elsewhere: false,
            failure: None,
            duration: Duration::ZERO,
        }
    }

    /// Notes how the request ended. What is not stored counts for nothing.
    pub(crate) fn end(&mut self, ended: Result<Taken, NotStored>) {
        match ended {
            Ok(Taken::Queued) => self.outcome = Outcome::Queued,
            Ok(Taken::Stored(Stored { tally, puts })) => (self.outcome, self.tally, self.puts) = (Outcome::from(tally), tally, puts),
            Err(NotStored::Refused(refusal)) => self.outcome = Outcome::Refused(refusal),
            Err(NotStored::Failed(error)) => (self.outcome, self.failure) = (Outcome::Failed, Some(error)),
        }
    }

    /// Writes all lines, each with a line feed at its end.
    pub fn lines(&self) -> String {
        match self.outcome {
            Outcome::Refused(refusal) => self.refusal_line(refusal) + "\n",
            _ => format!("{}\n{}\n", self.log_line(), self.metrics_line()),
        }
    }

    /// Writes the one line of a refusal: anybody can cause it, and each byte logged costs money.
    fn refusal_line(&self, refusal: Refusal) -> String {
        let metric = match refusal {
            Refusal::Token(_) => Some("AuthenticationFailures"),
            Refusal::Address => Some("AddressesRefused"),
            _ => None,
        };
        let directives = vec![Directive::new(self.stack_dimensions(), &STACK_METRICS, |name| Some(name) == metric)];
        line(&RefusalLine {
            level: self.level(),
            error_code: self.outcome.code(),
            // Where it is counted, Lambda's own lines beside it say which request it was.
            request_id: metric.is_none().then_some(&self.request_id),
            source: self.source.as_deref(),
            aws: metric.map(|_| Metadata { timestamp: self.received_at.timestamp_millis(), directives }),
            stack: self.stack.as_deref().filter(|_| metric.is_some()),
            authentication_failures: (metric == Some("AuthenticationFailures")).then_some(1),
            addresses_refused: (metric == Some("AddressesRefused")).then_some(1),
        })
    }

    /// Writes the log line.
    fn log_line(&self) -> String {
        line(&LogLine {
            timestamp: self.received_at.to_rfc3339_opts(SecondsFormat::Millis, true),
            level: self.level(),
            message: self.sentence(),
            request_id: &self.request_id,
            source: self.source.as_deref(),
            status: self.outcome.status().as_u16(),
            request_size: self.bytes_received,
            received: self.unless_queued(self.tally.accepted + self.tally.rejected),
            rejected: self.unless_queued(self.tally.rejected),
            stored: self.unless_queued(self.tally.accepted),
            drifted: self.unless_queued(self.tally.drifted),
            objects_written: self.unless_queued(self.puts.created),
            objects_already_there: self.unless_queued(self.puts.already_there),
            objects_size: self.unless_queued(self.puts.bytes),
            duration: self.milliseconds(),
            error_code: self.outcome.code(),
            from_elsewhere: self.from_elsewhere,
            error_kind: self.failure.as_ref().map(|failure| failure.kind.code()),
            error_chain: self.failure.as_ref().map(StoreError::chain),
        })
    }

    /// Writes the line of metrics.
    fn metrics_line(&self) -> String {
        let event_lag = self.tally.greatest_lag.map(seconds);
        let is_there = |name: &str| match name {
            "EventLag" => event_lag.is_some(),
            "AddressesOutside" => self.from_elsewhere,
            "AddressesRefused" => false,
            "BytesReceived" | "Duration" => true,
            _ => self.outcome != Outcome::Queued,
        };
        let by_source = Directive::new(self.source_dimensions(), &SOURCE_METRICS, is_there);
        let by_stack = Directive::new(self.stack_dimensions(), &STACK_METRICS, is_there);
        line(&MetricsLine {
            aws: Metadata { timestamp: self.received_at.timestamp_millis(), directives: vec![by_source, by_stack] },
            stack: self.stack.as_deref(),
            source: self.source.as_deref(),
            records_received: self.unless_queued(self.tally.accepted + self.tally.rejected),
            // An operator's check must not end the silence of a stream.
            events_stored: self.unless_queued(self.tally.accepted - self.tally.probes),
            records_rejected: self.unless_queued(self.tally.rejected),
            rows_with_drift: self.unless_queued(self.tally.drifted),
            objects_written: self.unless_queued(self.puts.created),
            objects_already_there: self.unless_queued(self.puts.already_there),
            bytes_received: self.bytes_received,
            bytes_stored: self.unless_queued(self.puts.bytes),
            event_lag,
            duration: self.milliseconds(),
            authentication_failures: self.unless_queued(0),
            store_failures: self.unless_queued(u8::from(self.outcome == Outcome::Failed)),
            addresses_outside: self.from_elsewhere.then_some(1),
        })
    }

    /// What a request that is queued does not know yet, and so leaves out: each byte logged costs money.
    fn unless_queued<T>(&self, value: T) -> Option<T> {
        (self.outcome != Outcome::Queued).then_some(value)
    }

    fn stack_dimensions(&self) -> &'static [&'static [&'static str]] {
        if self.stack.is_some() { &[&["stack"]] } else { &[&[]] }
    }

    fn source_dimensions(&self) -> &'static [&'static [&'static str]] {
        match (&self.stack, &self.source) {
            (_, None) => self.stack_dimensions(),
            (Some(_), Some(_)) => &[&["stack"], &["stack", "source"]],
            (None, Some(_)) => &[&[], &["source"]],
        }
    }

    fn level(&self) -> &'static str {
        match self.outcome {
            Outcome::Stored { rejected: 0, .. } | Outcome::Queued => "INFO",
            Outcome::Stored { .. } | Outcome::Refused(_) => "WARN",
            Outcome::Failed => "ERROR",
        }
    }

    fn sentence(&self) -> String {
        match (&self.outcome, &self.failure) {
            (Outcome::Stored { accepted, rejected }, _) => format!("stored {accepted} events and kept {rejected} rejected records"),
            (Outcome::Failed, Some(failure)) => format!("batch not acknowledged: {failure}"),
            (Outcome::Queued, _) => "queued the batch".to_owned(),
            (Outcome::Failed | Outcome::Refused(_), _) => "batch not acknowledged".to_owned(),
        }
    }

    fn milliseconds(&self) -> f64 {
        (self.duration.as_secs_f64() * 1e6).round() / 1e3
    }
}

/// Seconds from an event to its request; an event from a clock that is ahead has none.
fn seconds(lag: TimeDelta) -> f64 {
    lag.num_milliseconds().max(0) as f64 / 1e3
}

/// The log line, as it is written.
#[derive(Serialize)]
struct LogLine<'a> {
    timestamp: String,
    level: &'static str,
    message: String,
    #[serde(rename = "request.id")]
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(rename = "response.status")]
    status: u16,
    #[serde(rename = "request.size_bytes")]
    request_size: usize,
    #[serde(rename = "records.received", skip_serializing_if = "Option::is_none")]
    received: Option<usize>,
    #[serde(rename = "records.rejected", skip_serializing_if = "Option::is_none")]
    rejected: Option<usize>,
    #[serde(rename = "events.stored", skip_serializing_if = "Option::is_none")]
    stored: Option<usize>,
    #[serde(rename = "rows.with_drift", skip_serializing_if = "Option::is_none")]
    drifted: Option<usize>,
    #[serde(rename = "objects.written", skip_serializing_if = "Option::is_none")]
    objects_written: Option<usize>,
    #[serde(rename = "objects.already_there", skip_serializing_if = "Option::is_none")]
    objects_already_there: Option<usize>,
    #[serde(rename = "objects.size_bytes", skip_serializing_if = "Option::is_none")]
    objects_size: Option<usize>,
    #[serde(rename = "duration_ms")]
    duration: f64,
    #[serde(rename = "error.code", skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
    #[serde(rename = "request.from_elsewhere", skip_serializing_if = "std::ops::Not::not")]
    from_elsewhere: bool,
    #[serde(rename = "error.kind", skip_serializing_if = "Option::is_none")]
    error_kind: Option<&'static str>,
    #[serde(rename = "error.chain", skip_serializing_if = "Option::is_none")]
    error_chain: Option<String>,
}

/// The line of metrics, as it is written: beside `_aws` and the dimensions, the metrics.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct MetricsLine<'a> {
    #[serde(rename = "_aws")]
    aws: Metadata,
    #[serde(rename = "stack", skip_serializing_if = "Option::is_none")]
    stack: Option<&'a str>,
    #[serde(rename = "source", skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    records_received: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events_stored: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    records_rejected: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows_with_drift: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    objects_written: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    objects_already_there: Option<usize>,
    bytes_received: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes_stored: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_lag: Option<f64>,
    duration: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    authentication_failures: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    store_failures: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    addresses_outside: Option<u8>,
}

/// The line of a refusal, as it is written.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RefusalLine<'a> {
    #[serde(rename = "level")]
    level: &'static str,
    #[serde(rename = "error.code")]
    error_code: Option<&'static str>,
    #[serde(rename = "request.id", skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a String>,
    #[serde(rename = "source", skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(rename = "_aws", skip_serializing_if = "Option::is_none")]
    aws: Option<Metadata>,
    #[serde(rename = "stack", skip_serializing_if = "Option::is_none")]
    stack: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authentication_failures: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    addresses_refused: Option<u8>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    timestamp: i64,
    #[serde(rename = "CloudWatchMetrics")]
    directives: Vec<Directive>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive {
    namespace: &'static str,
    dimensions: &'static [&'static [&'static str]],
    metrics: Vec<Definition>,
}

impl Directive {
    /// Names the metrics that are there.
    fn new(
        dimensions: &'static [&'static [&'static str]],
        metrics: &[(&'static str, &'static str)],
        is_there: impl Fn(&str) -> bool,
    ) -> Self {
        let present = metrics.iter().filter(|(name, _)| is_there(name));
        Self { namespace: NAMESPACE, dimensions, metrics: present.map(|&(name, unit)| Definition { name, unit }).collect() }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Definition {
    name: &'static str,
    unit: &'static str,
}

fn line(content: &impl Serialize) -> String {
    let line = serde_json::to_string(content);
    debug_assert!(line.is_ok(), "texts and numbers can be written");
    line.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::auth::TokenRefusal;

    fn report(stack: Option<&str>, source: Option<&str>) -> Report {
        Report { source: source.map(str::to_owned), ..Report::new(DateTime::UNIX_EPOCH, "request", stack) }
    }

    fn line(report: &Report) -> Value {
        serde_json::from_str(&report.metrics_line()).expect("JSON")
    }

    #[test]
    fn the_members_of_a_line_are_the_metrics_that_it_defines_and_their_dimensions() {
        let failed = Outcome::Failed;
        for (lag, outcome) in [(None, failed), (Some(TimeDelta::milliseconds(1_500)), failed), (None, Outcome::Queued)] {
            let mut report = report(Some("prod"), Some("acme"));
            (report.tally.greatest_lag, report.outcome) = (lag, outcome);
            let line = line(&report);
            assert_eq!(line.get("EventsStored").is_some(), outcome != Outcome::Queued);
            assert_eq!(line["BytesReceived"].as_u64(), Some(0));
            let directives = line["_aws"]["CloudWatchMetrics"].as_array().expect("directives");
            let metrics = directives.iter().flat_map(|directive| directive["Metrics"].as_array().expect("metrics"));
            let defined = metrics.filter_map(|metric| metric["Name"].as_str()).chain(["stack", "source"]);
            let members = line.as_object().expect("an object").keys().map(String::as_str).filter(|name| *name != "_aws");
            assert_eq!(defined.collect::<BTreeSet<_>>(), members.collect::<BTreeSet<_>>());
            assert_eq!(line.get("EventLag").and_then(Value::as_f64), lag.map(|_| 1.5));
        }
    }

    #[test]
    fn a_stack_is_told_from_others_and_only_metrics_of_a_source_have_its_dimension() {
        for (stack, source, by_source, by_stack) in [
            (Some("prod"), Some("acme"), r#"[["stack"],["stack","source"]]"#, r#"[["stack"]]"#),
            (Some("prod"), None, r#"[["stack"]]"#, r#"[["stack"]]"#),
            (None, Some("acme"), r#"[[],["source"]]"#, "[[]]"),
            (None, None, "[[]]", "[[]]"),
        ] {
            let line = line(&report(stack, source));
            let directives = &line["_aws"]["CloudWatchMetrics"];
            for (i, dimensions) in [by_source, by_stack].into_iter().enumerate() {
                assert_eq!(directives[i]["Dimensions"].to_string(), dimensions, "{stack:?} {source:?}");
            }
            assert_eq!((line["stack"].as_str(), line["source"].as_str()), (stack, source));
        }
    }

    #[test]
    fn a_request_that_is_queued_says_its_size_and_time_and_no_count_of_what_is_not_known_yet() {
        let mut report = report(Some("prod"), Some("acme"));
        (report.outcome, report.bytes_received, report.from_elsewhere) = (Outcome::Queued, 1_424, true);
        let (metrics, log): (Value, Value) = (line(&report), serde_json::from_str(&report.log_line()).expect("JSON"));
        let names = |line: &Value| line.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&metrics), ["AddressesOutside", "BytesReceived", "Duration", "_aws", "source", "stack"]);
        let said = ["duration_ms", "level", "message", "request.from_elsewhere", "request.id", "request.size_bytes", "response.status"];
        assert_eq!(names(&log), [&said[..], &["source", "timestamp"]].concat());
        assert_eq!((metrics["BytesReceived"].as_u64(), log["request.size_bytes"].as_u64()), (Some(1_424), Some(1_424)));
    }

    #[test]
    fn a_refusal_is_one_line_of_at_most_300_bytes_with_its_code_and_its_one_metric() {
        let tokens = [TokenRefusal::Missing, TokenRefusal::Invalid].map(Refusal::Token);
        let others = [Refusal::Method, Refusal::TooLarge, Refusal::Incomplete, Refusal::MalformedEvent, Refusal::MalformedMessage];
        let metric = |refusal: &Refusal| match refusal {
            Refusal::Token(_) => Some("AuthenticationFailures"),
            Refusal::Address => Some("AddressesRefused"),
            _ => None,
        };
        for refusal in tokens.into_iter().chain(others).chain([Refusal::Address]) {
            let stack = "a-stack-whose-name-has-forty-characters-";
            let mut report = report(Some(stack), (refusal == Refusal::TooLarge).then_some("a-source-of-thirty-two-characters"));
            report.outcome = Outcome::Refused(refusal);
            report.request_id = "00000000-0000-4000-8000-000000000001".to_owned();
            report.from_elsewhere = true;
            let lines = report.lines();
            assert!(lines.len() <= 300 && lines.ends_with("}\n") && lines.lines().count() == 1, "{}: {lines}", lines.len());
            let line: Value = serde_json::from_str(&lines).expect("JSON");
            assert_eq!((line["level"].as_str(), line["error.code"].as_str()), (Some("WARN"), report.outcome.code()));
            let known = ["level", "error.code", "request.id", "source", "stack", "_aws"];
            let counted: Vec<&str> =
                line.as_object().expect("an object").keys().map(String::as_str).filter(|name| !known.contains(name)).collect();
            assert_eq!(counted, Vec::from_iter(metric(&refusal)), "{lines}");
            let directive = &line["_aws"]["CloudWatchMetrics"][0];
            assert_eq!(directive["Metrics"][0]["Name"].as_str(), metric(&refusal), "{lines}");
            assert!(metric(&refusal).is_none_or(|name| line[name] == 1 && line["stack"] == stack), "{lines}");
        }
    }

    #[test]
    fn an_address_that_is_let_in_is_outside_and_not_refused() {
        let mut report = report(None, Some("acme"));
        report.outcome = Outcome::Stored { accepted: 1, rejected: 0 };
        for from_elsewhere in [false, true] {
            report.from_elsewhere = from_elsewhere;
            let line = line(&report);
            assert_eq!((line["AddressesOutside"].as_u64(), line.get("AddressesRefused")), (from_elsewhere.then_some(1), None));
        }
    }

    #[test]
    fn an_event_of_the_doctor_is_received_and_is_no_event_of_a_stream() {
        let mut report = report(None, Some("acme"));
        (report.tally.accepted, report.tally.probes) = (3, 1);
        let line = line(&report);
        assert_eq!((line["RecordsReceived"].as_u64(), line["EventsStored"].as_u64()), (Some(3), Some(2)));
    }
}
