//! Lists rejects, each once however often it was delivered, and closes them.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    io::{self, Write},
};

use auth0_log_lake::object::ObjectKey;
use chrono::{DateTime, Utc};
use serde_json::json;

use crate::{
    layout::{count, number, table},
    options::{Format, FormatOption, LakeOption, StackOption, source},
    outcome::{Failure, Verdict},
    print::visible,
    reading::Reading,
    rejected::{RejectRow, reason},
    replay::selection::{Selection, rejects_of},
    window::WindowArgs,
};
use closed::{Closed, Closing};

pub mod closed;
mod members;

/// Lists rejects that are open, or closes some.
#[derive(clap::Args, Clone, Debug)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "A reject is open until a replay stores its record as an event, or until it is closed. Ends with 0 if none is \
                        open, 1 if some are or something was skipped, 2 if the lake cannot be read.")]
pub struct Args {
    #[command(subcommand)]
    close: Option<Commands>,
    #[command(flatten)]
    list: List,
}

#[derive(clap::Subcommand, Clone, Debug)]
enum Commands {
    /// Close rejects that need no replay
    Close(Close),
}

/// Which rejects to list.
#[derive(clap::Args, Clone, Debug)]
struct List {
    #[command(flatten)]
    lake: LakeOption,
    #[command(flatten)]
    stack: StackOption,
    #[command(flatten)]
    window: WindowArgs,
    /// Only those of this source
    #[arg(long, value_name = "NAME", value_parser = source_name)]
    source: Option<String>,
    /// Only those rejected for this reason, such as malformed_json
    #[arg(long, value_name = "CODE", value_parser = reason)]
    reason: Option<String>,
    /// List closed rejects too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    format: FormatOption,
}

/// Which rejects to close, and why.
#[derive(clap::Args, Clone, Debug)]
struct Close {
    /// Ids (p_row_id) of the rejects, as lake rejects --format csv lists them
    #[arg(value_name = "ID", required = true, value_parser = closed::id)]
    ids: Vec<String>,
    /// Why they need no replay; it is stored beside the rejects, so name no person
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    lake: LakeOption,
    #[command(flatten)]
    stack: StackOption,
}

/// Reads the name of a source.
pub fn source_name(name: &str) -> Result<String, &'static str> {
    source(name).map(|source| source.as_str().to_owned())
}

/// Runs the command.
///
/// # Errors
/// The lake cannot be read.
pub fn run(args: &Args, now: DateTime<Utc>, out: &mut dyn Write) -> Result<Verdict, Failure> {
    match &args.close {
        Some(Commands::Close(close)) => run_close(close, now, out),
        None => run_list(&args.list, now, out),
    }
}

/// Rejects with the same reason, source and members, in one line.
#[derive(Debug)]
struct Group {
    count: usize,
    first: String,
    last: String,
}

fn run_list(args: &List, now: DateTime<Utc>, out: &mut dyn Write) -> Result<Verdict, Failure> {
    let window = args.window.window(now).map_err(Failure::Window)?;
    let url = args.lake.or_local(args.stack.read()?.as_ref());
    let reading = Reading::open(&url)?;
    let listing = reading.list(&rejects_of(&window))?;
    let closed = Closed::read(&url)?;
    let mut problems: Vec<String> =
        listing.strangers.iter().map(|name| format!("{name} is skipped: a receiver writes no such name")).collect();
    problems.extend(closed.problems.iter().cloned());
    let selection = Selection {
        reading,
        objects: listing.objects,
        reason: args.reason.clone(),
        source: args.source.clone(),
        window,
        closed: Closed::default(),
    };
    let (mut groups, mut seen, mut open) = (BTreeMap::new(), HashSet::new(), HashSet::new());
    if args.format.format == Format::Csv {
        writeln!(out, "p_row_id,received_at,source,reason,members,open,object,index,request_id,detail")?;
    }
    for key in &selection.objects {
        for row in selection.rows_of(key, &mut problems) {
            let id = row.id();
            let is_open = !closed.holds(&id);
            if !args.all && !is_open {
                continue;
            }
            let (members, received_at) = (members::of(&row), row.received_at.clone().unwrap_or_default());
            if is_open {
                open.insert(id.clone());
            }
            let is_new = seen.insert(id.clone());
            match args.format.format {
                Format::Table => add(&mut groups, (row.reason, row.source, members), received_at, is_new),
                Format::Csv if is_new => write_csv(&id, &row, &members, is_open, key, out)?,
                Format::Json if is_new => write_json(&id, &row, &members, is_open, key, out)?,
                _ => {}
            }
        }
    }
    if args.format.format == Format::Table {
        show(&groups, open.len(), args.all, out)?;
    }
    for problem in &problems {
        _ = writeln!(io::stderr(), "lake: {}.", visible(problem.trim_end_matches('.')));
    }
    Ok(Verdict::good_if(open.is_empty() && problems.is_empty()))
}

