//! What only a process of its own can show: it runs itself as a health command, and as a program that is
//! asked to end.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that panics has failed")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use orch_runtime::health::{Health, Status};

const TESTS: [(&str, fn()); 2] =
    [("the_binary_is_its_own_health_command", health_command), ("an_end_begins_with_readiness", clean_end)];

fn main() {
    orch_runtime::self_probe();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    if has("end") {
        return end();
    }
    // What those who run tests ask for.
    let names = arguments.iter().filter(|argument| !argument.starts_with('-') && *argument != "terse");
    let filters: Vec<&String> = names.collect();
    for (name, test) in TESTS {
        let is_chosen = filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()));
        match (has("--list"), has("--ignored")) {
            (true, false) => println!("{name}: test"),
            (false, false) if is_chosen => test(),
            _ => {}
        }
    }
}

fn itself() -> Command {
    Command::new(std::env::current_exe().unwrap())
}

fn health_command() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        for answer in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 503 No\r\n\r\n", "HTTP/1.0 204 No Content\r\n\r\n"] {
            let (mut stream, _) = listener.accept().unwrap();
            assert!(stream.read(&mut [0; 512]).unwrap() > 0);
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    let url = format!("http://{address}/health");
    let ask = |arguments: &[&str], variable: &str| {
        let output = itself().args(arguments).env("ORCH_HEALTH_URL", variable).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(ask(&["--orch-health", &url], ""), (0, String::new()));
    assert_eq!(ask(&["--orch-health", &url], ""), (1, "answered with the status 503\n".to_owned()));
    assert_eq!(ask(&["--orch-health"], &url), (0, String::new()));
    server.join().unwrap();
    assert_eq!(ask(&["--orch-health", &url], ""), (1, "connection refused\n".to_owned()));
    assert_eq!(ask(&["--orch-health", "ftp://x"], "").0, 2);
    assert_eq!(ask(&["--orch-health"], "").0, 2);
}

/// Says what happens to it.
fn end() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let health = Health::new("x");
        let watched = health.clone();
        tokio::spawn(async move {
            while watched.readiness().status() == Status::Healthy {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            println!("not ready");
        });
        let end = orch_runtime::shutdown(&health, Duration::from_millis(500));
        let announce = async {
            // The other branch has been asked once by then, and listens.
            tokio::task::yield_now().await;
            println!("running");
            std::future::pending::<()>().await;
        };
        tokio::select! {
            biased;
            done = end => done.unwrap(),
            () = announce => {}
        }
        println!("ended");
    });
}

fn clean_end() {
    let mut child = itself().arg("end").stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().unwrap(), "running");
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert_eq!(lines.collect::<Vec<_>>(), ["not ready", "ended"]);
    assert!(child.wait().unwrap().success());
}
