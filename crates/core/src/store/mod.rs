//! The store port: one record per key, and the steps of the protocol by which values get into it.
//!
//! The record is the truth. It alone decides who may load a key, whether the result may be installed and what is served;
//! queues and buses only hasten what it would allow anyway.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use crate::BoxFuture;
use crate::entry::{Entry, Generation, Strength};
use crate::error::PortError;
use crate::key::Key;
use crate::time::Timestamp;

mod generations;
mod marks;
mod memory;

pub use crate::scope::{Scope, Target};
pub use generations::Generations;
pub use marks::{Mark, Marked, Marks};
#[cfg(feature = "mutants")]
pub use memory::Fault;
pub use memory::{MemoryStore, MemoryStoreBuilder};

/// A store of records. Every step is atomic for its key, however many callers and processes there are.
///
/// The contract, each sentence a test in the testkit's `store_suite!`. Two words in it: a lease is *in force* until it is
/// committed, failed or voided, or has expired *and* somebody else has taken the key; it is *alive* while it is in force and
/// has not expired. What ends at a point in time is over at that point.
///
/// # Reading
/// - `read` has no effect on the record, and answers in the order of the keys asked for.
/// - It judges the entry by the record's own flag, by the marks of its tags and its namespace, and by its epoch.
/// - It gives the scopes' marks, joined with the floor, read *after* the record. Without an entry they are the namespace's,
///   and the currency says nothing.
/// - An entry past its hard deadline is not given. A lease or a marker that is not alive is not given either.
/// - `marks` gives each scope's own mark, and the floor, in every partition, and changes nothing.
///
/// # Partitions
/// - A key lies in the partition that [`Key::partition`] names, whose clock, floor, marks and message numbers judge it. What
///   one partition's clock made is never compared with what another's made.
/// - An invalidation by tag or namespace reaches every partition, and by key the key's own: it answers a generation for each,
///   once all have it. Where one failed it is an error that promises nothing.
///
/// # The clock
/// - Ticks rise with every begin and every invalidation, and are not behind the time, so that a clock that starts again does
///   not repeat them.
/// - What a lost clock made is outdated. Whoever finds the clock lost makes it anew, a reader included, under a new epoch, and
///   raises the floor to a tick of it.
///
/// # Asking
/// - `ask` answers [`Asked::Fresh`] above `at_least`, [`Asked::Busy`] while a marker or lease is alive, and sets the marker
///   otherwise.
/// - A marker ends by itself at its deadline. `unask` clears it.
///
/// # Beginning
///
/// | role | fresh above `at_least` | a lease is alive | back-off, and heeded | otherwise | the marker |
/// |---|---|---|---|---|---|
/// | foreground | `Fresh` | `Busy` | `Cooling` | `Granted` | ignored |
/// | task | `Fresh` | `Busy` | `Cooling` | `Granted` | cleared by `Fresh`, else set anew |
/// | take-over | `Granted` | `Granted`, the other lease is voided | `Granted` | `Granted` | ignored |
///
/// - The columns are looked at from left to right. Each grant has a new token and a new generation, later than every mark set
///   before.
///
/// # Committing
///
/// | the load | answer | entry | lease | back-off | marker |
/// |---|---|---|---|---|---|
/// | without the lease in force | `Lost` | as it was | as it was | as it was | as it was |
/// | under a generation that its lease has left behind | `Invalidated` | as it was | as it was | as it was | as it was |
/// | that nothing outdated | `Stored` | installed | dropped | dropped | cleared if it was begun for a task and is fresh |
/// | overtaken softly | `Invalidated` | installed as outdated | new generation | as it was | as it was |
/// | overtaken hard | `Invalidated` | as it was | new generation | as it was | as it was |
///
/// - An expired lease that nobody took over still commits. A new generation comes with the time of its tick as `begun_at`; the
///   lease's end stays.
/// - The entry carries the generation of the lease, whatever its facts say.
///
/// # Failing
/// - `fail` drops the lease, keeps the entry and its freshness as they are, counts the failure and sets the back-off;
///   [`Failure::abandoned`] only drops the lease. `renew` moves the lease's end.
/// - `fail` and `renew` without the lease in force change nothing.
///
/// # Outdating
/// - After `invalidate` has returned, no entry whose load began before is read as current. Soft never hides hard.
/// - The cost of a tag or a namespace does not depend on how many entries it covers.
/// - The record of an absent key is not made by its invalidation. `remove` deletes the record, so that a commit under way is `Lost`.
/// - Every step that outdates is published on the store's bus after it was written, also that of an absent key, which
///   somebody's near tier may still have; so is a lost clock, and every commit that is `Stored`, no other.
///
/// # Bounds
/// - The store holds no more than its capacity. What is being loaded goes last.
/// - Dropping a mark, the oldest first, raises the floor to it: it outdates what the mark outdated, and is published.
/// - A value over the bound is refused as an error that will repeat, and the record is as it was. Reasons are cut to
///   [`REASON_BYTES_MAX`].
///
/// # Cancellation
/// All futures may be dropped at any await; the step has then happened or not, never half.
pub trait Store: Send + Sync + 'static {
    /// What this store is able to do, asked once when a cache is built.
    fn traits(&self) -> StoreTraits;

    /// Reads records and what judges them, one answer per key in their order. Each answers for itself: what keeps one
    /// partition from being read is an error of its keys and hides no other.
    fn read<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Vec<Result<Snapshot, PortError>>>;

    /// Reads the marks of scopes, for people who look: one answer for each partition, in their order. A store without marks
    /// has none to give.
    fn marks<'a>(&'a self, scopes: &'a [Scope]) -> BoxFuture<'a, Result<Vec<Marked>, PortError>>;

    /// Asks for a refresh by a task: sets the marker that keeps others from asking until `deadline` has passed.
    fn ask<'a>(
        &'a self,
        key: &'a Key,
        deadline: Duration,
        at_least: Option<Generation>,
    ) -> BoxFuture<'a, Result<Asked, PortError>>;

    /// Takes back an `ask` whose task could not be pushed, was quarantined or dropped.
    fn unask<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<(), PortError>>;

    /// Begins a load. Call it before the source is read: everything that is invalidated from now on outdates the result.
    fn begin<'a>(&'a self, key: &'a Key, request: Begin) -> BoxFuture<'a, Result<Begun, PortError>>;

    /// Installs what was loaded under a lease.
    fn commit<'a>(
        &'a self,
        key: &'a Key,
        lease: &'a Lease,
        entry: Entry,
    ) -> BoxFuture<'a, Result<Committed, PortError>>;

    /// Ends a lease without a value.
    fn fail<'a>(&'a self, key: &'a Key, lease: &'a Lease, failure: Failure) -> BoxFuture<'a, Result<(), PortError>>;

    /// Prolongs a lease to `span` from now. `false`: it is no longer in force.
    fn renew<'a>(&'a self, key: &'a Key, lease: &'a Lease, span: Duration) -> BoxFuture<'a, Result<bool, PortError>>;

    /// Outdates what the targets cover. Call it after the source's commit. Each generation is later than everything that was
    /// outdated in its partition: whoever reads above it sees the write. Without targets none is answered.
    fn invalidate<'a>(
        &'a self,
        targets: &'a [Target],
        strength: Strength,
    ) -> BoxFuture<'a, Result<Generations, PortError>>;

    /// Deletes the record of a key.
    fn remove<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Generation, PortError>>;
}

