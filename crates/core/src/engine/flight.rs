//! Flights: one load per key in this process, and everybody who waits for it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use tokio::sync::watch;

use crate::engine::fault::Fault;
use crate::engine::near::{Near, Pin};
use crate::engine::slot::Hand;
use crate::error::PortError;
use crate::key::Key;
use crate::store::Currency;
use crate::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use crate::sync::{Mutex, MutexGuard};

/// How a flight ended.
pub(crate) struct Done {
    pub result: Result<Hand, Fault>,
    /// The pin since which the value was current, if it was: those who joined while it was loaded judge by it what happened
    /// between the load's end and their answer.
    pub clean: Option<Pin>,
    /// The round of the last load: those who joined in an earlier one began before it.
    pub round: u32,
    /// Why the store did not take what was loaded, where it is no other version's value that it keeps.
    pub unkept: Option<Unkept>,
}

/// Why the store did not take a value. A task that loaded it comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unkept {
    /// The lease was not in force any more: somebody else has the key, or had it.
    Lost,
    /// It failed, and may take it another time.
    StoreFailed,
    /// It will refuse it another time, too: the value is too large, or cannot be written. What it said.
    Refused(Arc<str>),
}

impl Unkept {
    /// What a commit that ended so means.
    pub fn of(error: &PortError) -> Unkept {
        if error.retryable { Unkept::StoreFailed } else { Unkept::Refused(error.to_string().into()) }
    }
}

/// One load under way.
pub(crate) struct Flight {
    id: u64,
    key: Key,
    round: AtomicU32,
    done: watch::Sender<Option<Arc<Done>>>,
}

/// The loads under way, and which of them wait for which.
///
/// The table's lock guards joining, counting rounds and landing; the edges' lock guards the search for cycles. Neither is held over an await.
#[derive(Default)]
pub(crate) struct Flights {
    next: AtomicU64,
    table: Mutex<HashMap<Key, Arc<Flight>>>,
    edges: Mutex<HashMap<u64, Vec<Arc<Flight>>>>,
}

impl Flights {
    /// Takes a seat in the flight of a key. Whoever gets the lead too must see that it lands.
    pub fn join(self: &Arc<Self>, key: &Key) -> (Seat, Option<Lead>) {
        let mut table = lock(&self.table);
        if let Some(flight) = table.get(key) {
            return (Seat::new(flight), None);
        }
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let flight =
            Arc::new(Flight { id, key: key.clone(), round: AtomicU32::new(0), done: watch::Sender::new(None) });
        table.insert(key.clone(), flight.clone());
        (Seat::new(&flight), Some(Lead { flights: self.clone(), flight }))
    }

    /// Notes that loads wait for a flight, unless that flight waits for one of them.
    pub fn wait_for(self: &Arc<Self>, waiting: &[u64], seat: &Seat) -> Result<Waits, Fault> {
        let mut edges = lock(&self.edges);
        for id in waiting {
            if let Some(mut cycle) = path(&edges, &seat.flight, *id) {
                cycle.push(seat.flight.key.clone());
                cycle.rotate_right(1);
                cycle.push(cycle[0].clone());
                return Err(Fault::Cycle(cycle.into()));
            }
        }
        for id in waiting {
            edges.entry(*id).or_default().push(seat.flight.clone());
        }
        Ok(Waits { flights: self.clone(), waiting: waiting.into(), on: seat.flight.id })
    }

    /// Whether a load of the key is under way here.
    pub fn has(&self, key: &Key) -> bool {
        lock(&self.table).contains_key(key)
    }

    /// How many loads are under way.
    pub fn len(&self) -> usize {
        lock(&self.table).len()
    }
}

/// The keys on the way from a flight to the flight `goal`, if it waits for it.
fn path(edges: &HashMap<u64, Vec<Arc<Flight>>>, from: &Arc<Flight>, goal: u64) -> Option<Vec<Key>> {
    let mut seen = vec![from.id];
    let mut stack = vec![(from.clone(), vec![])];
    while let Some((flight, way)) = stack.pop() {
        if flight.id == goal {
            return Some(way);
        }
        for next in edges.get(&flight.id).into_iter().flatten() {
            if !seen.contains(&next.id) {
                seen.push(next.id);
                let mut way = way.clone();
                way.push(next.key.clone());
                stack.push((next.clone(), way));
            }
        }
    }
    None
}

