//! Waiting for real sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use orch_runtime::{Environment, System, Unready, WaitError};
use serde_json::{Value, json};

use crate::bindings::told;

/// A system with these services at ports of this machine.
pub(crate) fn neighbours(services: &[(&str, SocketAddr, Option<&str>)]) -> System {
    let service = |(id, address, http): &(&str, SocketAddr, Option<&str>)| {
        let port = address.port();
        let check = http.map_or_else(|| json!({ "tcp": port }), |path| json!({ "http": { "path": path } }));
        let host = json!([{ "text": address.ip().to_string() }]);
        let is_required = !id.starts_with("wanted");
        let entry = json!({ "kind": "cache", "host": host, "port": port, "required": is_required, "check": check });
        ((*id).to_owned(), entry)
    };
    let services: Value = services.iter().map(service).collect::<serde_json::Map<_, _>>().into();
    System::new(Environment::of([("ORCH_SYSTEM", told(&services, &json!({})))]))
}

/// A port that nobody listens on.
pub(crate) fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A server that answers every connection with these bytes, after a pause.
pub(crate) fn server(answer: &'static str, pause: Duration) -> SocketAddr {
    serve(TcpListener::bind("127.0.0.1:0").unwrap(), answer, pause)
}

pub(crate) fn serve(listener: TcpListener, answer: &'static str, pause: Duration) -> SocketAddr {
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let mut request = [0; 512];
                if stream.read(&mut request).is_ok_and(|count| count > 0) {
                    thread::sleep(pause);
                    // Whoever asked may have given up.
                    let _ = stream.write_all(answer.as_bytes());
                }
            });
        }
    });
    address
}

const FOREVER: Duration = Duration::from_hours(1);
const OK: &str = "HTTP/1.1 204 No Content\r\n\r\n";

#[test]
fn it_ends_when_all_are_there() {
    let late = nobody();
    let opener = thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        let listener = TcpListener::bind(late).unwrap();
        listener.accept().map(|_| ()).unwrap();
    });
    let system = neighbours(&[("late", late, None), ("web", server(OK, Duration::ZERO), Some("/health"))]);
    system.wait_for(&["late", "web"], Duration::from_secs(20)).unwrap();
    opener.join().unwrap();
    system.wait_for(&[], Duration::ZERO).unwrap();
}

#[test]
fn it_says_in_time_who_was_not_ready_and_why() {
    let system = neighbours(&[
        ("refuses", nobody(), None),
        ("hangs", server("", FOREVER), Some("/")),
        ("garbage", server("SSH-2.0-OpenSSH_9.6\r\n", Duration::ZERO), Some("/")),
        ("down", server("HTTP/1.1 503 Service Unavailable\r\n\r\n", Duration::ZERO), Some("/")),
        ("up", server(OK, Duration::ZERO), Some("/")),
    ]);
    let started = Instant::now();
    let limit = Duration::from_millis(600);
    let error = system.wait_for(&["refuses", "hangs", "garbage", "down", "up"], limit).unwrap_err();
    assert!(started.elapsed() < limit * 3, "{:?}", started.elapsed());
    let WaitError::NotReady { services, .. } = &error else { panic!("{error}") };
    let expected = [
        ("refuses", Unready::Unreachable(std::io::ErrorKind::ConnectionRefused)),
        ("hangs", Unready::NoAnswer),
        ("garbage", Unready::Garbage),
        ("down", Unready::Status(503)),
    ];
    assert_eq!(*services, expected.map(|(id, why)| (id.to_owned(), why)));
    assert!(error.to_string().contains("`down`: answered with the status 503"), "{error}");
    assert!(matches!(system.wait_for(&["x"], limit), Err(WaitError::Unknown(_))));
}

#[cfg(feature = "tokio")]
#[tokio::test(flavor = "current_thread")]
async fn the_runtime_goes_on_meanwhile() {
    let system = neighbours(&[("refuses", nobody(), None)]);
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    let waiting = system.wait_for_async(&["refuses"], Duration::from_millis(500));
    tokio::pin!(waiting);
    let mut count = 0;
    let outcome = loop {
        tokio::select! {
            outcome = &mut waiting => break outcome,
            _ = ticks.tick() => count += 1,
        }
    };
    assert!(matches!(outcome, Err(WaitError::NotReady { .. })), "{outcome:?}");
    assert!(count > 5, "{count}");
    neighbours(&[("up", server(OK, Duration::ZERO), None)])
        .wait_for_async(&["up"], Duration::from_secs(20))
        .await
        .unwrap();
}
