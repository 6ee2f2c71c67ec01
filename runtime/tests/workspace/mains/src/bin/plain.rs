//! A main function without help.

use std::process::ExitCode;

#[orch::app(port = 8080)] //= main @ plain
fn main() -> ExitCode {
    ExitCode::SUCCESS
}