/// An edge of the graph of waits. Dropping it ends the wait.
pub(crate) struct Waits {
    flights: Arc<Flights>,
    waiting: Box<[u64]>,
    on: u64,
}

impl Drop for Waits {
    fn drop(&mut self) {
        let mut edges = lock(&self.flights.edges);
        for id in &self.waiting {
            if let Some(on) = edges.get_mut(id) {
                if let Some(at) = on.iter().position(|flight| flight.id == self.on) {
                    on.swap_remove(at);
                }
                if on.is_empty() {
                    edges.remove(id);
                }
            }
        }
    }
}

/// The place of one who waits for a flight.
pub(crate) struct Seat {
    flight: Arc<Flight>,
    /// The round under way when this seat was taken.
    joined: u32,
    done: watch::Receiver<Option<Arc<Done>>>,
}

impl Seat {
    fn new(flight: &Arc<Flight>) -> Self {
        let joined = flight.round.load(Ordering::Acquire);
        Seat { flight: flight.clone(), joined, done: flight.done.subscribe() }
    }

    /// The seat of one who came before the flight began, because it has waited for an earlier flight of the key: each of its
    /// loads answers it, however late it sat down.
    pub fn of_one_who_came_before(self) -> Seat {
        Seat { joined: 0, ..self }
    }

    /// Waits until the flight has landed.
    ///
    /// # Cancellation
    /// Dropping the future gives up the seat; the flight goes on.
    pub async fn landed(&mut self) -> Arc<Done> {
        let closed = || Arc::new(Done { result: Err(Fault::Closed), clean: None, round: 0, unkept: None });
        match self.done.wait_for(Option::is_some).await {
            Ok(done) => done.clone().unwrap_or_else(closed),
            // The sender lives in the flight, which this seat holds.
            Err(_) => closed(),
        }
    }

    /// Whether the last load of a flight that ended so began after this seat was taken.
    pub fn began_before(&self, done: &Done) -> bool {
        self.joined < done.round
    }

    /// Whether a flight that ended so answers whoever sits here: its last load began after the seat was taken, or the value
    /// was current when the load ended and nothing that this process heard of has outdated it since.
    pub fn answered_by(&self, done: &Done, near: &Near) -> bool {
        self.began_before(done) || done.is_current(near)
    }
}

impl Done {
    /// Whether the job's code was run for it.
    pub fn has_loaded(&self) -> bool {
        self.round > 0
    }

    /// Whether the value is still current, as far as this process knows.
    pub fn is_current(&self, near: &Near) -> bool {
        match (&self.result, &self.clean) {
            (Ok(hand), Some(pin)) => {
                near.vouches_for(hand.meta()) && near.currency(hand.meta()).max(pin.struck()) == Currency::Current
            }
            _ => false,
        }
    }
}

/// The duty to land a flight. Dropping it without landing, as when the runtime shuts down, tells the others so.
pub(crate) struct Lead {
    flights: Arc<Flights>,
    flight: Arc<Flight>,
}

impl Lead {
    /// Counts a load that is about to begin: those who join from now on began after it.
    pub fn next_round(&self) -> u32 {
        // Under the lock under which seats are taken: whoever joined in an earlier round has let go of it, so what it wrote
        // before it joined is seen by the load.
        let _order = lock(&self.flights.table);
        self.flight.round.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// The round of the last load.
    pub fn round(&self) -> u32 {
        self.flight.round.load(Ordering::Acquire)
    }

    /// The flight's number in the graph of waits.
    pub fn id(&self) -> u64 {
        self.flight.id
    }

    /// Ends the flight: first nobody can join it any more, then everybody hears.
    pub fn land(self, done: Done) {
        self.finish(done);
    }

    fn finish(&self, done: Done) {
        let mut table = lock(&self.flights.table);
        if table.get(&self.flight.key).is_some_and(|flight| flight.id == self.flight.id) {
            table.remove(&self.flight.key);
        }
        drop(table);
        self.flight.done.send_if_modified(|slot| {
            let first = slot.is_none();
            if first {
                *slot = Some(Arc::new(done));
            }
            first
        });
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        let round = self.flight.round.load(Ordering::Acquire);
        self.finish(Done { result: Err(Fault::Closed), clean: None, round, unkept: None });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, loom))]
mod schedules;
