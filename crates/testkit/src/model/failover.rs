//! A store whose replica lags behind, and takes its place.
//!
//! One key, one tag, one load and one writer at a time. What the replica has is what the primary had at some moment before, so
//! a failover takes back ticks, marks, leases and entries together. There are two ways to live with it: to notice
//! it, or to have waited for the replica.

use super::rules::Invariant;
use super::search::{Outcome, Space, explore};

/// How a store lives with failovers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Defence {
    /// The clock remembers whose it is; with another primary a new epoch begins.
    Noticed,
    /// `invalidate` returns when the replica has it, and begins again where the primary that wrote it is gone.
    WaitedFor,
}

/// A rule of failovers that is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailoverMutant {
    /// A new primary goes on with the clock that it has.
    Unnoticed,
    /// Steps notice a new primary, and readers do not.
    ReadersNoticeNothing,
    /// A lease of another epoch is in force.
    LeaseSurvives,
    /// `invalidate` does not wait for the replica.
    NotWaitedFor,
    /// After a failover the new primary is asked whether its replica has everything.
    WaitAskedOfNewPrimary,
}

impl FailoverMutant {
    /// Each with the defence that it belongs to. All break [`Invariant::Fresh`].
    pub const ALL: &[(FailoverMutant, Defence)] = &[
        (FailoverMutant::Unnoticed, Defence::Noticed),
        (FailoverMutant::ReadersNoticeNothing, Defence::Noticed),
        (FailoverMutant::LeaseSurvives, Defence::Noticed),
        (FailoverMutant::NotWaitedFor, Defence::WaitedFor),
        (FailoverMutant::WaitAskedOfNewPrimary, Defence::WaitedFor),
    ];
}

/// Searches a store with a defence, under the protocol's rules or a mutant's.
pub fn search(defence: Defence, mutant: Option<FailoverMutant>) -> Outcome {
    explore(&Rules { defence, mutant })
}

