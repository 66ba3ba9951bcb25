//! What a one-record request costs alone, with shared objects, and through the queue; `make bench-modes` runs it.
//!
//! The receiver is a process, and so is the function that empties the queue. S3 and SQS are servers of their protocols on loopback,
//! in this process. Processor time is that of the receiver's processes alone, so it says the same on a busy machine; latencies do
//! not, and are to be compared within one run.

use std::{
    env,
    net::{Ipv4Addr, TcpListener},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use support::{
    function::{DIGEST, Function, TOKEN},
    s3::{BUCKET, S3},
    sqs::Sqs,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Builder,
    task::JoinSet,
};

/// Connections that send at the same time.
const CONNECTIONS: usize = 8;
/// Ticks of processor time in a second, as Linux counts them for every program (proc(5)).
const TICKS: f64 = 100.0;

/// What one run took.
struct Run {
    name: &'static str,
    requests: usize,
    /// Processor time of one request, in microseconds.
    processor: f64,
    objects: usize,
    /// Latencies in order.
    latencies: Vec<Duration>,
}

impl Run {
    fn print(&self) {
        let at = |share: f64| self.latencies[((self.latencies.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        println!(
            "{:34} {:>8} requests {:>6.0} µs of processor each {:>7} objects   p50 {:>6.2} ms   p99 {:>6.2} ms",
            self.name,
            self.requests,
            self.processor,
            self.objects,
            at(0.5),
            at(0.99)
        );
    }
}

/// The `local` receiver as a process.
struct Local {
    child: Child,
    port: u16,
}

impl Local {
    fn start(s3: &S3, settings: &[(&str, String)]) -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|socket| socket.local_addr()).expect("a free port").port();
        let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
        command.env_clear().env("PORT", port.to_string()).env("LAKE_URL", format!("s3://{BUCKET}")).env("TOKEN_DIGESTS", DIGEST);
        command.envs(s3.environment()).envs(settings.iter().map(|(name, value)| (name, value)));
        let child = command.stdout(Stdio::null()).spawn().expect("the receiver starts");
        while std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            std::thread::yield_now();
        }
        Self { child, port }
    }

    fn processor(&self) -> f64 {
        processor(self.child.id())
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        // It may have ended by itself.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// Processor time of a process so far, in seconds.
fn processor(id: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).expect("a process");
    let fields: Vec<&str> = stat.rsplit_once(')').expect("a name").1.split_whitespace().collect();
    let ticks = |at: usize| fields[at].parse::<f64>().expect("ticks");
    (ticks(11) + ticks(12)) / TICKS
}

/// A request with one record that no other request has.
fn request(number: usize) -> Vec<u8> {
    let body = format!(
        r#"[{{"log_id":"9002026070112{number:048}","data":{{"date":"2026-07-01T12:{:02}:{:02}.{:03}Z","type":"s","connection":"Username-Password-Authentication","connection_id":"con_4dK8fEx3tM1n2Xd0","client_id":"7J2aQ9cVbT4xYw1ZkR6mN8sD3fG5hL0p","client_name":"All Applications","ip":"198.51.100.{}","user_agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36","hostname":"acme.eu.auth0.com","user_id":"auth0|{number:024x}","user_name":"user-{number}@example.com","strategy":"auth0","strategy_type":"database","details":{{"prompts":[{{"name":"prompt-authenticate","completedAt":1783000000000,"elapsedTime":2143}}],"session_id":"{number:032x}","stats":{{"loginsCount":{}}}}},"$event_schema":{{"version":"1.0.0"}}}}}}]"#,
        number / 60_000 % 60,
        number / 1_000 % 60,
        number % 1_000,
        number % 250,
        number % 90
    );
    let head = format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {TOKEN}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.into_bytes(), body.into_bytes()].concat()
}

/// Sends one request and waits for its answer, which must be 200.
async fn ask(stream: &mut TcpStream, request: &[u8]) -> Duration {
    let started = now();
    stream.write_all(request).await.expect("a request that is sent");
    let (mut answer, mut piece) = (Vec::new(), [0; 1_024]);
    loop {
        let length = stream.read(&mut piece).await.expect("an answer");
        answer.extend_from_slice(&piece[..length]);
        // The body of every answer is one object of JSON.
        if length == 0 || answer.ends_with(b"}") {
            break;
        }
    }
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    now() - started
}

/// Sends requests over some connections at the same time, each after the answer to the one before; gives the latencies in order.
async fn send(port: u16, requests: usize, connections: usize) -> Vec<Duration> {
    let mut senders = JoinSet::new();
    for sender in 0..connections {
        senders.spawn(async move {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.expect("a connection");
            stream.set_nodelay(true).expect("a socket");
            let mut latencies = Vec::new();
            for number in (sender..requests).step_by(connections) {
                latencies.push(ask(&mut stream, &request(number)).await);
            }
            latencies
        });
    }
    let mut latencies: Vec<Duration> = senders.join_all().await.concat();
    latencies.sort_unstable();
    latencies
}

async fn direct(name: &'static str, wait: &str, requests: usize, connections: usize) -> Run {
    let s3 = S3::start();
    let local = Local::start(&s3, &[("GROUP_WAIT_MS", wait.to_owned())]);
    let before = local.processor();
    let latencies = send(local.port, requests, connections).await;
    let processor = (local.processor() - before) / requests as f64 * 1e6;
    Run { name, requests, processor, objects: s3.objects().len(), latencies }
}

/// Through the queue: the receiver that sends and the function that stores, each counted.
async fn buffered(requests: usize) -> Run {
    let (s3, sqs) = (S3::start(), Sqs::start());
    let local = Local::start(&s3, &sqs.settings());
    let settings = [("LAKE_URL", format!("s3://{BUCKET}")), ("TOKEN_DIGESTS", DIGEST.to_owned())].into_iter();
    let settings: Vec<_> = settings.chain(s3.environment().map(|(name, value)| (name, value.to_owned()))).collect();
    let mut writer = Function::start(env!("CARGO_BIN_EXE_receiver"), &settings);
    writer.has_started().await;
    let before = local.processor() + processor(writer.id());
    let latencies = send(local.port, requests, CONNECTIONS).await;
    while sqs.deliver(&mut writer, 10_000).await > 0 {}
    let processor = (local.processor() + processor(writer.id()) - before) / requests as f64 * 1e6;
    assert_eq!(sqs.sent(), requests);
    Run { name: "buffered, 8 connections", requests, processor, objects: s3.objects().len(), latencies }
}

fn main() {
    let argument = env::args().skip(1).find_map(|argument| argument.parse().ok());
    let requests: usize = argument.unwrap_or(20_000);
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let alone = direct("own objects, 8 connections", "0", requests, CONNECTIONS).await;
        alone.print();
        let grouped = direct("shared objects, 8 connections", "2", requests, CONNECTIONS).await;
        grouped.print();
        let queued = buffered(requests).await;
        queued.print();
        // In turn, so that what else the machine does slows both.
        for _ in 0..3 {
            for (name, wait) in [("own objects, 1 connection", "0"), ("shared objects, 1 connection", "2")] {
                direct(name, wait, requests / 20, 1).await.print();
            }
        }
        for run in [&grouped, &queued] {
            println!(
                "{}: {:.2} of the processor time, one object for {:.1} of theirs",
                run.name,
                run.processor / alone.processor,
                alone.objects as f64 / run.objects as f64
            );
        }
    });
}

#[expect(clippy::disallowed_methods, reason = "how long an answer takes is what is measured")]
fn now() -> Instant {
    Instant::now()
}
