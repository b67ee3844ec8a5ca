//! The steps of the queue as scripts, each made of what all have in common and its own part.

use crate::link::Script;

/// What is put back or set aside makes room in the end, so a server that is out of memory takes it.
const BEYOND_MEMORY: &str = "#!lua flags=allow-oom";
const WITHIN_MEMORY: &str = "#!lua";
const COMMON: &str = include_str!("scripts/common.lua");
const PUSH: &str = include_str!("scripts/push.lua");
const PULL: &str = include_str!("scripts/pull.lua");
const SETTLE: &str = include_str!("scripts/settle.lua");
const LET_GO: &str = include_str!("scripts/let_go.lua");
const DEPTH: &str = include_str!("scripts/depth.lua");
const QUARANTINED: &str = include_str!("scripts/quarantined.lua");
const WAITING: &str = include_str!("scripts/waiting.lua");
const FREE: &str = include_str!("scripts/free.lua");

/// All scripts of a queue.
pub(super) struct Scripts {
    pub(super) push: Script,
    pub(super) pull: Script,
    pub(super) settle: Script,
    pub(super) let_go: Script,
    pub(super) depth: Script,
    pub(super) quarantined: Script,
    pub(super) free: Script,
    pub(super) waiting: Script,
}

impl Scripts {
    /// The scripts, with some of their text replaced: nothing, but in tests.
    pub(super) fn new(patches: &[(&str, &str)]) -> Scripts {
        let patched = |part: &str| patches.iter().fold(part.to_owned(), |text, (from, to)| text.replace(from, to));
        let step = |name, flags, own| Script::new(name, &[flags, &patched(COMMON), &patched(own)]);
        Scripts {
            push: step("push", WITHIN_MEMORY, PUSH),
            pull: step("pull", BEYOND_MEMORY, PULL),
            settle: step("settle", BEYOND_MEMORY, SETTLE),
            let_go: step("let_go", BEYOND_MEMORY, LET_GO),
            depth: step("depth", BEYOND_MEMORY, DEPTH),
            quarantined: step("quarantined", BEYOND_MEMORY, QUARANTINED),
            free: step("free", BEYOND_MEMORY, FREE),
            waiting: step("waiting", BEYOND_MEMORY, WAITING),
        }
    }
}

/// How often a text occurs in all parts together.
#[cfg(feature = "mutants")]
pub(super) fn occurrences(text: &str) -> usize {
    let parts = [COMMON, PUSH, PULL, SETTLE, LET_GO, DEPTH, QUARANTINED, FREE, WAITING];
    parts.iter().map(|part| part.matches(text).count()).sum()
}
