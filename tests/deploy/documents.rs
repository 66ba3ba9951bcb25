//! Each command of the documents, as it is written.

use std::fs;

use support::files::project;

use crate::{DEV, OLD, desk::Desk};

/// Our commands in the documents, in blocks and in lines of text.
fn documented() -> Vec<String> {
    let mut commands = Vec::new();
    for document in ["README.md", "RUNBOOK.md", "COSTS.md", "docs/AUTH0.md", "docs/GAPS.md", "docs/OPERATING.md"] {
        let text = fs::read_to_string(project(document)).expect(document);
        commands.extend(text.lines().filter(|line| line.starts_with("make ")).map(str::to_owned));
        commands.extend(text.replace("\n   ", " ").split('`').skip(1).step_by(2).map(str::to_owned));
    }
    let ours = |command: &String| ["deploy", "digests", "build", "cost"].contains(&command.split(' ').nth(1).unwrap_or_default());
    let typed = commands.into_iter().map(|command| match command.trim() {
        parameters if parameters.starts_with("PARAMETERS=") => format!("make deploy {parameters}"),
        command => command.to_owned(),
    });
    typed.filter(|command| command.starts_with("make ") && ours(command)).collect()
}

#[test]
fn every_command_of_the_documents_runs_as_it_is_written() {
    let commands = documented();
    for start in
        ["make deploy TOKEN_DIGESTS=", "make deploy PARAMETERS=", "make deploy TAGS=", "make deploy STACK=", "make deploy DRY_RUN=1"]
    {
        assert!(commands.iter().any(|command| command.starts_with(start)), "no document has {start}");
    }
    for start in ["make digests", "make build ARCH=x86_64", "make cost EVENTS="] {
        assert!(commands.iter().any(|command| command.starts_with(start)), "no document has {start}");
    }
    let eu = DEV.replace("acme-dev", "acme-eu").replace('2', "4");
    for command in commands {
        let desk = Desk::deployed(&[("TokenDigests", &format!("{OLD},{DEV},{eu}"))], "");
        // The reader fills in the angle brackets.
        let mut typed = command.clone();
        for digit in '5'.. {
            let Some((before, after)) = typed.split_once('<') else { break };
            let after = after.split_once('>').expect("its end").1.to_owned();
            typed = format!("{before}{}{after}", digit.to_string().repeat(64));
        }
        desk.types(&format!("CONFIRM=1 {typed}")).done();
    }
}
