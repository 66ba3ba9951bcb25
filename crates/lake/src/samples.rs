//! Posts sample bodies to a receiver, and shows what became of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::{
    landed::Landed,
    layout::{WIDTH, ascii, count, hour_folder, number, table, wrap},
    meaning::{meaning, status},
    outcome::{Failure, Verdict},
    post::{Answer, Counts, NoAnswer, ReceiverClient, Taken, Token},
    reading::Reading,
    stored::Keys,
};
use auth0_log_lake::{config::LakeUrl, object::Compression};

/// Samples to post, and where.
pub struct Trial<'a> {
    /// URL of the receiver.
    pub url: &'a str,
    /// Token of one of its sources.
    pub token: &'a str,
    /// Folder with the bodies.
    pub folder: &'a Path,
    /// Lake of the receiver.
    pub lake: &'a LakeUrl,
    /// Log of the receiver, which says why it stores nothing.
    pub log: &'a Path,
}

/// One sample, its size, and the answer to it.
struct Tried {
    file: String,
    bytes: usize,
    answer: Result<Answer, NoAnswer>,
}

impl Tried {
    fn taken(&self) -> Option<Taken> {
        self.answer.as_ref().ok()?.taken()
    }

    fn counts(&self) -> Option<Counts> {
        self.answer.as_ref().ok()?.counts()
    }

    fn is_queued(&self) -> bool {
        self.taken() == Some(Taken::Queued)
    }
}

/// Posts the samples, and shows what landed.
///
/// # Errors
/// The samples or the lake cannot be read.
pub fn run(trial: &Trial<'_>, out: &mut dyn Write) -> Result<Verdict, Failure> {
    let receiver = ReceiverClient::new(trial.url, Token::parse(trial.token)?)?;
    let reading = Reading::open(trial.lake)?;
    let samples = samples(trial.folder)?;
    // The first put makes a lake that is not there yet.
    let before: BTreeSet<String> = reading.list(&Keys::default()).unwrap_or_default().objects.iter().map(ToString::to_string).collect();

    writeln!(out, "Posting {} from {} to {}\n", count(samples.len(), "sample"), trial.folder.display(), receiver.url())?;
    let tried: Vec<Tried> = samples.iter().map(|sample| try_one(&receiver, sample, trial.folder)).collect::<Result<_, _>>()?;
    let good = show_answers(&tried, out)?;
    if !good {
        show_problems(&tried, trial.log, out)?;
    }
    if tried.iter().all(|tried| tried.answer.as_ref().is_ok_and(|answer| answer.taken().is_none())) {
        return Ok(Verdict::Bad);
    }
    writeln!(out, "What is now in the lake, {}:\n", place(trial.lake))?;
    let landed = Landed::read(&reading, &before)?;
    landed.show(out)?;
    show_next(&landed, trial.lake, out)?;
    Ok(Verdict::good_if(good && landed.problems.is_empty()))
}

