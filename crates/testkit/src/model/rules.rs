//! The rules in force: the protocol's, or the protocol's with exactly one changed.

use super::configuration::Configuration;

/// A promise of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Invariant {
    /// I1: what is fresh includes every invalidation that had returned.
    Fresh,
    /// I2: at most one worker holds a live lease.
    OneHolder,
    /// I3: installed values never go backwards while the record lives.
    NeverBackwards,
    /// I4: the key can become fresh again, and a task that was not lost brings its refresh even if nobody reads.
    NoLimbo,
    /// I5: after a hard invalidation returned, nothing loaded before it is served.
    Hard,
    /// Nobody with nothing in hand waits for a queued task.
    NoWaitForQueue,
    /// One task per key is outstanding, unless the queue repeated it or its marker ran out.
    OneTask,
}

/// What is changed, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mutant {
    /// A load takes its generation after it read the source.
    GenerationAfterRead,
    /// `invalidate` ticks before the source commit.
    TickBeforeSource,
    /// A commit does not ask whether it was invalidated.
    NoInvalidatedCheck,
    /// A missing shard outdates nothing.
    MissingShardReadsFresh,
    /// Dropping a mark does not raise the floor.
    DropKeepsFloor,
    /// After `Invalidated` the same value is committed again.
    RetryKeepsValue,
    /// An equal tick does not outdate.
    EqualTickStaysFresh,
    /// A lost clock starts again in its old epoch.
    ClockRestarts,
    /// `put` installs whatever it has, whenever it comes.
    BlindPut,
    /// `put` takes a generation but no lease.
    PutWithoutLease,
    /// An entry takes the epoch of its commit.
    EpochOfCommit,
    /// A shard's floor is the tick that its writer took before.
    FloorIsOwnTick,
    /// A reader ticks in one step and writes the floor in the next.
    FloorInTwoSteps,
    /// A mark is overwritten instead of raised.
    MarkOverwritten,
    /// `invalidate` returns before the mark is written.
    ReturnsBeforeMark,
    /// The token is the generation's number.
    TokenIsGeneration,
    /// A commit does not compare tokens.
    NoTokenCheck,
    /// `put` leaves the lease in force.
    PutKeepsLease,
    /// A lease never expires.
    LeaseNeverExpires,
    /// Only an invalidation makes a missing shard.
    ReaderMakesNoShard,
    /// `Fresh` is answered from the record alone.
    FreshFromRecordAlone,
    /// `begin` does not tick.
    BeginWithoutTick,
    /// A soft mark replaces a hard one.
    SoftHidesHard,
    /// Lost marks are soft although hard ones were among them.
    LostMarksReadSoft,
    /// A soft message replaces a hard one in a cell.
    SoftMessageHidesHard,
    /// A fallback is served as it was judged at first.
    FallbackNotJudgedAgain,
    /// A task carries the token of its lease, and each delivery adopts it.
    TaskKeepsToken,
    /// `ask` takes an ordinary lease until the task is done.
    LeaseWhileQueued,
    /// `Busy` ends a task.
    BusyEndsTask,
    /// The marker has no deadline.
    MarkerWithoutDeadline,
    /// A foreground's begin is `Busy` while the marker is alive.
    ForegroundHeedsMarker,
    /// `Lost` ends a task.
    LostEndsTask,
    /// A failed load ends a task.
    FailureEndsTask,
    /// A missing record ends a task.
    MissingRecordEndsTask,
    /// A task whose marker ran out is dropped.
    LateTaskEnds,
    /// Where the store sees no marks, `Fresh` above a mark that was read before ends a task.
    FreshEndsTaskUnjudged,
    /// `Stored` ends a task although a mark outdated the entry.
    StoredEndsTask,
    /// Granting clears the marker.
    GrantClearsMarker,
    /// `Busy` clears the marker.
    BusyClearsMarker,
    /// `put` clears the marker.
    PutClearsMarker,
    /// A foreground's commit clears the marker.
    ForegroundClearsMarker,
    /// `Fresh` leaves the marker.
    FreshLeavesMarker,
    /// The message is published before the mark is written.
    PublishFirst,
    /// The marks are read before the tag's cell is pinned.
    MarksBeforePin,
    /// The key's slot is not pinned.
    KeyNotPinned,
    /// A gap in the messages is ignored.
    GapIgnored,
    /// The near tier is trusted before it has subscribed.
    TrustedBeforeSubscribed,
    /// The near tier is trusted once subscribed, before it knows a position to count from.
    TrustedBeforePosition,
    /// An insert takes the trust of its own moment.
    TrustAtInsert,
    /// The near bound runs from the insert.
    BoundFromInsert,
    /// The own near tier hears only by the bus.
    OwnByBusOnly,
    /// A cell is overwritten instead of raised.
    CellOverwritten,
    /// Message numbers start again, and epochs are not compared.
    NumbersReused,
    /// `Stored` answers every caller, unjudged.
    StoredAnswersEveryone,
    /// A flight is judged by the marks alone, without the record's own flag.
    FlightJudgedByMarksAlone,
    /// Callers who came after the last load began are answered by it.
    LateFollowersAnswered,
}

