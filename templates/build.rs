//! Makes a pack that is added or removed rebuild the crate; the macro that embeds them sees only
//! changes in files that were there before.

fn main() {
    println!("cargo::rerun-if-changed=packs");
}
