//! Every schedule of those who join a flight, of the one who leads it, and of flights that wait for each other.
//!
//! The channel that a landing is told by is tokio's and was tried there; here it is one step.

use std::pin::pin;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures_util::FutureExt;
use loom::thread;

use super::*;
use crate::engine::meta::Meta;
use crate::engine::near::Near;
use crate::engine::slot::{Held, Slot};
use crate::entry::{Facts, Generation, Strength, Tags};
use crate::policy::Windows;
use crate::time::Timestamp;

use crate::sync::schedules::{holds, is_caught};

fn key(name: &str) -> Key {
    Key::new("n", "j", &name).unwrap()
}

/// A value that was loaded when the source stood at `number`.
fn hand(number: u64) -> Hand {
    let zero = Windows { ttl: Duration::ZERO, stale_while_revalidate: Duration::ZERO, stale_if_error: Duration::ZERO };
    let facts = Facts {
        loaded_at: Timestamp::ZERO,
        generation: Generation { epoch: 1, number },
        windows: zero,
        load_took: Duration::ZERO,
        absent: false,
        weight: 0,
    };
    let near = Near::new(1, None, false);
    let pin = near.pin(&key("value"), Timestamp::ZERO);
    let owner = near.owner(&pin, (&facts, &Tags::NONE), &[], &[], Timestamp::ZERO);
    Arc::new(Slot::new(Meta::new(&facts, None, owner), Held::Own(())))
}

const OLD: &str = "a caller is answered by what was loaded before it came";

type Answers = fn(&Seat, &Done, &Near) -> bool;

/// One leads a load; another writes to the source and then joins. What answers it shows the write.
fn a_writer_joins(next_round: fn(&Lead) -> u32, answers: Answers) -> impl Fn() + Send + Sync + 'static {
    move || {
        let (flights, source) = (Arc::new(Flights::default()), Arc::new(AtomicU64::new(0)));
        let near = Near::new(1, None, true);
        let (_seat, lead) = flights.join(&key("a"));
        let lead = lead.unwrap();
        let (others, written) = (flights.clone(), source.clone());
        let other = thread::spawn(move || {
            written.store(1, Ordering::Release);
            others.join(&key("a"))
        });
        let round = next_round(&lead);
        let loaded = source.load(Ordering::Acquire);
        lead.land(Done { result: Ok(hand(loaded)), clean: None, round, unkept: None });
        let (mut seat, led) = other.join().unwrap();
        if led.is_none() {
            let done = seat.landed().now_or_never().expect("it has landed");
            assert!(loaded == 1 || !answers(&seat, &done, &near), "{OLD}");
        }
    }
}

/// One lands what was current when its load ended; another outdates it and then joins.
fn an_invalidator_joins(answers: Answers) -> impl Fn() + Send + Sync + 'static {
    move || {
        let (flights, near) = (Arc::new(Flights::default()), Arc::new(Near::new(1, None, true)));
        let (_seat, lead) = flights.join(&key("a"));
        let lead = lead.unwrap();
        let round = lead.next_round();
        let pin = near.pin(&key("a"), Timestamp::ZERO);
        let (others, outdated) = (flights.clone(), near.clone());
        let other = thread::spawn(move || {
            outdated.strike(key("a").hash(), Strength::Soft, || None);
            others.join(&key("a"))
        });
        lead.land(Done { result: Ok(hand(0)), clean: Some(pin), round, unkept: None });
        let (mut seat, led) = other.join().unwrap();
        if led.is_none() {
            let done = seat.landed().now_or_never().expect("it has landed");
            assert!(!answers(&seat, &done, &near), "{OLD}");
        }
    }
}

const FORGOTTEN: &str = "a seat waits for ever";

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, std::sync::atomic::Ordering::SeqCst);
    }
}

