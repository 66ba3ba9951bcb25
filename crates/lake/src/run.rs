//! The receiver on a laptop, in this process, and the samples that show what it does.

use std::{
    fs::File,
    io::{self, IsTerminal, Write},
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver as Lines, SyncSender},
    },
};

use auth0_log_lake::{
    auth::TokenDigest,
    config::Config,
    receive::Receiver,
    serve::{hide_panic_messages, local},
};
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};

use crate::{
    boolean,
    external::in_clone,
    options::LakeOption,
    outcome::{Failure, Verdict},
    samples::{self, Trial},
};

mod line;

/// The documented token of a receiver on a laptop.
const LOCAL_TOKEN: &str = "local-development-token";
/// Ports after a taken one of which a free one is proposed.
const NEXT_PORTS: u16 = 100;
/// Lines that may wait to be printed; then requests wait.
const WAITING: usize = 64;

/// Starts the receiver on this machine, posts the samples, shows what landed, and stays up until Ctrl-C.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "Settings are read from the receiver's variables, such as LAKE_URL, TOKEN_DIGESTS and COMPRESSION. Without \
                        TOKEN_DIGESTS, the token is local-development-token.")]
pub struct Args {
    #[command(flatten)]
    lake: LakeOption,
    /// Port to listen on, on 127.0.0.1 [default: the variable PORT, or 9000]
    #[arg(long, value_name = "PORT")]
    port: Option<String>,
    /// Folder with the samples: its files that end in .json or .jsonl [default: events]
    #[arg(long, value_name = "FOLDER", conflicts_with = "no_samples")]
    samples: Option<PathBuf>,
    /// Post no samples
    #[arg(long)]
    no_samples: bool,
    /// End after the samples [also: the variable ONESHOT=1]
    #[arg(long, conflicts_with = "no_samples")]
    once: bool,
    /// Print the metrics of each request too
    #[arg(long)]
    metrics: bool,
    /// Post the samples to a lake in s3:// [also: the variable CONFIRM=1]
    #[arg(long)]
    yes: bool,
}

/// Looks up an environment variable.
type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A running receiver.
struct Running {
    /// Its log.
    log: PathBuf,
    lines: Lines<Heard>,
    /// Lets Ctrl-C end it.
    up: oneshot::Sender<()>,
    _runtime: Runtime,
}

/// What the receiver's threads tell the one that prints.
enum Heard {
    /// Lines of one request.
    Lines(Vec<u8>),
    /// The receiver has ended.
    Ended(io::Result<()>),
}

/// Runs the command.
///
/// # Errors
/// A setting is wrong, the port is taken, or the samples cannot be read.
pub fn run(args: &Args, lookup: Lookup<'_>, out: &mut dyn Write) -> Result<Verdict, Failure> {
    let set = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
    let once = args.once || switch("ONESHOT", lookup)?;
    let lake = args.lake.given(None).map(|lake| lake.to_string()).or_else(|| set("LAKE_URL")).unwrap_or_else(|| "file://lake".to_owned());
    let may_post = args.no_samples || args.yes || lookup("CONFIRM").is_some_and(|confirm| confirm == "1");
    if lake.starts_with("s3://") && !may_post {
        return Err(Failure::Run(format!(
            "the lake is {lake}, and the samples would be stored there beside real events: give another --lake, or add --yes (CONFIRM=1)"
        )));
    }
    let token = token(args, &set, out)?;
    let digests = set("TOKEN_DIGESTS").unwrap_or_else(|| format!("local={}", TokenDigest::of(LOCAL_TOKEN.as_bytes())));
    let config = Config::from_lookup(|name| match name {
        "LAKE_URL" => Some(lake.clone()),
        "TOKEN_DIGESTS" => Some(digests.clone()),
        "PORT" => args.port.clone().or_else(|| set("PORT")),
        _ => lookup(name),
    })?;
    let (url, lake) = (format!("http://127.0.0.1:{}/", config.port), config.lake.clone());
    let folder = if args.no_samples { None } else { Some(sample_folder(args, lookup)?) };
    let running = Running::start(config)?;
    if let Some(folder) = &folder {
        let verdict = samples::run(&Trial { url: &url, token: &token, folder, lake: &lake, log: &running.log }, out)?;
        if once || verdict != Verdict::Good {
            return Ok(verdict);
        }
    }
    running.stay(&url, args.metrics, out)
}

fn switch(name: &str, lookup: Lookup<'_>) -> Result<bool, Failure> {
    let word = lookup(name).unwrap_or_default();
    boolean::parse(&word).map_err(|error| Failure::Run(format!("{name} is wrong: {error}; got {word}")))
}

