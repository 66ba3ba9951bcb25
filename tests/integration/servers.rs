//! Servers on loopback: one that speaks S3 over a folder, and one that answers as it is told.

use std::{
    collections::VecDeque,
    convert::Infallible,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{Router, body::Body, extract::Request, response::Response, serve::Listener};
use http::{HeaderMap, Method, StatusCode};
use s3s::{
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Mutex as Turn,
};

/// Key of the S3 servers.
pub const KEY: &str = "AKIDEXAMPLE";
/// Secret of the S3 servers.
pub const SECRET: &str = "secret-of-the-s3-server";
/// Bucket of the S3 servers.
pub const BUCKET: &str = "lake-of-tests";

/// What one server has seen.
#[derive(Debug, Default)]
pub struct Seen {
    connections: AtomicUsize,
    puts: Mutex<Vec<HeaderMap>>,
}

impl Seen {
    /// Gives how many connections were made.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Gives the headers of each put.
    pub fn puts(&self) -> Vec<HeaderMap> {
        self.puts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, request: &Request) {
        if request.method() == Method::PUT {
            self.puts.lock().unwrap_or_else(PoisonError::into_inner).push(request.headers().clone());
        }
    }
}

/// A listener that counts.
struct Counting(TcpListener, Arc<Seen>);

impl Listener for Counting {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        let accepted = Listener::accept(&mut self.0).await;
        self.1.connections.fetch_add(1, Ordering::SeqCst);
        accepted
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// A server that ends with the test's runtime.
pub struct Server {
    /// Where it listens.
    pub endpoint: String,
    /// What it has seen.
    pub seen: Arc<Seen>,
}

impl Server {
    /// Serves every request with `answer`.
    pub async fn start<F: Future<Output = Response> + Send + 'static>(
        answer: impl Fn(Request) -> F + Clone + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let seen = Arc::new(Seen::default());
        let noted = Arc::clone(&seen);
        let router = Router::new().fallback(move |request: Request| {
            noted.note(&request);
            answer(request)
        });
        let listener = Counting(listener, Arc::clone(&seen));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { endpoint, seen }
    }
}

/// An S3 server over a folder that ends with the test.
pub struct S3 {
    /// The server.
    pub server: Server,
    root: tempfile::TempDir,
}

impl S3 {
    /// Starts a server with one empty bucket.
    pub async fn start() -> Self {
        let root = tempfile::tempdir().expect("a folder for the server");
        std::fs::create_dir(root.path().join(BUCKET)).expect("a folder for the bucket");
        let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(root.path()).expect("a server over a folder"));
        service.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let service = service.build();
        // Its conditional put looks and then writes, which S3 does as one; one put at a time makes that so.
        let turn = Arc::new(Turn::new(()));
        let buckets = root.path().to_owned();
        let server = Server::start(move |request| answer(service.clone(), Arc::clone(&turn), buckets.clone(), request)).await;
        Self { server, root }
    }

    /// Gives the folder of the bucket.
    pub fn bucket(&self) -> PathBuf {
        self.root.path().join(BUCKET)
    }

    /// Gives the objects by their keys.
    pub fn objects(&self) -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
        crate::golden::files(Path::new(&self.bucket()))
    }
}

async fn answer(service: S3Service, turn: Arc<Turn<()>>, buckets: PathBuf, request: Request) -> Response {
    let bucket = request.uri().path().split('/').nth(1).unwrap_or_default();
    if !buckets.join(bucket).is_dir() {
        return error(StatusCode::NOT_FOUND, "NoSuchBucket");
    }
    let _turn = turn.lock().await;
    let answered = service.call(request.map(s3s::Body::http_body_unsync)).await;
    answered.map(|response| response.map(Body::new)).unwrap_or_else(|error| panic!("the S3 server failed: {error:?}"))
}

/// What a told server does with one request.
#[derive(Clone, Copy, Debug)]
pub enum Told {
    /// It answers a status, with an error code of S3 where there is one.
    Answer(StatusCode, &'static str),
    /// It never answers.
    Nothing,
}

/// Starts a server that does as it is told, one step a request; the last step holds for all that follow.
pub async fn told(steps: &[Told]) -> Server {
    let steps = Arc::new(Mutex::new(VecDeque::from(steps.to_vec())));
    Server::start(move |_| {
        let mut steps = steps.lock().unwrap_or_else(PoisonError::into_inner);
        let step = if steps.len() > 1 { steps.pop_front() } else { steps.front().copied() };
        async move {
            match step {
                Some(Told::Answer(status, code)) => error(status, code),
                _ => std::future::pending::<Result<Response, Infallible>>().await.unwrap_or_default(),
            }
        }
    })
    .await
}

fn error(status: StatusCode, code: &str) -> Response {
    let body = if code.is_empty() { String::new() } else { format!("<Error><Code>{code}</Code><Message>told so</Message></Error>") };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response
}
