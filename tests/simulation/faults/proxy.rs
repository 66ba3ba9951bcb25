//! A proxy on loopback that fails as a network does, one connection at a time.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy, copy_bidirectional, sink},
    net::{TcpListener, TcpStream},
};

/// What happens to one connection.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    None,
    /// Everything is late by this much.
    Latency(Duration),
    /// It is reset at once.
    Reset,
    /// It is reset after so many bytes of the request's head.
    ResetInHead(usize),
    /// It is reset when half of the request's body has arrived.
    ResetInBody,
    /// The request is dropped, and an error of S3 comes back.
    Answer(u16, &'static str),
    /// The request takes effect, and this many bytes of the answer come back.
    HalfAnswer(usize),
    /// The request takes effect, and nothing comes back.
    NoAnswer,
    /// The request is dropped, and nothing comes back.
    BlackHole,
}

/// The proxy; it ends with the test's runtime.
pub struct Proxy {
    pub endpoint: String,
    script: Arc<Mutex<Script>>,
}

struct Script {
    next: VecDeque<Fault>,
    then: Fault,
}

impl Proxy {
    /// Starts a proxy before a server. The first connections meet `next`, one fault each, and all that follow `then`.
    pub async fn start(server: &str, next: &[Fault], then: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let script = Arc::new(Mutex::new(Script { next: next.to_vec().into(), then }));
        let (server, faults) = (server.trim_start_matches("http://").to_owned(), Arc::clone(&script));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let fault = faults.lock().unwrap_or_else(PoisonError::into_inner).take();
                let server = server.clone();
                // A connection that breaks is what this is for.
                tokio::spawn(async move { _ = pass(client, &server, fault).await });
            }
        });
        Self { endpoint, script }
    }

    /// How many of the first faults no connection has met yet.
    pub fn unmet(&self) -> usize {
        self.script.lock().unwrap_or_else(PoisonError::into_inner).next.len()
    }

    /// Lets every new connection pass from now on.
    pub fn mend(&self) {
        *self.script.lock().unwrap_or_else(PoisonError::into_inner) = Script { next: VecDeque::new(), then: Fault::None };
    }
}

impl Script {
    fn take(&mut self) -> Fault {
        self.next.pop_front().unwrap_or(self.then)
    }
}

async fn pass(mut client: TcpStream, server: &str, fault: Fault) -> io::Result<()> {
    match fault {
        Fault::None => _ = copy_bidirectional(&mut client, &mut TcpStream::connect(server).await?).await?,
        Fault::Latency(latency) => {
            tokio::time::sleep(latency).await;
            copy_bidirectional(&mut client, &mut TcpStream::connect(server).await?).await?;
        }
        Fault::Reset => client.set_zero_linger()?,
        Fault::ResetInHead(bytes) => {
            client.read_exact(&mut vec![0; bytes]).await?;
            client.set_zero_linger()?;
        }
        Fault::ResetInBody => {
            let request = read_request(&mut client).await?;
            let body = request.windows(4).position(|end| end == b"\r\n\r\n").map_or(0, |end| end + 4);
            let mut server = TcpStream::connect(server).await?;
            server.write_all(&request[..body.midpoint(request.len())]).await?;
            server.set_zero_linger()?;
            client.set_zero_linger()?;
        }
        Fault::Answer(status, code) => {
            read_request(&mut client).await?;
            client.write_all(error(status, code).as_bytes()).await?;
            client.shutdown().await?;
        }
        Fault::HalfAnswer(bytes) => {
            let answer = forward(&mut client, server).await?;
            client.write_all(&answer[..bytes.min(answer.len())]).await?;
            client.set_zero_linger()?;
        }
        Fault::NoAnswer => {
            forward(&mut client, server).await?;
            copy(&mut client, &mut sink()).await?;
        }
        Fault::BlackHole => _ = copy(&mut client, &mut sink()).await?,
    }
    Ok(())
}

/// An error as S3 answers it.
fn error(status: u16, code: &str) -> String {
    let body = format!("<Error><Code>{code}</Code><Message>made up</Message></Error>");
    let head =
        format!("HTTP/1.1 {status} X\r\ncontent-type: application/xml\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    head + &body
}

/// Forwards a request, and gives the start of its answer.
async fn forward(client: &mut TcpStream, server: &str) -> io::Result<Vec<u8>> {
    let mut server = TcpStream::connect(server).await?;
    let request = read_request(client).await?;
    server.write_all(&request).await?;
    let mut answer = vec![0; 4_096];
    let length = server.read(&mut answer).await?;
    answer.truncate(length);
    Ok(answer)
}

/// Reads one request to the end of its body.
async fn read_request(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length:")).and_then(|length| length.trim().parse::<usize>().ok());
            if request.len() >= head.len() + 4 + length.unwrap_or_default() {
                return Ok(request);
            }
        }
        if client.read_buf(&mut request).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}
