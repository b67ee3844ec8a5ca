//! Cells: what this process knows of the marks of tags and namespaces, cheap enough to ask at every read.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, PoisonError, Weak};

use crate::entry::Generation;
use crate::store::{Currency, Mark, Scope};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Mutex, MutexGuard};
use crate::wire::{ALLOCATION_BYTES, COUNTS_BYTES};

/// Raises that are remembered for those who began to read before a cell existed.
const RECENT_RAISES: usize = if cfg!(all(test, loom)) { 2 } else { 1024 };
/// Lists of cells that are found again. What finds its place taken by other scopes has a list of its own.
const LISTS: usize = 64;

/// The mark of a clock that is over: it outdates whatever that clock made.
const END: Mark = Mark { soft: u64::MAX, hard: u64::MAX };

/// The newest marks of one scope that this process has heard of, soft and hard apart. They only rise.
#[derive(Debug, Default)]
pub(crate) struct Cell {
    soft: AtomicU64,
    hard: AtomicU64,
}

impl Cell {
    fn raise(&self, mark: Mark) {
        self.soft.fetch_max(mark.soft, Ordering::AcqRel);
        self.hard.fetch_max(mark.hard, Ordering::AcqRel);
    }

    pub fn judge(&self, generation: Generation) -> Currency {
        if self.hard.load(Ordering::Acquire) >= generation.number {
            Currency::OutdatedHard
        } else if self.soft.load(Ordering::Acquire) >= generation.number {
            Currency::OutdatedSoft
        } else {
            Currency::Current
        }
    }
}

/// All cells that a near tier has of one partition. A cell lives while a slot holds it.
///
/// The table's lock guards the map and the recent raises; cells are read without it.
#[derive(Debug)]
pub(crate) struct Cells {
    /// Counts raises, whether or not anybody held the cell. Bumped after the cell was raised and before the raise returns,
    /// so whoever finds the count unchanged has missed nothing.
    raises: AtomicU64,
    floor: Cell,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    cells: HashMap<Scope, Weak<Cell>>,
    recent: VecDeque<Option<(Scope, Mark)>>,
    /// Lists of cells that were pinned lately, each in a place of its scopes: entries of the same scopes share the list.
    lists: HashMap<usize, List>,
    prune_at: usize,
}

impl Cells {
    /// What a cell takes in memory with its place in the table, and as much for one that is gone and not swept yet.
    pub const BYTES_PER_CELL: usize = {
        let place = 2 * size_of::<(Scope, Weak<Cell>)>();
        let cell = size_of::<Cell>() + COUNTS_BYTES + ALLOCATION_BYTES;
        2 * (place + cell)
    };

    pub fn new() -> Self {
        let table = Table { prune_at: 1024, ..Table::default() };
        Cells { raises: AtomicU64::new(0), floor: Cell::default(), table: Mutex::new(table) }
    }

    /// The count of raises so far.
    #[inline]
    pub fn raises(&self) -> u64 {
        self.raises.load(Ordering::Acquire)
    }

    /// Raises the cell of a scope, by maximum.
    pub fn raise(&self, scope: &Scope, mark: Mark) {
        let mut table = self.lock();
        if let Some(cell) = table.found(scope) {
            cell.raise(mark);
        }
        table.remember(Some((scope.clone(), mark)));
        self.raises.fetch_add(1, Ordering::AcqRel);
    }

    /// Counts an invalidation by key, after its slot was struck: no slot may go on by what it was judged before.
    pub fn bump(&self) {
        let mut table = self.lock();
        table.remember(None);
        self.raises.fetch_add(1, Ordering::AcqRel);
    }

    /// Raises every scope's mark, as when a store dropped marks.
    pub fn raise_floor(&self, mark: Mark) {
        let _order = self.lock();
        self.floor.raise(mark);
        // Readers under way judge by the floor too, but they cannot tell which scope it was: count it as unknown.
        self.raises.fetch_add(1 + RECENT_RAISES as u64, Ordering::AcqRel);
    }

