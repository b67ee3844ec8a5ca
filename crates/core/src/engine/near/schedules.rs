//! Every schedule of a reader and an invalidation: what had been read before the invalidation never answers after it.
//!
//! A broken variant of one rule fails the same body, so the bodies can fail.
//!
//! Loom leaves out a schedule in which one thread loads what another then loads and writes, as `fetch_update` does. So
//! every thread passes a turnstile between its steps: whose steps come first is tried in every order.

use std::sync::Arc;

use loom::thread;

use super::*;
use crate::engine::meta::Meta;
use crate::engine::slot::Held;
use crate::entry::{Generation, Tag, Tags};
use crate::policy::Windows;
use crate::sync::Mutex;
use crate::sync::schedules::{holds, is_caught};

const FAULT: &str = "what was outdated answers as current";
/// When the record was begun, and the mark that outdates it.
const BEGUN: Generation = Generation { epoch: 1, number: 5 };
const OUTDATING: Mark = Mark { soft: 0, hard: 7 };

/// A process with one key: the record in the store, the near tier and its map.
struct Process {
    near: Near,
    key: Key,
    scope: Scope,
    record: Mutex<Record>,
    map: Mutex<Option<Arc<Slot<()>>>>,
    turnstile: AtomicU64,
    rules: Rules,
}

#[derive(Clone, Copy, Default)]
struct Record {
    mark: Mark,
    outdated: bool,
}

