//! Every schedule of raises, of those who note what they judged, and of those who began to read before a cell existed.

use loom::thread;

use super::*;
use crate::entry::Tag;
use crate::sync::schedules::{holds, is_caught};

const FAULT: &str = "a raise was missed";
const GENERATION: Generation = Generation { epoch: 1, number: 5 };
const OUTDATING: Mark = Mark { soft: 0, hard: 7 };

fn tag(name: &str) -> Scope {
    Scope::Tag(Tag::new(name).unwrap())
}

fn pinned(cells: &Cells) -> Arc<[Arc<Cell>]> {
    cells.pin(&[tag("a")], cells.raises()).cells
}

/// Two raise a cell at once: the newest of each strength stays.
fn two_raise(raise: fn(&Cells, Mark)) -> impl Fn() + Send + Sync + 'static {
    move || {
        let cells = Arc::new(Cells::new());
        let held = pinned(&cells);
        let other = cells.clone();
        let other = thread::spawn(move || raise(&other, OUTDATING));
        raise(&cells, Mark { soft: 9, hard: 3 });
        other.join().unwrap();
        let judged = [5, 8, 10].map(|number| cells.judge(&held, Generation { epoch: 1, number }));
        assert_eq!(judged, [Currency::OutdatedHard, Currency::OutdatedSoft, Currency::Current], "{FAULT}");
    }
}

/// One raises; another judges meanwhile and notes the count that it read before.
fn a_judgement_is_noted(count: fn(&Cells) -> u64) -> impl Fn() + Send + Sync + 'static {
    move || {
        let cells = Arc::new(Cells::new());
        let (held, judged) = (pinned(&cells), Arc::new(AtomicU64::new(0)));
        let (other, noted) = (cells.clone(), judged.clone());
        let other = thread::spawn(move || {
            let raises = count(&other);
            if other.judge(&held, GENERATION) == Currency::Current {
                noted.store(raises, Ordering::Relaxed);
            }
        });
        cells.raise(&tag("a"), OUTDATING);
        assert_ne!(judged.load(Ordering::Relaxed), cells.raises(), "{FAULT}");
        other.join().unwrap();
        assert_ne!(judged.load(Ordering::Relaxed), cells.raises(), "{FAULT}");
    }
}

/// More is raised than is remembered, while somebody reads a record and pins its cells.
fn more_is_raised_than_is_remembered(pin: fn(&Cells, &[Scope], u64) -> Pinned) -> impl Fn() + Send + Sync + 'static {
    move || {
        let cells = Arc::new(Cells::new());
        let since = cells.raises();
        let other = cells.clone();
        let other = thread::spawn(move || {
            other.raise(&tag("a"), OUTDATING);
            for _ in 0..RECENT_RAISES {
                other.raise(&tag("b"), OUTDATING);
            }
        });
        let held = pin(&cells, &[tag("a")], since);
        other.join().unwrap();
        let current = cells.judge(&held.cells, GENERATION) == Currency::Current;
        assert!(!(held.complete && current), "{FAULT}");
    }
}

/// The clock is lost, while somebody reads a record that it had begun.
fn the_clock_is_lost(begin_anew: fn(&Cells)) -> impl Fn() + Send + Sync + 'static {
    move || {
        let cells = Arc::new(Cells::new());
        let since = cells.raises();
        let other = cells.clone();
        let other = thread::spawn(move || begin_anew(&other));
        let held = cells.pin(&[tag("a")], since);
        other.join().unwrap();
        let current = cells.judge(&held.cells, GENERATION) == Currency::Current;
        assert!(!(held.complete && current), "{FAULT}");
    }
}

#[test]
fn loom_whoever_reads_while_the_clock_is_lost_is_outdated_or_keeps_nothing() {
    holds(the_clock_is_lost(Cells::begin_anew));
}

#[test]
fn loom_cells_of_a_lost_clock_that_are_only_forgotten_are_caught() {
    is_caught(
        FAULT,
        the_clock_is_lost(|cells| {
            let mut table = cells.lock();
            table.cells.clear();
            cells.raises.fetch_add(1 + RECENT_RAISES as u64, Ordering::AcqRel);
        }),
    );
}

#[test]
fn loom_a_lost_clock_that_is_not_counted_is_caught() {
    is_caught(
        FAULT,
        the_clock_is_lost(|cells| {
            let table = cells.lock();
            table.cells.values().filter_map(Weak::upgrade).for_each(|cell| cell.raise(END));
        }),
    );
}

#[test]
fn loom_of_two_raises_at_once_the_newest_of_each_strength_stays() {
    holds(two_raise(|cells, mark| cells.raise(&tag("a"), mark)));
}

#[test]
fn loom_a_cell_that_is_overwritten_instead_of_raised_is_caught() {
    is_caught(
        FAULT,
        two_raise(|cells, mark| {
            let table = cells.lock();
            if let Some(cell) = table.cells.get(&tag("a")).and_then(Weak::upgrade) {
                cell.soft.store(mark.soft, Ordering::Release);
                cell.hard.store(mark.hard, Ordering::Release);
            }
        }),
    );
}

#[test]
fn loom_what_is_noted_as_current_has_missed_no_raise_that_it_counts() {
    holds(a_judgement_is_noted(Cells::raises));
}

#[test]
fn loom_a_count_that_does_not_acquire_the_cells_is_caught() {
    is_caught(FAULT, a_judgement_is_noted(|cells| cells.raises.load(Ordering::Relaxed)));
}

#[test]
fn loom_whoever_pins_cells_after_raises_has_them_or_keeps_nothing() {
    holds(more_is_raised_than_is_remembered(Cells::pin));
}

#[test]
fn loom_a_pin_that_forgets_what_is_not_remembered_is_caught() {
    is_caught(
        FAULT,
        more_is_raised_than_is_remembered(|cells, scopes, since| {
            let table = cells.lock();
            let remembered = cells.raises() - table.recent.len() as u64;
            drop(table);
            cells.pin(scopes, since.max(remembered))
        }),
    );
}