    /// Begins anew under another clock, whose ticks cannot be compared with what was raised so far. What holds a cell of before
    /// is outdated for good, and whoever reads meanwhile keeps nothing.
    pub fn begin_anew(&self) {
        let mut table = self.lock();
        table.cells.values().filter_map(Weak::upgrade).for_each(|cell| cell.raise(END));
        (table.cells, table.lists, table.recent) = Default::default();
        self.floor.soft.store(0, Ordering::Release);
        self.floor.hard.store(0, Ordering::Release);
        self.raises.fetch_add(1 + RECENT_RAISES as u64, Ordering::AcqRel);
    }

    /// The cells of scopes, for a slot that is read or loaded since the count stood at `since`: whatever was raised in between
    /// is applied to them, as far as it is remembered.
    pub fn pin(&self, scopes: &[Scope], since: u64) -> Pinned {
        let mut table = self.lock();
        let missed = usize::try_from(self.raises().wrapping_sub(since)).unwrap_or(usize::MAX);
        let (cells, made) = table.cells_of(scopes);
        for (scope, mark) in table.recent.iter().rev().take(missed).flatten() {
            if let Some(at) = scopes.iter().position(|held| held == scope) {
                cells[at].raise(*mark);
            }
        }
        Pinned { cells, made, complete: missed <= table.recent.len() }
    }

    /// Judges a generation by its cells and the floor.
    pub fn judge(&self, cells: &[Arc<Cell>], generation: Generation) -> Currency {
        let own = cells.iter().map(|cell| cell.judge(generation)).max().unwrap_or_default();
        own.max(self.floor.judge(generation))
    }

    /// Raises pinned cells to marks that were read from the store.
    pub fn raise_pinned(cells: &[Arc<Cell>], scopes: &[Scope], marks: &[(Scope, Mark)]) {
        for (scope, mark) in marks {
            if let Some(at) = scopes.iter().position(|held| held == scope) {
                cells[at].raise(*mark);
            }
        }
    }

