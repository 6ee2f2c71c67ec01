//! One attempt to reach a service.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use crate::endpoint::bracketed;

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// A connection that is accepted.
    Tcp { host: String, port: u16 },
    /// A request that is answered with 200 to 399.
    Http { host: String, port: u16, path: String },
}

/// Why a service was not ready.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unready {
    /// Its host has no address. Which host that is, is not said: it may be from a URL that is a secret.
    Unresolved,
    /// No address of it took the connection.
    Unreachable(ErrorKind),
    /// It did not answer in time.
    NoAnswer,
    /// It answered with this HTTP status.
    Status(u16),
    /// It answered with something that is not HTTP, or hung up.
    Garbage,
}

impl fmt::Display for Unready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unresolved => f.write_str("its host has no address"),
            Self::Unreachable(kind) => kind.fmt(f),
            Self::NoAnswer => f.write_str("no answer in time"),
            Self::Status(status) => write!(f, "answered with the status {status}"),
            Self::Garbage => f.write_str("answered with something that is not HTTP"),
        }
    }
}

/// Asks once. Only to look up the host may take longer than the limit, since that cannot be limited.
pub(crate) fn attempt(target: &Target, limit: Duration) -> Result<(), Unready> {
    let end = Instant::now() + limit;
    match target {
        Target::Tcp { host, port } => connect(host, *port, end).map(|_| ()),
        Target::Http { host, port, path } => {
            let stream = connect(host, *port, end)?;
            let status = ask(stream, &bracketed(host), *port, path, end)?;
            if (200..400).contains(&status) { Ok(()) } else { Err(Unready::Status(status)) }
        }
    }
}

fn connect(host: &str, port: u16, end: Instant) -> Result<TcpStream, Unready> {
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let addresses = (name, port).to_socket_addrs().map_err(|_| Unready::Unresolved)?;
    let mut last = Unready::Unresolved;
    for address in addresses {
        match TcpStream::connect_timeout(&address, left(end)?) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = failure(&error),
        }
    }
    Err(last)
}

fn ask(mut stream: TcpStream, host: &str, port: u16, path: &str, end: Instant) -> Result<u16, Unready> {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: orch\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    );
    stream
        .set_write_timeout(Some(left(end)?))
        .and_then(|()| stream.write_all(request.as_bytes()))
        .map_err(|e| failure(&e))?;
    let mut head = Vec::new();
    let mut buffer = [0; 256];
    // `HTTP/1.1 200`
    while head.len() < 12 {
        stream.set_read_timeout(Some(left(end)?)).map_err(|error| failure(&error))?;
        match stream.read(&mut buffer) {
            Ok(0) => return Err(Unready::Garbage),
            Ok(count) => head.extend_from_slice(buffer.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(failure(&error)),
        }
    }
    status(&head).ok_or(Unready::Garbage)
}

/// The status in the first line of an answer.
fn status(head: &[u8]) -> Option<u16> {
    let rest = head.strip_prefix(b"HTTP/1.")?;
    let [b'0' | b'1', b' ', digits @ ..] = rest else { return None };
    let digits = digits.get(..3)?;
    digits.iter().all(u8::is_ascii_digit).then(|| std::str::from_utf8(digits).ok()?.parse().ok())?
}

fn left(end: Instant) -> Result<Duration, Unready> {
    Some(end.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero()).ok_or(Unready::NoAnswer)
}

fn failure(error: &io::Error) -> Unready {
    match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Unready::NoAnswer,
        kind => Unready::Unreachable(kind),
    }
}
