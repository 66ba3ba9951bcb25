//! The way to the receiver: the real one, over a lake in a folder. Requests and answers get lost on it.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::Path,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use auth0_log_lake::{
    auth::TokenDigest,
    config::Config,
    receive::Receiver,
    serve::serve,
    store::{FileStore, Lake},
};
use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{Method, Request, StatusCode, header::AUTHORIZATION, header::RETRY_AFTER, request::Parts};

use crate::{mutants::Mutant, random::Random};

pub const TOKEN: &str = "token-of-the-stream";
pub const SOURCE: &str = "eu";
/// Failures in a row, at most: a fill tries five times.
const MOST_FAILURES: u32 = 3;

#[derive(Debug)]
struct State {
    random: Random,
    failed: u32,
    posts: usize,
    mutant: Option<Mutant>,
}

/// A receiver, and what happens to requests on their way.
pub struct Intake {
    receiver: Receiver,
    /// Requests in a hundred that get lost, or whose answer does.
    losses: u64,
    state: Mutex<State>,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Answered,
    Lost,
    AnswerLost,
    /// A mutant: it is answered and not stored.
    Forgotten,
    /// A mutant: its records are stored again, in another batch.
    Again,
}

impl Intake {
    pub fn new(mut random: Random, lake: &Path) -> Self {
        let digests = format!("{SOURCE}={}", TokenDigest::of(TOKEN.as_bytes()));
        let settings = [("LAKE_URL", format!("file://{}", lake.display())), ("TOKEN_DIGESTS", digests), ("COMPRESSION", "none".to_owned())];
        let lookup = |name: &str| settings.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        let config = Config::from_lookup(lookup).expect("settings");
        let store = Lake::File(FileStore::new(lake.to_owned()));
        let receiver = Receiver::with_store(store, config.sources, config.addresses, config.compression);
        let losses = *random.pick(&[0, 10, 30]);
        Self { receiver, losses, state: Mutex::new(State { random, failed: 0, posts: 0, mutant: None }) }
    }

    /// From now on, the way does this wrong.
    pub fn spoil(&self, mutant: Option<Mutant>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state.mutant, state.posts) = (mutant, 0);
    }

    fn fate(&self, body: &[u8]) -> Fate {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if body == b"[]" {
            return Fate::Answered;
        }
        if state.failed < MOST_FAILURES && state.random.percent(self.losses) {
            state.failed += 1;
            return if state.random.percent(50) { Fate::Lost } else { Fate::AnswerLost };
        }
        (state.failed, state.posts) = (0, state.posts + 1);
        match state.mutant {
            // The first is looked for in the lake.
            Some(Mutant::ForgetsAPost) if state.posts == 2 => Fate::Forgotten,
            Some(Mutant::PostsAgain) if state.posts == 1 => Fate::Again,
            _ => Fate::Answered,
        }
    }

    /// Answers a request of a fill, unless it gets lost.
    pub async fn answer(&self, head: Parts, body: Bytes) -> Response {
        let records: Vec<Box<serde_json::value::RawValue>> = serde_json::from_slice(&body).expect("an array");
        let failed = || Response::builder().status(StatusCode::SERVICE_UNAVAILABLE).header(RETRY_AFTER, "0").body(Body::empty());
        match self.fate(&body) {
            Fate::Lost => failed().expect("a response"),
            Fate::AnswerLost => {
                self.store(head, body).await;
                failed().expect("a response")
            }
            Fate::Forgotten => {
                let count = records.len();
                Response::new(Body::from(format!("{{\"received\":{count},\"accepted\":{count},\"rejected\":0}}")))
            }
            Fate::Again => {
                let first = format!("[{}]", records[0].get());
                self.store(head.clone(), Bytes::from(first)).await;
                self.store(head, body).await
            }
            Fate::Answered => self.store(head, body).await,
        }
    }

    /// Stores a batch that the stream sends.
    pub async fn stream(&self, records: &[String]) {
        let request = Request::builder().method(Method::POST).uri("/").header(AUTHORIZATION, format!("Bearer {TOKEN}")).body(());
        let (head, ()) = request.expect("a request").into_parts();
        let answer = self.store(head, Bytes::from(format!("[{}]", records.join(",")))).await;
        assert_eq!(answer.status(), StatusCode::OK);
    }

    async fn store(&self, head: Parts, body: Bytes) -> Response {
        let (peer, time) = (Some(IpAddr::V4(Ipv4Addr::LOCALHOST)), Duration::from_secs(60));
        // What it logs is of no interest here.
        serve(&self.receiver, "world", peer, time, head, async { Ok(body) }, |_| ()).await.map(Body::from)
    }
}
