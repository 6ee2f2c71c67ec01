//! What the compiler says about mistakes. `TRYBUILD=overwrite` writes what it says now.

#[test]
fn each_mistake_is_one_error_and_the_item_is_still_there() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
