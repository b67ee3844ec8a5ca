//! What django-jimmypage does, and what it does wrong, as this layer does it. The page for those who come from there names the
//! tests.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

#[allow(dead_code, reason = "what these tests do not need, those of the layer do")]
#[path = "../layer/origin.rs"]
mod origin;
#[allow(dead_code, reason = "the same")]
#[path = "../layer/site.rs"]
mod site;
#[allow(dead_code, reason = "the same, of the core")]
#[path = "../../../core/tests/common/faults.rs"]
mod faults;

mod generations;
mod serving;
mod kept;
mod visitors;
mod routes;
