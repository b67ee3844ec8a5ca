//! What the model's world consists of: small numbers, so that a state is copied and hashed in a moment.

use super::configuration::Budget;

/// The ways in which an entry can be out of date, the worst last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Verdict {
    #[default]
    Current,
    Soft,
    Hard,
}

/// A point of the partition's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Generation {
    pub epoch: u8,
    pub number: u8,
}

/// The newest soft and hard invalidation; 0 is never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Mark {
    pub soft: u8,
    pub hard: u8,
}

impl Mark {
    pub fn newest(self) -> u8 {
        self.soft.max(self.hard)
    }
}

/// Everything there is. One key, one tag, two processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct World {
    /// The version that the source has: each write adds one.
    pub source: u8,
    pub clock: Option<Clock>,
    /// Epochs drawn so far: none is drawn twice.
    pub epochs: u8,
    pub shard: Option<Shard>,
    pub record: Option<Record>,
    pub processes: [Process; 2],
    pub workers: [Worker; 2],
    pub queue: [Option<Task>; QUEUE],
    pub log: Log,
    pub truth: Truth,
    /// What may still go wrong.
    pub left: Budget,
}

/// Most tasks in the queue; a push beyond it fails.
pub(super) const QUEUE: usize = 3;
/// Most messages that are under way.
pub(super) const MESSAGES: usize = 4;

/// The partition's clock and message number, which live and die together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Clock {
    pub epoch: u8,
    pub last: u8,
    pub message: u8,
}

/// The shard that holds the tag's mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Shard {
    pub epoch: u8,
    pub floor: u8,
    pub mark: Mark,
}

/// The key's record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Record {
    pub entry: Option<Entry>,
    pub lease: Option<Lease>,
    /// Whether the marker of a task that was asked for is alive.
    pub asked: bool,
}

/// A value in the store, or a copy of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Entry {
    pub version: u8,
    pub generation: Generation,
    /// The record's own flag.
    pub flag: Verdict,
    /// Whether its ttl has ended.
    pub ended: bool,
}

/// The lease in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Lease {
    pub token: u8,
    /// Expired: whoever comes may take it over.
    pub lapsed: bool,
    pub dirty: Verdict,
    /// Held for a queued task instead of a load; only mutants do that.
    pub queued: bool,
}

/// One process: a reader, the flight of its loads, a writer and the near tier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Process {
    pub reader: Reader,
    pub flight: Option<Load>,
    pub writer: Writer,
    pub near: Near,
}

/// A `get` under way, with what it has pinned in the near tier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Reader {
    pub phase: Phase,
    /// What had been returned when the `get` began: no older version may be answered as fresh.
    pub need: u8,
    /// The same, of hard invalidations: no older version may be answered at all.
    pub need_hard: u8,
    /// A message by key hit the pinned slot.
    pub hit: bool,
    /// Trust was raised since the pin.
    pub mistrusted: bool,
    /// The near bound has passed since the store read began.
    pub overdue: bool,
    /// Holds the tag's cell.
    pub cell: bool,
}

/// How far a `get` has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    #[default]
    Idle,
    /// The key's slot is pinned.
    Pinned,
    /// The record was read, its marks were not.
    Read(Option<Entry>),
    /// Ticked for a floor that is not written yet; only a mutant does that.
    Flooring(Option<Entry>, u8),
    /// Served something stale, will ask for a refresh.
    WillAsk(Option<Generation>),
    /// Will begin a load, with what may be served if it fails.
    WillLoad(Option<Generation>, Option<u8>),
    /// Its flight is under way.
    Loading,
    /// Judged fresh, about to be inserted into the near tier.
    Inserting(Entry),
}

/// A load under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Load {
    pub token: u8,
    pub generation: Generation,
    /// The version that was read from the source.
    pub value: Option<u8>,
    /// Committed and to be judged by the marks.
    pub stored: bool,
    /// How often it may still read again.
    pub retries: u8,
    /// What callers demand who came before the last load began, and those who came since.
    pub early: u8,
    pub late: u8,
    pub fallback: Option<u8>,
}

/// A call that changes the source and then outdates or replaces what is cached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Writer {
    #[default]
    Idle,
    /// The source is committed; nothing is outdated yet.
    Wrote(Method, u8),
    /// Ticked, and no mark written.
    Ticked(Method, u8, Generation),
    /// Outdated in the store; the own near tier does not know.
    Outdated(Method, u8, Option<Generation>),
    /// A put that holds the lease, before its source commit.
    PutBegun(u8, Generation),
    /// A put after its source commit.
    PutWrote(u8, Generation, u8),
    /// Ticked before the source commit; only a mutant does that.
    TickedFirst(Method, Generation),
    /// Returned before anything is outdated; only a mutant does that.
    ReturnedFirst(Method, u8),
}

/// What a writer calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Method {
    KeySoft,
    KeyHard,
    TagSoft,
    TagHard,
    Remove,
    Put,
}

impl Method {
    pub fn verdict(self) -> Verdict {
        match self {
            Method::KeyHard | Method::TagHard | Method::Remove => Verdict::Hard,
            Method::KeySoft | Method::TagSoft | Method::Put => Verdict::Soft,
        }
    }

    pub fn by_tag(self) -> bool {
        matches!(self, Method::TagSoft | Method::TagHard)
    }
}

/// A process's near tier and where it stands on the bus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Near {
    pub trusted: bool,
    pub subscribed: bool,
    /// Epoch and number of the last message; none since the subscription.
    pub heard: Option<(u8, u8)>,
    /// The next message of the log.
    pub inbox: u8,
    pub entry: Option<Entry>,
    pub cell: Mark,
}

/// A worker, with the task in its hands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Worker {
    pub task: Option<Task>,
    pub at_least: Option<Generation>,
    pub load: Option<Load>,
}

/// A queued refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Task {
    /// There may be another: it is a repetition, or its marker ran out.
    pub excused: bool,
    /// A token that it carries; only mutants do that.
    pub token: u8,
}

/// Messages that somebody may still have to hear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Log {
    pub messages: [Option<Message>; MESSAGES],
    /// The versions demanded by all that was ever published.
    pub through: u8,
    pub through_hard: u8,
}

impl Log {
    pub fn len(&self) -> u8 {
        self.messages.iter().flatten().count() as u8
    }
}

/// A message on the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Message {
    pub position: (u8, u8),
    /// The mark's tick; by key there is none.
    pub tick: Option<u8>,
    pub hard: bool,
    /// The versions demanded by this message and all before it.
    pub through: u8,
    pub through_hard: u8,
}

/// What must hold, kept by an observer who sees everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Truth {
    /// The version that returned calls demand of whatever is fresh.
    pub returned: u8,
    /// The version that returned hard calls demand of whatever is served.
    pub hard: u8,
    /// The same for each near tier: heard, its own process's, before a resync or a passed bound.
    pub near: [u8; 2],
    pub near_hard: [u8; 2],
}
