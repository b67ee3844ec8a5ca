//! The rules that can be broken from outside, by whatever stands in front of a store.

/// One rule that a [`MutantStore`](crate::mutants::MutantStore) breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Breach {
    /// `invalidate` answers first and marks before the next step: it returns before the mark is written.
    MarksLater,
    /// `invalidate` draws its generation and marks nothing.
    MarksNothing,
    /// `invalidate` marks its first target only.
    FirstTargetOnly,
    /// A soft invalidation removes what may still be served.
    SoftRemoves,
    /// A hard invalidation is passed on as a soft one.
    HardIsSoft,
    /// The lease comes from a begin after the read: a commit begins anew and installs what was read before.
    BeginsAtCommit,
    /// A commit that is `Invalidated` installs the same value under the new lease.
    RetryKeepsValue,
    /// `Invalidated` is told as `Stored`.
    InvalidatedIsStored,
    /// Every begin takes the lease over.
    NeverBusy,
    /// `begin` forgets what its caller has seen.
    ForgetsAtLeast,
    /// A take-over is an ordinary begin.
    PutWaits,
    /// A task begins like a foreground.
    TaskIsForeground,
    /// A foreground begins like a task.
    ForegroundIsTask,
    /// `ask` answers that there is something to do, without asking.
    AskAlways,
    /// `unask` does nothing.
    UnaskNothing,
    /// `remove` only invalidates.
    RemoveInvalidates,
    /// `fail` does nothing: the lease stays.
    FailNothing,
    /// A given-up load counts as a failed one.
    AbandonFails,
    /// `renew` says yes and does nothing.
    RenewNothing,
    /// Reading asks for a refresh.
    ReadAsks,
    /// Answers come in the reverse order of the keys.
    ReadReverses,
    /// What is read is always current.
    ReadsCurrent,
    /// Marks are not given to the reader.
    ReadsNoMarks,
    /// `marks` takes soft for hard.
    MarksSwapped,
    /// `marks` gives every partition what the first one has.
    MarksOfTheFirst,
    /// `marks` joins the floor into each mark.
    MarksJoined,
    /// `marks` tells no floor.
    MarksWithoutFloor,
    /// `marks` invalidates what it looks at.
    MarksInvalidates,
    /// The tags of an entry are dropped.
    DropsTags,
    /// The validators of an entry are dropped.
    DropsValidators,
}

impl Breach {
    /// All of them.
    pub const ALL: &[Breach] = &[
        Breach::MarksLater,
        Breach::MarksNothing,
        Breach::FirstTargetOnly,
        Breach::SoftRemoves,
        Breach::HardIsSoft,
        Breach::BeginsAtCommit,
        Breach::RetryKeepsValue,
        Breach::InvalidatedIsStored,
        Breach::NeverBusy,
        Breach::ForgetsAtLeast,
        Breach::PutWaits,
        Breach::TaskIsForeground,
        Breach::ForegroundIsTask,
        Breach::AskAlways,
        Breach::UnaskNothing,
        Breach::RemoveInvalidates,
        Breach::FailNothing,
        Breach::AbandonFails,
        Breach::RenewNothing,
        Breach::ReadAsks,
        Breach::ReadReverses,
        Breach::ReadsCurrent,
        Breach::ReadsNoMarks,
        Breach::MarksSwapped,
        Breach::MarksOfTheFirst,
        Breach::MarksJoined,
        Breach::MarksWithoutFloor,
        Breach::MarksInvalidates,
        Breach::DropsTags,
        Breach::DropsValidators,
    ];
}