    /// How many cells the table has places for, those of slots that are gone included until they are swept.
    pub fn len(&self) -> usize {
        self.lock().cells.len()
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The cells of a slot.
pub(crate) struct Pinned {
    pub cells: Arc<[Arc<Cell>]>,
    /// How many of them nobody had held before.
    pub made: usize,
    /// Whether they have all that was raised since the slot's read began. If not, they hear what is raised from now on, and the
    /// slot must not be kept.
    pub complete: bool,
}

/// A list of cells and its scopes. It keeps no cell alive.
type List = (Box<[Scope]>, Weak<[Arc<Cell>]>);

impl Table {
    fn remember(&mut self, raise: Option<(Scope, Mark)>) {
        if self.recent.len() == RECENT_RAISES {
            self.recent.pop_front();
        }
        self.recent.push_back(raise);
    }

    /// The cells of scopes, and how many of them had to be made.
    fn cells_of(&mut self, scopes: &[Scope]) -> (Arc<[Arc<Cell>]>, usize) {
        let place = place(scopes);
        let list = self.lists.get(&place).filter(|(held, _)| **held == *scopes);
        if let Some(cells) = list.and_then(|(_, cells)| cells.upgrade()) {
            return (cells, 0);
        }
        let mut made = 0;
        let cell = |scope| {
            self.found(scope).unwrap_or_else(|| {
                made += 1;
                self.made(scope)
            })
        };
        let cells: Arc<[Arc<Cell>]> = scopes.iter().map(cell).collect();
        self.lists.insert(place, (scopes.into(), Arc::downgrade(&cells)));
        (cells, made)
    }

    fn found(&self, scope: &Scope) -> Option<Arc<Cell>> {
        self.cells.get(scope).and_then(Weak::upgrade)
    }

    fn made(&mut self, scope: &Scope) -> Arc<Cell> {
        if self.cells.len() >= self.prune_at {
            self.cells.retain(|_, cell| cell.strong_count() > 0);
            self.prune_at = 1024.max(self.cells.len() * 2);
        }
        let cell = Arc::new(Cell::default());
        self.cells.insert(scope.clone(), Arc::downgrade(&cell));
        cell
    }
}

fn place(scopes: &[Scope]) -> usize {
    let mut hasher = DefaultHasher::new();
    scopes.hash(&mut hasher);
    hasher.finish() as usize % LISTS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Tag;

    fn scope(name: &str) -> Scope {
        Scope::Tag(Tag::new(name).unwrap())
    }

    const SOFT_5: Mark = Mark { soft: 5, hard: 0 };

    fn generation(number: u64) -> Generation {
        Generation { epoch: 1, number }
    }

    #[test]
    fn a_raise_before_the_cell_existed_reaches_whoever_began_before_it() {
        let cells = Cells::new();
        let since = cells.raises();
        cells.raise(&scope("a"), SOFT_5);
        let pinned = cells.pin(&[scope("a"), scope("b")], since).cells;
        assert_eq!(cells.judge(&pinned[..1], generation(5)), Currency::OutdatedSoft);
        assert_eq!(cells.judge(&pinned[1..], generation(5)), Currency::Current);
    }

    #[test]
    fn whoever_missed_more_than_is_remembered_keeps_nothing() {
        let cells = Cells::new();
        let since = cells.raises();
        for _ in 0..=RECENT_RAISES {
            cells.raise(&scope("x"), SOFT_5);
        }
        let pinned = cells.pin(&[scope("a")], since);
        assert!(!pinned.complete);
        assert!(cells.pin(&[scope("a")], cells.raises()).complete);
        // What it holds for a moment, as an answer that others wait for, is judged by what is raised from then on.
        cells.raise(&scope("a"), SOFT_5);
        assert_eq!(cells.judge(&pinned.cells, generation(5)), Currency::OutdatedSoft);
    }

    #[test]
    fn the_floor_outdates_every_scope() {
        let cells = Cells::new();
        let pinned = cells.pin(&[scope("a")], cells.raises()).cells;
        cells.raise_floor(Mark { soft: 0, hard: 7 });
        assert_eq!(cells.judge(&pinned, generation(7)), Currency::OutdatedHard);
        assert_eq!(cells.judge(&pinned, generation(8)), Currency::Current);
    }

    /// Two slots of one tag, one of them read while the clock was lost, and the next clock is behind.
    #[test]
    fn what_was_raised_under_another_clock_outdates_what_it_made_and_nothing_else() {
        let cells = Cells::new();
        let since = cells.raises();
        let before = cells.pin(&[scope("a")], since).cells;
        cells.raise(&scope("a"), SOFT_5);
        cells.raise_floor(SOFT_5);
        cells.begin_anew();
        assert_eq!(cells.judge(&before, generation(9)), Currency::OutdatedHard);
        assert!(!cells.pin(&[scope("a")], since).complete);
        let after = cells.pin(&[scope("a")], cells.raises());
        assert!(after.complete);
        assert_eq!(cells.judge(&after.cells, generation(1)), Currency::Current);
        cells.raise(&scope("a"), SOFT_5);
        assert_eq!(cells.judge(&after.cells, generation(5)), Currency::OutdatedSoft);
    }

    #[test]
    fn entries_of_the_same_scopes_share_one_list_of_cells() {
        let cells = Cells::new();
        let pin = |name: &str| cells.pin(&[scope(name)], cells.raises()).cells;
        let (a, b) = (pin("a"), pin("b"));
        assert!(Arc::ptr_eq(&a, &pin("a")) && Arc::ptr_eq(&b, &pin("b")));
        assert!(!Arc::ptr_eq(&a, &b));
    }

    #[test]
    fn a_cell_was_made_for_whoever_asked_first() {
        let cells = Cells::new();
        let pin = |names: &[&str]| {
            let scopes: Vec<Scope> = names.iter().map(|name| scope(name)).collect();
            cells.pin(&scopes, cells.raises())
        };
        let held = [pin(&["a"]), pin(&["a", "b", "c"]), pin(&["a", "b", "c"]), pin(&["b", "d"])];
        assert_eq!(held.map(|pinned| pinned.made), [1, 2, 0, 1]);
    }

    #[test]
    fn no_more_lists_are_remembered_than_the_bound() {
        let cells = Cells::new();
        let held: Vec<_> = (0..1000).map(|n| cells.pin(&[scope(&n.to_string())], cells.raises()).cells).collect();
        assert_eq!((held.len(), cells.lock().lists.len()), (1000, LISTS));
    }

    #[test]
    fn cells_nobody_holds_are_forgotten() {
        let cells = Cells::new();
        for n in 0..5_000 {
            cells.pin(&[scope(&n.to_string())], cells.raises());
        }
        assert!(cells.lock().cells.len() <= 1025);
    }
}

#[cfg(all(test, loom))]
mod schedules;