/// Picks the token that the samples are posted with.
fn token(args: &Args, set: Lookup<'_>, out: &mut dyn Write) -> Result<String, Failure> {
    match (set("TOKEN_DIGESTS"), set("TOKEN")) {
        (Some(_), Some(token)) => Ok(token),
        (Some(_), None) if !args.no_samples => {
            Err(Failure::Run("TOKEN_DIGESTS is set, so set TOKEN to one of its tokens, or unset TOKEN_DIGESTS".to_owned()))
        }
        (None, Some(_)) => {
            writeln!(out, "TOKEN is set, but not used: without TOKEN_DIGESTS this run takes {LOCAL_TOKEN}.")?;
            Ok(LOCAL_TOKEN.to_owned())
        }
        _ => Ok(LOCAL_TOKEN.to_owned()),
    }
}

fn sample_folder(args: &Args, lookup: Lookup<'_>) -> Result<PathBuf, Failure> {
    let here = || Some(PathBuf::from("events")).filter(|folder| folder.is_dir());
    let found = args.samples.clone().or_else(here).or_else(|| in_clone("events", lookup));
    found.ok_or_else(|| Failure::Run("there are no samples here: give --samples FOLDER, or --no-samples".to_owned()))
}

impl Running {
    fn start(config: Config) -> Result<Self, Failure> {
        hide_panic_messages();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let port = config.port;
        let listener = runtime.block_on(tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)));
        let listener = listener.map_err(|source| taken(port, &source))?;
        let (log, ended, lines) = keep_log()?;
        let (up, is_up) = oneshot::channel();
        runtime.spawn(async move {
            let receiver = Receiver::open(config).await;
            let end = local::run(listener, receiver, write_log, end(is_up)).await;
            _ = ended.send(Heard::Ended(end));
        });
        Ok(Self { log, lines, up, _runtime: runtime })
    }

    /// Prints what is logged, until the receiver ends.
    fn stay(self, url: &str, metrics: bool, out: &mut dyn Write) -> Result<Verdict, Failure> {
        let readable = io::stdout().is_terminal();
        PRINTED.store(true, Ordering::Relaxed);
        _ = self.up.send(());
        writeln!(out, "The receiver is up at {url} and logs to {}; Ctrl-C ends it. Its requests:\n", self.log.display())?;
        out.flush()?;
        for heard in self.lines {
            match heard {
                Heard::Lines(lines) => line::show(&lines, readable, metrics, out)?,
                Heard::Ended(Ok(())) => break,
                Heard::Ended(Err(error)) => return Err(Failure::Run(format!("the receiver ended: {error}"))),
            }
        }
        Ok(Verdict::Good)
    }
}

/// Waits for Ctrl-C or a request to terminate, once the samples are posted; until then either ends the process.
async fn end(is_up: oneshot::Receiver<()>) {
    if is_up.await.is_err() {
        return;
    }
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

/// Says that a port cannot be listened on, and what to type for another.
fn taken(port: u16, error: &io::Error) -> Failure {
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    let free = (port.saturating_add(1)..=port.saturating_add(NEXT_PORTS)).find(is_free);
    let next = free.map_or_else(String::new, |free| format!("; type lake run --port {free}, or PORT={free} make run"));
    let what = if error.kind() == io::ErrorKind::AddrInUse { "is taken" } else { "cannot be listened on" };
    Failure::Run(format!("port {port} {what} ({error}){next}"))
}

/// Where the receiver's lines go: its log takes plain functions only.
static LOG: OnceLock<(File, SyncSender<Heard>)> = OnceLock::new();
/// Whether lines are printed too.
static PRINTED: AtomicBool = AtomicBool::new(false);

/// Makes the log of this run.
fn keep_log() -> Result<(PathBuf, SyncSender<Heard>, Lines<Heard>), Failure> {
    let (file, path) = tempfile::Builder::new().prefix("lake-run-").suffix(".log").tempfile()?.keep().map_err(|error| error.error)?;
    let (sender, lines) = mpsc::sync_channel(WAITING);
    _ = LOG.set((file, sender.clone()));
    Ok((path, sender, lines))
}

fn write_log(lines: &[u8]) {
    let Some((file, printer)) = LOG.get() else { return };
    _ = (&*file).write_all(lines);
    if PRINTED.load(Ordering::Relaxed) {
        _ = printer.send(Heard::Lines(lines.to_owned()));
    }
}
