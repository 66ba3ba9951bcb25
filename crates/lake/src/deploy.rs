//! Starts the script that deploys the stack: `scripts/deploy` of the clone, or `deploy` beside this program in a bundle.

use std::{os::unix::process::CommandExt, process::Command};

use crate::{
    external::{beside, in_clone, is_program},
    outcome::Failure,
};

/// Deploys the stack, with checks before it.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "A parameter that is not given stays as it is deployed.")]
pub struct Args {
    /// Another action of the script, such as digests, which prints the deployed digests
    #[arg(value_name = "ACTION")]
    action: Vec<String>,
    /// Stack [default: auth0-log-lake]
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// Digests of the tokens, as lake token prints them: source=digest, separated by commas
    #[arg(long, value_name = "DIGESTS")]
    token_digests: Option<String>,
    /// Address that the alarms are sent to
    #[arg(long, value_name = "EMAIL")]
    alarm_email: Option<String>,
    /// Parameter of the template; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    parameter: Vec<String>,
    /// Tag of the stack; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    tag: Vec<String>,
    /// Only say what would change
    #[arg(long)]
    dry_run: bool,
    /// Deploy even if a source loses its last token
    #[arg(long)]
    yes: bool,
}

/// Becomes the script.
///
/// # Errors
/// The script is missing, or cannot be started. Otherwise this does not return.
pub fn run(args: &Args, lookup: &dyn Fn(&str) -> Option<String>) -> Failure {
    let script = in_clone("scripts/deploy", lookup).or_else(|| beside("deploy").filter(|script| is_program(script)));
    let Some(script) = script else {
        return Failure::NoProgram { program: "deploy".to_owned(), from: "the bundle of the release, or a clone (cargo lake)" };
    };
    let mut command = Command::new(script);
    command.args(&args.action).envs(variables(args));
    Failure::Start { program: "deploy".to_owned(), source: command.exec() }
}

/// Returns the variables by which the script is told.
fn variables(args: &Args) -> Vec<(&'static str, String)> {
    let switch = |given: bool| given.then(|| "1".to_owned());
    let list = |values: &[String]| (!values.is_empty()).then(|| values.iter().map(|value| quoted(value)).collect::<Vec<_>>().join(" "));
    let all = [
        ("STACK", args.stack.clone()),
        ("TOKEN_DIGESTS", args.token_digests.clone()),
        ("ALARM_EMAIL", args.alarm_email.clone()),
        ("PARAMETERS", list(&args.parameter)),
        ("TAGS", list(&args.tag)),
        ("DRY_RUN", switch(args.dry_run)),
        ("CONFIRM", switch(args.yes)),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// Returns text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_one_word() {
        assert_eq!(quoted("Name=a b"), "'Name=a b'");
        assert_eq!(quoted("Name=it's"), "'Name=it'\\''s'");
    }
}
