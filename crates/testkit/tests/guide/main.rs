//! Pages that name tests: the tests exist, and the pages tell of all that they have to.

mod rows;
mod conformance;
mod guarantees;
mod named;
mod shown;
mod source;

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn page(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).expect("the page is there")
}
