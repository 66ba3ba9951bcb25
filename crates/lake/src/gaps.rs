//! Comparing a lake with the log that Auth0 itself keeps, and filling what is missing.
//!
//! Auth0's log is read page by page, in the order in which Auth0 stored the records, and each record is looked for in the
//! lake by its `log_id`: in the hour that its row would be in, then among the rejects. Nothing else is kept than the ids of
//! three hours of the lake, one page, and what waits to be posted. To repeat does no harm: what is there is not posted, and
//! the same event from the same source has the same `p_row_id`.

use std::{io::Write, time::Duration};

use chrono::{DateTime, Utc};

use crate::{
    boolean,
    options::{self, LakeOption, StackOption, UrlOption},
    outcome::{Failure, Verdict},
    post::{ReceiverClient, Token},
    reading::Reading,
    window::{WindowArgs, show},
};
use auth0_log_lake::{auth::Source, config::LakeUrl};
use comparison::{Comparison, Sides};
use fill::Fill;
use held::Held;
use management::Management;
use tenant::{Credentials, Tenant};
use window::{Checkpoint, Window};

pub use management::ManagementError;

pub mod check;
mod comparison;
mod fill;
mod held;
mod ids;
mod logged;
mod management;
mod problems;
mod silence;
mod tally;
mod tenant;
mod window;

/// Compares a lake with the log that Auth0 itself keeps, and fills what is missing.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "Auth0 is asked as the application in the variables AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET, which needs the \
                        scope read:logs, or with the token in AUTH0_TOKEN. Filling needs the receiver's token in the variable TOKEN. \
                        It ends with 0 if nothing is missing or all was filled, with 1 if something is missing, and with 2 if that \
                        cannot be said.")]
pub struct Args {
    /// Domain of the Auth0 tenant, such as acme.eu.auth0.com
    #[arg(long, value_name = "DOMAIN", value_parser = Tenant::parse)]
    domain: Tenant,
    #[command(flatten)]
    stack: StackOption,
    #[command(flatten)]
    lake: LakeOption,
    /// Source of the tenant; needed where the lake has several
    #[arg(long, value_name = "NAME", value_parser = options::source)]
    source: Option<Source>,
    #[command(flatten)]
    window: WindowArgs,
    /// Go on after this log_id, as a run that stopped says
    #[arg(long, value_name = "LOG_ID", value_parser = Checkpoint::parse)]
    from: Option<Checkpoint>,
    /// Post what is missing to the receiver
    #[arg(long, value_name = "YES", num_args = 0..=1, require_equals = true, default_value = "no", default_missing_value = "yes",
          value_parser = boolean::parse)]
    fill: bool,
    #[command(flatten)]
    url: UrlOption,
    /// Print the metrics MissingEvents and PartialAnswers of this stack, as a line of CloudWatch's embedded metric format
    #[arg(long, value_name = "STACK")]
    metric: Option<String>,
}

/// What is compared, and where what is missing goes.
#[derive(Debug)]
struct Question<'a> {
    domain: &'a Tenant,
    lake: &'a LakeUrl,
    source: Option<&'a Source>,
    window: WindowArgs,
    from: Option<&'a Checkpoint>,
    receiver: Option<&'a ReceiverClient>,
}

/// What tells the time, and passes it.
pub struct Clock<'a> {
    /// Returns the time.
    pub now: &'a dyn Fn() -> DateTime<Utc>,
    /// Waits so long.
    pub sleep: &'a dyn Fn(Duration),
    /// When this run must end, if at a time: what would go beyond is not begun.
    pub deadline: Option<DateTime<Utc>>,
}

impl Clock<'_> {
    /// Whether this run is over before so much time has passed.
    pub fn is_over_within(&self, time: Duration) -> bool {
        self.deadline.is_some_and(|deadline| (self.now)() + time >= deadline)
    }

    /// Sees whether there is time left.
    ///
    /// # Errors
    /// There is none.
    pub fn check(&self) -> Result<(), Failure> {
        if self.is_over_within(Duration::ZERO) { Err(Failure::Gaps("the time of this run is up".to_owned())) } else { Ok(()) }
    }
}

/// Where a command writes: its result, and what happens meanwhile.
pub struct Writers<'a> {
    /// The result.
    pub out: &'a mut dyn Write,
    /// Progress, pauses and errors.
    pub err: &'a mut dyn Write,
}

/// What a comparison found, as far as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Records that were looked for.
    pub records: usize,
    /// Records that are missing still.
    pub missing: usize,
    /// Records that cannot be compared.
    pub unreadable: usize,
    /// Parts of the lake that could not be read, and records that could not be posted.
    pub problems: usize,
    /// Auth0's answer cannot have been whole.
    pub is_partial: bool,
    /// Why it cannot be said what is missing, and where to go on; none where it can.
    pub stopped: Option<String>,
}

