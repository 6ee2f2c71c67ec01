//! Ours is below.

#[attribute::main]
#[orch::app(id = "below")] //= main @ below
async fn main() {
    println!("runs");
}
