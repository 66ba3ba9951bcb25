//! Completions, manual pages and docs/COMMANDS.md, from the one definition.

use std::io::{self, Write};

use clap::Command;
use clap_complete::Shell;

use crate::{
    cli,
    outcome::{Failure, Verdict},
};

/// Width of the help in docs/COMMANDS.md, in columns.
const WIDTH: usize = 100;

/// Prints the completions of a shell.
#[derive(clap::Args, Clone, Debug)]
pub struct Completions {
    /// Shell, which reads them from its folder of completions
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// Prints a manual page.
#[derive(clap::Args, Clone, Debug)]
pub struct Man {
    /// Command whose page to print [default: lake itself]
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
    /// Print docs/COMMANDS.md instead
    #[arg(long, conflicts_with = "command")]
    markdown: bool,
}

/// Prints the completions.
///
/// # Errors
/// The output cannot be written.
pub fn completions(args: &Completions, out: &mut dyn Write) -> Result<Verdict, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut cli::command(), "lake", &mut text);
    out.write_all(&text)?;
    Ok(Verdict::Good)
}

/// Prints the page.
///
/// # Errors
/// There is no such command, or the output cannot be written.
pub fn man(args: &Man, out: &mut dyn Write) -> Result<Verdict, Failure> {
    if args.markdown {
        out.write_all(markdown().as_bytes())?;
        return Ok(Verdict::Good);
    }
    let whole = built();
    let page = match &args.command {
        None => whole,
        Some(name) => whole.find_subcommand(name).cloned().ok_or_else(|| no_command(name))?,
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text)?;
    out.write_all(&text)?;
    Ok(Verdict::Good)
}

fn no_command(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("lake has no command {name}; lake --help lists them"))
}

/// Returns the definition, with the names and usages that clap adds when it builds it.
fn built() -> Command {
    let mut whole = cli::command();
    whole.build();
    whole
}

/// Returns docs/COMMANDS.md: the help of every command.
pub fn markdown() -> String {
    let mut whole = built().term_width(WIDTH);
    let mut page =
        "# Commands\n\nThe help of `lake`, the program for operators and analysts; in a clone, `cargo lake …` builds and starts it.\n\
                    `cargo lake man --markdown` writes this page.\n"
            .to_owned();
    let mut section = |title: &str, help: String| {
        let lines: Vec<&str> = help.trim_end().lines().map(str::trim_end).collect();
        page.push_str(&format!("\n## {title}\n\n```text\n{}\n```\n", lines.join("\n")));
    };
    section("lake", whole.render_help().to_string());
    for name in cli::names() {
        let Some(found) = whole.find_subcommand(name) else { continue };
        let mut found = found.clone().term_width(WIDTH);
        section(&format!("lake {name}"), found.render_help().to_string());
        for nested in found.get_subcommands().filter(|nested| nested.get_name() != "help") {
            section(&format!("lake {name} {}", nested.get_name()), nested.clone().term_width(WIDTH).render_help().to_string());
        }
    }
    page
}
