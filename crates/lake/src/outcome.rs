//! How a command ended.

use std::{io, process::ExitCode};

use auth0_log_lake::config::ConfigError;

use crate::{gaps::ManagementError, post, reading};

/// How a command ended that did what it could.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All is well.
    Good,
    /// Something is not as it should be; the command has said what.
    Bad,
    /// Whether all is well cannot be said; the command has said why.
    Unsure,
}

impl Verdict {
    /// Gives [`Verdict::Good`] where this holds.
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

/// Why a command could not go on, as a sentence for whoever runs it.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A setting is missing or wrong.
    #[error(transparent)]
    Setting(#[from] ConfigError),
    /// A token that is missing or wrong.
    #[error(transparent)]
    Token(#[from] post::TokenError),
    /// A receiver's URL that is none.
    #[error(transparent)]
    Url(#[from] post::UrlError),
    /// A receiver that gave no answer.
    #[error(transparent)]
    NoAnswer(#[from] post::NoAnswer),
    /// A lake that cannot be read.
    #[error(transparent)]
    Read(#[from] reading::LakeError),
    /// No receiver to post to.
    #[error("where to post is not said; give the receiver's URL (--to), or --dry-run to post nothing")]
    Nowhere,
    /// Nobody to erase, or an identifier that is none.
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
    /// Nothing listens.
    #[error("nothing listens at {url} after {seconds} seconds: is the receiver running, and is this its port?")]
    NotListening {
        /// Where.
        url: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// The system gave no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
    /// A statement that Athena did not end well.
    #[cfg(feature = "aws")]
    #[error(transparent)]
    Query(#[from] crate::athena::QueryError),
    /// What is to be shown cannot be written, or the system is out of something.
    #[error(transparent)]
    System(#[from] io::Error),
}
