//! Renders the system beside the binary: `OUT_DIR/orch/compose/compose.yaml` is in step with what is built.

fn main() -> Result<(), cargo_orch::build::Error> {
    cargo_orch::build::render("compose")?;
    Ok(())
}
