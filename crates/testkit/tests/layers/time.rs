//! Time is an argument: in the core, only time.rs asks a clock of the machine, and nothing else puts a thread to sleep.
//!
//! The runtime's `tokio::time::Instant`, written out in full, is right anywhere: a test pauses it.

use crate::root;
use crate::source::{Source, sources};

const FORBIDDEN: [[&str; 2]; 3] = [["SystemTime", "now"], ["Instant", "now"], ["thread", "sleep"]];

/// Every file, tests included, that asks for the time itself.
fn own_clocks(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources.iter().filter(|source| source.path != "time.rs") {
        for path in source.paths() {
            let of_runtime = path[0] == "tokio";
            if !of_runtime && FORBIDDEN.iter().any(|call| path.ends_with(&call.map(str::to_owned))) {
                faults.push(format!("{}: {}", source.path, path.join("::")));
            }
        }
    }
    faults
}

#[test]
fn only_time_rs_asks_the_machine_for_the_time() {
    let faults = own_clocks(&sources(&root().join("crates/core/src")));
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_clock_of_its_own_is_found_but_not_in_time_rs() {
    let found = |path: &str, text: &str| own_clocks(&[Source::new(path, text)]).len();
    assert_eq!(found("near.rs", "fn f() { let now = std::time::Instant::now(); }"), 1);
    assert_eq!(found("near.rs", "fn f() { let now = SystemTime::now(); std::thread::sleep(x); }"), 2);
    assert_eq!(found("near.rs", "#[cfg(test)] mod tests { fn f() { thread::sleep(x) } }"), 1);
    assert_eq!(found("near.rs", "fn f(clock: &Clock) { clock.now(); let a: Instant = now(); }"), 0);
    assert_eq!(found("near.rs", "fn f() { let now = tokio::time::Instant::now(); }"), 0);
    assert_eq!(found("time.rs", "fn f() { let now = Instant::now(); }"), 0);
}
