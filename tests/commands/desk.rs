//! A folder to type commands in.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::{
        fs::symlink,
        process::{CommandExt, ExitStatusExt},
    },
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    time::SystemTime,
};

use support::files::project;
use tempfile::TempDir;

/// The `lake` of this build, beside the root package's programs.
///
/// `make test` builds it, as any `cargo test --workspace` does; a test of this package alone does not.
fn lake() -> PathBuf {
    let lake = Path::new(env!("CARGO_BIN_EXE_local")).with_file_name("lake");
    let built = fs::metadata(&lake).and_then(|file| file.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let newest = [project("src"), project("crates/lake/src")].iter().map(|folder| newest(folder)).max().expect("two folders");
    assert!(built >= newest, "{} is missing or older than its source: build it by make test, or cargo build -p lake", lake.display());
    lake
}

fn newest(path: &Path) -> SystemTime {
    let own = || fs::metadata(path).and_then(|file| file.modified()).expect("a time");
    let Ok(entries) = fs::read_dir(path) else { return own() };
    entries.map(|entry| newest(&entry.expect("an entry").path())).max().unwrap_or(SystemTime::UNIX_EPOCH)
}

/// A port of no other test, below those that the system hands out (from 32768 on).
pub fn port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = u16::try_from(std::process::id() % 500).expect("small") * 24;
    20_000 + own + NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A copy of what the commands need.
pub struct Desk(TempDir);

/// What a command said, and how it ended.
#[derive(Debug)]
pub struct Said {
    pub out: String,
    pub error: String,
    pub code: i32,
}

impl Said {
    /// Whether one line is these words.
    pub fn has_line(&self, words: &str) -> bool {
        let lines = self.out.lines().chain(self.error.lines());
        lines.into_iter().any(|line| line.split_whitespace().eq(words.split_whitespace()))
    }

    /// Whether these words follow each other, across lines too.
    pub fn has(&self, words: &str) -> bool {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        squeezed(&format!("{}\n{}", self.out, self.error)).contains(&squeezed(words))
    }
}

impl Desk {
    pub fn new() -> Self {
        let desk = Self(tempfile::tempdir().expect("a folder"));
        for folder in ["bin", "answers", "analysis", "crates/lake", "scripts", "tests/stack"] {
            fs::create_dir_all(desk.path(folder)).expect("a folder");
        }
        fs::copy(project("Makefile"), desk.path("Makefile")).expect("the Makefile");
        symlink(project("events"), desk.path("events")).expect("a link");
        for tool in ["bin/cargo", "bin/python3", "bin/aws", "tests/stack/run", "analysis/run", "scripts/deploy"] {
            symlink(project("tests/commands/fake"), desk.path(tool)).expect("a link");
        }
        symlink(lake(), desk.path("bin/lake")).expect("a link");
        desk
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// Sets the fake aws's answer to a question of this name.
    pub fn answer(&self, name: &str, answer: &str) {
        fs::write(self.path("answers").join(name), answer).expect("an answer");
    }

    /// The calls of the fakes since the last look.
    pub fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        fs::write(self.path("calls"), "").expect("a file");
        calls.lines().map(str::to_owned).collect()
    }

    fn shell(&self, typed: &str) -> Command {
        let mut shell = Command::new("sh");
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", self.path("bin").display());
        shell.args(["-c", typed]).current_dir(self.0.path()).env_clear().env("PATH", path).env("FAKES", self.0.path());
        shell.env("HOME", self.path("home")).env("TMPDIR", self.path("")).env("AWS_EC2_METADATA_DISABLED", "true");
        shell.env("AWS_REGION", "eu-central-1").stdin(Stdio::null());
        shell
    }

    /// Types a command, and waits for its end.
    pub fn types(&self, typed: &str) -> Said {
        let output = self.shell(typed).output().expect("a shell");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        Said { out: text(output.stdout), error: text(output.stderr), code: output.status.code().unwrap_or(-1) }
    }

    /// Types a command that keeps running, and waits for a line that begins with `until`.
    pub fn starts(&self, typed: &str, until: &str) -> Staying {
        let mut child = self.shell(typed).process_group(0).stdout(Stdio::piped()).spawn().expect("a shell");
        let mut out = BufReader::new(child.stdout.take().expect("its output"));
        let mut said = String::new();
        while !said.lines().any(|line| line.starts_with(until)) {
            assert!(out.read_line(&mut said).expect("text") > 0, "{typed} ended: {said}");
        }
        Staying { child, out, said }
    }
}

/// A command that runs until Ctrl-C.
pub struct Staying {
    child: Child,
    out: BufReader<ChildStdout>,
    pub said: String,
}

impl Staying {
    /// Sends what Ctrl-C sends to all of the command's processes; gives its output since the start.
    pub fn ends(mut self) -> String {
        self.signal("-INT");
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).expect("text");
        let ended = self.child.wait().expect("an end");
        // Make ignores the signal if its parent does, as a shell does for background jobs.
        assert!(ended.signal() == Some(2) || ended.success(), "as a command ends that Ctrl-C has ended: {ended}");
        rest
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, "--", &format!("-{}", self.child.id())]).output().expect("kill");
        assert!(sent.status.success() || signal == "-KILL", "{sent:?}");
    }
}

impl Drop for Staying {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.signal("-KILL");
        }
    }
}
