//! What a listener hears.

use std::task::{Context, Poll, Waker};

use freshen_core::bus::{Heard, Notice, Subscription};

use crate::bus_suite::BusFixture;
use crate::bus_suite::fixture::{any, message, next};

pub async fn a_subscription_hears_everything_published_after_it(fixture: &BusFixture) {
    fixture.publish("before").await;
    let mut listener = fixture.listen().await;
    let published = [fixture.publish("one").await, fixture.publish("two").await];
    for notice in published {
        assert_eq!(message(&mut *listener).await.notice, notice);
    }
}

pub async fn every_subscription_hears_every_message(fixture: &BusFixture) {
    let (mut first, mut second) = (fixture.listen().await, fixture.listen().await);
    for name in ["one", "two"] {
        let notice = fixture.publish(name).await;
        let heard = message(&mut *first).await;
        assert_eq!(heard.notice, notice);
        assert_eq!(message(&mut *second).await, heard);
    }
}

pub async fn messages_are_numbered_without_gaps(fixture: &BusFixture) {
    let mut listener = fixture.listen().await;
    for n in 0..10 {
        fixture.publish(&n.to_string()).await;
    }
    let mut last = message(&mut *listener).await.position;
    for _ in 1..10 {
        let position = message(&mut *listener).await.position;
        assert!(position.follows(last), "{position:?} after {last:?}");
        last = position;
    }
}

pub async fn steps_at_once_are_numbered_without_gaps(fixture: &BusFixture) {
    let mut listener = fixture.listen().await;
    let steps: Vec<_> = (0..8)
        .map(|n: u32| {
            let fixture = fixture.clone();
            tokio::spawn(async move { fixture.publish(&n.to_string()).await })
        })
        .collect();
    for step in steps {
        step.await.expect("no panic");
    }
    let mut last = message(&mut *listener).await.position;
    for _ in 1..8 {
        let position = message(&mut *listener).await.position;
        assert!(position.follows(last), "{position:?} after {last:?}");
        last = position;
    }
}

pub async fn a_heartbeat_carries_the_last_number_and_takes_none(fixture: &BusFixture) {
    let mut listener = fixture.listen().await;
    fixture.publish("one").await;
    fixture.bus.beat(&[0]).await.expect("beat");
    fixture.publish("two").await;
    let first = message(&mut *listener).await;
    let beat = message(&mut *listener).await;
    assert_eq!((beat.position, beat.notice), (first.position, Notice::Heartbeat));
    assert!(message(&mut *listener).await.position.follows(first.position));
}

/// A new listener asks for a heartbeat, to learn from which number on it hears.
pub async fn a_heartbeat_tells_a_new_listener_where_it_begins(fixture: &BusFixture) {
    fixture.publish("before").await;
    let mut listener = fixture.listen().await;
    fixture.bus.beat(&[0]).await.expect("beat");
    let beat = message(&mut *listener).await.position;
    fixture.publish("after").await;
    assert!(message(&mut *listener).await.position.follows(beat));
}

pub async fn a_beat_tells_of_the_partitions_that_it_is_asked_for(fixture: &BusFixture) {
    let mut listener = fixture.listen().await;
    let all: Vec<u32> = (0..fixture.store.traits().partitions).collect();
    let few = [all.len() as u32 - 1];
    for asked in [&all[..], &few, &all] {
        fixture.bus.beat(asked).await.expect("beat");
        let mut told = Vec::new();
        for _ in asked {
            let Heard::Message(beat) = any(&mut *listener).await else { panic!("no message") };
            assert_eq!(beat.notice, Notice::Heartbeat);
            told.push(beat.position.partition);
        }
        told.sort_unstable();
        assert_eq!(told, asked);
    }
}

/// A process waits for a message or for something else, and the something else comes first, over and over.
pub async fn dropping_a_wait_loses_nothing(fixture: &BusFixture) {
    let mut listener = fixture.listen().await;
    for name in ["one", "two"] {
        assert_eq!(glance(&mut *listener), Poll::Pending, "nothing was published yet");
        let notice = fixture.publish(name).await;
        let heard = match glance(&mut *listener) {
            Poll::Ready(heard) => heard,
            Poll::Pending => next(&mut *listener).await,
        };
        assert!(matches!(heard, Heard::Message(message) if message.notice == notice));
    }
}

pub async fn a_bus_that_is_shut_down_says_so(fixture: &BusFixture) {
    let mut listener = fixture.listen().await;
    let notice = fixture.publish("last").await;
    if fixture.close().await {
        assert_eq!(message(&mut *listener).await.notice, notice);
        assert_eq!(next(&mut *listener).await, Heard::Closed);
        assert_eq!(next(&mut *fixture.listen().await).await, Heard::Closed);
    }
}

/// Begins to wait and drops the wait at once.
fn glance(listener: &mut dyn Subscription) -> Poll<Heard> {
    listener.next().as_mut().poll(&mut Context::from_waker(Waker::noop()))
}