/// Each mutant, the configuration that must reject it, and the invariant that it breaks.
pub const MUTANTS: &[(Mutant, &str, Invariant)] = &[
    (Mutant::GenerationAfterRead, "invalidation by tag", Invariant::Fresh),
    (Mutant::TickBeforeSource, "invalidation by tag", Invariant::Fresh),
    (Mutant::NoInvalidatedCheck, "invalidation by key", Invariant::Fresh),
    (Mutant::MissingShardReadsFresh, "lost shard", Invariant::Fresh),
    (Mutant::DropKeepsFloor, "invalidation by tag", Invariant::Fresh),
    (Mutant::RetryKeepsValue, "invalidation by tag", Invariant::Fresh),
    (Mutant::EqualTickStaysFresh, "equal ticks", Invariant::Fresh),
    (Mutant::ClockRestarts, "lost clock", Invariant::Fresh),
    (Mutant::BlindPut, "put and remove", Invariant::Fresh),
    (Mutant::PutWithoutLease, "put and remove", Invariant::Fresh),
    (Mutant::EpochOfCommit, "lost clock", Invariant::Fresh),
    (Mutant::FloorIsOwnTick, "two writers, tick apart from mark", Invariant::Fresh),
    (Mutant::FloorInTwoSteps, "lost shard", Invariant::Fresh),
    (Mutant::MarkOverwritten, "two writers, tick apart from mark", Invariant::Fresh),
    (Mutant::ReturnsBeforeMark, "invalidation by tag", Invariant::Fresh),
    (Mutant::TokenIsGeneration, "lost clock", Invariant::OneHolder),
    (Mutant::NoTokenCheck, "invalidation by key", Invariant::NeverBackwards),
    (Mutant::PutKeepsLease, "put and remove", Invariant::NeverBackwards),
    (Mutant::LeaseNeverExpires, "tasks put back", Invariant::NoLimbo),
    (Mutant::ReaderMakesNoShard, "lost shard, marks elsewhere", Invariant::NoLimbo),
    (Mutant::FreshFromRecordAlone, "marks elsewhere", Invariant::NoLimbo),
    (Mutant::BeginWithoutTick, "invalidation by tag", Invariant::NoLimbo),
    (Mutant::SoftHidesHard, "invalidation by tag", Invariant::Hard),
    (Mutant::LostMarksReadSoft, "lost shard", Invariant::Hard),
    (Mutant::SoftMessageHidesHard, "near, by tag", Invariant::Hard),
    (Mutant::FallbackNotJudgedAgain, "fallback", Invariant::Hard),
    (Mutant::TaskKeepsToken, "tasks lost and repeated", Invariant::OneHolder),
    (Mutant::LeaseWhileQueued, "tasks put back", Invariant::NoWaitForQueue),
    (Mutant::BusyEndsTask, "tasks put back", Invariant::NoLimbo),
    (Mutant::MarkerWithoutDeadline, "tasks lost and repeated", Invariant::NoLimbo),
    (Mutant::ForegroundHeedsMarker, "tasks put back", Invariant::NoWaitForQueue),
    (Mutant::LostEndsTask, "tasks put back", Invariant::NoLimbo),
    (Mutant::FailureEndsTask, "tasks put back", Invariant::NoLimbo),
    (Mutant::MissingRecordEndsTask, "tasks, marks elsewhere", Invariant::NoLimbo),
    (Mutant::LateTaskEnds, "tasks lost and repeated", Invariant::NoLimbo),
    (Mutant::StoredEndsTask, "tasks, marks elsewhere", Invariant::NoLimbo),
    (Mutant::FreshEndsTaskUnjudged, "tasks, marks elsewhere", Invariant::NoLimbo),
    (Mutant::GrantClearsMarker, "tasks put back", Invariant::OneTask),
    (Mutant::BusyClearsMarker, "tasks put back", Invariant::OneTask),
    (Mutant::PutClearsMarker, "tasks put back", Invariant::OneTask),
    (Mutant::ForegroundClearsMarker, "tasks put back", Invariant::OneTask),
    (Mutant::FreshLeavesMarker, "tasks put back", Invariant::NoLimbo),
    (Mutant::PublishFirst, "near, by tag", Invariant::Fresh),
    (Mutant::MarksBeforePin, "near, by tag", Invariant::Fresh),
    (Mutant::KeyNotPinned, "near, by key", Invariant::Fresh),
    (Mutant::GapIgnored, "near, by tag", Invariant::Fresh),
    (Mutant::TrustedBeforeSubscribed, "near, two lost messages", Invariant::Fresh),
    (Mutant::TrustedBeforePosition, "near, two lost messages", Invariant::Fresh),
    (Mutant::TrustAtInsert, "near, two lost messages", Invariant::Fresh),
    (Mutant::BoundFromInsert, "near, bound", Invariant::Fresh),
    (Mutant::OwnByBusOnly, "near, by tag", Invariant::Fresh),
    (Mutant::CellOverwritten, "near, by tag", Invariant::Fresh),
    (Mutant::NumbersReused, "near, lost clock", Invariant::Fresh),
    (Mutant::StoredAnswersEveryone, "followers, marks elsewhere", Invariant::Fresh),
    (Mutant::FlightJudgedByMarksAlone, "followers, marks elsewhere", Invariant::Fresh),
    (Mutant::LateFollowersAnswered, "followers", Invariant::Fresh),
];

/// What a step obeys.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub configuration: Configuration,
    pub mutant: Option<Mutant>,
    /// The only invariant that is checked, or all of them.
    pub only: Option<Invariant>,
}

impl Rules {
    pub fn checks(&self, invariant: Invariant) -> bool {
        self.only.is_none_or(|only| only == invariant)
    }

    pub fn mutated(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }
}
