//! The program `lake`, run once.

use std::process::{Command, Output};

/// What a command said, and how it ended.
pub struct Said {
    pub out: String,
    pub error: String,
    pub good: bool,
    pub code: i32,
}

/// A command with these arguments and the token; the variables that it reads are unset otherwise.
pub fn command(arguments: &[&str], token: Option<&str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lake"));
    for name in ["TOKEN", "TOKEN_DIGESTS", "LAKE_URL", "PORT", "ONESHOT", "CONFIRM", "PERSON"] {
        command.env_remove(name);
    }
    command.args(arguments).envs(token.map(|token| ("TOKEN", token)));
    command
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Said {
    ended(command.output().expect("the command"))
}

/// What a command that has ended said.
pub fn ended(output: Output) -> Said {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Said { out: text(output.stdout), error: text(output.stderr), good: output.status.success(), code: output.status.code().unwrap_or(-1) }
}

/// Runs `lake` with these arguments and the token.
pub fn lake(arguments: &[&str], token: Option<&str>) -> Said {
    run(&mut command(arguments, token))
}

impl Said {
    /// Whether one line is these words, whatever the spaces between them.
    pub fn has_line(&self, words: &str) -> bool {
        self.out.lines().any(|line| line.split_whitespace().eq(words.split_whitespace()))
    }

    /// Whether these words follow each other, across lines too.
    pub fn has(&self, words: &str) -> bool {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        squeezed(&self.out).contains(&squeezed(words))
    }
}
