//! The buffered mode under kills: the receiver that sends, and the function that empties the queue.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use auth0_log_lake::message::Message;
use support::{
    function::{DIGEST, Function},
    sqs::Sqs,
};
use tokio::{task::spawn_blocking, time::sleep};

use super::{
    folder::{KILLS, batch, ids, kill_under_load, read},
    local::{Local, Under},
};
use crate::random::Random;

/// The `receiver` of this build.
const RECEIVER: &str = env!("CARGO_BIN_EXE_receiver");

fn writer(lake: &Path) -> Function {
    let settings =
        [("LAKE_URL", format!("file://{}", lake.display())), ("TOKEN_DIGESTS", DIGEST.to_owned()), ("COMPRESSION", "none".to_owned())];
    Function::start(RECEIVER, &settings)
}

/// The ids that wait in the queue.
fn waiting(sqs: &Sqs) -> BTreeSet<String> {
    let ids_of = |text: &String| {
        let body = Message::decode(text).expect("a message of a receiver").body().to_vec();
        let number = String::from_utf8(body).expect("text").rsplit_once("number ").map(|(_, rest)| rest.to_owned()).expect("a number");
        ids(number.split(' ').next().and_then(|number| number.parse().ok()).expect("a number"))
    };
    sqs.waiting().iter().flat_map(ids_of).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_queued_is_in_the_queue_or_the_lake_after_twenty_kills_of_either_side() {
    let (lake, sqs) = (tempfile::tempdir().expect("a folder"), Sqs::start());
    let (mut random, next) = (Random::new(21), Arc::new(AtomicUsize::new(0)));
    let mut answered: BTreeSet<usize> = BTreeSet::new();
    let mut cut_short = 0;
    for kill in 0..KILLS {
        let settings = sqs.settings();
        let local = Local::start_with(lake.path(), Under::Nothing, &settings);
        let (next, answers) = (Arc::clone(&next), random.between(1, 40) as usize);
        let sending = spawn_blocking(move || kill_under_load(local, &next, answers));
        let mut function = writer(lake.path());
        function.has_started().await;
        let end = sleep(Duration::from_micros(random.between(100, 60_000)));
        cut_short += usize::from(!sqs.deliver_until(&mut function, random.between(1, 30) as usize, end).await);
        drop(function);
        answered.extend(sending.await.expect("senders that end"));
        // What is being deleted from the queue is in the lake, so the queue is looked at first.
        let waiting = waiting(&sqs);
        let stored = read(lake.path()).1;
        let is_kept = |number: &usize| ids(*number).iter().all(|id| stored.contains(id) || waiting.contains(id));
        let lost: Vec<&usize> = answered.iter().filter(|number| !is_kept(number)).collect();
        assert!(lost.is_empty(), "answered 200 and lost after kill {kill}: {lost:?}");
    }
    assert!(cut_short > 0, "no kill came while the queue was emptied");
    let mut function = writer(lake.path());
    while sqs.deliver(&mut function, 10_000).await > 0 {}
    let stored = read(lake.path()).1;
    assert!(answered.iter().all(|number| ids(*number).iter().all(|id| stored.contains(id))));
    assert!(sqs.waiting().is_empty() && sqs.dead().is_empty());
    assert!(batch(0).starts_with(b"{") && answered.len() > KILLS as usize, "{answered:?}");
}
