//! A receiver for the commands to talk to.

use std::{
    net::{Ipv4Addr, TcpListener},
    thread,
};

use auth0_log_lake::{
    auth::TokenDigest,
    config::{Config, LakeUrl},
    receive::Receiver,
    serve::local,
    store::{FileStore, Lake, S3Store},
};
use support::s3::{KEY, SECRET};

use crate::TOKEN;

/// A receiver in the process of the test.
pub struct RunningReceiver {
    pub url: String,
}

impl RunningReceiver {
    pub fn start(lake: &str, more: &[(&str, &str)]) -> Self {
        let digests = format!("eu={}", TokenDigest::of(TOKEN.as_bytes()));
        let settings = [("LAKE_URL", lake), ("TOKEN_DIGESTS", &digests)];
        let find = |name: &str| more.iter().chain(&settings).find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let config = Config::from_lookup(find).expect("settings");
        let store = match (find("AWS_ENDPOINT_URL_S3"), config.lake.clone()) {
            (Some(endpoint), LakeUrl::S3 { bucket, prefix }) => Lake::S3(S3Store::on_server(bucket, prefix, &endpoint, KEY, SECRET)),
            (_, LakeUrl::File(folder)) => Lake::File(FileStore::new(folder)),
            (None, LakeUrl::S3 { .. }) => panic!("a test without an S3 server"),
        };
        let receiver = Receiver::with_store(store, config.sources, config.addresses, config.compression);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        listener.set_nonblocking(true).expect("a listener");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                // What it logs is of no interest here.
                local::run(listener, receiver, |_| (), std::future::pending()).await
            })
        });
        Self { url }
    }
}
