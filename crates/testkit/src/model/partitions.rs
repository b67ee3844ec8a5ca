//! Two partitions with clocks that have nothing to do with each other, and one tag in both.
//!
//! A key in each, a process that reads both and keeps them near, a source that is written by it and by another process, a
//! bus that may lose messages or fall silent for one partition, clocks that are lost, and a slot that is moved.

use super::rules::Invariant;
use super::search::{Outcome, Space, explore};

/// A rule of partitions that is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PartitionMutant {
    /// `invalidate` returns when the first partition has acknowledged.
    ReturnsBeforeAll,
    /// Who finds no clock in a slot that is being moved makes one there; the old one replaces it when it arrives.
    ClockInMovingSlot,
    /// One cell for a tag, whichever partition marked it.
    OneCell,
    /// The own cells of all partitions are raised to one partition's tick.
    OneTickForAll,
    /// A position that is heard of one partition brings back the trust in all.
    OneResyncTrustsAll,
    /// The own cells are raised by the bus only.
    OwnByBusOnly,
    /// A tick of another epoch leaves in the own near tier what it held.
    OwnEpochIgnored,
    /// After a gap the near tier goes on with what it held.
    GapKeepsNear,
}

impl PartitionMutant {
    /// All of them. Each breaks [`Invariant::Fresh`].
    pub const ALL: &[PartitionMutant] = &[
        PartitionMutant::ReturnsBeforeAll,
        PartitionMutant::ClockInMovingSlot,
        PartitionMutant::OneCell,
        PartitionMutant::OneTickForAll,
        PartitionMutant::OneResyncTrustsAll,
        PartitionMutant::OwnByBusOnly,
        PartitionMutant::OwnEpochIgnored,
        PartitionMutant::GapKeepsNear,
    ];
}

/// Searches the two partitions, under the protocol's rules or a mutant's.
pub fn search(mutant: Option<PartitionMutant>) -> Outcome {
    explore(&Rules { mutant })
}

struct Rules {
    mutant: Option<PartitionMutant>,
}

