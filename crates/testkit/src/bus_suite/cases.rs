//! The list of all cases: the one place where a new one is entered.

use freshen_core::BoxFuture;

use crate::bus_suite::BusFixture;

/// One test of the suite.
#[derive(Clone, Copy)]
pub struct BusCase {
    /// The sentence that must hold.
    pub name: &'static str,
    /// Runs it. It panics when the sentence does not hold.
    pub run: for<'a> fn(&'a BusFixture) -> BoxFuture<'a, ()>,
}

/// Calls another macro with every case.
#[doc(hidden)]
#[macro_export]
macro_rules! __bus_cases {
    ($then:ident $($argument:tt)*) => {
        $crate::$then! {
            ($($argument)*)
            hearing::a_subscription_hears_everything_published_after_it,
            hearing::every_subscription_hears_every_message,
            hearing::messages_are_numbered_without_gaps,
            hearing::steps_at_once_are_numbered_without_gaps,
            hearing::a_heartbeat_carries_the_last_number_and_takes_none,
            hearing::a_heartbeat_tells_a_new_listener_where_it_begins,
            hearing::a_beat_tells_of_the_partitions_that_it_is_asked_for,
            hearing::dropping_a_wait_loses_nothing,
            hearing::a_bus_that_is_shut_down_says_so,
            losing::a_lost_message_shows_in_the_next_number,
            losing::a_lost_last_message_shows_in_the_heartbeat,
            losing::a_listener_that_does_not_keep_up_is_cut_off,
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __bus_tests {
    (($fixture:expr) $($module:ident::$case:ident,)*) => {
        $(
            #[tokio::test]
            async fn $case() {
                $crate::bus_suite::$module::$case(&$fixture).await;
            }
        )*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __bus_list {
    (() $($module:ident::$case:ident,)*) => {
        &[$(BusCase {
            name: stringify!($case),
            run: |fixture| Box::pin($crate::bus_suite::$module::$case(fixture)),
        }),*]
    };
}

/// Makes one test of every sentence of the bus port's contract.
///
/// The argument is an expression that makes a [`BusFixture`](crate::bus_suite::BusFixture) for one test; it may await.
///
/// ```
/// use freshen_core::bus::MemoryBus;
/// use freshen_core::store::MemoryStore;
/// use freshen_core::{Clock, Timestamp};
/// use freshen_testkit::bus_suite::BusFixture;
/// use std::sync::Arc;
///
/// fn fixture() -> BusFixture {
///     let (bus, clock) = (MemoryBus::new(), Clock::manual(Timestamp::from_micros(1_000_000)));
///     let store = MemoryStore::builder(clock).bus(bus.clone()).build().expect("the defaults are right");
///     BusFixture::new(Arc::new(bus), Arc::new(store))
/// }
///
/// freshen_testkit::bus_suite!(fixture());
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! bus_suite {
    ($fixture:expr) => {
        $crate::__bus_cases!(__bus_tests $fixture);
    };
}

/// All cases, for whoever runs them otherwise than as tests.
pub fn bus_cases() -> &'static [BusCase] {
    __bus_cases!(__bus_list)
}