/// The steps as the product takes them; a broken variant takes one otherwise.
#[derive(Clone, Copy)]
struct Rules {
    pin: fn(&Process) -> (Pin, Record),
    owner: fn(&Process, Pin, Record) -> (Pin, Owner),
    fill: fn(&Process, &Pin, MetaRef<'_>, &dyn Fn()),
    judge: fn(&Near, MetaRef<'_>) -> Option<Currency>,
    raise: fn(&Process),
    strike: fn(&Process),
}

const PRODUCT: Rules = Rules {
    pin: |process| {
        let pin = process.near.pin(&process.key, Timestamp::ZERO);
        process.pass();
        (pin, process.recorded())
    },
    owner: |process, pin, record| {
        let owner = process.owner(&pin, record);
        (pin, owner)
    },
    fill: |process, pin, meta, insert| {
        process.near.fill(pin, meta, insert);
    },
    judge: |near, meta| near.judge(meta, Timestamp::ZERO),
    raise: |process| process.near.raise(0, &process.scope, OUTDATING),
    strike: |process| {
        process.near.strike(process.key.hash(), Strength::Hard, || process.take().map(|slot| slot as Hand))
    },
};

impl Process {
    fn new(rules: Rules) -> Arc<Process> {
        Arc::new(Process {
            near: Near::new(1, None, true),
            key: Key::new("n", "j", &()).unwrap(),
            scope: Scope::Tag(Tag::new("t").unwrap()),
            record: Mutex::new(Record::default()),
            map: Mutex::new(None),
            turnstile: AtomicU64::new(0),
            rules,
        })
    }

    /// Between two steps. It orders nothing but itself.
    fn pass(&self) {
        self.turnstile.fetch_add(1, Ordering::Relaxed);
    }

    fn mark(&self) {
        self.pass();
        self.record.lock().unwrap().mark = OUTDATING;
        self.pass();
    }

    fn recorded(&self) -> Record {
        *self.record.lock().unwrap()
    }

    fn owner(&self, pin: &Pin, record: Record) -> Owner {
        let (scope, entry) = (self.scope.clone(), (&facts(), &Tags::NONE));
        self.near.owner(pin, entry, std::slice::from_ref(&self.scope), &[(scope, record.mark)], Timestamp::NEVER)
    }

    fn take(&self) -> Option<Arc<Slot<()>>> {
        self.map.lock().unwrap().take()
    }

    /// Reads the record, and keeps it near unless something forbids it.
    fn read(&self) {
        let (pin, record) = (self.rules.pin)(self);
        if record.outdated {
            return;
        }
        self.pass();
        let (pin, owner) = (self.rules.owner)(self, pin, record);
        self.pass();
        let slot = Arc::new(Slot::new(Meta::new(&facts(), None, owner), Held::Own(())));
        (self.rules.fill)(self, &pin, slot.meta(), &|| *self.map.lock().unwrap() = Some(slot.clone()));
    }

    /// A `get`: whether the near tier answers it as current.
    fn answers(&self) -> bool {
        let slot = self.map.lock().unwrap().clone();
        slot.is_some_and(|slot| {
            slot.meta().quick(self.near.raises(), Timestamp::ZERO)
                || (self.rules.judge)(&self.near, slot.meta()) == Some(Currency::Current)
        })
    }
}

/// What the record's value is judged by.
fn facts() -> Facts {
    let never = Duration::MAX;
    Facts {
        loaded_at: Timestamp::ZERO,
        generation: BEGUN,
        windows: Windows { ttl: never, stale_while_revalidate: never, stale_if_error: never },
        load_took: Duration::ZERO,
        absent: false,
        weight: 1,
    }
}

/// An invalidation, from the write to the store until it has returned.
type Invalidation = fn(&Process);

fn by_scope(process: &Process) {
    process.mark();
    (process.rules.raise)(process);
}

fn by_floor(process: &Process) {
    process.mark();
    process.near.raise_floor(0, OUTDATING);
}

fn by_key(process: &Process) {
    process.record.lock().unwrap().outdated = true;
    process.pass();
    (process.rules.strike)(process);
}

/// Another process's, whose message was lost; the loss was noticed.
fn unheard(process: &Process) {
    process.mark();
    process.near.distrust(0);
    process.pass();
}

/// As [`unheard`], and a new subscription has been confirmed.
fn resynced(process: &Process) {
    unheard(process);
    process.near.trust(0);
}

/// A subscription that takes the place of another without the tier having been distrusted in between.
fn subscribed_anew(process: &Process) {
    process.mark();
    process.near.trust(0);
}

const ALL: [Invalidation; 6] = [by_scope, by_floor, by_key, unheard, resynced, subscribed_anew];

/// One thread invalidates and then gets; another gets meanwhile, and by that notes what it judged.
fn a_slot_is_judged_meanwhile(rules: Rules, invalidate: Invalidation) -> impl Fn() + Send + Sync + 'static {
    move || {
        let process = Process::new(rules);
        process.read();
        invalidated_beside(&process, invalidate, |process| {
            process.answers();
        });
    }
}

/// One thread invalidates and then gets; another reads the record, fills the near tier, and gets.
fn a_record_is_read_meanwhile(rules: Rules, invalidate: Invalidation) -> impl Fn() + Send + Sync + 'static {
    move || {
        let process = Process::new(rules);
        invalidated_beside(&process, invalidate, |process| {
            process.read();
            process.pass();
            process.answers();
        });
    }
}

fn invalidated_beside(process: &Arc<Process>, invalidate: Invalidation, beside: fn(&Process)) {
    let other = process.clone();
    let other = thread::spawn(move || beside(&other));
    invalidate(process);
    assert!(!process.answers(), "{FAULT}");
    other.join().unwrap();
    assert!(!process.answers(), "{FAULT}");
}

#[test]
fn loom_a_slot_outdated_while_it_is_judged_never_answers_afterwards() {
    for invalidate in ALL {
        holds(a_slot_is_judged_meanwhile(PRODUCT, invalidate));
    }
}

#[test]
fn loom_a_record_outdated_while_it_is_read_never_answers_afterwards() {
    for invalidate in ALL {
        holds(a_record_is_read_meanwhile(PRODUCT, invalidate));
    }
}

#[test]
fn loom_a_raise_that_counts_before_it_raises_is_caught() {
    let raise: fn(&Process) = |process| {
        let scopes = std::slice::from_ref(&process.scope);
        let known = &process.near.partition(0).cells;
        let cells = known.pin(scopes, known.raises()).cells;
        known.bump();
        process.near.count();
        Cells::raise_pinned(&cells, scopes, &[(process.scope.clone(), OUTDATING)]);
    };
    is_caught(FAULT, a_slot_is_judged_meanwhile(Rules { raise, ..PRODUCT }, by_scope));
}

