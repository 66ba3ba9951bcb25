//! Auth0's log of one tenant, behind its Management API.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicI64, Ordering},
};

use axum::{body::Body, extract::Request, response::Response};
use chrono::{DateTime, TimeDelta, Utc};
use http::header::{AUTHORIZATION, HOST, LINK};
use serde_json::json;

use crate::{mutants::Mutant, random::Random};

/// Failures of one request in a row, at most: the comparison tries eight times.
const MOST_FAILURES: u32 = 4;

/// The virtual time of a world.
#[derive(Clone, Debug)]
pub struct Time(Arc<AtomicI64>);

impl Time {
    pub fn new(at: DateTime<Utc>) -> Self {
        Self(Arc::new(AtomicI64::new(at.timestamp_millis())))
    }

    pub fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0.load(Ordering::SeqCst)).expect("a time")
    }

    pub fn pass(&self, time: TimeDelta) {
        self.0.fetch_add(time.num_milliseconds(), Ordering::SeqCst);
    }
}

/// One event of the log.
#[derive(Clone, Debug)]
pub struct Event {
    pub log_id: String,
    /// When Auth0 stored it.
    pub stored: DateTime<Utc>,
    members: String,
}

impl Event {
    /// Makes an event that is stored then; it may have happened hours before, and may not say when.
    pub fn new(random: &mut Random, number: usize, stored: DateTime<Utc>) -> Self {
        let log_id = format!("900{}{number:036}", stored.format("%Y%m%d%H%M%S%3f"));
        let late = if random.percent(3) { TimeDelta::hours(random.between(1, 48) as i64) } else { TimeDelta::milliseconds(200) };
        let date = match random.below(30) {
            0 => String::new(),
            1 => "\"date\":\"never\",".to_owned(),
            _ => format!("\"date\":\"{}\",", (stored - late).format("%Y-%m-%dT%H:%M:%S%.3fZ")),
        };
        let kind = random.pick(&["s", "fp", "seacft", "sapi"]);
        Self { members: format!("{date}\"type\":\"{kind}\",\"log_id\":\"{log_id}\""), log_id, stored }
    }

    /// The event as the API gives it.
    fn flat(&self) -> String {
        format!("{{{},\"_id\":\"{}\"}}", self.members, self.log_id)
    }

    /// The event as a stream sends it.
    pub fn streamed(&self) -> String {
        format!("{{\"log_id\":\"{}\",\"data\":{{{}}}}}", self.log_id, self.members)
    }
}

/// What the API does beside answering.
#[derive(Debug)]
struct Habits {
    /// Requests in a hundred that do not get what they ask for.
    failures: u64,
    /// Records of the page before with which a page begins.
    repeats: usize,
    /// It says where the next page is.
    links: bool,
    /// Milliseconds that an answer takes, at most.
    delay: u64,
}

#[derive(Debug)]
struct State {
    random: Random,
    failed: u32,
    /// Tokens made so far; the last is the one that is taken.
    tokens: u32,
    mutant: Option<Mutant>,
}

/// The API of a tenant.
#[derive(Debug)]
pub struct Tenant {
    log: Vec<Event>,
    time: Time,
    habits: Habits,
    state: Mutex<State>,
}

impl Tenant {
    pub fn new(mut random: Random, mut log: Vec<Event>, time: Time) -> Self {
        log.sort_by(|a, b| a.log_id.cmp(&b.log_id));
        let habits = Habits {
            failures: *random.pick(&[0, 5, 20]),
            repeats: *random.pick(&[0, 0, 1, 30]),
            links: random.percent(80),
            delay: *random.pick(&[50, 2_000, 30_000]),
        };
        Self { log, time, habits, state: Mutex::new(State { random, failed: 0, tokens: 0, mutant: None }) }
    }

    /// From now on, what stands between the log and the comparison does this wrong.
    pub fn spoil(&self, mutant: Option<Mutant>) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).mutant = mutant;
    }

    pub fn answer(&self, request: &Request) -> Response {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.time.pass(TimeDelta::milliseconds(state.random.between(1, self.habits.delay) as i64));
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if request.uri().path() == "/oauth/token" {
            state.tokens += 1;
            return answer(200, &[], json!({"access_token": format!("token-{}", state.tokens)}).to_string());
        }
        if state.failed < MOST_FAILURES && state.random.percent(self.habits.failures) {
            state.failed += 1;
            return self.fail(&mut state);
        }
        if header(AUTHORIZATION) != format!("Bearer token-{}", state.tokens) {
            return answer(401, &[], "{}".to_owned());
        }
        state.failed = 0;
        self.page(&mut state, header(HOST), request.uri().query().unwrap_or_default())
    }

    fn fail(&self, state: &mut State) -> Response {
        let reset = self.time.now().timestamp() + state.random.between(0, 40) as i64;
        match state.random.below(4) {
            0 => answer(429, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &reset.to_string())], "{}".to_owned()),
            1 => answer(503, &[], String::new()),
            2 => answer(200, &[], "[{\"log_id\":\"9".to_owned()),
            // The token has expired. Two that do so at once would end the run.
            _ if state.failed == 1 => {
                state.tokens += 1;
                state.failed = MOST_FAILURES;
                answer(401, &[], "{}".to_owned())
            }
            _ => answer(500, &[], String::new()),
        }
    }

    fn page(&self, state: &mut State, host: &str, query: &str) -> Response {
        let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).expect("a parameter");
        let (from, take) = (value("from"), value("take").parse::<usize>().expect("a number"));
        let next = self.log.partition_point(|event| event.log_id.as_str() <= from);
        let mut page = &self.log[next..self.log.len().min(next + take)];
        if state.mutant == Some(Mutant::EndsEarly) && next >= 2 * take {
            page = &[];
        }
        let again = if page.is_empty() { 0 } else { self.habits.repeats.min(next) };
        let records: Vec<String> = self.log[next - again..next].iter().chain(page).map(Event::flat).collect();
        let skipped = if state.mutant == Some(Mutant::SkipsAPage) { take } else { 0 };
        let last = page.len().checked_sub(1).map(|last| &self.log[(next + last + skipped).min(self.log.len() - 1)].log_id);
        let last = last.map_or(from, String::as_str);
        let link = format!("<http://{host}/api/v2/logs?from={last}&take={take}>; rel=\"next\"");
        let (remaining, reset) = (state.random.below(3).to_string(), (self.time.now().timestamp() + 2).to_string());
        let limits = [("x-ratelimit-remaining", remaining.as_str()), ("x-ratelimit-reset", reset.as_str())];
        let link = self.habits.links.then_some((LINK.as_str(), link.as_str()));
        answer(200, &limits.into_iter().chain(link).collect::<Vec<_>>(), format!("[{}]", records.join(",")))
    }
}

fn answer(status: u16, headers: &[(&str, &str)], body: String) -> Response {
    let response = headers.iter().fold(Response::builder().status(status), |response, (name, value)| response.header(*name, *value));
    response.body(Body::from(body)).expect("a response")
}
