//! The suites of the ports, on one server.

mod common;

use std::time::Duration;

use freshen_core::Strength;

/// By a clock that the tests move.
mod told {
    freshen_testkit::store_suite!(crate::common::told(crate::common::builder(), super::Strength::Hard).await);
}

/// In several partitions, where what is lost reads as outdated softly.
mod partitioned {
    freshen_testkit::store_suite!(
        crate::common::told(crate::common::builder().partitions(4), super::Strength::Soft).await
    );
}

/// By the server's clock.
mod real {
    freshen_testkit::store_suite!(
        crate::common::real(crate::common::builder(), super::Duration::from_millis(200)).await
    );
}

mod bus {
    freshen_testkit::bus_suite!(crate::common::bus(crate::common::builder()).await);
}

mod bus_of_partitions {
    freshen_testkit::bus_suite!(crate::common::bus(crate::common::builder().partitions(4)).await);
}
