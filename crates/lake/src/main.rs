//! The commands of an operator.

use std::{
    io::{self, Write},
    process::ExitCode,
    thread,
};

use chrono::{DateTime, Utc};
use clap::{Parser, Subcommand};

use lake::{doctor, erase, gaps, outcome::Failure, replay, samples, token};
#[cfg(feature = "aws")]
use lake::{merge, tables};

/// Works with a receiver of Auth0 log streams, and with the lake that it writes.
#[derive(Parser)]
#[command(name = "lake", version, max_term_width = 100)]
struct Command {
    #[command(subcommand)]
    command: Commands,
}

#[derive(Subcommand)]
enum Commands {
    /// Make a new random token and its digest, and say where each goes
    Token(token::Args),
    /// Post sample bodies to a receiver, and show what landed in its lake
    Try(samples::Args),
    /// Post rejected records again, and say how many became events
    Replay(replay::Args),
    /// Erase the rows of one person from a lake; says what it would do until it is told --yes
    Erase(erase::Args),
    /// Follow one marked event through a receiver to its lake, and say step by step what is wrong
    Doctor(doctor::Args),
    /// Compare a lake with the log that Auth0 itself keeps, say what is missing, and fill it when told --fill
    Gaps(gaps::Args),
    /// Make the table events and the views beside it, or add what a newer version has
    #[cfg(feature = "aws")]
    Tables(tables::Args),
    /// Bring what has landed into the table events
    #[cfg(feature = "aws")]
    Merge(merge::Args),
}

fn main() -> ExitCode {
    let (command, out) = (Command::parse().command, &mut io::stdout().lock());
    let ended = match command {
        Commands::Token(args) => token::run(&args, out),
        Commands::Try(args) => samples::run(&args, &environment, out),
        Commands::Replay(args) => replay::run(&args, &environment, out),
        Commands::Erase(args) => erase::run(&args, &environment, out),
        Commands::Doctor(args) => doctor::run(&args, &environment, now(), out),
        Commands::Gaps(args) => {
            let clock = gaps::Clock { now: &now, sleep: &thread::sleep, deadline: None };
            gaps::run(&args, &environment, &clock, &mut gaps::Writers { out, err: &mut io::stderr() })
        }
        #[cfg(feature = "aws")]
        Commands::Tables(args) => tables::run(&args, out),
        #[cfg(feature = "aws")]
        Commands::Merge(args) => merge::run(&args, out),
    };
    match ended {
        Ok(verdict) => verdict.into(),
        // The reader of the output has closed it.
        Err(Failure::System(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            _ = writeln!(io::stderr(), "lake: {failure}.");
            // As it is for options that are none.
            ExitCode::from(2)
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the edge: everything below takes the environment as an argument")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[expect(clippy::disallowed_methods, reason = "the edge: everything below takes the time as an argument")]
fn now() -> DateTime<Utc> {
    Utc::now()
}
