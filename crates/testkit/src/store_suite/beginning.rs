//! **Beginning.**

use freshen_core::Strength;
use freshen_core::store::{Begin, Begun, Committed, Failure, Role};

use crate::store_suite::StoreFixture;
use crate::store_suite::walk::{LEASE, TTL, by_key, current, granted, is_busy, key};

pub async fn begin_answers_fresh_only_above_at_least(fixture: &StoreFixture) {
    let key = key("k");
    let lease = fixture.fill(&key, "one").await;
    assert_eq!(fixture.begin(&key, Role::Foreground).await, Begun::Fresh);
    let above = |at_least| Begin { at_least: Some(at_least), ..fixture.request(Role::Foreground) };
    granted(fixture.begin_with(&key, above(lease.generation)).await);
}

pub async fn begin_is_fresh_above_an_older_mark(fixture: &StoreFixture) {
    let key = key("k");
    let seen = fixture.invalidate(by_key(&key), Strength::Soft).await;
    fixture.fill(&key, "one").await;
    let request = Begin { at_least: Some(seen), ..fixture.request(Role::Foreground) };
    assert_eq!(fixture.begin_with(&key, request).await, Begun::Fresh);
}

pub async fn begin_is_not_fresh_for_what_is_outdated_or_too_old(fixture: &StoreFixture) {
    for (n, target) in fixture.targets(&key("0"), "a").into_iter().enumerate() {
        let key = key(&n.to_string());
        fixture.fill_tagged(&key, "one", &["a"]).await;
        fixture.invalidate(target, Strength::Soft).await;
        granted(fixture.begin(&key, Role::Foreground).await);
    }
    let aged = key("aged");
    fixture.fill(&aged, "one").await;
    fixture.wait(TTL + 1).await;
    granted(fixture.begin(&aged, Role::Foreground).await);
}

pub async fn a_second_begin_is_busy_until_the_lease_ends(fixture: &StoreFixture) {
    let key = key("k");
    let lease = fixture.grant(&key).await;
    match fixture.begin(&key, Role::Foreground).await {
        Begun::Busy { until, now } => assert!(until == lease.until && now < until, "{until} {now}"),
        other => panic!("not busy: {other:?}"),
    }
    assert!(is_busy(&fixture.begin(&key, fixture.task()).await));
    assert_eq!(fixture.read(&key).await.lease_until, Some(lease.until));
    fixture.commit(&key, &lease, "one").await;
    fixture.invalidate(by_key(&key), Strength::Soft).await;
    fixture.grant(&key).await;
}

pub async fn a_second_begin_is_busy_until_the_lease_is_dropped(fixture: &StoreFixture) {
    let key = key("k");
    let lease = fixture.grant(&key).await;
    fixture.store.fail(&key, &lease, Failure::abandoned()).await.expect("fail");
    fixture.grant(&key).await;
}

pub async fn a_second_begin_is_busy_until_the_lease_expires(fixture: &StoreFixture) {
    let key = key("k");
    let first = fixture.grant(&key).await;
    fixture.wait(LEASE + 1).await;
    assert_eq!(fixture.read(&key).await.lease_until, None);
    let second = fixture.grant(&key).await;
    assert_eq!(fixture.commit(&key, &first, "late").await, Committed::Lost);
    assert_eq!(fixture.commit(&key, &second, "new").await, Committed::Stored);
    assert_eq!(fixture.shown(&key).await, current("new"));
}

pub async fn of_many_begins_at_once_one_is_granted(fixture: &StoreFixture) {
    let key = key("k");
    let begins: Vec<_> = (0..16)
        .map(|_| {
            let (fixture, key) = (fixture.clone(), key.clone());
            tokio::spawn(async move { fixture.begin(&key, Role::Foreground).await })
        })
        .collect();
    let mut granted = 0;
    for begin in begins {
        granted += usize::from(matches!(begin.await.expect("no panic"), Begun::Granted(_)));
    }
    assert_eq!(granted, 1);
}

