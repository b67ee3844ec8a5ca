//! Each sentence of the queue port's contract, with both servers.

mod redis {
    use freshen_testkit::queue_suite;
    use freshen_testkit::queue_suite::Fixture;
    use freshen_testkit::servers::Flavour;

    async fn fixture() -> Fixture {
        super::super::fixture(Flavour::Redis, &[]).await
    }

    queue_suite!(fixture, start_paused = false);
}

mod valkey {
    use freshen_testkit::queue_suite;
    use freshen_testkit::queue_suite::Fixture;
    use freshen_testkit::servers::Flavour;

    async fn fixture() -> Fixture {
        super::super::fixture(Flavour::Valkey, &[]).await
    }

    queue_suite!(fixture, start_paused = false);
}