/// One gives up the lead; another joins and waits.
fn a_lead_is_given_up(give_up: fn(Lead)) -> impl Fn() + Send + Sync + 'static {
    move || {
        let flights = Arc::new(Flights::default());
        let (_seat, lead) = flights.join(&key("a"));
        let others = flights.clone();
        let other = thread::spawn(move || {
            let (mut seat, led) = others.join(&key("a"));
            let woken = Arc::new(Woken::default());
            let mut landed = Box::pin(async move { seat.landed().await });
            let first = landed.as_mut().poll(&mut Context::from_waker(&Waker::from(woken.clone())));
            (first, woken, landed, led)
        });
        give_up(lead.unwrap());
        let (first, woken, landed, led) = other.join().unwrap();
        // A flight that began after the landing is the joiner's own.
        drop(led);
        let told = first.is_ready() || woken.0.load(std::sync::atomic::Ordering::SeqCst);
        assert!(told, "{FORGOTTEN}");
        let done = match first {
            Poll::Ready(done) => done,
            Poll::Pending => pin!(landed).now_or_never().expect("it was woken because it landed"),
        };
        assert!(matches!(done.result, Err(Fault::Closed)));
        assert_eq!(flights.len(), 0);
    }
}

const CYCLE: &str = "two flights wait for each other";

type WaitFor = fn(&Arc<Flights>, &[u64], &Seat) -> Result<Waits, Fault>;

/// Two flights come to wait for each other, and a third for one of them.
fn two_wait_for_each_other(wait_for: WaitFor) -> impl Fn() + Send + Sync + 'static {
    move || {
        let flights = Arc::new(Flights::default());
        let [(a, lead_a), (b, lead_b), (_c, lead_c)] = ["a", "b", "c"].map(|name| flights.join(&key(name)));
        let ids = [&lead_a, &lead_b, &lead_c].map(|lead| lead.as_ref().unwrap().id());
        let others = flights.clone();
        let other = thread::spawn(move || (wait_for(&others, &ids[1..2], &a), a));
        let (first, third) = (wait_for(&flights, &ids[..1], &b), wait_for(&flights, &ids[2..], &b));
        let (second, _a) = other.join().unwrap();
        assert!(first.is_err() || second.is_err(), "{CYCLE}");
        assert!(first.is_ok() || second.is_ok(), "both were refused, and then nobody waited");
        assert!(third.is_ok(), "a cycle is reported where there is none");
        drop((first, second, third));
        assert!(lock(&flights.edges).is_empty(), "an edge stayed");
    }
}

#[test]
fn loom_whoever_wrote_before_it_joined_is_answered_by_a_load_that_began_after_it() {
    holds(a_writer_joins(Lead::next_round, Seat::answered_by));
}

#[test]
fn loom_followers_that_are_all_answered_are_caught() {
    is_caught(OLD, a_writer_joins(Lead::next_round, |_, _, _| true));
}

#[test]
fn loom_a_round_counted_beside_the_table_is_caught() {
    let beside: fn(&Lead) -> u32 = |lead| lead.flight.round.fetch_add(1, Ordering::AcqRel) + 1;
    is_caught(OLD, a_writer_joins(beside, Seat::answered_by));
}

#[test]
fn loom_whoever_outdated_before_it_joined_is_not_answered_by_what_was_current_then() {
    holds(an_invalidator_joins(Seat::answered_by));
}

#[test]
fn loom_a_stored_value_that_answers_everyone_is_caught() {
    is_caught(OLD, an_invalidator_joins(|seat, done, _| seat.began_before(done) || done.clean.is_some()));
}

#[test]
fn loom_everybody_hears_of_a_lead_that_was_given_up() {
    holds(a_lead_is_given_up(drop));
}

#[test]
fn loom_a_lead_that_is_lost_is_caught() {
    is_caught(FORGOTTEN, a_lead_is_given_up(std::mem::forget));
}

#[test]
fn loom_of_two_flights_that_wait_for_each_other_one_is_refused() {
    holds(two_wait_for_each_other(Flights::wait_for));
}

#[test]
fn loom_a_search_for_cycles_before_the_lock_is_caught() {
    let search_first: WaitFor = |flights, waiting, seat| {
        if waiting.iter().any(|id| path(&lock(&flights.edges), &seat.flight, *id).is_some()) {
            return Err(Fault::Closed);
        }
        for id in waiting {
            lock(&flights.edges).entry(*id).or_default().push(seat.flight.clone());
        }
        Ok(Waits { flights: flights.clone(), waiting: waiting.into(), on: seat.flight.id })
    };
    is_caught(CYCLE, two_wait_for_each_other(search_first));
}
