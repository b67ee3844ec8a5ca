//! Where a queue lies: its place, and the names of its keys.

use freshen_core::queue::Priority;

use crate::link::Place;

/// What follows the hash tag, in the order in which the scripts know the keys.
const NAMES: [&str; 9] = [":high", ":normal", ":low", ":idle", ":later", ":due", ":bell", ":state", ":quarantine"];

/// The keys of one queue.
pub(super) struct Lines {
    pub(super) place: Place,
    keys: [String; NAMES.len()],
}

impl Lines {
    pub(super) fn new(prefix: &str, name: &str) -> Lines {
        let place = Place::new(prefix, format_args!("q:{name}"));
        Lines { keys: NAMES.map(|name| place.key(name)), place }
    }

    /// All keys, as every script is given them.
    pub(super) fn keys(&self) -> Vec<&[u8]> {
        self.keys.iter().map(String::as_bytes).collect()
    }

    /// The streams that one who waits listens to: the four lines, and the bell.
    pub(super) fn heard(&self) -> [&str; 5] {
        [0, 1, 2, 3, 6].map(|at: usize| self.keys[at].as_str())
    }
}

/// A priority by its number: 1 is the highest.
pub(super) fn priority(number: u64) -> Option<Priority> {
    let at = usize::try_from(number).ok()?.checked_sub(1)?;
    Priority::ALL.get(at).copied()
}

/// The number of a priority: 1 is the highest.
pub(super) fn number(priority: Priority) -> u64 {
    match priority {
        Priority::High => 1,
        Priority::Normal => 2,
        Priority::Low => 3,
        Priority::Idle => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_a_queue_are_in_one_slot() {
        let lines = Lines::new("freshen", "default");
        assert_eq!(lines.keys()[4], b"{freshen:q:default}:later");
        assert_eq!(lines.heard()[0], "{freshen:q:default}:high");
        assert_eq!(lines.heard()[4], "{freshen:q:default}:bell");
    }

    #[test]
    fn a_priority_and_its_number_tell_each_other() {
        for (at, named) in Priority::ALL.into_iter().enumerate() {
            assert_eq!(number(named), at as u64 + 1);
            assert_eq!(priority(number(named)), Some(named));
        }
        assert_eq!((priority(0), priority(5)), (None, None));
    }
}
