//! Ports that nobody listens on.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below what systems give to outgoing connections, which could else take the port of a server that is down for a
/// moment.
const LOWEST: u16 = 12_000;
const COUNT: u16 = 10_000;
/// A node of a cluster listens here too, counted from its port: so far that these ports meet no lowest one.
const BUS: u16 = 10_000;

/// A port that is free on the loopback address, as is the one that a cluster's bus takes with it. Somebody may take it
/// before its server does, which then says so and is given another.
pub(super) fn free() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Processes at the same time begin at different places.
    let begin = u32::from(COUNT) / 100 * (std::process::id() % 100);
    let candidates = (0..COUNT).map(|_| {
        let step = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        LOWEST + u16::try_from((begin + step) % u32::from(COUNT)).expect("a remainder of less than 10,000")
    });
    let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    candidates.into_iter().find(|port| free(*port) && free(port + BUS)).expect("one port in 10,000 is free")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_free_for_its_server_and_a_bus_and_given_once() {
        let (first, second) = (free(), free());
        assert_ne!(first, second);
        for port in [first, second] {
            assert!(TcpListener::bind(("127.0.0.1", port)).is_ok());
            assert!(TcpListener::bind(("127.0.0.1", port + BUS)).is_ok());
        }
    }
}
