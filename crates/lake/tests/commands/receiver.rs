//! A receiver for the commands to talk to.

use std::{
    net::{Ipv4Addr, TcpListener},
    thread,
    time::Duration,
};

use auth0_log_lake::{
    auth::TokenDigest,
    config::{Config, LakeUrl},
    queue::SqsQueue,
    receive::Receiver,
    serve::{local, serve_messages},
    store::{FileStore, Lake, S3Store},
};
use support::{
    s3::{KEY, SECRET},
    sqs::Sqs,
};

use crate::TOKEN;

/// A receiver in the process of the test.
pub struct RunningReceiver {
    pub url: String,
}

impl RunningReceiver {
    pub fn start(lake: &str, more: &[(&str, &str)]) -> Self {
        Self::serve(receiver(lake, more))
    }

    /// Starts a receiver in the buffered mode.
    pub fn buffering(lake: &str, sqs: &Sqs) -> Self {
        let settings = sqs.settings();
        let url = settings.iter().find(|(name, _)| *name == "QUEUE_URL").expect("a URL").1.clone();
        Self::serve(receiver(lake, &[]).buffering(SqsQueue::on_server(url, &sqs.server.endpoint, KEY, SECRET)))
    }

    /// Posts a body, which must be taken.
    pub fn post(&self, body: &str) {
        let request = ureq::post(&self.url).header("Authorization", format!("Bearer {TOKEN}"));
        assert_eq!(request.send(body).expect("an answer").status(), 200, "{body}");
    }

    fn serve(receiver: Receiver) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        listener.set_nonblocking(true).expect("a listener");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        thread::spawn(move || {
            runtime().block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                // What it logs is of no interest here.
                local::run(listener, receiver, |_| (), std::future::pending()).await
            })
        });
        Self { url }
    }
}

/// Stores all that waits in a queue, as the stack's writer does.
pub fn write(sqs: &Sqs, lake: &str) {
    let writer = receiver(lake, &[]);
    let failed = runtime().block_on(serve_messages(&writer, "writer", Duration::from_secs(20), &sqs.take_all(), |_| ()));
    assert_eq!(failed, Vec::<usize>::new());
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

/// A receiver of these settings.
fn receiver(lake: &str, more: &[(&str, &str)]) -> Receiver {
    let digests = format!("eu={}", TokenDigest::of(TOKEN.as_bytes()));
    let settings = [("LAKE_URL", lake), ("TOKEN_DIGESTS", &digests)];
    let find = |name: &str| more.iter().chain(&settings).find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let config = Config::from_lookup(find).expect("settings");
    let store = match (find("AWS_ENDPOINT_URL_S3"), config.lake.clone()) {
        (Some(endpoint), LakeUrl::S3 { bucket, prefix }) => Lake::S3(S3Store::on_server(bucket, prefix, &endpoint, KEY, SECRET)),
        (_, LakeUrl::File(folder)) => Lake::File(FileStore::new(folder)),
        (None, LakeUrl::S3 { .. }) => panic!("a test without an S3 server"),
    };
    Receiver::with_store(store, config.sources, config.addresses, config.compression)
}