#[test]
fn loom_a_strike_that_is_not_counted_is_caught() {
    let strike: fn(&Process) = |process| {
        // The slot is struck where it is, as one that a get has in hand.
        let slot = process.map.lock().unwrap().clone();
        process.near.pins.strike(process.key.hash(), Strength::Hard, || {
            slot.iter().for_each(|slot| slot.meta().strike(Strength::Hard))
        });
    };
    is_caught(FAULT, a_slot_is_judged_meanwhile(Rules { strike, ..PRODUCT }, by_key));
}

#[test]
fn loom_a_judgement_that_reads_the_count_last_is_caught() {
    let judge: fn(&Near, MetaRef<'_>) -> Option<Currency> = |near, meta| {
        let currency = near.currency(meta);
        if currency == Currency::Current {
            meta.judged_current(near.raises());
        }
        Some(currency)
    };
    is_caught(FAULT, a_slot_is_judged_meanwhile(Rules { judge, ..PRODUCT }, by_scope));
}

#[test]
fn loom_a_judgement_that_reads_the_trust_before_the_count_is_caught() {
    let judge: fn(&Near, MetaRef<'_>) -> Option<Currency> = |near, meta| {
        let trust = near.trust_of(0);
        if meta.common().trust != trust || !is_trusted(trust) {
            return None;
        }
        let raises = near.raises();
        let currency = near.currency(meta);
        if currency == Currency::Current {
            meta.judged_current(raises);
        }
        Some(currency)
    };
    is_caught(FAULT, a_slot_is_judged_meanwhile(Rules { judge, ..PRODUCT }, unheard));
}

#[test]
fn loom_a_pin_taken_after_the_read_is_caught() {
    let pin: fn(&Process) -> (Pin, Record) = |process| {
        let record = process.recorded();
        process.pass();
        (process.near.pin(&process.key, Timestamp::ZERO), record)
    };
    for invalidate in [by_scope, by_key, resynced] {
        is_caught(FAULT, a_record_is_read_meanwhile(Rules { pin, ..PRODUCT }, invalidate));
    }
}

#[test]
fn loom_a_fill_that_does_not_ask_the_pin_is_caught() {
    let fill: fn(&Process, &Pin, MetaRef<'_>, &dyn Fn()) = |_, _, _, insert| insert();
    is_caught(FAULT, a_record_is_read_meanwhile(Rules { fill, ..PRODUCT }, by_key));
}

#[test]
fn loom_raises_since_the_cells_were_pinned_instead_of_since_the_read_are_caught() {
    let owner: fn(&Process, Pin, Record) -> (Pin, Owner) = |process, pin, record| {
        let late = Pin { raises: process.near.partition(0).cells.raises(), ..pin };
        let owner = process.owner(&late, record);
        (late, owner)
    };
    is_caught(FAULT, a_record_is_read_meanwhile(Rules { owner, ..PRODUCT }, by_scope));
}

#[test]
fn loom_marks_that_were_read_and_not_raised_are_caught() {
    let owner: fn(&Process, Pin, Record) -> (Pin, Owner) = |process, pin, _| {
        let owner = process.owner(&pin, Record::default());
        (pin, owner)
    };
    is_caught(FAULT, a_record_is_read_meanwhile(Rules { owner, ..PRODUCT }, by_scope));
}

#[test]
fn loom_trust_taken_at_the_insert_is_caught() {
    let owner: fn(&Process, Pin, Record) -> (Pin, Owner) = |process, pin, record| {
        let late = Pin { trust: process.near.trust_of(0), ..pin };
        let owner = process.owner(&late, record);
        (late, owner)
    };
    is_caught(FAULT, a_record_is_read_meanwhile(Rules { owner, ..PRODUCT }, resynced));
}

#[test]
fn loom_an_invalidation_that_strikes_before_the_store_is_written_is_caught() {
    let early: Invalidation = |process| {
        (process.rules.strike)(process);
        process.record.lock().unwrap().outdated = true;
    };
    is_caught(FAULT, a_record_is_read_meanwhile(PRODUCT, early));
}
