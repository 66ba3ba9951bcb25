//! The comparison as a scheduled check: who and what is compared comes from the environment, the window from the event.
//!
//! The tenant stands in the environment and not in the event, for its credentials go there: who may start the function
//! must not be able to send them elsewhere. Each check writes one line for people and one of metrics; `MissingEvents` says
//! what was found, also by a check that did not come to its end; `PartialAnswers` is 1 where the lake shows that Auth0 did not
//! give its whole log; and `CheckFailures` is 1 where a check could not say what is missing, otherwise 0.

use std::io::{self, Write};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Clock, Compared, Question, Writers, compare, tally, tenant::Tenant, window::Checkpoint};
use crate::{
    options,
    print::{Visible, visible},
    window::{Moment, WindowArgs},
};
use auth0_log_lake::{
    auth::Source,
    config::{ConfigError, LakeUrl},
};

/// What the function is told at its start.
#[derive(Clone, Debug)]
pub struct Settings {
    tenant: Tenant,
    lake: LakeUrl,
    source: Option<Source>,
    stack: String,
    /// ARN or name of the secret that holds the application's credentials.
    pub secret: String,
}

impl Settings {
    /// Reads them through `lookup`, which gives the value of an environment variable.
    ///
    /// # Errors
    /// The first that is missing or wrong, as a sentence.
    pub fn from_lookup(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let get = |name: &str| lookup(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let needed = |name: &str| get(name).ok_or_else(|| format!("{name} must be set; got nothing"));
        let named = |name: &str, error: String| format!("{name}: {error}");
        Ok(Self {
            tenant: Tenant::parse(&needed("AUTH0_DOMAIN")?).map_err(|error| named("AUTH0_DOMAIN", error))?,
            secret: needed("AUTH0_SECRET_ARN")?,
            lake: needed("LAKE_URL")?.parse().map_err(|error: ConfigError| error.to_string())?,
            source: get("SOURCE").map(|name| options::source(&name)).transpose().map_err(|error| named("SOURCE", error.to_owned()))?,
            stack: needed("STACK_NAME")?,
        })
    }
}

/// Which part of the log is compared, as the event says it: `{"since": "5h", "until": "1h"}`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct Asked {
    since: Option<String>,
    until: Option<String>,
    from: Option<String>,
}

impl Asked {
    /// Reads an event.
    ///
    /// # Errors
    /// Where it is no object of texts, as a sentence.
    pub fn read(event: Value) -> Result<Self, String> {
        serde_json::from_value(event).map_err(|_| "the event must be as {\"since\": \"5h\", \"until\": \"1h\"}".to_owned())
    }

    fn window(&self) -> Result<WindowArgs, String> {
        let moment = |text: &Option<String>, name| {
            text.as_deref().map(Moment::parse).transpose().map_err(|error| format!("{name} of the event: {error}"))
        };
        Ok(WindowArgs { since: moment(&self.since, "since")?, until: moment(&self.until, "until")? })
    }

    fn from(&self) -> Result<Option<Checkpoint>, String> {
        self.from.as_deref().map(Checkpoint::parse).transpose().map_err(|error| format!("from of the event: {error}"))
    }
}

/// Why a secret could not be read, as a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(pub String);

/// The application that asks, as the secret has it. It has no `Debug`.
#[derive(Deserialize)]
struct Application {
    #[serde(rename = "AUTH0_CLIENT_ID")]
    id: String,
    #[serde(rename = "AUTH0_CLIENT_SECRET")]
    secret: String,
}

impl Application {
    /// Reads the text of a secret. The error says nothing of it.
    fn read(text: &str) -> Result<Self, String> {
        let needs = "the secret must be JSON as {\"AUTH0_CLIENT_ID\": \"…\", \"AUTH0_CLIENT_SECRET\": \"…\"}; it is something else";
        serde_json::from_str(text).map_err(|_| needs.to_owned())
    }

    fn lookup(&self, name: &str) -> Option<String> {
        match name {
            "AUTH0_CLIENT_ID" => Some(self.id.clone()),
            "AUTH0_CLIENT_SECRET" => Some(self.secret.clone()),
            _ => None,
        }
    }
}

/// Where a line of the log goes, without its line feed.
pub type Log<'a> = &'a dyn Fn(&str);

