//! What both binaries do around [`receive`]: read the clock, write the two lines, answer.

use std::{io::Write, net::IpAddr, time::Duration};

use bytes::Bytes;
use chrono::Utc;
use http::{Response, request::Parts};
use tokio::time::Instant;

pub use function_url::FunctionUrlRequest;
pub use messages::{BatchResponse, QueuedMessage, read_messages};

use crate::{
    config::{Config, ConfigError},
    drain::drain,
    metrics::Report,
    receive::{Context, Receiver, receive},
    response::{Outcome, Refusal},
};

mod function_url;
#[cfg(feature = "local")]
pub mod local;
mod messages;

/// Reads the settings from the process's environment, and keeps panics from saying what was sent.
///
/// # Errors
/// A setting that is missing or wrong, as a sentence.
#[expect(clippy::disallowed_methods, reason = "the environment is read here, and passed on as settings")]
pub fn settings() -> Result<Config, ConfigError> {
    hide_panic_messages();
    // What is not UTF-8 is set, and set wrong.
    Config::from_lookup(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
}

/// Where the lines of a request go, each with a line feed at its end.
pub type Log = fn(&[u8]);

/// Answers one request that must be answered within `time`, and writes its lines to `log`.
#[expect(clippy::disallowed_methods, reason = "the clock is read at the edge: everything below takes the time as an argument")]
pub async fn serve(
    receiver: &Receiver,
    request_id: &str,
    peer: Option<IpAddr>,
    time: Duration,
    head: Parts,
    body: impl Future<Output = Result<Bytes, Refusal>>,
    log: Log,
) -> Response<Bytes> {
    let started = Instant::now();
    let context = Context { received_at: Utc::now(), request_id, peer, deadline: started + time };
    let mut report = receive(receiver, context, &head, body).await;
    report.duration = started.elapsed();
    write_lines(&report, log);
    report.outcome.response()
}

/// Stores messages of the queue within `time`, and writes the lines of each source to `log`; gives those that must stay there, as
/// positions.
#[expect(clippy::disallowed_methods, reason = "the clock is read at the edge")]
pub async fn serve_messages(receiver: &Receiver, request_id: &str, time: Duration, texts: &[impl AsRef<str>], log: Log) -> Vec<usize> {
    let started = Instant::now();
    let context = Context { received_at: Utc::now(), request_id, peer: None, deadline: started + time };
    let drained = drain(receiver, context, texts).await;
    for mut report in drained.reports {
        report.duration = started.elapsed();
        write_lines(&report, log);
    }
    drained.failed
}

/// Answers a request that could not be read.
#[expect(clippy::disallowed_methods, reason = "the clock is read at the edge")]
pub fn refuse(receiver: &Receiver, request_id: &str, refusal: Refusal, log: Log) -> Response<Bytes> {
    let mut report = Report::new(Utc::now(), request_id, receiver.stack.as_deref());
    report.outcome = Outcome::Refused(refusal);
    write_lines(&report, log);
    report.outcome.response()
}

fn write_lines(report: &Report, log: Log) {
    log(format!("{}\n{}\n", report.log_line(), report.metrics_line()).as_bytes());
}

/// Writes to standard output, which Lambda sends to CloudWatch; a line that cannot be written is nobody's loss but the log's.
pub fn to_stdout(lines: &[u8]) {
    _ = std::io::stdout().lock().write_all(lines);
}

/// Keeps panics from saying what a sender sent: only their place in the code is printed.
pub fn hide_panic_messages() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        eprintln!("{}", serde_json::json!({"level": "ERROR", "message": "the receiver panicked", "error.place": place}));
    }));
}
