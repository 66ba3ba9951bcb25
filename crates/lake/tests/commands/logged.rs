//! Events as Auth0's log and its stream have them, and `lake gaps` run on them.

use chrono::{DateTime, TimeDelta, Utc};
use support::management::{Api, CLIENT};

use crate::{
    TOKEN,
    program::{self, Said, command},
    receiver::RunningReceiver,
};

/// One event: as the API gives it, and as a stream sends it.
pub struct Event {
    pub log_id: String,
    pub flat: String,
    pub streamed: String,
}

pub fn time(text: &str) -> DateTime<Utc> {
    text.parse().expect(text)
}

/// Makes an event that happened then and was stored so much later.
pub fn event(number: usize, at: DateTime<Utc>, later: TimeDelta, kind: &str) -> Event {
    let log_id = format!("900{}{number:036}", (at + later).format("%Y%m%d%H%M%S%3f"));
    let date = at.format("%Y-%m-%dT%H:%M:%S%.3fZ");
    let data = format!(r#""date":"{date}","type":"{kind}","user_name":"ann@example.com","isMobile":false,"log_id":"{log_id}""#);
    Event { flat: format!(r#"{{{data},"_id":"{log_id}"}}"#), streamed: format!(r#"{{"log_id":"{log_id}","data":{{{data}}}}}"#), log_id }
}

/// Makes so many events an hour, from then on; each is stored 200 ms after it happened.
pub fn events(from: &str, hours: usize, an_hour: usize) -> Vec<Event> {
    let step = |number: usize| TimeDelta::seconds((number * 3_600 / an_hour) as i64);
    let kind = |number: usize| ["s", "fp", "seacft"][number % 3];
    (0..hours * an_hour).map(|number| event(number, time(from) + step(number), TimeDelta::milliseconds(200), kind(number))).collect()
}

pub fn log(events: &[Event]) -> Vec<(String, String)> {
    events.iter().map(|event| (event.log_id.clone(), event.flat.clone())).collect()
}

/// Sends events as a stream does, some in each request.
pub fn stream(receiver: &RunningReceiver, events: &[&Event]) {
    for some in events.chunks(50) {
        let records: Vec<&str> = some.iter().map(|event| event.streamed.as_str()).collect();
        receiver.post(&format!("[{}]", records.join(",")));
    }
}

pub fn gaps(api: &Api, lake: &str, more: &[&str]) -> Said {
    run(&[&["--domain", &api.url, "--lake", lake], more].concat(), &CLIENT)
}

pub fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Said {
    let mut command = command(&[&["gaps"], arguments].concat(), Some(TOKEN));
    command.env_remove("AUTH0_TOKEN").env_remove("AUTH0_CLIENT_ID").env_remove("AUTH0_CLIENT_SECRET").envs(variables.to_vec());
    let said = program::run(&mut command);
    assert!(!format!("{}{}", said.out, said.error).contains("hidden"), "{}{}", said.out, said.error);
    said
}