/// Finds the sample files of a folder, in the order of their names.
fn samples(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |source| Failure::Samples { folder: folder.display().to_string(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_file() && path.extension().is_some_and(|extension| extension == "json" || extension == "jsonl") {
            found.push(path);
        }
    }
    found.sort_unstable();
    let none = || io::Error::new(io::ErrorKind::NotFound, "no file there ends in .json or .jsonl");
    if found.is_empty() { Err(failed(none())) } else { Ok(found) }
}

fn try_one(receiver: &ReceiverClient, sample: &Path, folder: &Path) -> Result<Tried, Failure> {
    let body = fs::read(sample).map_err(|source| Failure::Samples { folder: folder.display().to_string(), source })?;
    let file = sample.file_name().unwrap_or_default().to_string_lossy();
    Ok(Tried { file: ascii(&file), bytes: body.len(), answer: receiver.post(&body) })
}

/// Shows each answer; says whether every sample was stored or queued.
fn show_answers(tried: &[Tried], out: &mut dyn Write) -> io::Result<bool> {
    let mut rows: Vec<[String; 6]> = tried.iter().map(row).collect();
    let counts = || tried.iter().filter_map(Tried::counts);
    let sum = |of: fn(Counts) -> usize| number(counts().map(of).sum());
    let bytes = number(tried.iter().map(|tried| tried.bytes).sum());
    rows.push(["all".to_owned(), bytes, String::new(), sum(|all| all.received), sum(|all| all.accepted), sum(|all| all.rejected)]);
    writeln!(out, "{}", table(["file", "bytes", "status", "received", "accepted", "rejected"], &rows))?;
    let queued = tried.iter().filter(|tried| tried.is_queued()).count();
    if queued > 0 {
        let queued = count(queued, "sample");
        writeln!(out, "Queued, and not stored yet: {queued}. The stack stores what is queued within its BufferSeconds.\n")?;
    }
    Ok(tried.iter().all(|tried| tried.taken().is_some()))
}

/// Shows each problem once, with its samples, and the last error in the receiver's log.
fn show_problems(tried: &[Tried], log: &Path, out: &mut dyn Write) -> io::Result<()> {
    let mut problems: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for tried in tried {
        let problem = match &tried.answer {
            Ok(answer) if answer.taken().is_none() => format!("{}. {}", status(answer), meaning(answer)),
            Ok(_) => continue,
            Err(error) => format!("nothing: {error}."),
        };
        problems.entry(problem).or_default().push(&tried.file);
    }
    for (problem, files) in &problems {
        let which = if let [one] = files.as_slice() { (*one).to_owned() } else { format!("{} of the samples", number(files.len())) };
        for line in wrap(&format!("Problem: {which} got {problem}"), WIDTH) {
            writeln!(out, "{line}")?;
        }
    }
    let reason = fs::read_to_string(log).ok().and_then(|text| text.lines().rev().find_map(reason));
    match reason {
        Some(reason) => writeln!(out, "The receiver's log, {}, says: {reason}.\n", log.display()),
        None => writeln!(out, "The receiver's log is {}.\n", log.display()),
    }
}

/// The error in a line of a receiver's log.
fn reason(line: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Line {
        level: String,
        message: String,
        #[serde(default, rename = "error.chain")]
        chain: String,
    }
    let line: Line = serde_json::from_str(line).ok()?;
    let chain = if line.chain.is_empty() { String::new() } else { format!(" ({})", line.chain) };
    (line.level == "ERROR").then(|| format!("{}{chain}", line.message))
}

fn row(tried: &Tried) -> [String; 6] {
    let status = tried.answer.as_ref().map_or_else(|_| "none".to_owned(), |answer| answer.status.to_string());
    let shown = |of: fn(Counts) -> usize| tried.counts().map_or_else(|| "-".to_owned(), |counts| number(of(counts)));
    let received = if tried.is_queued() { "queued".to_owned() } else { shown(|all| all.received) };
    [tried.file.clone(), number(tried.bytes), status, received, shown(|all| all.accepted), shown(|all| all.rejected)]
}

fn place(lake: &LakeUrl) -> String {
    match lake {
        LakeUrl::File(folder) => std::path::absolute(folder).unwrap_or_else(|_| folder.clone()).display().to_string(),
        LakeUrl::S3 { .. } => lake.to_string(),
    }
}

/// Shows how to read the rows of the hour whose event was shown.
fn show_next(landed: &Landed, lake: &LakeUrl, out: &mut dyn Write) -> io::Result<()> {
    let (LakeUrl::File(folder), Some((_, key))) = (lake, &landed.events.example) else { return Ok(()) };
    let reader = match key.compression() {
        Compression::Gzip => "gunzip -c",
        Compression::Zstd => "zstd -dc",
        Compression::None => "cat",
    };
    writeln!(out, "Look at this hour yourself:\n\n  {reader} {}/{}*\n", folder.display(), hour_folder(key))
}
