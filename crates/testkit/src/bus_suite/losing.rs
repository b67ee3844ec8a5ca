//! How a listener learns that it has missed something.

use freshen_core::bus::Heard;

use crate::bus_suite::BusFixture;
use crate::bus_suite::fixture::{message, next};

pub async fn a_lost_message_shows_in_the_next_number(fixture: &BusFixture) {
    let mut listener = fixture.listen().await;
    fixture.publish("one").await;
    if !fixture.lose_next().await {
        return;
    }
    fixture.publish("lost").await;
    let notice = fixture.publish("two").await;
    let before = message(&mut *listener).await.position;
    let after = message(&mut *listener).await;
    assert_eq!(after.notice, notice);
    assert_eq!(after.position.number, before.number + 2);
    assert!(!after.position.follows(before));
}

/// The last message is lost and none comes after it: without heartbeats nobody would ever know.
pub async fn a_lost_last_message_shows_in_the_heartbeat(fixture: &BusFixture) {
    let mut listener = fixture.listen().await;
    fixture.publish("one").await;
    if !fixture.lose_next().await {
        return;
    }
    fixture.publish("lost").await;
    fixture.bus.beat(&[0]).await.expect("beat");
    let before = message(&mut *listener).await.position;
    assert_eq!(message(&mut *listener).await.position.number, before.number + 1);
}

pub async fn a_listener_that_does_not_keep_up_is_cut_off(fixture: &BusFixture) {
    let Some(buffer) = fixture.buffer else { return };
    let mut slow = fixture.listen().await;
    let mut quick = fixture.listen().await;
    for n in 0..2 * buffer {
        let notice = fixture.publish(&n.to_string()).await;
        assert_eq!(message(&mut *quick).await.notice, notice, "others are not slowed");
    }
    assert_eq!(next(&mut *slow).await, Heard::Lost);
    assert_eq!(next(&mut *slow).await, Heard::Lost, "it stays cut off until it subscribes again");
    let mut again = fixture.listen().await;
    let notice = fixture.publish("on").await;
    assert_eq!(message(&mut *again).await.notice, notice);
}
