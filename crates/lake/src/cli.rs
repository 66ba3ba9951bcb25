//! The command line, once: help, completions, the manual page and docs/COMMANDS.md come from here.

use clap::{Command, CommandFactory, Parser, Subcommand};

#[cfg(feature = "run")]
use crate::run;
use crate::{deploy, doctor, erase, external, gaps, reference, rejects, replay, token};
#[cfg(feature = "aws")]
use crate::{merge, tables};

/// Works with a receiver of Auth0 log streams, and with the lake that it writes.
#[derive(Parser)]
#[command(name = "lake", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "Ends with 0 if all is well, 1 if it found something, 2 if it could not say. Options mean the same in every \
                        command; docs/COMMANDS.md lists them all.")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Commands,
}

/// The commands.
#[derive(Subcommand)]
pub enum Commands {
    /// Start the receiver on this machine, post the samples, and show what landed
    #[cfg(feature = "run")]
    Run(run::Args),
    /// Make a random token and its digest, and say where each goes
    Token(token::Args),
    /// Deploy the stack, with checks before it
    Deploy(deploy::Args),
    /// Follow one marked event through a receiver to its lake, and say step by step what is wrong
    Doctor(doctor::Args),
    /// Compare a lake with the log that Auth0 itself keeps, and fill what is missing
    Gaps(gaps::Args),
    /// List rejected records, each once, and close them
    Rejects(rejects::Args),
    /// Post rejected records again, and say how many became events
    Replay(replay::Args),
    /// Erase one person's rows from a lake; only says what it would do without --yes
    Erase(erase::Args),
    /// Make the table events and the views beside it, or add what a newer version has
    #[cfg(feature = "aws")]
    Tables(tables::Args),
    /// Bring what has landed into the table events
    #[cfg(feature = "aws")]
    Merge(merge::Args),
    /// Ask a lake with SQL
    #[command(disable_help_flag = true)]
    Query(external::Passed),
    /// Run the detections over a lake
    #[command(disable_help_flag = true)]
    Detect(external::Passed),
    /// Write a page about a lake
    #[command(disable_help_flag = true)]
    Report(external::Passed),
    /// Print the completions of a shell
    Completions(reference::Completions),
    /// Print a manual page
    Man(reference::Man),
}

/// A command's name, and examples of it.
type Examples = (&'static str, &'static [&'static str]);

/// The commands in groups, with examples of each.
const GROUPS: [(&str, &[Examples]); 5] = [
    (
        "Set up",
        &[
            ("run", &["lake run", "lake run --port 9001 --no-samples", "lake run --once --lake /tmp/lake"]),
            ("token", &["lake token --source acme"]),
            (
                "deploy",
                &[
                    "lake deploy --token-digests acme=<digest> --alarm-email ops@example.com",
                    "lake deploy --parameter MergeCadence=hourly --dry-run",
                    "lake deploy digests",
                ],
            ),
        ],
    ),
    (
        "Watch",
        &[
            ("doctor", &["TOKEN=<token> lake doctor --stack auth0-log-lake", "TOKEN=<token> lake doctor --url http://127.0.0.1:9000/"]),
            ("gaps", &["lake gaps --domain acme.eu.auth0.com --stack auth0-log-lake --since 24h"]),
            (
                "rejects",
                &[
                    "lake rejects --stack auth0-log-lake --since 7d",
                    "lake rejects --reason malformed_json --format json",
                    "lake rejects close 0123456789abcdef0123456789abcdef --reason \"a test of ours\"",
                ],
            ),
            (
                "replay",
                &["TOKEN=<token> lake replay --stack auth0-log-lake", "lake replay --since 2026-07-01 --until 2026-07-01 --dry-run"],
            ),
        ],
    ),
    (
        "Ask",
        &[
            ("query", &["lake query \"SELECT type, count(*) FROM events GROUP BY type\""]),
            ("detect", &["lake detect --since 7d"]),
            ("report", &["lake report --since 7d"]),
        ],
    ),
    (
        "Keep the lake",
        &[
            ("tables", &["lake tables --stack auth0-log-lake"]),
            ("merge", &["lake merge --stack auth0-log-lake", "lake merge --since 2026-01 --until 2026-06"]),
            ("erase", &["PERSON=ann@example.com lake erase --stack auth0-log-lake", "lake erase --ids person.txt --yes"]),
        ],
    ),
    ("This program", &[("completions", &["lake completions bash"]), ("man", &["lake man", "lake man replay"])]),
];

/// Returns the definition, with its groups and examples.
pub fn command() -> Command {
    let mut command = Cli::command();
    let mut listed = String::new();
    for (group, commands) in GROUPS {
        listed.push_str(&format!("{group}:\n"));
        for (name, examples) in commands {
            let Some(found) = command.find_subcommand(name) else { continue };
            listed.push_str(&format!("  {name:<12} {}\n", found.get_about().map(ToString::to_string).unwrap_or_default()));
            let before = found.get_after_help().map_or_else(String::new, |text| format!("{text}\n\n"));
            let help = format!("{before}Examples:\n  {}", examples.join("\n  "));
            command = command.mut_subcommand(name, |found| found.after_help(help));
        }
        listed.push('\n');
    }
    command.help_template(format!("{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{listed}Options:\n{{options}}{{after-help}}"))
}

/// Returns the names in the order of the help.
pub fn names() -> impl Iterator<Item = &'static str> {
    GROUPS.into_iter().flat_map(|(_, commands)| commands.iter().map(|(name, _)| *name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_one_group_with_examples_that_can_be_typed() {
        command().debug_assert();
        let mut grouped: Vec<&str> = names().collect();
        let definition = Cli::command();
        let mut defined: Vec<&str> = definition.get_subcommands().map(Command::get_name).collect();
        grouped.sort_unstable();
        defined.sort_unstable();
        assert_eq!(grouped, defined);
        for (name, examples) in GROUPS.into_iter().flat_map(|(_, commands)| commands) {
            assert!(!examples.is_empty(), "{name}");
            for example in *examples {
                let quoted = example.split('"').enumerate();
                let words: Vec<&str> =
                    quoted.flat_map(|(i, part)| if i % 2 == 1 { vec![part] } else { part.split_whitespace().collect() }).collect();
                let start = words.iter().position(|word| *word == "lake").expect(example);
                assert_eq!(words[start + 1], *name, "{example}");
                command().try_get_matches_from(&words[start..]).map(|_| ()).expect(example);
            }
        }
    }

    #[test]
    fn the_help_has_the_groups_and_the_ends() {
        let help = command().render_help().to_string();
        for line in ["Set up:", "Watch:", "Ask:", "Keep the lake:", "  replay       Post rejected records again", "2 if it could not say"] {
            assert!(help.contains(line), "{line} in {help}");
        }
    }
}
