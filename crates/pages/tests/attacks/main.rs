//! What clients and services do that mean harm, or do some by mistake.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

#[path = "../layer/origin.rs"]
#[allow(dead_code)] // What the tests of the layer need besides.
mod origin;
#[path = "../layer/site.rs"]
#[allow(dead_code)]
mod site;
#[allow(dead_code)]
#[path = "../../../core/tests/common/faults.rs"]
mod faults;
mod visit;

mod whom;
mod poisoning;
mod paths;
mod splitting;
mod odd_requests;
mod validators;
mod broken_bodies;
mod broken_services;
mod leaving;
mod floods;
mod writes;
mod clocks;
