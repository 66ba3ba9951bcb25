//! The commands of an operator, run as programs against a running receiver.
//!
//! [`program`] runs one, [`receiver`] is what it talks to, [`folder`] is a lake to look into; each other module
//! holds the tests of one command. Servers come from the crate `support`.

#[cfg(feature = "aws")]
mod athena;
mod credentials;
mod doctor;
mod erase;
mod external;
mod folder;
mod gaps;
#[cfg(feature = "check")]
mod gaps_check;
mod gaps_ends;
mod gaps_partial;
mod logged;
mod program;
mod queued;
mod receiver;
mod reference;
mod rejects;
mod replay;
#[cfg(feature = "run")]
mod run;
#[cfg(feature = "aws")]
mod stack;
#[cfg(feature = "aws")]
mod tables;
mod token;

/// The token that the receiver knows.
const TOKEN: &str = "local-development-token";
/// A record that becomes an event.
const GOOD: &str = r#"{"log_id":"90020260701123456789000000000000000001","data":{"date":"2026-07-01T12:34:56.789Z","type":"s"}}"#;
