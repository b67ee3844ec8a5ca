//! Ring 1 (pure) ← ring 2 (ports) ← ring 3 (engine), inside the core.

use std::collections::{BTreeSet, HashMap};

use crate::root;
use crate::source::{Source, sources};

/// The modules of each ring. A new module of the core is added here, by decision.
const RINGS: [&[&str]; 3] = [
    &["entry", "error", "event", "key", "policy", "scope", "sync", "time", "wire"],
    &["bus", "queue", "store"],
    &["engine", "job"],
];

/// What `lib.rs` defines itself; any ring may use it.
const ROOT: &[&str] = &["BoxFuture"];

fn ring(module: &str) -> Option<usize> {
    RINGS.iter().position(|ring| ring.contains(&module))
}

/// Every arrow that points outwards, and every name that stands in no ring.
fn outward(sources: &[Source]) -> Vec<String> {
    let reexported = reexported(sources);
    let mut faults = BTreeSet::new();
    for source in sources.iter().filter(|source| source.path != "lib.rs") {
        let Some(own) = ring(source.top_module()) else {
            faults.insert(format!("{}: the module {} stands in no ring", source.path, source.top_module()));
            continue;
        };
        for name in source.paths_outside_tests().iter().filter_map(|path| below_root(path, source.depth())) {
            let module = reexported.get(name).map_or(name, String::as_str);
            match ring(module) {
                Some(other) if other > own => {
                    faults.insert(format!("{}: ring {} uses {module} of ring {}", source.path, own + 1, other + 1));
                }
                None if !ROOT.contains(&module) => {
                    faults.insert(format!("{}: {module} stands in no ring", source.path));
                }
                _ => {}
            }
        }
    }
    faults.into_iter().collect()
}

/// The name right below the crate's root that a path goes through; `None` for a path that stays within the module or leaves the crate.
///
/// A file that stands `depth` modules deep reaches the root by as many `super`s.
fn below_root(path: &[String], depth: usize) -> Option<&str> {
    let up = path.iter().take_while(|segment| *segment == "super").count();
    let next = if path.first().is_some_and(|first| first == "crate") {
        1
    } else if up >= depth && up > 0 {
        up
    } else {
        return None;
    };
    path.get(next).map(String::as_str)
}

/// Which module each name comes from that `lib.rs` re-exports.
fn reexported(sources: &[Source]) -> HashMap<String, String> {
    let root = sources.iter().find(|source| source.path == "lib.rs").expect("a crate has a root");
    let modules = |path: &Vec<String>| ring(&path[0]).is_some() && path.len() > 1;
    let names = root.paths().into_iter().filter(modules);
    names.map(|path| (path[path.len() - 1].clone(), path[0].clone())).collect()
}

#[test]
fn no_ring_of_the_core_uses_one_further_out() {
    let faults = outward(&sources(&root().join("crates/core/src")));
    assert!(faults.is_empty(), "{faults:#?}");
}

fn faults(path: &str, text: &str) -> Vec<String> {
    let root = "mod time; pub mod store; pub use time::Clock; pub use store::{Mark, Marks}; pub type BoxFuture = ();";
    outward(&[Source::new("lib.rs", root), Source::new(path, text)])
}

#[test]
fn an_arrow_outwards_is_found_however_it_is_written() {
    for text in [
        "use crate::store::Mark;",
        "use crate::{entry::Entry, store::{Mark, Marks}};",
        "use crate::Mark;",
        "use super::store;",
        "fn f() { let x = crate::store::Mark::ZERO; }",
        "fn f(x: &crate::store::Mark) {}",
    ] {
        assert_eq!(faults("time.rs", text), ["time.rs: ring 1 uses store of ring 2"], "{text}");
    }
    assert_eq!(faults("store/memory.rs", "use super::super::worker::Worker;").len(), 1);
    assert_eq!(faults("queue/mod.rs", "use crate::engine::Engine;"), ["queue/mod.rs: ring 2 uses engine of ring 3"]);
}

#[test]
fn an_arrow_inwards_or_within_a_ring_is_right() {
    assert!(
        faults("store/mod.rs", "use crate::time::Clock; use crate::BoxFuture; use crate::queue::Queue;").is_empty()
    );
    assert!(faults("store/memory.rs", "use super::marks::Mark; use super::super::time::Clock;").is_empty());
    assert!(faults("engine/worker.rs", "use crate::{store::Mark, time::Clock, Marks};").is_empty());
    assert!(faults("time.rs", "#[cfg(test)] mod tests { use crate::store::Mark; }").is_empty());
}

#[test]
fn a_module_in_no_ring_is_found() {
    assert_eq!(faults("helper.rs", ""), ["helper.rs: the module helper stands in no ring"]);
    assert_eq!(faults("time.rs", "use crate::helper::help;"), ["time.rs: helper stands in no ring"]);
}