/// What the rejects of a group have in common: their reason, source and members.
type Common = (String, String, String);

fn add(groups: &mut BTreeMap<Common, Group>, common: Common, at: String, is_new: bool) {
    let group = groups.entry(common).or_insert_with(|| Group { count: 0, first: at.clone(), last: at.clone() });
    group.count += usize::from(is_new);
    if at < group.first {
        group.first.clone_from(&at);
    }
    if at > group.last {
        group.last = at;
    }
}

fn show(groups: &BTreeMap<Common, Group>, open: usize, all: bool, out: &mut dyn Write) -> io::Result<()> {
    let minute = |time: &str| time.get(..16).unwrap_or(time).to_owned();
    let rows: Vec<[String; 5]> = groups
        .iter()
        .map(|((reason, source, _), group)| {
            [reason.clone(), source.clone(), minute(&group.first), minute(&group.last), number(group.count)]
        })
        .collect();
    if !rows.is_empty() {
        let text = table(["reason", "source", "first", "last", "rejects"], &rows);
        let mut lines = text.lines();
        writeln!(out, "{}", lines.next().unwrap_or_default())?;
        for (line, (.., members)) in lines.zip(groups.keys()) {
            writeln!(out, "{line}")?;
            if !members.is_empty() {
                writeln!(out, "      {members}")?;
            }
        }
        writeln!(out)?;
    }
    let listed: usize = groups.values().map(|group| group.count).sum();
    let closed = if all { format!(", {} closed", number(listed.saturating_sub(open))) } else { String::new() };
    writeln!(out, "Open: {}{closed}.", count(open, "reject"))?;
    if open > 0 {
        writeln!(out, "lake rejects --format json lists each; lake replay posts them again; lake rejects close closes them.")?;
    }
    Ok(())
}

fn write_csv(id: &str, row: &RejectRow, members: &str, is_open: bool, key: &ObjectKey, out: &mut dyn Write) -> io::Result<()> {
    let (at, request) = (row.received_at.as_deref().unwrap_or_default(), row.request_id.as_deref().unwrap_or_default());
    let (index, key) = (row.index.map(|index| index.to_string()).unwrap_or_default(), key.to_string());
    let open = if is_open { "true" } else { "false" };
    let cells = [id, at, &row.source, &row.reason, members, open, &key, &index, request, &row.detail];
    writeln!(out, "{}", cells.map(csv).join(","))
}

/// Returns a cell, in quotes where it needs them (RFC 4180).
fn csv(cell: &str) -> String {
    if cell.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

fn write_json(id: &str, row: &RejectRow, members: &str, is_open: bool, key: &ObjectKey, out: &mut dyn Write) -> io::Result<()> {
    let row = json!({
        "p_row_id": id, "received_at": row.received_at, "source": row.source, "reason": row.reason, "members": members, "open": is_open,
        "object": key.to_string(), "index": row.index, "request_id": row.request_id, "detail": row.detail,
    });
    writeln!(out, "{row}")
}

fn run_close(args: &Close, now: DateTime<Utc>, out: &mut dyn Write) -> Result<Verdict, Failure> {
    let url = args.lake.or_local(args.stack.read()?.as_ref());
    let reading = Reading::open(&url)?;
    let objects = reading.list(&rejects_of(&Default::default()))?.objects;
    let selection = Selection { reading, objects, reason: None, source: None, window: Default::default(), closed: Closed::default() };
    let wanted: BTreeSet<&String> = args.ids.iter().collect();
    let mut there = BTreeSet::new();
    for key in &selection.objects {
        there.extend(selection.rows_of(key, &mut Vec::new()).iter().map(RejectRow::id).filter(|id| wanted.contains(id)));
    }
    let before = Closed::read(&url)?;
    let open: BTreeSet<String> = there.iter().filter(|id| !before.holds(id)).cloned().collect();
    closed::close(&url, &open, &Closing { at: now, by: "operator", reason: &args.reason })?;
    writeln!(out, "Closed {}; {} closed before.", count(open.len(), "reject"), number(there.len() - open.len()))?;
    let unknown: Vec<&String> = wanted.into_iter().filter(|id| !there.contains(*id)).collect();
    for id in &unknown {
        writeln!(out, "There is no reject {id} in {url}.")?;
    }
    Ok(Verdict::good_if(unknown.is_empty()))
}