struct Rules {
    defence: Defence,
    mutant: Option<FailoverMutant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct World {
    source: u8,
    epochs: u8,
    tokens: u8,
    /// Which primary there is: each failover brings another.
    identity: u8,
    primary: Copied,
    replica: Copied,
    load: Option<Load>,
    writer: Writer,
    returned: u8,
    writes: u8,
    failovers: u8,
}

/// What is replicated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Copied {
    epoch: u8,
    last: u8,
    /// The tag's mark, joined with the floor.
    mark: u8,
    /// The primary that kept the clock last.
    kept_by: u8,
    entry: Option<Entry>,
    lease: Option<Lease>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Entry {
    version: u8,
    epoch: u8,
    number: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Lease {
    token: u8,
    epoch: u8,
}

/// The load under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Load {
    token: u8,
    epoch: u8,
    number: u8,
    value: Option<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Writer {
    Idle,
    /// The source has the version.
    Wrote(u8),
    /// The mark is on a primary, with this tick.
    Marked {
        version: u8,
        epoch: u8,
        tick: u8,
        on: u8,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Write,
    Mark,
    Return,
    Begin,
    ReadSource,
    Commit,
    LeaseLapses,
    Replicate,
    FailOver,
}

impl Space for Rules {
    type State = World;
    type Step = Step;

    fn start(&self) -> World {
        let entry = Some(Entry { version: 0, epoch: 1, number: 1 });
        let copied = Copied { epoch: 1, last: 1, mark: 0, kept_by: 0, entry, lease: None };
        World {
            source: 0,
            epochs: 1,
            tokens: 0,
            identity: 0,
            primary: copied,
            replica: copied,
            load: None,
            writer: Writer::Idle,
            returned: 0,
            writes: 3,
            failovers: 2,
        }
    }

    fn steps(&self) -> Vec<Step> {
        let of_users = [Step::Write, Step::Mark, Step::Return, Step::Begin, Step::ReadSource, Step::Commit];
        of_users.into_iter().chain([Step::LeaseLapses, Step::Replicate, Step::FailOver]).collect()
    }

    fn take(&self, mut world: World, step: Step) -> Option<(World, Option<Invariant>)> {
        let happened = match step {
            Step::Write => world.write(),
            Step::Mark => self.mark(&mut world),
            Step::Return => self.give_back(&mut world),
            Step::Begin => self.begin(&mut world),
            Step::ReadSource => world.read_source(),
            Step::Commit => self.commit(&mut world),
            Step::LeaseLapses => world.primary.lease.take().map(drop),
            Step::Replicate => world.replicate(),
            Step::FailOver => world.fail_over(),
        };
        happened.map(|()| (world, None))
    }

    fn check(&self, world: World) -> Option<(Invariant, &'static str)> {
        let entry = self.fresh(&world)?;
        (entry.version < world.returned).then_some((Invariant::Fresh, "the store calls it fresh"))
    }

    fn summary(&self, world: &World) -> String {
        format!("{world:?}").replace("Some(", "(").replace("None", "-")
    }
}

impl Rules {
    fn mutated(&self, mutant: FailoverMutant) -> bool {
        self.mutant == Some(mutant)
    }

    fn notices(&self) -> bool {
        self.defence == Defence::Noticed && !self.mutated(FailoverMutant::Unnoticed)
    }

    /// What a reader is told to be fresh. One who comes to a primary for the first time notices first.
    fn fresh(&self, world: &World) -> Option<Entry> {
        let Copied { epoch, mark, kept_by, entry, .. } = world.primary;
        let noticed = self.notices() && !self.mutated(FailoverMutant::ReadersNoticeNothing);
        if noticed && kept_by != world.identity {
            return None;
        }
        entry.filter(|entry| entry.epoch == epoch && entry.number > mark)
    }

    /// What every step does first: with a primary that did not keep the clock, a new epoch begins and outdates what there is.
    fn notice<'w>(&self, world: &'w mut World) -> &'w mut Copied {
        if self.notices() && world.primary.kept_by != world.identity {
            world.epochs += 1;
            let last = world.primary.last + 1;
            let (epoch, kept_by) = (world.epochs, world.identity);
            world.primary = Copied { epoch, last, mark: last, kept_by, ..world.primary };
        }
        &mut world.primary
    }

    fn mark(&self, world: &mut World) -> Option<()> {
        let Writer::Wrote(version) = world.writer else { return None };
        let primary = self.notice(world);
        primary.last += 1;
        primary.mark = primary.last;
        let (epoch, tick) = (primary.epoch, primary.last);
        world.writer = Writer::Marked { version, epoch, tick, on: world.identity };
        Some(())
    }

    fn give_back(&self, world: &mut World) -> Option<()> {
        let Writer::Marked { version, epoch, tick, on } = world.writer else { return None };
        let waits = self.defence == Defence::WaitedFor && !self.mutated(FailoverMutant::NotWaitedFor);
        if waits && on != world.identity && !self.mutated(FailoverMutant::WaitAskedOfNewPrimary) {
            // The connection that wrote is broken: what it wrote may be gone.
            world.writer = Writer::Wrote(version);
            return Some(());
        }
        let has_it = if on == world.identity {
            world.replica.epoch == epoch && world.replica.mark >= tick
        } else {
            world.replica == world.primary
        };
        if waits && !has_it {
            return None;
        }
        world.writer = Writer::Idle;
        world.returned = version;
        Some(())
    }

    fn begin(&self, world: &mut World) -> Option<()> {
        if world.load.is_some() || self.fresh(world).is_some() || world.tokens == 4 {
            return None;
        }
        world.tokens += 1;
        let token = world.tokens;
        let primary = self.notice(world);
        if primary.lease.is_some_and(|lease| lease.epoch == primary.epoch) {
            return None;
        }
        primary.last += 1;
        let (epoch, number) = (primary.epoch, primary.last);
        primary.lease = Some(Lease { token, epoch });
        world.load = Some(Load { token, epoch, number, value: None });
        Some(())
    }

    /// Stored where the lease is in force and nothing outdated the value; in every other case the load is given up.
    fn commit(&self, world: &mut World) -> Option<()> {
        let load = world.load?;
        let version = load.value?;
        world.load = None;
        let survives = self.mutated(FailoverMutant::LeaseSurvives);
        let primary = self.notice(world);
        let lease = primary.lease.filter(|lease| lease.token == load.token);
        let Some(lease) = lease else { return Some(()) };
        primary.lease = None;
        let (epoch, number) = if survives { (primary.epoch, primary.last + 1) } else { (load.epoch, load.number) };
        let in_force = survives || lease.epoch == primary.epoch;
        if in_force && epoch == primary.epoch && number > primary.mark {
            primary.entry = Some(Entry { version, epoch, number });
        }
        Some(())
    }
}

impl World {
    fn write(&mut self) -> Option<()> {
        if self.writer != Writer::Idle || self.writes == 0 {
            return None;
        }
        self.writes -= 1;
        self.source += 1;
        self.writer = Writer::Wrote(self.source);
        Some(())
    }

    fn read_source(&mut self) -> Option<()> {
        let source = self.source;
        let load = self.load.as_mut().filter(|load| load.value.is_none())?;
        load.value = Some(source);
        Some(())
    }

    fn replicate(&mut self) -> Option<()> {
        if self.replica == self.primary {
            return None;
        }
        self.replica = self.primary;
        Some(())
    }

    fn fail_over(&mut self) -> Option<()> {
        self.failovers = self.failovers.checked_sub(1)?;
        self.identity += 1;
        self.primary = self.replica;
        Some(())
    }
}
