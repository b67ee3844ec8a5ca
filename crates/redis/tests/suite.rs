//! The suites of the ports, each on a server that all its tests share.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use freshen_core::Strength::{Hard, Soft};
use freshen_testkit::servers::Flavour::{Redis, Valkey};

/// By a clock that the tests move.
mod redis {
    freshen_testkit::store_suite!(crate::common::told(super::Redis, super::Hard, |builder| builder).await);
}

mod valkey {
    freshen_testkit::store_suite!(crate::common::told(super::Valkey, super::Hard, |builder| builder).await);
}

/// In several partitions, where what is lost reads as outdated softly.
mod partitioned {
    freshen_testkit::store_suite!(
        crate::common::told(super::Redis, super::Soft, |builder| builder.partitions(4)).await
    );
}

mod redis_bus {
    freshen_testkit::bus_suite!(crate::common::bus(super::Redis, 1).await);
}

mod valkey_bus {
    freshen_testkit::bus_suite!(crate::common::bus(super::Valkey, 1).await);
}

mod partitioned_bus {
    freshen_testkit::bus_suite!(crate::common::bus(super::Redis, 4).await);
}