/// Most messages of a partition that are under way.
const MESSAGES: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct World {
    source: u8,
    /// Epochs drawn so far: none is drawn twice.
    epochs: u8,
    partitions: [Partition; 2],
    near: [Near; 2],
    /// The process with the near tier, and the other one.
    writers: [Option<Writing>; 2],
    /// What returned calls demand of the store.
    returned: u8,
    left: Budget,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Budget {
    writes: u8,
    lost_messages: u8,
    silences: u8,
    lost_clocks: u8,
    moves: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Partition {
    clock: Option<Clock>,
    entry: Option<Entry>,
    moving: bool,
    /// The clock that a mutant made in the new place.
    made: Option<Clock>,
    messages: [Option<Message>; MESSAGES],
}

/// Clock, mark, floor and message number live and die together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Clock {
    epoch: u8,
    last: u8,
    /// The tag's mark, joined with the floor.
    mark: u8,
    message: u8,
    /// The newest version whose invalidation is marked.
    through: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Entry {
    version: u8,
    epoch: u8,
    number: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Message {
    epoch: u8,
    number: u8,
    tick: u8,
    through: u8,
}

/// What the process knows of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Near {
    entry: Option<Entry>,
    /// The epoch that the cell's number is of.
    epoch: u8,
    cell: u8,
    trusted: bool,
    heard: Option<(u8, u8)>,
    /// What it has to know: heard, its own calls, or before it was trusted.
    owed: u8,
}

/// A write whose invalidation is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Writing {
    version: u8,
    marked: [bool; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Write(usize),
    Mark(usize, usize),
    Return(usize),
    Read(usize),
    Deliver(usize),
    LoseMessage(usize),
    Beat(usize),
    Silence(usize),
    LoseClock(usize),
    BeginMove(usize),
    EndMove(usize),
}

impl Space for Rules {
    type State = World;
    type Step = Step;

    fn start(&self) -> World {
        // The second clock is ahead of the first, and its epoch another.
        let partition = |epoch, last| Partition {
            clock: Some(Clock { epoch, last, mark: 0, message: 1, through: 0 }),
            entry: Some(Entry { version: 0, epoch, number: last }),
            moving: false,
            made: None,
            messages: [None; MESSAGES],
        };
        let near = |epoch| Near { entry: None, epoch, cell: 0, trusted: true, heard: Some((epoch, 1)), owed: 0 };
        World {
            source: 0,
            epochs: 2,
            partitions: [partition(1, 1), partition(2, 4)],
            near: [near(1), near(2)],
            writers: [None; 2],
            returned: 0,
            left: Budget { writes: 2, lost_messages: 1, silences: 1, lost_clocks: 1, moves: 1 },
        }
    }

    fn steps(&self) -> Vec<Step> {
        let of_writers =
            (0..2).flat_map(|by| [Step::Write(by), Step::Mark(by, 0), Step::Mark(by, 1), Step::Return(by)]);
        let of_partitions = (0..2).flat_map(|at| {
            let bus = [Step::Deliver(at), Step::LoseMessage(at), Step::Beat(at), Step::Silence(at)];
            let store = [Step::Read(at), Step::LoseClock(at), Step::BeginMove(at), Step::EndMove(at)];
            bus.into_iter().chain(store)
        });
        of_writers.chain(of_partitions).collect()
    }

    fn take(&self, mut world: World, step: Step) -> Option<(World, Option<Invariant>)> {
        let mut turn = Turn { world: &mut world, mutant: self.mutant };
        match step {
            Step::Write(by) => turn.write(by),
            Step::Mark(by, at) => turn.mark(by, at),
            Step::Return(by) => turn.give_back(by),
            Step::Read(at) => turn.read(at),
            Step::Deliver(at) => turn.deliver(at),
            Step::LoseMessage(at) => turn.lose_message(at),
            Step::Beat(at) => turn.beat(at),
            Step::Silence(at) => turn.silence(at),
            Step::LoseClock(at) => turn.lose_clock(at),
            Step::BeginMove(at) => turn.begin_move(at),
            Step::EndMove(at) => turn.end_move(at),
        }?;
        Some((world, None))
    }

    fn check(&self, mut world: World) -> Option<(Invariant, &'static str)> {
        let turn = Turn { world: &mut world, mutant: self.mutant };
        (0..2)
            .find_map(|at| {
                let stored = turn.stored(at).filter(|entry| entry.version < turn.world.returned);
                let near = turn.kept(at).filter(|entry| entry.version < turn.world.near[at].owed);
                (stored.map(|_| "the store calls it fresh")).or(near.map(|_| "the near tier calls it fresh"))
            })
            .map(|shows| (Invariant::Fresh, shows))
    }

    fn summary(&self, world: &World) -> String {
        format!("{world:?}").replace("Some(", "(").replace("None", "-")
    }
}

struct Turn<'w> {
    world: &'w mut World,
    mutant: Option<PartitionMutant>,
}

/// A step that happened. `None`: it was not possible.
type Happened = Option<()>;

impl Turn<'_> {
    fn mutated(&self, mutant: PartitionMutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// The clock that a step finds, made anew in a new epoch where it is missing. In a moving slot it is the one in the old
    /// place: whoever is told otherwise comes again.
    fn clock(&mut self, at: usize) -> &mut Clock {
        let in_new_place = self.mutated(PartitionMutant::ClockInMovingSlot) && self.world.partitions[at].moving;
        let World { partitions, epochs, .. } = &mut *self.world;
        let partition = &mut partitions[at];
        let place = if in_new_place { &mut partition.made } else { &mut partition.clock };
        place.get_or_insert_with(|| {
            *epochs += 1;
            Clock { epoch: *epochs, last: 1, mark: 1, message: 0, through: 0 }
        })
    }

    fn write(&mut self, by: usize) -> Happened {
        if self.world.writers[by].is_some() || self.world.left.writes == 0 {
            return None;
        }
        self.world.left.writes -= 1;
        self.world.source += 1;
        self.world.writers[by] = Some(Writing { version: self.world.source, marked: [false; 2] });
        Some(())
    }

    /// One partition ticks, marks, publishes and acknowledges; then the own cells are raised.
    fn mark(&mut self, by: usize, at: usize) -> Happened {
        let mut writing = self.world.writers[by].filter(|writing| !writing.marked[at])?;
        let clock = self.clock(at);
        clock.last += 1;
        clock.mark = clock.last;
        clock.message += 1;
        clock.through = clock.through.max(writing.version);
        let Clock { epoch, last: tick, message: number, through, .. } = *clock;
        let messages = &mut self.world.partitions[at].messages;
        *messages.iter_mut().find(|message| message.is_none())? = Some(Message { epoch, number, tick, through });
        writing.marked[at] = true;
        self.world.writers[by] = Some(writing);
        if by == 0 {
            self.hear_own(at, epoch, tick, writing.marked == [true; 2]);
        }
        Some(())
    }

    fn hear_own(&mut self, at: usize, epoch: u8, tick: u8, last: bool) {
        if self.mutated(PartitionMutant::OwnByBusOnly) {
            return;
        }
        if self.mutated(PartitionMutant::OneTickForAll) {
            for to in (0..2).filter(|_| last) {
                self.raise(to, self.world.near[to].epoch, tick);
            }
            return;
        }
        self.raise(at, epoch, tick);
    }

    fn give_back(&mut self, by: usize) -> Happened {
        let early = self.mutated(PartitionMutant::ReturnsBeforeAll);
        let done = |writing: &Writing| if early { writing.marked.contains(&true) } else { writing.marked == [true; 2] };
        let writing = self.world.writers[by].take_if(|writing| done(writing))?;
        self.world.returned = self.world.returned.max(writing.version);
        if by == 0 {
            (0..2).for_each(|at| self.owes(at, writing.version));
        }
        Some(())
    }

    /// The process reads a key: what is fresh in the store, or what it loads. It is kept near while that is trusted.
    fn read(&mut self, at: usize) -> Happened {
        if self.kept(at).is_some() {
            return None;
        }
        let source = self.world.source;
        let before = *self.world;
        let clock = *self.clock(at);
        let entry = match self.stored(at) {
            Some(entry) => entry,
            None => {
                let clock = self.clock(at);
                clock.last += 1;
                let entry = Entry { version: source, epoch: clock.epoch, number: clock.last };
                self.world.partitions[at].entry = Some(entry);
                entry
            }
        };
        if self.world.near[at].trusted {
            self.raise(at, clock.epoch, clock.mark);
            self.world.near[at].entry = Some(entry);
        }
        (before != *self.world).then_some(())
    }

    /// What the store calls fresh.
    fn stored(&self, at: usize) -> Option<Entry> {
        let Partition { clock, entry, moving, made, .. } = self.world.partitions[at];
        let elsewhere = moving && self.mutated(PartitionMutant::ClockInMovingSlot);
        let clock = if elsewhere { made } else { clock }?;
        entry.filter(|entry| entry.epoch == clock.epoch && entry.number > clock.mark)
    }

    /// What the near tier calls fresh.
    fn kept(&self, at: usize) -> Option<Entry> {
        let near = self.world.near[at];
        let cell = self.world.near[self.cell(at)].cell;
        near.entry.filter(|entry| near.trusted && entry.number > cell)
    }

    /// Which partition's cell is the one for it.
    fn cell(&self, at: usize) -> usize {
        if self.mutated(PartitionMutant::OneCell) { 0 } else { at }
    }

    /// Raises a cell. Numbers of another epoch are not compared: what was held goes, and the cell begins anew.
    fn raise(&mut self, at: usize, epoch: u8, tick: u8) {
        let ignored = self.mutated(PartitionMutant::OwnEpochIgnored);
        let cell = self.cell(at);
        if self.world.near[cell].epoch != epoch && !ignored {
            self.world.near[at].entry = None;
            self.world.near[cell] = Near { epoch, cell: tick, ..self.world.near[cell] };
        }
        self.world.near[cell].cell = self.world.near[cell].cell.max(tick);
    }

    fn deliver(&mut self, at: usize) -> Happened {
        let message = self.next_message(at)?;
        self.hear(at, (message.epoch, message.number), message.through, false);
        self.raise(at, message.epoch, message.tick);
        Some(())
    }

    fn lose_message(&mut self, at: usize) -> Happened {
        if self.world.left.lost_messages == 0 {
            return None;
        }
        self.next_message(at)?;
        self.world.left.lost_messages -= 1;
        Some(())
    }

    fn next_message(&mut self, at: usize) -> Option<Message> {
        let messages = &mut self.world.partitions[at].messages;
        let message = messages[0].take()?;
        messages.rotate_left(1);
        Some(message)
    }

    /// A heartbeat comes after every message before it, and tells how far they go.
    fn beat(&mut self, at: usize) -> Happened {
        let Partition { clock, messages, moving, .. } = self.world.partitions[at];
        let clock = clock.filter(|_| messages[0].is_none() && !moving)?;
        let position = (clock.epoch, clock.message);
        if self.world.near[at].heard == Some(position) {
            return None;
        }
        self.hear(at, position, clock.through, true);
        Some(())
    }

    /// Takes note of a position. Where one before it is missing, the partition is trusted anew from here on.
    fn hear(&mut self, at: usize, position: (u8, u8), through: u8, beat: bool) {
        let near = self.world.near[at];
        let expected = near.heard.is_some_and(|(epoch, number)| (epoch, number + u8::from(!beat)) == position);
        let early = self.mutated(PartitionMutant::OneResyncTrustsAll) && near.heard.is_none() && near.trusted;
        let keeps = self.mutated(PartitionMutant::GapKeepsNear) && near.heard.is_some();
        self.world.near[at].heard = Some(position);
        if !expected && !early && !keeps {
            self.trust(at, position.0);
        }
        self.owes(at, through);
    }

    fn trust(&mut self, at: usize, epoch: u8) {
        let fresh = Near { entry: None, trusted: true, ..self.world.near[at] };
        self.world.near[at] = if fresh.epoch == epoch { fresh } else { Near { epoch, cell: 0, ..fresh } };
        self.owes(at, self.world.returned);
        if self.mutated(PartitionMutant::OneResyncTrustsAll) {
            self.world.near[1 - at].trusted = true;
        }
    }

    fn owes(&mut self, at: usize, version: u8) {
        let owed = &mut self.world.near[at].owed;
        *owed = version.max(*owed);
    }

    /// Nothing is heard of a partition for too long.
    fn silence(&mut self, at: usize) -> Happened {
        if self.world.left.silences == 0 {
            return None;
        }
        self.world.left.silences -= 1;
        let near = &mut self.world.near[at];
        *near = Near { entry: None, trusted: false, heard: None, ..*near };
        Some(())
    }

    fn lose_clock(&mut self, at: usize) -> Happened {
        if self.world.left.lost_clocks == 0 || self.world.partitions[at].moving {
            return None;
        }
        self.world.left.lost_clocks -= 1;
        self.world.partitions[at].clock = None;
        Some(())
    }

    fn begin_move(&mut self, at: usize) -> Happened {
        let partition = &mut self.world.partitions[at];
        if self.world.left.moves == 0 || partition.clock.is_none() {
            return None;
        }
        self.world.left.moves -= 1;
        partition.moving = true;
        Some(())
    }

    /// The state arrives, and replaces what stands in its place.
    fn end_move(&mut self, at: usize) -> Happened {
        let partition = &mut self.world.partitions[at];
        if !partition.moving {
            return None;
        }
        (partition.moving, partition.made) = (false, None);
        Some(())
    }
}
