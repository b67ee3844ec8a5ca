//! What a user is told by the compiler, and where. CONTRIBUTING.md says how to update the messages.
#![cfg(feature = "macros")]
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use std::process::Command;

/// The compiler whose own messages `ui/rustc` holds: they change from one to the next, ours do not.
const COMPILER: &str = "rustc 1.95.";

/// All files are checked by one compilation.
#[test]
fn a_mistake_is_told_at_its_place_with_what_to_do() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
    let version = Command::new("rustc").arg("--version").output().unwrap().stdout;
    if version.starts_with(COMPILER.as_bytes()) {
        cases.compile_fail("tests/ui/rustc/*.rs");
    }
}
