//! A folder to type commands in, with fakes of the tools.

use std::{fs, path::PathBuf, process::Command};

use support::files::project;
use tempfile::TempDir;

/// A copy of what the commands need, with fakes first on the path.
pub struct Desk(TempDir);

/// What a command said, how it ended, and which tools it called.
pub struct Said {
    pub out: String,
    pub error: String,
    pub good: bool,
    pub calls: Vec<Vec<String>>,
}

/// The interpreter itself: version managers replace it by a script that changes the path.
fn python() -> PathBuf {
    let asked = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output().expect("Python 3");
    String::from_utf8(asked.stdout).expect("text").trim_end().into()
}

impl Desk {
    pub fn new() -> Self {
        let desk = Self(tempfile::tempdir().expect("a folder"));
        for file in ["Makefile", "template.yaml", "scripts/deploy", "scripts/template.py", "sql/merge_costs.py", "tests/stack/cost.py"] {
            let copy = desk.path(file);
            fs::create_dir_all(copy.parent().expect("a folder")).expect("a folder");
            fs::copy(project(file), copy).expect(file);
        }
        fs::create_dir_all(desk.path("bin")).expect("a folder");
        for tool in ["aws", "sam", "cargo", "cargo-lambda"] {
            fs::copy(project("tests/deploy/fake"), desk.path("bin").join(tool)).expect(tool);
        }
        std::os::unix::fs::symlink(python(), desk.path("bin/python3")).expect("a link");
        desk.answer("aws-sts-get-caller-identity", r#"{"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/ann"}"#);
        desk.account(1000, 900);
        desk.answer("aws-cloudformation-describe-stacks.fails", "(ValidationError): Stack with id auth0-log-lake does not exist\n");
        desk
    }

    /// A desk where the stack is deployed with these parameters, and more of its description.
    pub fn deployed(parameters: &[(&str, &str)], more: &str) -> Self {
        let desk = Self::new();
        let pairs = parameters.iter().map(|(name, value)| format!(r#"{{"ParameterKey": "{name}", "ParameterValue": "{value}"}}"#));
        let parameters = pairs.collect::<Vec<_>>().join(", ");
        desk.status("UPDATE_COMPLETE", &format!(r#""Parameters": [{parameters}], {more}"#));
        desk
    }

    pub fn status(&self, status: &str, more: &str) {
        _ = fs::remove_file(self.path("aws-cloudformation-describe-stacks.fails"));
        let outputs = r#""Outputs": [{"OutputKey": "ReceiverUrl", "OutputValue": "https://abc.lambda-url.eu-west-1.on.aws/"}]"#;
        let stack = format!(r#"{{"Stacks": [{{"StackStatus": "{status}", {more}{outputs}}}]}}"#);
        self.answer("aws-cloudformation-describe-stacks", &stack);
    }

    /// The account's concurrent executions, and how many no function has reserved.
    pub fn account(&self, limit: u32, unreserved: u32) {
        let limits = format!(r#"{{"AccountLimit": {{"ConcurrentExecutions": {limit}, "UnreservedConcurrentExecutions": {unreserved}}}}}"#);
        self.answer("aws-lambda-get-account-settings", &limits);
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn answer(&self, call: &str, text: &str) {
        fs::write(self.path(call), text).expect(call);
    }

    /// Types a command into a shell, as the documents have it.
    pub fn types(&self, line: &str) -> Said {
        _ = fs::remove_file(self.path("calls"));
        let line = format!("PATH=\"$FAKES/bin:$PATH\"; export PATH; {line}");
        let mut shell = Command::new("sh");
        shell.args(["-c", &line]).current_dir(self.0.path()).env("FAKES", self.0.path());
        for name in ["MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "AWS_DEFAULT_REGION", "STACK", "TOKEN_DIGESTS", "ALARM_EMAIL"] {
            shell.env_remove(name);
        }
        for name in
            ["PARAMETERS", "TAGS", "CONFIRM", "DRY_RUN", "ARCH", "EVENTS", "PER_REQUEST", "SOURCES", "MILLISECONDS", "MEMORY", "STORED"]
        {
            shell.env_remove(name);
        }
        for name in ["RANGES", "REGION", "OBJECTS", "LOGGED", "BUFFER_SECONDS", "RECEIVED", "LOGGED_QUEUED"] {
            shell.env_remove(name);
        }
        let output = shell.env("AWS_REGION", "eu-west-1").output().expect("a shell");
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        Said {
            out: String::from_utf8(output.stdout).expect("text"),
            error: String::from_utf8(output.stderr).expect("text"),
            good: output.status.success(),
            calls: calls.lines().map(|call| call.split('\t').map(str::to_owned).collect()).collect(),
        }
    }

    pub fn template(&self) -> String {
        fs::read_to_string(self.path("target/deploy/template.yaml")).expect("the template that is deployed")
    }
}

impl Said {
    pub fn done(self) -> Self {
        assert!(self.good, "{}\n{}", self.out, self.error);
        self
    }

    pub fn call(&self, start: &str) -> Option<&Vec<String>> {
        self.calls.iter().find(|call| call.join(" ").starts_with(start))
    }

    /// Whether SAM was given a parameter or tag.
    pub fn sam_got(&self, word: &str) -> bool {
        self.call("sam deploy").expect("sam was called").iter().any(|argument| argument == word)
    }

    /// Asserts that nothing was built or deployed, and that the error has these words.
    pub fn refused(&self, words: &str) {
        assert!(!self.good, "{}", self.out);
        assert!(self.call("cargo").is_none() && self.call("sam").is_none(), "{:?}", self.calls);
        let sentences: Vec<&str> = self.error.lines().filter(|line| !line.starts_with("make: ***")).collect();
        assert!(sentences.len() == 1 && sentences[0].starts_with("deploy: "), "{}", self.error);
        assert!(sentences[0].contains(words), "{} has no {words}", sentences[0]);
    }
}
