//! Rules that a test may have the memory store break, one at a time, to show that the suites notice.

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// One broken rule of the protocol. Only with the feature `mutants`; without it no rule can be broken.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Fault {
            $($(#[$doc])* $name,)*
        }

        impl Fault {
            /// All of them.
            #[cfg(feature = "mutants")]
            pub const ALL: &[Fault] = &[$(Fault::$name,)*];
        }
    };
}

faults! {
    /// An entry carries a generation drawn at its commit.
    GenerationAtCommit,
    /// An entry carries the epoch of its commit.
    EpochOfCommit,
    /// An entry carries the generation that its facts say.
    GenerationOfFacts,
    /// A commit asks neither the lease's dirty flag nor the marks.
    NoCheckAtCommit,
    /// A commit asks the marks, but not the lease's dirty flag.
    NoDirtyFlag,
    /// What a hard invalidation overtook is installed.
    HardInstalls,
    /// What a soft invalidation overtook is thrown away.
    SoftDiscards,
    /// `Invalidated` leaves the generation as it was.
    RetryKeepsGeneration,
    /// `Invalidated` leaves the lease dirty.
    RetryKeepsDirty,
    /// `Invalidated` drops the lease.
    RetryDropsLease,
    /// A commit under a generation that its lease left behind is taken.
    OldGenerationCommits,
    /// A commit under a generation that its lease left behind is installed as outdated.
    LateInstalls,
    /// A commit of an expired lease is lost although nobody took it over.
    ExpiredLeaseIsLost,
    /// An entry of a lost clock reads as current.
    MissingShardReadsFresh,
    /// What a lost clock made is outdated softly, whatever the setting says.
    LostReadsSoft,
    /// Whoever only reads does not make a lost clock anew.
    ReaderMakesNoShard,
    /// A lost clock begins again in its old epoch.
    ClockRestarts,
    /// The clock counts epochs and ticks instead of drawing the one and following the time in the other.
    CounterForClock,
    /// The clock follows the time alone, also back.
    ClockFallsBack,
    /// Dropping a mark leaves the floor.
    FloorKept,
    /// A reader is given the scopes' own marks, without the floor.
    MarksWithoutFloor,
    /// Dropping a mark raises only the soft floor.
    FloorOnlySoft,
    /// A mark is overwritten instead of raised: the newest strength alone stands.
    MarkOverwritten,
    /// A mark takes the last tick instead of a new one, and an equal tick reads as current.
    EqualTickIsCurrent,
    /// A namespace's mark is not asked.
    NamespaceIgnored,
    /// A soft invalidation of a key overwrites a hard one.
    SoftHidesHard,
    /// A token is its generation's number.
    TokenIsGeneration,
    /// No token is compared.
    NoTokenCheck,
    /// A begin is granted while another's lease lives.
    NeverBusy,
    /// What ends at a point in time is over just after it.
    EndsLate,
    /// A lease does not expire.
    LeaseNeverExpires,
    /// A begin draws no tick.
    BeginWithoutTick,
    /// `Fresh` is judged by the record alone, without marks.
    FreshFromRecordAlone,
    /// `Fresh` does not ask what the caller has seen.
    AtLeastIgnored,
    /// A take-over hands out the token of the lease that it takes over.
    TakeOverKeepsToken,
    /// A take-over waits for the lease in force.
    TakeOverIsBusy,
    /// Back-off is heeded by nobody.
    NeverCooling,
    /// Back-off is heeded by everybody.
    AlwaysCooling,
    /// `remove` leaves the lease in force.
    RemoveKeepsLease,
    /// `remove` leaves the record.
    RemoveKeepsRecord,
    /// A failed load lengthens the old entry's freshness.
    FailLengthens,
    /// A failed load drops the old entry.
    FailDropsEntry,
    /// A given-up load counts as a failure.
    AbandonedCounts,
    /// A given-up load forgets the failures before it.
    AbandonedForgets,
    /// The reason of the first failure stays.
    FirstReasonStays,
    /// A commit that was overtaken forgets the failures before it.
    OvertakenForgets,
    /// A take-over forgets the failures before it.
    TakeOverForgets,
    /// An invalidation forgets the failures before it.
    InvalidationForgets,
    /// `renew` only prolongs.
    RenewOnlyProlongs,
    /// A stored commit leaves the trouble.
    StoredKeepsTrouble,
    /// `ask` takes the lease.
    AskTakesLease,
    /// `ask` never finds a marker.
    AskAlways,
    /// `ask` does not look at the lease.
    AskIgnoresLease,
    /// A marker does not end.
    MarkerNeverEnds,
    /// A foreground waits for the marker.
    ForegroundHeedsMarker,
    /// A task's begin that finds the entry fresh leaves the marker.
    FreshLeavesMarker,
    /// A grant clears the marker.
    GrantClearsMarker,
    /// `Busy` clears the marker.
    BusyClearsMarker,
    /// A failed load clears the marker.
    FailClearsMarker,
    /// A task's begin does not renew the marker.
    MarkerNotRenewed,
    /// A take-over clears the marker.
    TakeOverClearsMarker,
    /// Every stored commit clears the marker.
    AnyCommitClearsMarker,
    /// No commit clears the marker.
    NoCommitClearsMarker,
    /// A task's commit clears the marker although it is outdated, or no longer fresh.
    StaleCommitClearsMarker,
    /// An invalidation by tag or namespace marks the first partition only.
    OthersUnmarked,
    /// Everything is published as of the first partition.
    PositionsMixed,
    /// Nothing is published of invalidations.
    SilentInvalidation,
    /// Nothing is published of an absent key's invalidation or removal.
    SilentWhenAbsent,
    /// Nothing is published of stored commits.
    SilentCommit,
    /// An entry past its hard deadline is given.
    DeadlineIgnored,
    /// The capacity is not kept.
    Unbounded,
    /// A record under a live lease goes like any other.
    EvictsLeased,
    /// A refused value ends the lease.
    RefusalDropsLease,
}

/// Which rule is broken, if any: nothing at all without the feature `mutants`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Faults(#[cfg(feature = "mutants")] Option<Fault>);

impl Faults {
    #[cfg(feature = "mutants")]
    pub(super) fn only(fault: Fault) -> Faults {
        Faults(Some(fault))
    }

    #[cfg(feature = "mutants")]
    pub(super) fn has(self, fault: Fault) -> bool {
        self.0 == Some(fault)
    }

    #[cfg(not(feature = "mutants"))]
    pub(super) fn has(self, _: Fault) -> bool {
        false
    }
}
