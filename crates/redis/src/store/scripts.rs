//! The steps of the protocol as scripts, each made of what all have in common and its own part.

use crate::link::Script;

const CLOCK: &str = include_str!("scripts/clock.lua");
const RECORD: &str = include_str!("scripts/record.lua");

/// All scripts of a store.
#[derive(Clone, Debug)]
pub(crate) struct Scripts {
    pub(crate) ask: Script,
    pub(crate) unask: Script,
    pub(crate) begin: Script,
    pub(crate) commit: Script,
    pub(crate) fail: Script,
    pub(crate) renew: Script,
    pub(crate) invalidate: Script,
    pub(crate) remove: Script,
    pub(crate) attach: Script,
    pub(crate) marks: Script,
}

impl Scripts {
    /// The scripts, with some of their text replaced: nothing, but in tests.
    pub(crate) fn new(patches: &[Patch]) -> Scripts {
        let patched = |part: &str| patches.iter().fold(part.to_owned(), |text, patch| patch.apply(&text));
        let (clock, record) = (patched(CLOCK), patched(RECORD));
        let step = |name, own: &str| Script::new(name, &[&clock, &record, &patched(own)]);
        Scripts {
            ask: step("ask", include_str!("scripts/ask.lua")),
            unask: step("unask", include_str!("scripts/unask.lua")),
            begin: step("begin", include_str!("scripts/begin.lua")),
            commit: step("commit", include_str!("scripts/commit.lua")),
            fail: step("fail", include_str!("scripts/fail.lua")),
            renew: step("renew", include_str!("scripts/renew.lua")),
            invalidate: step("invalidate", include_str!("scripts/invalidate.lua")),
            remove: step("remove", include_str!("scripts/remove.lua")),
            attach: Script::new("attach", &[&clock, &patched(include_str!("scripts/attach.lua"))]),
            marks: Script::new("marks", &[&clock, &patched(include_str!("scripts/marks.lua"))]),
        }
    }
}

/// A piece of the scripts' text, and what stands there instead.
#[derive(Clone, Debug)]
pub(crate) struct Patch {
    /// What is replaced.
    pub(crate) from: &'static str,
    /// By what.
    pub(crate) to: &'static str,
}

impl Patch {
    fn apply(&self, text: &str) -> String {
        text.replace(self.from, self.to)
    }

    /// How often the text occurs in all parts together.
    #[cfg(feature = "mutants")]
    pub(crate) fn occurrences(&self) -> usize {
        PARTS.iter().map(|part| part.matches(self.from).count()).sum()
    }
}

/// All parts, each once.
#[cfg(feature = "mutants")]
const PARTS: [&str; 12] = [
    CLOCK,
    RECORD,
    include_str!("scripts/ask.lua"),
    include_str!("scripts/unask.lua"),
    include_str!("scripts/begin.lua"),
    include_str!("scripts/commit.lua"),
    include_str!("scripts/fail.lua"),
    include_str!("scripts/renew.lua"),
    include_str!("scripts/invalidate.lua"),
    include_str!("scripts/remove.lua"),
    include_str!("scripts/attach.lua"),
    include_str!("scripts/marks.lua"),
];