impl<S: Store + ?Sized> Store for Arc<S> {
    fn traits(&self) -> StoreTraits {
        (**self).traits()
    }

    fn read<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Vec<Result<Snapshot, PortError>>> {
        (**self).read(keys)
    }

    fn marks<'a>(&'a self, scopes: &'a [Scope]) -> BoxFuture<'a, Result<Vec<Marked>, PortError>> {
        (**self).marks(scopes)
    }

    fn ask<'a>(
        &'a self,
        key: &'a Key,
        deadline: Duration,
        at_least: Option<Generation>,
    ) -> BoxFuture<'a, Result<Asked, PortError>> {
        (**self).ask(key, deadline, at_least)
    }

    fn unask<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<(), PortError>> {
        (**self).unask(key)
    }

    fn begin<'a>(&'a self, key: &'a Key, request: Begin) -> BoxFuture<'a, Result<Begun, PortError>> {
        (**self).begin(key, request)
    }

    fn commit<'a>(
        &'a self,
        key: &'a Key,
        lease: &'a Lease,
        entry: Entry,
    ) -> BoxFuture<'a, Result<Committed, PortError>> {
        (**self).commit(key, lease, entry)
    }

    fn fail<'a>(&'a self, key: &'a Key, lease: &'a Lease, failure: Failure) -> BoxFuture<'a, Result<(), PortError>> {
        (**self).fail(key, lease, failure)
    }

    fn renew<'a>(&'a self, key: &'a Key, lease: &'a Lease, span: Duration) -> BoxFuture<'a, Result<bool, PortError>> {
        (**self).renew(key, lease, span)
    }

    fn invalidate<'a>(
        &'a self,
        targets: &'a [Target],
        strength: Strength,
    ) -> BoxFuture<'a, Result<Generations, PortError>> {
        (**self).invalidate(targets, strength)
    }

    fn remove<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Generation, PortError>> {
        (**self).remove(key)
    }
}

/// Most partitions of a store.
pub const PARTITIONS_MAX: u32 = 1024;

/// What a store is able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreTraits {
    /// Whether records outlive the process.
    pub durable: bool,
    /// Whether tags and namespaces can be invalidated.
    pub marks: bool,
    /// Whether it keeps a value as it is, shared with the process, instead of encoded.
    pub shares_values: bool,
    /// Into how many partitions its keys are divided, each with a clock of its own: 1 to [`PARTITIONS_MAX`].
    pub partitions: u32,
}

/// Whether an entry is still current, apart from its age.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Currency {
    /// Nothing outdated it.
    #[default]
    Current,
    /// Outdated softly: it may be served stale.
    OutdatedSoft,
    /// Outdated hard: it must not be served.
    OutdatedHard,
}

