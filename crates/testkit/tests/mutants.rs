//! Each mutant breaks one rule, and at least one case of a suite notices.

use std::sync::Arc;

use freshen_core::Strength;
use freshen_core::store::Fault;
use freshen_testkit::bus_suite::BusFixture;
use freshen_testkit::mutants::{Breach, BusBreach, MutantBus, MutantStore, rejecting_bus_cases, rejecting_store_cases};
use freshen_testkit::store_suite::StoreFixture;

mod memory_fixture;
use memory_fixture::{bus_fixture, store_fixture};

#[tokio::test(start_paused = true)]
async fn a_store_that_keeps_all_rules_is_not_rejected() {
    for lost in [Strength::Soft, Strength::Hard] {
        assert_eq!(rejecting_store_cases(|| store_fixture(lost, |builder| builder.partitions(2))).await, [""; 0]);
    }
    assert_eq!(rejecting_bus_cases(bus_fixture).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn every_fault_of_the_memory_store_is_rejected() {
    let mut missed = Vec::new();
    for fault in Fault::ALL {
        let fixture = || store_fixture(Strength::Hard, |builder| builder.partitions(2).fault(*fault));
        let rejecting = rejecting_store_cases(fixture).await;
        println!("{fault:?}: {}", told(&rejecting));
        if rejecting.is_empty() {
            missed.push(fault);
        }
    }
    assert!(missed.is_empty(), "no case rejects {missed:?}");
}

#[tokio::test(start_paused = true)]
async fn every_breach_in_front_of_a_store_is_rejected() {
    let mut missed = Vec::new();
    for breach in Breach::ALL {
        let fixture = || -> StoreFixture {
            let sound = store_fixture(Strength::Hard, |builder| builder.partitions(2));
            sound.behind(|store| Arc::new(MutantStore::new(store, *breach)))
        };
        let rejecting = rejecting_store_cases(fixture).await;
        println!("{breach:?}: {}", told(&rejecting));
        if rejecting.is_empty() {
            missed.push(breach);
        }
    }
    assert!(missed.is_empty(), "no case rejects {missed:?}");
}

#[tokio::test(start_paused = true)]
async fn every_breach_in_front_of_a_bus_is_rejected() {
    let mut missed = Vec::new();
    for breach in BusBreach::ALL {
        let fixture = || -> BusFixture { bus_fixture().behind(|bus| Arc::new(MutantBus::new(bus, *breach))) };
        let rejecting = rejecting_bus_cases(fixture).await;
        println!("{breach:?}: {}", told(&rejecting));
        if rejecting.is_empty() {
            missed.push(breach);
        }
    }
    assert!(missed.is_empty(), "no case rejects {missed:?}");
}

/// How many cases reject a mutant, and the first of them.
fn told(rejecting: &[&str]) -> String {
    match rejecting.first() {
        Some(first) => format!("{} cases, first {first}", rejecting.len()),
        None => "none".to_owned(),
    }
}
