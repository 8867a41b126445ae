//! A stand-in for the part of Lambda that functions talk to, on 127.0.0.1: the runtime API, as AWS documents it ("Using the
//! Lambda runtime API for custom runtimes", Lambda developer guide). A function asks for the next event and posts its answer.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

use crate::error::BenchError;

/// The version of the API, which each path begins with.
const VERSION: &str = "/2018-06-01/runtime";
/// How long an invocation may take, in seconds: what the template gives `reconcile`.
const TIMEOUT: Duration = Duration::from_mins(2);
/// More headers than any client of it sends.
const HEADERS_MAX: usize = 32;

/// What a function did, and when that was heard.
#[derive(Debug)]
pub(crate) enum Heard {
    /// It asked for an event.
    Asked(Instant),
    /// It answered.
    Answered(Instant, Value),
    /// It reported an error.
    Failed(String),
}

/// A served API of one function's process.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    address: SocketAddr,
    events: Sender<Value>,
    heard: Receiver<Heard>,
}

impl RuntimeApi {
    /// Serves until the process ends.
    pub(crate) fn serve() -> Result<Self, BenchError> {
        let cannot = || BenchError::io("cannot serve the runtime API");
        let listener = TcpListener::bind("127.0.0.1:0").map_err(cannot())?;
        let address = listener.local_addr().map_err(cannot())?;
        let (events, waiting) = channel();
        let (tell, heard) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (waiting, tell) = (Arc::clone(&waiting), tell.clone());
                // A connection that breaks is the end of its function, which the invocation notices.
                std::thread::spawn(move || talk(connection, &waiting, &tell));
            }
        });
        Ok(Self { address, events, heard })
    }

    /// `HOST:PORT`, as `AWS_LAMBDA_RUNTIME_API` has it.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Hands an event to whoever asks next.
    pub(crate) fn send(&self, event: Value) -> Result<(), BenchError> {
        self.events.send(event).map_err(|_| BenchError::found("the runtime API has ended"))
    }

    /// What the function does next.
    pub(crate) fn next(&self) -> Result<Heard, BenchError> {
        let late = |_| BenchError::found(format!("the function was not heard of for {} s", TIMEOUT.as_secs()));
        self.heard.recv_timeout(TIMEOUT).map_err(late)
    }
}

/// Answers the requests of one connection, one after the other.
fn talk(connection: TcpStream, waiting: &Mutex<Receiver<Value>>, tell: &Sender<Heard>) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut reader = BufReader::new(connection.try_clone()?);
    let mut writer = connection;
    let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
    while let Some((path, body)) = request(&mut reader)? {
        let arrived = Instant::now();
        let answer = if path == format!("{VERSION}/invocation/next") {
            tell.send(Heard::Asked(arrived)).map_err(gone)?;
            let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(event) = next else { return Ok(()) };
            invocation(&event)
        } else if path.ends_with("/response") {
            let answer = serde_json::from_slice(&body).unwrap_or(Value::Null);
            tell.send(Heard::Answered(arrived, answer)).map_err(gone)?;
            accepted()
        } else {
            let text = format!("{path}: {}", String::from_utf8_lossy(&body));
            tell.send(Heard::Failed(text)).map_err(gone)?;
            accepted()
        };
        writer.write_all(answer.as_bytes())?;
    }
    Ok(())
}

fn invocation(event: &Value) -> String {
    let body = event.to_string();
    let deadline = SystemTime::now() + TIMEOUT;
    let deadline = deadline.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nLambda-Runtime-Aws-Request-Id: \
         00000000-0000-4000-8000-000000000000\r\nLambda-Runtime-Deadline-Ms: {deadline}\r\n\
         Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-west-2:123456789012:function:measured\r\n\r\n{body}",
        body.len()
    )
}

fn accepted() -> String {
    "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n".to_owned()
}

/// The path and the body of the next request; `None` once the connection has ended.
fn request(reader: &mut BufReader<TcpStream>) -> io::Result<Option<(String, Vec<u8>)>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if reader.read_until(b'\n', &mut head)? == 0 {
            return Ok(None);
        }
    }
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut parsed = httparse::Request::new(&mut headers);
    let status = parsed.parse(&head).map_err(io::Error::other)?;
    let (true, Some(path)) = (status.is_complete(), parsed.path) else {
        return Err(io::Error::other("the head of a request came in part"));
    };
    let value = |name: &str| {
        let found = parsed.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| String::from_utf8_lossy(header.value).into_owned())
    };
    let body = match value("content-length").map(|length| length.parse::<usize>()) {
        Some(length) => {
            let mut body = vec![0; length.map_err(io::Error::other)?];
            reader.read_exact(&mut body)?;
            body
        }
        None if value("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) => {
            chunks(reader)?
        }
        None => Vec::new(),
    };
    Ok(Some((path.to_owned(), body)))
}

/// A body that comes in chunks, without trailers.
fn chunks(reader: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let length = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        let mut chunk = vec![0; length + 2];
        reader.read_exact(&mut chunk)?;
        if length == 0 {
            return Ok(body);
        }
        body.extend_from_slice(&chunk[..length]);
    }
}
