//! What a user is told by the compiler, and where. CONTRIBUTING.md says how to update the messages.

/// All files are checked by one compilation.
#[test]
fn a_mistake_is_told_at_its_place_with_what_to_do() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