impl From<Strength> for Currency {
    fn from(strength: Strength) -> Self {
        match strength {
            Strength::Soft => Currency::OutdatedSoft,
            Strength::Hard => Currency::OutdatedHard,
        }
    }
}

/// One key as the store has it.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The store's clock at the read: the only clock that the entry's times may be compared with.
    pub now: Timestamp,
    /// The entry, unless it is absent or past its hard deadline.
    pub entry: Option<Entry>,
    /// Whether the entry is current.
    pub currency: Currency,
    /// The newest of the marks of the entry's tags and its namespace: what a load must be above. An invalidation by key leaves
    /// no mark, for the record itself knows of it.
    pub newest_mark: Option<Generation>,
    /// The marks of the entry's tags and its namespace, each joined with the floor, for the near tier.
    pub marks: Vec<(Scope, Mark)>,
    /// When the lease in force ends, if a load is under way.
    pub lease_until: Option<Timestamp>,
    /// What the process is called that has it, where the store knows: for people who look, and for no decision.
    pub lease_holder: Option<Box<str>>,
    /// Until when a task was asked for.
    pub asked_until: Option<Timestamp>,
    /// Failures since the last stored commit, and what the last one said.
    pub trouble: Option<Trouble>,
}

/// What went wrong with the loads of a key, since the last one that was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Failures in a row.
    pub failures: u32,
    /// When the next attempt may be made.
    pub retry_at: Timestamp,
    /// What the last failure said, at most [`REASON_BYTES_MAX`] bytes.
    pub reason: Box<str>,
}

/// Longest reason that is kept of a failure, in bytes; the rest is cut off, and an ellipsis shows it.
pub const REASON_BYTES_MAX: usize = 512;

/// Cuts a reason to its bound, between two characters.
pub(crate) fn cut_reason(reason: &str) -> Cow<'_, str> {
    const ELLIPSIS: &str = "…";
    if reason.len() <= REASON_BYTES_MAX {
        return reason.into();
    }
    let end = reason.floor_char_boundary(REASON_BYTES_MAX - ELLIPSIS.len());
    (reason[..end].to_owned() + ELLIPSIS).into()
}

/// The answer of [`Store::ask`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Nothing to do.
    Fresh,
    /// A task was asked for already, or a load is under way.
    Busy,
    /// Yours: push the task, or [`Store::unask`].
    Asked,
}

/// Who begins, which decides what the step does to the marker and to others' leases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A load that somebody may be waiting for.
    Foreground,
    /// A worker with a task, which asks again for the task's marker for this long.
    Task {
        /// How long the task keeps others from asking.
        deadline: Duration,
    },
    /// A writer who is about to put a value: takes the lease over from whoever holds it.
    TakeOver,
}

/// How a load begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begin {
    /// Who begins.
    pub role: Role,
    /// How long the lease holds.
    pub lease: Duration,
    /// An entry counts as fresh only above this generation: the newest mark that the caller has seen.
    pub at_least: Option<Generation>,
    /// Whether a back-off after failures answers `Cooling`.
    pub heeds_backoff: bool,
}

/// The answer of [`Store::begin`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// The entry is fresh: there is nothing to load.
    Fresh,
    /// Another holds the lease until then.
    Busy {
        /// When the lease ends.
        until: Timestamp,
        /// The store's clock, to compare with.
        now: Timestamp,
    },
    /// The last load failed; the next attempt may be made then.
    Cooling {
        /// What went wrong.
        trouble: Trouble,
        /// The store's clock, to compare with.
        now: Timestamp,
    },
    /// Yours: read the source, then commit or fail.
    Granted(Lease),
}

/// The right to load one key, in force until it expires *and* somebody else takes it, or it is committed, failed or voided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Unique by itself: it alone tells whether the lease is in force.
    pub token: Token,
    /// The generation of what is loaded under it, which the entry carries whatever its facts say.
    pub generation: Generation,
    /// When it began, by the store's clock: the load time of what is loaded under it.
    pub begun_at: Timestamp,
    /// When it ends, by the store's clock.
    pub until: Timestamp,
    /// Failures in a row before this load.
    pub failures: u32,
}

/// Tells one grant from every other, in all processes and for ever. Random bits do; a counter that can start again does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token(pub u128);

/// The answer of [`Store::commit`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Committed {
    /// Installed, and current when it was.
    Stored,
    /// Outdated while it was loaded. Read the source *again* under this lease, whose generation is new.
    Invalidated(Lease),
    /// The lease is no longer in force: discard the value.
    Lost,
}

/// How a load ended without a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The pause before the next attempt.
    pub retry_after: Duration,
    /// What to tell operators and later callers; `None` counts no failure and sets no pause.
    pub reason: Option<Box<str>>,
}

impl Failure {
    /// The load failed: count it and leave the key alone for `retry_after`.
    pub fn failed(retry_after: Duration, reason: &str) -> Failure {
        Failure { retry_after, reason: Some((*cut_reason(reason)).into()) }
    }

    /// The load was given up, through no fault of the source: drop the lease and nothing else.
    pub fn abandoned() -> Failure {
        Failure { retry_after: Duration::ZERO, reason: None }
    }
}
