//! Health under faults, with real sockets.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use orch_runtime::health::{Health, Need, Report, Status};
use serde_json::Value;

use crate::waiting::{neighbours, nobody, serve, server};

const OK: &str = "HTTP/1.1 200 OK\r\n\r\n";
const FOREVER: Duration = Duration::from_hours(1);
/// The slowest check may take two seconds; the rest is for a machine that is busy.
const BUDGET: Duration = Duration::from_secs(4);

fn read(report: &Report) -> Value {
    serde_json::from_str(&report.to_json()).unwrap()
}

#[test]
fn it_says_within_its_budget_which_and_why() {
    let system = neighbours(&[
        ("hangs", server("", FOREVER), Some("/health")),
        ("refuses", nobody(), None),
        ("slow", server(OK, Duration::from_millis(300)), Some("/health")),
        ("garbage", server("\0\u{1}nonsense, and more of it", Duration::ZERO), Some("/health")),
        ("short", server("HTTP", Duration::ZERO), Some("/health")),
        ("unhappy", server("HTTP/1.1 500 Internal Server Error\r\n\r\n", Duration::ZERO), Some("/health")),
    ]);
    let health = Health::of(&system).unwrap();
    let started = Instant::now();
    let report = health.readiness();
    assert!(started.elapsed() < BUDGET, "{:?}", started.elapsed());
    let reasons: Vec<_> = report.reasons().collect();
    let expected = [
        ("garbage", "answered with something that is not HTTP"),
        ("hangs", "no answer in time"),
        ("refuses", "connection refused"),
        ("short", "answered with something that is not HTTP"),
        ("unhappy", "answered with the status 500"),
    ];
    assert_eq!(reasons, expected);
    assert_eq!((report.status(), report.status().http()), (Status::Unhealthy, 503));
    assert_eq!((health.startup().status(), health.liveness().status()), (Status::Unhealthy, Status::Healthy));

    let json = read(&report);
    assert_eq!((json["status"].as_str(), json["serviceId"].as_str()), (Some("fail"), Some("api")));
    let slow = &json["checks"]["slow:responseTime"][0];
    assert_eq!((slow["status"].as_str(), slow["observedUnit"].as_str()), (Some("pass"), Some("ms")));
    assert!(slow["observedValue"].as_u64().unwrap() >= 300 && slow.get("output").is_none(), "{slow}");
    assert_eq!(json["checks"]["hangs:responseTime"][0]["output"], "no answer in time");
    assert_eq!(read(&health.liveness()), serde_json::json!({ "status": "pass", "serviceId": "api" }));
}

#[test]
fn readiness_goes_down_and_comes_back_and_startup_stays() {
    let address = nobody();
    let health = Health::of(&neighbours(&[("cache", address, Some("/"))])).unwrap().fresh_for(Duration::ZERO);
    assert_eq!(health.startup().status(), Status::Unhealthy);
    let once = TcpListener::bind(address).unwrap();
    let answering = thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = once.accept().unwrap();
        assert!(stream.read(&mut [0; 512]).unwrap() > 0);
        stream.write_all(OK.as_bytes()).unwrap();
    });
    assert_eq!(health.readiness().status(), Status::Healthy);
    answering.join().unwrap();
    let report = health.readiness();
    assert_eq!(report.status(), Status::Unhealthy);
    assert_eq!(report.contributions()[0].name(), "cache");
    assert_eq!((health.startup().status(), health.liveness().status()), (Status::Healthy, Status::Healthy));
    serve(TcpListener::bind(address).unwrap(), OK, Duration::ZERO);
    assert_eq!(health.readiness().status(), Status::Healthy);
    health.end();
    assert_eq!((health.readiness().status(), health.liveness().status()), (Status::Unhealthy, Status::Healthy));
    assert_eq!(read(&health.readiness())["output"], "it is about to end");
}

#[test]
fn what_is_only_wanted_degrades() {
    let system = neighbours(&[("wanted-cache", nobody(), None), ("db", server(OK, Duration::ZERO), None)]);
    let report = Health::of(&system).unwrap().readiness();
    assert_eq!((report.status(), report.status().http()), (Status::Degraded, 200));
    assert_eq!(read(&report)["checks"]["wanted-cache:responseTime"][0]["status"], "warn");
    // A better question than whether its port is open.
    let own = Health::of(&system).unwrap().check("db", Need::Required, || Err("the disk is full".to_owned()));
    let report = own.readiness();
    assert_eq!(report.contributions().len(), 2);
    assert!(report.reasons().any(|reason| reason == ("db", "the disk is full")));
}

#[test]
fn a_check_runs_once_at_a_time_and_its_answer_is_kept() {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let health = Health::new("x").check_within(Duration::from_millis(50), "stuck", Need::Required, move || {
        counted.fetch_add(1, Ordering::SeqCst);
        thread::sleep(Duration::from_secs(2));
        Ok(())
    });
    let eager = health.clone().fresh_for(Duration::ZERO);
    let all: Vec<_> = (0..8)
        .map(|_| {
            thread::spawn({
                let health = health.clone();
                move || health.readiness()
            })
        })
        .collect();
    let reports: Vec<Report> = all.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert!(reports.iter().all(|report| *report == reports[0]));
    assert_eq!(eager.readiness().reasons().next(), Some(("stuck", "the check before has not come back")));
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[test]
fn a_check_that_panics_fails_and_is_asked_again() {
    let health = Health::new("x").check("bad", Need::Required, || panic!("on purpose")).fresh_for(Duration::ZERO);
    for _ in 0..2 {
        assert_eq!(health.readiness().reasons().next(), Some(("bad", "the check broke off")));
    }
}

#[cfg(feature = "axum")]
mod over_http {
    use super::*;

    async fn get(address: std::net::SocketAddr, path: &'static str) -> String {
        let ask = move || {
            use std::io::{Read, Write};
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        };
        tokio::task::spawn_blocking(ask).await.unwrap()
    }

    #[tokio::test(flavor = "current_thread")]
    async fn the_router_answers_while_a_neighbour_hangs() {
        let limit = Duration::from_millis(200);
        let health = Health::of(&neighbours(&[("hangs", server("", FOREVER), Some("/"))]))
            .unwrap()
            .check_async(limit, "never", Need::Required, std::future::pending::<Result<(), String>>)
            .check_async(limit, "here", Need::Required, async || Err::<(), _>("away"));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, health.router()).into_future());
        let started = Instant::now();
        let (ready, live) = tokio::join!(get(address, "/health/ready"), get(address, "/health/live"));
        assert!(started.elapsed() < BUDGET, "{:?}", started.elapsed());
        assert!(
            ready.starts_with("HTTP/1.1 503") && ready.contains("content-type: application/health+json"),
            "{ready}"
        );
        for part in ["\"output\":\"no answer in time\"", "\"output\":\"away\"", "never:responseTime"] {
            assert!(ready.contains(part), "{ready}");
        }
        assert!(live.starts_with("HTTP/1.1 200"), "{live}");
        assert!(get(address, "/health/startup").await.starts_with("HTTP/1.1 503"));
    }
}
