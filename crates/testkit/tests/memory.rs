//! The memory store and the memory bus, by the suites.

mod memory_fixture;

mod shared_values {
    use super::memory_fixture::store_fixture;
    use freshen_core::Strength;

    freshen_testkit::store_suite!(store_fixture(Strength::Hard, |builder| builder));
}

mod encoded_values {
    use super::memory_fixture::store_fixture;
    use freshen_core::Strength;

    freshen_testkit::store_suite!(store_fixture(Strength::Soft, |builder| builder.encoded()));
}

mod several_partitions {
    use super::memory_fixture::store_fixture;
    use freshen_core::Strength;

    freshen_testkit::store_suite!(store_fixture(Strength::Hard, |builder| builder.partitions(4)));
}

mod bus {
    use super::memory_fixture::bus_fixture;

    freshen_testkit::bus_suite!(bus_fixture());
}