pub async fn each_grant_has_a_new_token_and_a_later_generation(fixture: &StoreFixture) {
    let key = key("k");
    let mut leases = vec![fixture.grant(&key).await];
    for _ in 0..8 {
        leases.push(fixture.grant_to(&key, Role::TakeOver).await);
    }
    for pair in leases.windows(2) {
        assert_ne!(pair[0].token, pair[1].token);
        assert!(pair[0].generation.number < pair[1].generation.number);
        assert_eq!(pair[0].generation.epoch, pair[1].generation.epoch);
    }
}

pub async fn a_generation_is_later_than_every_mark_set_before(fixture: &StoreFixture) {
    let key = key("k");
    for target in fixture.targets(&key, "a") {
        let mark = fixture.invalidate(target, Strength::Hard).await;
        let lease = fixture.grant_to(&key, Role::TakeOver).await;
        assert!(!lease.generation.outdated_by(mark), "{lease:?} {mark:?}");
    }
}

pub async fn a_lease_tells_when_it_began_and_ends(fixture: &StoreFixture) {
    let key = key("k");
    let lease = fixture.grant(&key).await;
    let now = fixture.read(&key).await.now;
    assert!(lease.begun_at <= now && now.since(lease.begun_at) < fixture.span(1));
    assert_eq!(lease.until, lease.begun_at + fixture.span(LEASE));
}

/// Somebody has nothing in hand while a task waits in a long queue. He must not wait for the queue.
pub async fn a_foreground_ignores_the_marker(fixture: &StoreFixture) {
    let key = key("k");
    fixture.ask(&key).await;
    let marker = fixture.read(&key).await.asked_until;
    fixture.grant(&key).await;
    assert_eq!(fixture.read(&key).await.asked_until, marker);
}

pub async fn back_off_answers_cooling_to_whoever_heeds_it(fixture: &StoreFixture) {
    let key = key("k");
    let lease = fixture.grant(&key).await;
    fixture.fail(&key, &lease, 5).await;
    let heeding = Begin { heeds_backoff: true, ..fixture.request(Role::Foreground) };
    match fixture.begin_with(&key, heeding).await {
        Begun::Cooling { trouble, now } => {
            assert_eq!((trouble.failures, &*trouble.reason), (1, "source down"));
            assert!(trouble.retry_at > now);
        }
        other => panic!("not cooling: {other:?}"),
    }
    fixture.wait(6).await;
    assert_eq!(granted(fixture.begin_with(&key, heeding).await).failures, 1);
}

pub async fn whoever_does_not_heed_back_off_is_granted(fixture: &StoreFixture) {
    let key = key("k");
    let lease = fixture.grant(&key).await;
    fixture.fail(&key, &lease, 5).await;
    fixture.grant(&key).await;
}

pub async fn a_take_over_voids_the_lease_in_force(fixture: &StoreFixture) {
    let key = key("k");
    let holder = fixture.grant(&key).await;
    let writer = fixture.grant_to(&key, Role::TakeOver).await;
    assert_ne!(holder.token, writer.token);
    assert_eq!(fixture.commit(&key, &holder, "loaded before the write").await, Committed::Lost);
    assert_eq!(fixture.commit(&key, &writer, "written").await, Committed::Stored);
    assert_eq!(fixture.commit(&key, &holder, "loaded before the write").await, Committed::Lost);
    assert_eq!(fixture.shown(&key).await, current("written"));
}

/// A writer puts a value that is newer than whatever is there, so neither freshness nor back-off may stop him.
pub async fn a_take_over_is_always_granted(fixture: &StoreFixture) {
    let (fresh, failed) = (key("fresh"), key("failed"));
    fixture.fill(&fresh, "one").await;
    fixture.grant_to(&fresh, Role::TakeOver).await;
    let lease = fixture.grant(&failed).await;
    fixture.fail(&failed, &lease, 5).await;
    let heeding = Begin { heeds_backoff: true, ..fixture.request(Role::TakeOver) };
    granted(fixture.begin_with(&failed, heeding).await);
}
