//! What one request reports: a structured log line, and a line of CloudWatch metrics.
//!
//! The second is in CloudWatch's embedded metric format ("Specification: Embedded metric format",
//! Amazon CloudWatch User Guide), written with `serde_json`: the crates for it bring a global
//! recorder or a macro stack for what is one object of constants and numbers.
//! Neither line holds a header, a body, an address, an e-mail, a user id or a token.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use crate::{
    partition::Tally,
    response::{Outcome, Refusal},
    store::{Puts, StoreError},
};

/// Namespace of the metrics.
pub const NAMESPACE: &str = "Auth0LogLake";

/// Names and units of the metrics.
pub const METRICS: [(&str, &str); 13] = [
    ("RecordsReceived", "Count"),
    ("EventsStored", "Count"),
    ("RecordsRejected", "Count"),
    ("RowsWithDrift", "Count"),
    ("ObjectsWritten", "Count"),
    ("ObjectsAlreadyThere", "Count"),
    ("BytesReceived", "Bytes"),
    ("BytesStored", "Bytes"),
    ("EventLag", "Seconds"),
    ("Duration", "Milliseconds"),
    ("AuthenticationFailures", "Count"),
    ("StoreFailures", "Count"),
    ("SourcesRefused", "Count"),
];

/// What became of one request.
#[derive(Debug)]
pub struct Report {
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// Its id.
    pub request_id: String,
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
    /// Starts the report of a request.
    pub fn new(received_at: DateTime<Utc>, request_id: &str) -> Self {
        Self {
            received_at,
            request_id: request_id.to_owned(),
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

    /// Writes the log line.
    pub fn log_line(&self) -> String {
        let mut line = json!({
            "timestamp": self.received_at.to_rfc3339_opts(SecondsFormat::Millis, true),
            "level": self.level(),
            "message": self.sentence(),
            "request.id": self.request_id,
            "response.status": self.outcome.status().as_u16(),
            "request.size_bytes": self.bytes_received,
            "records.received": self.tally.accepted + self.tally.rejected,
            "records.rejected": self.tally.rejected,
            "events.stored": self.tally.accepted,
            "rows.with_drift": self.tally.drifted,
            "objects.written": self.puts.created,
            "objects.already_there": self.puts.already_there,
            "objects.size_bytes": self.puts.bytes,
            "duration_ms": self.milliseconds(),
        });
        if let Some(members) = line.as_object_mut() {
            self.add_optional(members);
        }
        line.to_string()
    }

    fn add_optional(&self, members: &mut Map<String, Value>) {
        let mut add = |name: &str, value: Value| _ = members.insert(name.to_owned(), value);
        if let Some(source) = &self.source {
            add("source", json!(source));
        }
        if let Some(code) = self.outcome.code() {
            add("error.code", json!(code));
        }
        if self.from_elsewhere {
            add("request.from_elsewhere", json!(true));
        }
        if let Some(failure) = &self.failure {
            add("error.kind", json!(failure.kind.code()));
            add("error.chain", json!(failure.chain()));
        }
    }

    /// Writes the line of metrics.
    pub fn metrics_line(&self) -> String {
        let dimensions = if self.source.is_some() { json!([[], ["source"]]) } else { json!([[]]) };
        let values = self.values();
        let present = METRICS.iter().filter(|(name, _)| values.contains_key(*name));
        let metrics: Vec<Value> = present.map(|(name, unit)| json!({"Name": name, "Unit": unit})).collect();
        let mut line = json!({
            "_aws": {
                "Timestamp": self.received_at.timestamp_millis(),
                "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics}],
            },
        });
        if let Some(members) = line.as_object_mut() {
            members.extend(values);
            members.extend(self.source.as_ref().map(|source| ("source".to_owned(), json!(source))));
        }
        line.to_string()
    }

    fn values(&self) -> Map<String, Value> {
        let refused = |refusal: fn(&Refusal) -> bool| u8::from(matches!(&self.outcome, Outcome::Refused(why) if refusal(why)));
        let mut values = json!({
            "RecordsReceived": self.tally.accepted + self.tally.rejected,
            "EventsStored": self.tally.accepted,
            "RecordsRejected": self.tally.rejected,
            "RowsWithDrift": self.tally.drifted,
            "ObjectsWritten": self.puts.created,
            "ObjectsAlreadyThere": self.puts.already_there,
            "BytesReceived": self.bytes_received,
            "BytesStored": self.puts.bytes,
            "Duration": self.milliseconds(),
            "AuthenticationFailures": refused(|why| matches!(why, Refusal::Token(_))),
            "StoreFailures": u8::from(self.outcome == Outcome::Failed),
            "SourcesRefused": u8::from(self.from_elsewhere),
        });
        let values = values.as_object_mut().map(std::mem::take).unwrap_or_default();
        let lag = self.tally.greatest_lag.map(|lag| ("EventLag".to_owned(), json!(seconds(lag))));
        values.into_iter().chain(lag).collect()
    }

    fn level(&self) -> &'static str {
        match self.outcome {
            Outcome::Stored { rejected: 0, .. } => "INFO",
            Outcome::Stored { .. } | Outcome::Refused(_) => "WARN",
            Outcome::Failed => "ERROR",
        }
    }

    fn sentence(&self) -> String {
        match (&self.outcome, &self.failure) {
            (Outcome::Stored { accepted, rejected }, _) => format!("stored {accepted} events and kept {rejected} rejected records"),
            (Outcome::Failed, Some(failure)) => format!("stored nothing that is answered for: {failure}"),
            (outcome, _) => format!("refused the request: {}", outcome.code().unwrap_or_default()),
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