impl Compared {
    /// Returns its metrics: those that can be said.
    ///
    /// What was found missing is missing, wherever the comparison stopped; that nothing is, only a whole one can say. A comparison
    /// that had no answer of Auth0's at all cannot say whether the answer was partial.
    pub fn metrics(&self) -> Vec<(&'static str, usize)> {
        let is_known = self.stopped.is_none();
        let missing = (is_known || self.missing > 0).then_some(("MissingEvents", self.missing));
        let partial = (is_known || self.is_partial).then_some(("PartialAnswers", usize::from(self.is_partial)));
        missing.into_iter().chain(partial).collect()
    }
}

/// Runs the command.
///
/// # Errors
/// Where nothing can be written. What else is wrong is said, and the verdict is that nothing can be said.
pub fn run(args: &Args, lookup: &dyn Fn(&str) -> Option<String>, clock: &Clock<'_>, writers: &mut Writers<'_>) -> Result<Verdict, Failure> {
    let compared = match asked(args, lookup, clock, writers) {
        Err(Failure::System(error)) => return Err(error.into()),
        Err(failure) => Compared { stopped: Some(failure.to_string()), ..Compared::default() },
        Ok(compared) => compared,
    };
    if let Some(stack) = &args.metric {
        let line = tally::metrics(&compared.metrics(), stack, args.source.as_ref().map(Source::as_str), (clock.now)());
        line.iter().try_for_each(|line| writeln!(writers.out, "{line}"))?;
    }
    if let Some(why) = compared.stopped {
        writeln!(writers.err, "lake: {why}.")?;
        return Ok(Verdict::Unsure);
    }
    Ok(Verdict::good_if(compared.missing == 0 && compared.unreadable == 0 && compared.problems == 0))
}

fn asked(args: &Args, lookup: &dyn Fn(&str) -> Option<String>, clock: &Clock<'_>, writers: &mut Writers<'_>) -> Result<Compared, Failure> {
    let stack = args.stack.read()?;
    let lake = args.lake.or_local(stack.as_ref());
    let receiver = if args.fill { Some(ReceiverClient::new(&args.url.of(stack.as_ref())?, Token::from_lookup(lookup)?)?) } else { None };
    let question = Question {
        domain: &args.domain,
        lake: &lake,
        source: args.source.as_ref(),
        window: args.window,
        from: args.from.as_ref(),
        receiver: receiver.as_ref(),
    };
    compare(&question, lookup, clock, writers)
}

/// Compares, and fills where there is a receiver; shows what it found.
fn compare(
    question: &Question<'_>,
    lookup: &dyn Fn(&str) -> Option<String>,
    clock: &Clock<'_>,
    writers: &mut Writers<'_>,
) -> Result<Compared, Failure> {
    let window = Window::new(&question.window, question.from, (clock.now)()).map_err(Failure::Gaps)?;
    let credentials = Credentials::from_lookup(lookup).map_err(|error| Failure::Gaps(error.to_string()))?;
    let source = question.source.map(|source| source.as_str().to_owned());
    let mut held = Held::new(Reading::open(question.lake)?, source, window.since, clock)?;
    let fill = question.receiver.map(Fill::new).transpose()?;
    let management = Management::new(question.domain, &credentials, clock);
    writeln!(
        writers.out,
        "Comparing {} with the log of {}, from {} to {}",
        question.lake,
        question.domain,
        show(window.since),
        show(window.until)
    )?;
    // A place that the lake holds is one that Auth0 knows; one that is made of a time may be unknown to it.
    let made = question.from.cloned().unwrap_or_else(|| Checkpoint::before(window.since));
    let mut places: Vec<Checkpoint> = held.before(window.since)?.into_iter().chain([made]).collect();
    if question.from.is_some() {
        places.reverse();
    }
    let mut comparison = Comparison::new(Sides { management, held, fill }, window, clock, question.from);
    let ended = comparison.all(&places, writers);
    comparison.show(matches!(ended, Ok(None)), writers)?;
    let is_partial = matches!(ended, Ok(Some(_)));
    let stopped = match ended {
        Ok(partial) => partial,
        Err(Failure::System(error)) => return Err(error.into()),
        Err(failure) if comparison.has_seen_nothing() => return Err(failure),
        Err(failure) => {
            let from = comparison.done().as_str();
            Some(format!("stopped before the end: {failure}. Give --from={from} to go on where it stopped"))
        }
    };
    Ok(Compared { is_partial, stopped, ..comparison.compared() })
}
