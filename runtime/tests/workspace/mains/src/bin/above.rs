//! Ours is above.

#[orch::app(id = "above")] //= main @ above
#[attribute::main]
async fn main() {
    println!("runs");
}
