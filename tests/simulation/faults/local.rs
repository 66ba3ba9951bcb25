//! The `local` receiver as a process, and a sender that knows HTTP.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::{self, JoinHandle},
};

/// How the process is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Under {
    /// As it is.
    Nothing,
    /// With a lake on a disk of 256 KiB.
    SmallDisk,
    /// With a lake that may only be read.
    ReadOnly,
    /// With files of at most 4 KiB.
    SmallFiles,
}

impl Under {
    /// The words before the binary; the lake's folder is `$1`, the binary `$2`.
    fn shell(self) -> &'static str {
        match self {
            Self::Nothing => "exec \"$2\"",
            Self::SmallDisk => "mount -t tmpfs -o size=256k tmpfs \"$1\" && exec \"$2\"",
            Self::ReadOnly => "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" && exec \"$2\"",
            // POSIX counts blocks of 512 bytes. Without the trap the limit would end the process.
            Self::SmallFiles => "trap '' XFSZ; ulimit -f 8; exec \"$2\"",
        }
    }

    /// Mounts are seen by this process alone and end with it.
    fn needs_mounts(self) -> bool {
        matches!(self, Self::SmallDisk | Self::ReadOnly)
    }

    /// Whether this machine allows it.
    pub fn is_possible(self) -> bool {
        let mut probe = Command::new("unshare");
        let probe = probe.args(["--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", env!("CARGO_TARGET_TMPDIR")]);
        !self.needs_mounts() || probe.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }
}

/// The receiver on a port of its own.
pub struct Local {
    child: Child,
    port: u16,
    lake: PathBuf,
    stdout: Option<JoinHandle<String>>,
}

impl Local {
    /// Starts the receiver over a lake, and waits until it listens.
    pub fn start(lake: &Path, under: Under) -> Self {
        Self::start_with(lake, under, &[])
    }

    /// The same, with further settings.
    pub fn start_with(lake: &Path, under: Under, settings: &[(&str, String)]) -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|socket| socket.local_addr()).expect("a free port").port();
        let mut command = Command::new(if under.needs_mounts() { "unshare" } else { "sh" });
        if under.needs_mounts() {
            command.args(["--user", "--map-root-user", "--mount", "sh"]);
        }
        command.arg("-c").arg(under.shell()).arg("sh").arg(lake).arg(env!("CARGO_BIN_EXE_local"));
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("PORT", port.to_string());
        command.env("LAKE_URL", format!("file://{}", lake.display())).env("COMPRESSION", "none");
        command.env("TOKEN_DIGESTS", support::function::DIGEST).envs(settings.iter().map(|(name, value)| (name, value)));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the receiver starts");
        let mut pipe = child.stdout.take().expect("a pipe");
        let stdout = thread::spawn(move || {
            let mut text = Vec::new();
            pipe.read_to_end(&mut text).map(|_| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default()
        });
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(matches!(child.try_wait(), Ok(None)), "the receiver ended");
            thread::yield_now();
        }
        Self { child, port, lake: lake.to_owned(), stdout: Some(stdout) }
    }

    /// A sender to this receiver.
    pub fn sender(&self) -> Sender {
        Sender(self.port)
    }

    /// The lake's folder, as the process sees it.
    pub fn lake(&self) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.child.id()));
        root.join(self.lake.strip_prefix("/").unwrap_or(&self.lake))
    }

    /// Kills the process; gives its output.
    pub fn kill(mut self) -> String {
        self.end();
        self.stdout.take().map(|stdout| stdout.join().expect("text")).unwrap_or_default()
    }

    fn end(&mut self) {
        // It may have ended by itself.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.end();
    }
}

/// Posts to one port.
#[derive(Clone, Copy)]
pub struct Sender(u16);

impl Sender {
    /// Posts a body; gives the status, or none if the connection broke.
    pub fn post(self, body: &[u8]) -> Option<u16> {
        self.try_post(body).ok().filter(|status| *status != 0)
    }

    fn try_post(self, body: &[u8]) -> io::Result<u16> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.0))?;
        let token = support::function::TOKEN;
        let head = format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let answer = String::from_utf8_lossy(&answer);
        Ok(answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default())
    }
}
