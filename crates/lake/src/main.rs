//! The command line of `lake`: arguments in, the end's code out.

use std::{
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
    thread,
};

use chrono::{DateTime, Utc};
use clap::FromArgMatches;

#[cfg(feature = "run")]
use lake::run;
use lake::{
    cli::{self, Cli, Commands},
    deploy, doctor, erase, external, gaps,
    outcome::{Failure, Verdict},
    print::{Visible, visible},
    reference, rejects, replay, token,
};
#[cfg(feature = "aws")]
use lake::{merge, tables};

fn main() -> ExitCode {
    let ended = match passed_on() {
        Some(failure) => Err(failure),
        None => match Cli::from_arg_matches(&cli::command().get_matches()) {
            Ok(cli) => run_command(cli.command, &mut Visible(io::stdout().lock())),
            Err(error) => error.exit(),
        },
    };
    match ended {
        Ok(verdict) => verdict.into(),
        // The reader of the output has closed it.
        Err(Failure::System(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            _ = writeln!(io::stderr(), "lake: {}.", visible(&failure.to_string()));
            Verdict::Unsure.into()
        }
    }
}

/// Becomes the program of `lake query`, `detect` or `report`, whose arguments are not read here; returns why it did not.
fn passed_on() -> Option<Failure> {
    let mut words = std::env::args_os().skip(1);
    let name = words.next()?.into_string().ok().filter(|name| external::ANALYSES.contains(&name.as_str()))?;
    let arguments: Vec<OsString> = words.collect();
    Some(external::analysis(&name, &arguments, &environment))
}

fn run_command(command: Commands, out: &mut dyn Write) -> Result<Verdict, Failure> {
    match command {
        #[cfg(feature = "run")]
        Commands::Run(args) => run::run(&args, &environment, out),
        Commands::Token(args) => token::run(&args, out),
        Commands::Deploy(args) => Err(deploy::run(&args, &environment)),
        Commands::Doctor(args) => doctor::run(&args, &environment, now(), out),
        Commands::Gaps(args) => {
            let clock = gaps::Clock { now: &now, sleep: &thread::sleep, deadline: None };
            gaps::run(&args, &environment, &clock, &mut gaps::Writers { out, err: &mut Visible(io::stderr()) })
        }
        Commands::Rejects(args) => rejects::run(&args, now(), out),
        Commands::Replay(args) => replay::run(&args, &environment, now(), out),
        Commands::Erase(args) => erase::run(&args, &environment, out),
        #[cfg(feature = "aws")]
        Commands::Tables(args) => tables::run(&args, out),
        #[cfg(feature = "aws")]
        Commands::Merge(args) => merge::run(&args, out),
        Commands::Query(passed) => Err(external::analysis("query", &passed.arguments, &environment)),
        Commands::Detect(passed) => Err(external::analysis("detect", &passed.arguments, &environment)),
        Commands::Report(passed) => Err(external::analysis("report", &passed.arguments, &environment)),
        Commands::Completions(args) => reference::completions(&args, out),
        Commands::Man(args) => reference::man(&args, out),
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
