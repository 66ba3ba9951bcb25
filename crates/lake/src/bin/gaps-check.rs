//! The comparison of `lake gaps` as a Lambda that a schedule starts.

use std::{convert::Infallible, io::Write, process::ExitCode, thread};

use chrono::{DateTime, TimeDelta, Utc};
use lake::{
    gaps::{
        Clock,
        check::{self, Asked, Settings, Unreadable},
    },
    secret::Secrets,
};
use lambda_runtime::{Context, LambdaEvent, service_fn};
use serde_json::{Value, json};

/// Part of the time left that is kept for what is under way when it is up: of Lambda's 15 minutes, a minute and a half.
const KEPT: i32 = 10;

#[tokio::main]
async fn main() -> ExitCode {
    hide_panic_messages();
    let settings = match Settings::from_lookup(&environment) {
        Ok(settings) => settings,
        Err(error) => return fail(&error),
    };
    let (settings, secrets) = (&settings, &Secrets::open().await);
    match lambda_runtime::run(service_fn(move |event| answer(settings, secrets, event))).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(error: &str) -> ExitCode {
    eprintln!("{}", json!({"level": "FATAL", "message": error}));
    ExitCode::FAILURE
}

/// Makes one check. Whatever its end, it is an answer: to start it again at once would change nothing.
async fn answer(settings: &Settings, secrets: &Secrets, event: LambdaEvent<Value>) -> Result<Value, Infallible> {
    let LambdaEvent { payload, context } = event;
    let (deadline, asked) = (deadline(&context), Asked::read(payload));
    let secret = secrets.read(&settings.secret).await.map_err(Unreadable);
    let own = settings.clone();
    let checked = tokio::task::spawn_blocking(move || {
        let clock = Clock { now: &now, sleep: &thread::sleep, deadline };
        check::run(&own, asked, secret, &clock, &to_stdout)
    });
    Ok(checked.await.unwrap_or_else(|_| check::failed(settings, "the check broke off; the log has the place", now(), &to_stdout)))
}

/// When the check must end, where Lambda says when it ends the function.
fn deadline(context: &Context) -> Option<DateTime<Utc>> {
    let (end, now) = (DateTime::<Utc>::from(context.deadline()), now());
    (end > now).then(|| end - (end - now).max(TimeDelta::zero()) / KEPT)
}

/// Writes to standard output, which Lambda sends to CloudWatch.
fn to_stdout(line: &str) {
    _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// A panic's message may hold what a record holds; its place in the code does not.
fn hide_panic_messages() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        eprintln!("{}", json!({"level": "ERROR", "message": "the check panicked", "error.place": place}));
    }));
}

#[expect(clippy::disallowed_methods, reason = "the edge: everything below takes the environment as an argument")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[expect(clippy::disallowed_methods, reason = "the edge: everything below takes the time as an argument")]
fn now() -> DateTime<Utc> {
    Utc::now()
}
