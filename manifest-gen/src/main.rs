//! The `cargo orch` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    cargo_orch::cli::run(std::env::args_os()).code().into()
}
