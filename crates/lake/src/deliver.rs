//! Posts a body until the receiver has stored or queued it, up to a limit.

use std::{
    io::{self, Write},
    thread,
    time::Duration,
};

use crate::{
    meaning::{meaning, status},
    post::{ReceiverClient, Taken},
};

/// How often one body is posted at most.
const ATTEMPTS: u32 = 5;
/// Longest pause before a retry, in seconds, whatever `Retry-After` says.
const LONGEST_PAUSE: u64 = 60;

/// A body that could not be delivered.
#[derive(Debug, thiserror::Error)]
pub enum Undelivered {
    /// The request is refused; another may get in.
    #[error("{0}")]
    Body(String),
    /// No request gets in for now.
    #[error("{0}")]
    All(String),
    /// Progress cannot be written.
    #[error(transparent)]
    Output(#[from] io::Error),
}

/// Posts a body; if the receiver asks to retry later, waits and posts it again.
///
/// # Errors
/// A refusal, or a receiver that still fails at the last attempt.
pub fn deliver(receiver: &ReceiverClient, body: &[u8], out: &mut dyn Write) -> Result<Taken, Undelivered> {
    let mut attempt = 1;
    loop {
        let (failed, pause) = match receiver.post(body) {
            Ok(answer) => {
                if let Some(taken) = answer.taken() {
                    return Ok(taken);
                }
                let said = format!("the answer is {}. {}", status(&answer), meaning(&answer));
                match answer.status {
                    400 | 413 => return Err(Undelivered::Body(said)),
                    429 | 500..600 => (said, answer.retry_after),
                    _ => return Err(Undelivered::All(said)),
                }
            }
            Err(error) => (format!("{error}."), None),
        };
        if attempt == ATTEMPTS {
            return Err(Undelivered::All(format!("after {ATTEMPTS} times, {failed}")));
        }
        let pause = pause.unwrap_or(1 << (attempt - 1)).min(LONGEST_PAUSE);
        writeln!(out, "  not stored: {failed} Again in {pause} s")?;
        thread::sleep(Duration::from_secs(pause));
        attempt += 1;
    }
}
