//! What many slots have in common, kept once for all of them.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use crate::engine::cells::{Cell, Cells};
use crate::entry::Tags;
use crate::wire::{ALLOCATION_BYTES, COUNTS_BYTES};

/// How many are found again. What finds its place taken by another is kept once more.
const PLACES: usize = 64;

/// What the slots of one job mostly have in common. Only the near tier that made them may judge by it: the cells and the
/// trust are that tier's own.
#[derive(Debug)]
pub(crate) struct Common {
    /// Which near tier; zero is none, whose slots are served once and not kept near.
    pub near: u64,
    /// The store's partition in which its keys lie.
    pub partition: u32,
    /// The trust epoch of the pin under which it was read.
    pub trust: u64,
    /// The cells of its tags and its namespace.
    pub cells: Arc<[Arc<Cell>]>,
    /// How many of the cells were made for it.
    pub made_cells: u32,
    pub tags: Tags,
    /// Which life of the store's clock its generation is of.
    pub epoch: u64,
    /// The ttl and the window after it, together: jitter moves the border between them from slot to slot, and not this.
    pub stale_end_micros: u64,
    pub error_micros: u64,
    pub absent: bool,
}

impl Common {
    /// Of a slot that nobody judges.
    pub fn nobody() -> Arc<Common> {
        static NOBODY: LazyLock<Arc<Common>> = LazyLock::new(|| {
            Arc::new(Common {
                near: 0,
                partition: 0,
                trust: 0,
                cells: Arc::new([]),
                made_cells: 0,
                tags: Tags::NONE,
                epoch: 0,
                stale_end_micros: 0,
                error_micros: 0,
                absent: false,
            })
        });
        NOBODY.clone()
    }

    /// What it takes in memory, with its tags and with the cells that were made for it.
    pub fn bytes(&self) -> usize {
        let shared = |bytes: usize| bytes + COUNTS_BYTES + ALLOCATION_BYTES;
        let tags = self.tags.as_slice();
        let texts: usize = tags.iter().map(|tag| shared(tag.as_str().len())).sum();
        let lists = shared(size_of_val(&*self.cells)) + shared(size_of_val(tags));
        shared(size_of::<Common>()) + lists + texts + self.made_cells as usize * Cells::BYTES_PER_CELL
    }

    /// What tells it from others, but for the tags, which the cells tell apart already.
    fn numbers(&self) -> [u64; 8] {
        let cells = Arc::as_ptr(&self.cells).addr() as u64;
        [
            cells,
            self.near,
            self.partition.into(),
            self.trust,
            self.epoch,
            self.stale_end_micros,
            self.error_micros,
            self.absent.into(),
        ]
    }

    fn place(&self) -> usize {
        let mut hasher = DefaultHasher::new();
        self.numbers().hash(&mut hasher);
        hasher.finish() as usize % PLACES
    }
}

/// Finds again what slots have in common while one of them lives.
///
/// The lock guards the places. It is the standard library's under loom too: what it guards decides how much memory is taken
/// and nothing else.
#[derive(Debug)]
pub(crate) struct Commons(Mutex<[Weak<Common>; PLACES]>);

impl Commons {
    pub fn new() -> Self {
        Commons(Mutex::new([const { Weak::new() }; PLACES]))
    }

    /// The same, kept once where it is found, and whether it had to be kept anew.
    pub fn share(&self, common: Common) -> (Arc<Common>, bool) {
        let place = common.place();
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = places[place].upgrade()
            && held.numbers() == common.numbers()
            && held.tags == common.tags
        {
            return (held, false);
        }
        let common = Arc::new(common);
        places[place] = Arc::downgrade(&common);
        (common, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Tag;

    fn tagged(names: &[&str]) -> Common {
        let tags = Tags::new(names.iter().map(|name| Tag::new(name).unwrap()).collect()).unwrap();
        let nobody = Common::nobody();
        let Common { near, partition, trust, epoch, stale_end_micros, error_micros, absent, .. } = *nobody;
        Common {
            cells: nobody.cells.clone(),
            tags,
            made_cells: 0,
            near,
            partition,
            trust,
            epoch,
            stale_end_micros,
            error_micros,
            absent,
        }
    }

    #[test]
    fn what_is_the_same_is_kept_once() {
        let commons = Commons::new();
        let (first, anew) = commons.share(tagged(&["a"]));
        let (second, again) = commons.share(tagged(&["a"]));
        assert!(Arc::ptr_eq(&first, &second) && anew && !again);
        assert!(!Arc::ptr_eq(&first, &commons.share(tagged(&["b"])).0));
    }

    #[test]
    fn whatever_differs_is_kept_apart() {
        let differing: [fn(&mut Common); 8] = [
            |common| common.near = 1,
            |common| common.partition = 1,
            |common| common.trust = 1,
            |common| common.cells = Arc::new([Arc::default()]),
            |common| common.epoch = 1,
            |common| common.stale_end_micros = 1,
            |common| common.error_micros = 1,
            |common| common.absent = true,
        ];
        for (at, differ) in differing.into_iter().enumerate() {
            let commons = Commons::new();
            let (first, _) = commons.share(tagged(&["a"]));
            let mut other = tagged(&["a"]);
            differ(&mut other);
            assert!(!Arc::ptr_eq(&first, &commons.share(other).0), "{at}");
        }
    }

    #[test]
    fn nothing_is_kept_alive_by_being_found_again() {
        let commons = Commons::new();
        let weak = Arc::downgrade(&commons.share(tagged(&["a"])).0);
        assert_eq!(weak.strong_count(), 0);
    }
}
