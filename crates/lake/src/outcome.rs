//! How a command ended.

use std::{io, process::ExitCode};

use auth0_log_lake::config::ConfigError;

use crate::{gaps::ManagementError, post, reading};

/// How a finished command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything is in order.
    Good,
    /// Something is wrong, and the command has said what.
    Bad,
    /// Whether all is well cannot be said; the command has said why.
    Unsure,
}

impl Verdict {
    /// [`Verdict::Good`] if this holds.
    pub fn good_if(holds: bool) -> Self {
        if holds { Self::Good } else { Self::Bad }
    }
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Good => Self::SUCCESS,
            Verdict::Bad => Self::FAILURE,
            // As it is for options that are none.
            Verdict::Unsure => Self::from(2),
        }
    }
}

/// Why a command could not go on, as a sentence for the person who runs it.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A setting is missing or wrong.
    #[error(transparent)]
    Setting(#[from] ConfigError),
    /// The token is missing or wrong.
    #[error(transparent)]
    Token(#[from] post::TokenError),
    /// The receiver's URL is not one.
    #[error(transparent)]
    Url(#[from] post::UrlError),
    /// The receiver did not answer.
    #[error(transparent)]
    NoAnswer(#[from] post::NoAnswer),
    /// The lake cannot be read.
    #[error(transparent)]
    Read(#[from] reading::LakeError),
    /// The stack cannot be used.
    #[error(transparent)]
    Stack(#[from] crate::stack::StackError),
    /// No receiver to post to.
    #[error("missing receiver URL: give --url or --stack")]
    MissingUrl,
    /// A window without a moment in it.
    #[error("{0}")]
    Window(String),
    /// There is nobody to erase, or an identifier is not one.
    #[error("{0}")]
    Person(String),
    /// A log of Auth0 that cannot be read.
    #[error(transparent)]
    Management(#[from] ManagementError),
    /// A comparison with Auth0's log that cannot be made, or went no further.
    #[error("{0}")]
    Gaps(String),
    /// The samples cannot be read.
    #[error("the samples cannot be read from {folder}: {source}")]
    Samples {
        /// Where they should be.
        folder: String,
        /// Why not.
        source: io::Error,
    },
    /// `lake run` cannot begin, or has ended, as a sentence.
    #[error("{0}")]
    Run(String),
    /// A program that `lake` starts is missing.
    #[error("{program} was not found: it comes with {from}")]
    NoProgram {
        /// Its name.
        program: String,
        /// Where to get it.
        from: &'static str,
    },
    /// A program cannot be started.
    #[error("{program} cannot be started: {source}")]
    Start {
        /// Its name.
        program: String,
        /// Why not.
        source: io::Error,
    },
    /// The system gave no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
    /// A statement failed in Athena.
    #[cfg(feature = "aws")]
    #[error(transparent)]
    Query(#[from] crate::athena::QueryError),
    /// The output cannot be written, or the system has run out of something.
    #[error(transparent)]
    System(#[from] io::Error),
}
