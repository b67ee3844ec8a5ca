//! Random traffic of an audit: what members are told to do, and what is noted of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::crew::Crew;
use super::ledger::{Asked, Floor, Ledger};
use super::report::Report;
use crate::job::tags;
use crate::member::Member;
use crate::order::{Force, Order, Reply, What};

/// Between two orders of one driver, so that the machine is not the limit.
const PAUSE: Duration = Duration::from_millis(2);

/// What all drivers share.
pub(super) struct Book {
    pub crew: Arc<Crew>,
    pub keys: u32,
    pub bound: Duration,
    notes: Mutex<(Ledger, Report)>,
}

/// What a driver does next.
enum Turn {
    Get(Vec<u32>),
    Outdate(What, Force),
    Put(u32),
    Remove(u32),
}

impl Book {
    pub fn new(crew: Arc<Crew>, keys: u32, bound: Duration) -> Book {
        Book { crew, keys, bound, notes: Mutex::default() }
    }

    pub fn notes(&self) -> MutexGuard<'_, (Ledger, Report)> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drives the member of a place, whoever it is, until the end.
    pub async fn drive(&self, place: usize, mut chance: fastrand::Rng, ends: Instant) {
        while Instant::now() < ends {
            let (process, member) = self.crew.places[place].who();
            match self.turn(&mut chance) {
                Turn::Get(keys) => self.get(process, &member, keys).await,
                Turn::Outdate(what, force) => drop(self.outdate(process, &member, what, force).await),
                Turn::Put(key) => self.put(process, &member, key).await,
                Turn::Remove(key) => self.remove(process, &member, key).await,
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Decides what comes next. What is about to be outdated is written at the source first.
    ///
    /// Most of it is small: where everything is outdated again and again, nothing is fresh for long enough to be wrong.
    fn turn(&self, chance: &mut fastrand::Rng) -> Turn {
        let source = self.crew.fleet.source();
        let force = if chance.bool() { Force::Soft } else { Force::Hard };
        let key = chance.u32(..self.keys);
        let [small, large] = tags(key);
        let turn = match chance.u32(..10_000) {
            0..600 => Turn::Outdate(What::Key(key), force),
            600..900 => Turn::Outdate(What::Tag(small), force),
            900..904 => Turn::Outdate(What::Tag(large), force),
            904..907 => Turn::Outdate(What::Namespace, force),
            910..1000 => Turn::Remove(key),
            1000..1400 => return Turn::Put(key),
            _ => return Turn::Get((0..chance.u32(1..6)).map(|_| chance.u32(..self.keys)).collect()),
        };
        source.write(key);
        turn
    }

    async fn get(&self, process: u32, member: &Member, keys: Vec<u32>) {
        let asked = Asked { of: process, at: Instant::now(), bound: self.bound };
        let order = Order::Get { keys, callers: 1, strict: false };
        let Ok(Reply::Served(all)) = member.order(order).await else { return };
        let mut notes = self.notes();
        let (ledger, report) = &mut *notes;
        for served in &all {
            report.served(served);
            if let Some(breach) = ledger.judge(served, asked) {
                report.outdated.add(breach);
            }
        }
    }

    /// Outdates, and notes what is promised from now on. `false`: nothing is.
    pub async fn outdate(&self, process: u32, member: &Member, what: What, force: Force) -> bool {
        let versions = self.versions(&what);
        let name = match (&what, force) {
            (What::Key(_), Force::Soft) => "by key, soft",
            (What::Key(_), Force::Hard) => "by key, hard",
            (What::Tag(_), Force::Soft) => "by tag, soft",
            (What::Tag(_), Force::Hard) => "by tag, hard",
            (What::Namespace, Force::Soft) => "by namespace, soft",
            (What::Namespace, Force::Hard) => "by namespace, hard",
        };
        let promised = member.invalidate(what, force).await.is_ok();
        self.promise(name, process, force, promised.then_some(versions));
        promised
    }

    async fn put(&self, process: u32, member: &Member, key: u32) {
        let put = member.put(key).await;
        self.promise("puts", process, Force::Soft, put.ok().map(|version| vec![(key, version)]));
    }

    async fn remove(&self, process: u32, member: &Member, key: u32) {
        let versions = self.versions(&What::Key(key));
        let removed = member.done(Order::Remove(key)).await;
        self.promise("removals", process, Force::Hard, removed.ok().map(|()| versions));
    }

    fn promise(&self, name: &'static str, by: u32, force: Force, versions: Option<Vec<(u32, u64)>>) {
        let returned = Instant::now();
        let mut notes = self.notes();
        notes.1.done(name, versions.is_some());
        for (key, version) in versions.into_iter().flatten() {
            notes.0.promise(key, Floor { version, force, by, returned });
        }
    }

    /// What is covered, each key with the version that the source has now.
    fn versions(&self, what: &What) -> Vec<(u32, u64)> {
        let source = self.crew.fleet.source();
        let covered = |key: &u32| match what {
            What::Key(one) => key == one,
            What::Tag(tag) => tags(*key).contains(tag),
            What::Namespace => true,
        };
        (0..self.keys).filter(covered).map(|key| (key, source.version(key))).collect()
    }
}
