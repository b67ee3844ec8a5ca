//! The auditor: members, random traffic and random faults, and a judge who counts what must not be.
//!
//! It counts values that were served although an invalidation that had returned outdated them, values stored over newer ones,
//! and keys that did not become fresh again once the faults were over.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::member::{Member, Program};
use crate::order::{Force, How, Served, What};
use crate::setting::{Defect, Setting};

mod crew;
mod fault;
mod ledger;
mod report;
mod traffic;

pub use crew::Servers;
pub use fault::Fault;
pub use ledger::{Asked, Floor, Ledger};
pub use report::{Breaches, Report};

use crew::{Crew, Ground};
use traffic::Book;

/// The near tier's own bound is longer than this, so that a message which is lost unseen shows.
const NEAR_BOUND: Duration = Duration::from_secs(8);
const HEARTBEAT: Duration = Duration::from_millis(200);
/// A process has heard, or distrusts what it has, after four heartbeats; the rest is for a machine that is slow.
const HEARD: Duration = Duration::from_millis(4 * 200 + 1200);
/// Drivers of each place.
const DRIVERS: u64 = 2;

/// An audit, before it is run.
#[derive(Clone, Debug)]
pub struct Audit {
    /// How long traffic and faults last.
    pub span: Duration,
    /// On what servers.
    pub servers: Servers,
    /// The faults, those that the servers can have, in rounds; none at all is allowed.
    pub faults: Vec<Fault>,
    /// Of all chance.
    pub seed: u64,
    /// How many processes.
    pub members: usize,
    /// How many keys.
    pub keys: u32,
    /// How long the source takes for a read.
    pub load: Duration,
    /// How long a load may hold a key.
    pub lease: Duration,
    /// For how long a task that was lost keeps its key stale.
    pub task_deadline: Duration,
    /// Within what time all keys must be fresh once the faults are over.
    pub fresh_again: Duration,
    /// What is wrong with every member.
    pub defect: Option<Defect>,
}

impl Audit {
    /// An audit of so long, on one server, with all faults that it can have, and a random seed.
    pub fn new(span: Duration) -> Audit {
        let seed = fastrand::u64(..);
        let (servers, faults) = (Servers::Single, Fault::ALL.into());
        let (load, lease) = (Duration::from_millis(20), Duration::from_secs(2));
        Audit {
            span,
            servers,
            faults,
            seed,
            members: 3,
            keys: 200,
            load,
            lease,
            task_deadline: Duration::from_secs(5),
            fresh_again: Duration::from_secs(40),
            defect: None,
        }
    }

    /// Runs it. The program is that of the members.
    pub async fn run(&self, program: &Program) -> Report {
        let began = Instant::now();
        let ground = Ground::new(self.servers).await;
        let crew = Arc::new(Crew::start(program, ground, self.members, |setting| self.setting(setting)).await);
        crew.fleet.source().delay(self.load);
        let book = Arc::new(Book::new(crew.clone(), self.keys, HEARD));
        self.disturb(&book).await;
        settle(&book, self.fresh_again).await;
        let sightings = crew.fleet.source().sightings();
        let mut report = book.notes().1.clone();
        report.values_seen = sightings.count();
        sightings.backwards().into_iter().for_each(|told| report.backwards.add(told));
        Report { seed: self.seed, took: began.elapsed(), ..report }
    }

    fn setting(&self, setting: Setting) -> Setting {
        Setting {
            workers: 2,
            near_bound: NEAR_BOUND,
            heartbeat: HEARTBEAT,
            lease: self.lease,
            load_timeout: self.lease * 9 / 10,
            patience: Duration::from_millis(500),
            task_deadline: self.task_deadline,
            defect: self.defect,
            ..setting
        }
    }

    /// Traffic and faults, until both have ended.
    async fn disturb(&self, book: &Arc<Book>) {
        let mut chance = fastrand::Rng::with_seed(self.seed);
        let ends = Instant::now() + self.span;
        let mut drivers = tokio::task::JoinSet::new();
        for place in 0..self.members {
            for _ in 0..DRIVERS {
                let (book, chance) = (book.clone(), chance.fork());
                drivers.spawn(async move { book.drive(place, chance, ends).await });
            }
        }
        let mut round: Vec<Fault> = self.faults.clone();
        round.retain(|fault| fault.fits(&book.crew.ground));
        while Instant::now() < ends && !round.is_empty() {
            // Each comes once before any comes again, so that a short audit has them all.
            chance.shuffle(&mut round);
            for fault in round.iter().copied() {
                if Instant::now() >= ends {
                    break;
                }
                fault::make(fault, &book.crew, &mut chance).await;
                *book.notes().1.faults.entry(fault).or_default() += 1;
                tokio::time::sleep(Duration::from_millis(chance.u64(100..1500))).await;
            }
        }
        while let Some(driven) = drivers.join_next().await {
            driven.expect("a driver does not panic");
        }
    }
}

/// After the faults: everything is outdated once more, since a process that was killed may have written without a word, and then
/// every key must become fresh in every process.
async fn settle(book: &Book, within: Duration) {
    let ends = Instant::now() + within;
    let (process, member) = book.crew.places[0].who();
    while !book.outdate(process, &member, What::Namespace, Force::Soft).await && Instant::now() < ends {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for place in &book.crew.places {
        let (process, member) = place.who();
        let mut left: Vec<u32> = (0..book.keys).collect();
        loop {
            left = not_fresh(book, &member, left).await;
            if left.is_empty() || Instant::now() > ends {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        for key in left {
            let known = member.explain(key).await;
            book.notes().1.in_limbo.add(format!("key {key} in process {process}: {known}"));
        }
    }
}

/// Those of the keys that a member does not have in hand, fresh and with the source's version. What it loads is not enough: it
/// might be kept nowhere.
async fn not_fresh(book: &Book, member: &Member, keys: Vec<u32>) -> Vec<u32> {
    let source = book.crew.fleet.source();
    let is_fresh = |served: &Served| served.how == Ok((How::Hit, source.version(served.key)));
    let all = member.get_all(keys).await;
    all.into_iter().filter(|served| !is_fresh(served)).map(|served| served.key).collect()
}
