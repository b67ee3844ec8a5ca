//! Stores and buses that break one rule each. A suite that passes one of them is not done.

mod breach;
mod bus;
mod store;
mod trial;

pub use breach::Breach;
pub use bus::{BusBreach, MutantBus};
pub use store::MutantStore;
pub use trial::{rejecting_bus_cases, rejecting_store_cases};