/// Makes one check, writes its lines to `log`, and gives the answer of the function.
pub fn run(
    settings: &Settings,
    asked: Result<Asked, String>,
    secret: Result<String, Unreadable>,
    clock: &Clock<'_>,
    log: Log<'_>,
) -> Value {
    let (mut report, mut progress) = (Visible(Vec::new()), Progress { clock, log, line: Vec::new() });
    let compared = asked.and_then(|asked| Ok((asked.window()?, asked.from()?))).and_then(|(window, from)| {
        let application = Application::read(&secret.map_err(|Unreadable(why)| why)?)?;
        let mut writers = Writers { out: &mut report, err: &mut progress };
        let question = Question {
            domain: &settings.tenant,
            lake: &settings.lake,
            source: settings.source.as_ref(),
            window,
            from: from.as_ref(),
            receiver: None,
        };
        compare(&question, &|name| application.lookup(name), clock, &mut writers).map_err(|failure| failure.to_string())
    });
    let compared = compared.unwrap_or_else(|why| Compared { stopped: Some(why), ..Compared::default() });
    end(settings, &compared, &String::from_utf8_lossy(&report.0), (clock.now)(), log)
}

/// Writes the lines of a check that broke off, and gives the answer of the function.
pub fn failed(settings: &Settings, why: &str, now: DateTime<Utc>, log: Log<'_>) -> Value {
    end(settings, &Compared { stopped: Some(why.to_owned()), ..Compared::default() }, "", now, log)
}

fn end(settings: &Settings, compared: &Compared, report: &str, now: DateTime<Utc>, log: Log<'_>) -> Value {
    log(&line(now, level(compared), &sentence(compared), fields(compared, report)));
    let mut metrics = vec![("CheckFailures", usize::from(compared.stopped.is_some()))];
    metrics.extend(compared.metrics());
    tally::metrics(&metrics, &settings.stack, settings.source.as_ref().map(Source::as_str), now).iter().for_each(|line| log(line));
    json!({"compared": compared.records, "missing": compared.missing, "failed": compared.stopped})
}

fn level(compared: &Compared) -> &'static str {
    match compared {
        Compared { stopped: Some(_), .. } => "ERROR",
        Compared { missing: 0, unreadable: 0, problems: 0, .. } => "INFO",
        _ => "WARN",
    }
}

fn sentence(compared: &Compared) -> String {
    match compared {
        Compared { is_partial: true, .. } => "Auth0's answer was partial, so what is missing cannot be said".to_owned(),
        Compared { stopped: Some(_), .. } => "the lake could not be compared with Auth0's log to the end".to_owned(),
        Compared { missing: 0, .. } => "nothing of Auth0's log is missing in the lake".to_owned(),
        Compared { missing, .. } => format!("{missing} records of Auth0's log are missing in the lake"),
    }
}

fn fields(compared: &Compared, report: &str) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("gaps.compared".to_owned(), compared.records.into());
    fields.insert("gaps.missing".to_owned(), compared.missing.into());
    fields.insert("gaps.unreadable".to_owned(), compared.unreadable.into());
    fields.insert("gaps.problems".to_owned(), compared.problems.into());
    if !report.is_empty() {
        fields.insert("gaps.report".to_owned(), report.trim_end().into());
    }
    if let Some(why) = &compared.stopped {
        fields.insert("error.chain".to_owned(), visible(why).into());
    }
    fields
}

fn line(now: DateTime<Utc>, level: &str, message: &str, fields: Map<String, Value>) -> String {
    let timestamp = now.to_rfc3339_opts(SecondsFormat::Millis, true);
    let mut line = json!({"timestamp": timestamp, "level": level, "message": message});
    fields.into_iter().for_each(|(name, value)| line[name] = value);
    line.to_string()
}

/// Makes a line of the log of each line that is written.
struct Progress<'a> {
    clock: &'a Clock<'a>,
    log: Log<'a>,
    line: Vec<u8>,
}

impl Write for Progress<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                let said = std::mem::take(&mut self.line);
                (self.log)(&line((self.clock.now)(), "INFO", visible(String::from_utf8_lossy(&said).trim()).as_ref(), Map::new()));
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
