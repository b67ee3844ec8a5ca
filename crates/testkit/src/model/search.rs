//! Breadth-first through every reachable state, so that a counter-example is as short as can be.

use std::collections::{HashSet, VecDeque};
use std::fmt::{self, Write};
use std::hash::{BuildHasherDefault, Hash, Hasher};

use super::rules::Invariant;

/// What a search found.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Different states that were reached.
    pub states: usize,
    /// Steps to the farthest of them.
    pub depth: usize,
    /// The shortest way to break an invariant, if there is one.
    pub counterexample: Option<Counterexample>,
}

/// A way to break an invariant.
#[derive(Clone, Debug)]
pub struct Counterexample {
    /// What it breaks.
    pub invariant: Invariant,
    /// How many steps it takes.
    pub steps: usize,
    /// The steps with the states after them, for people.
    pub trace: String,
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is broken after {} steps:\n{}", self.invariant, self.steps, self.trace)
    }
}

/// Something to search: its states, and the steps between them.
pub(super) trait Space {
    type State: Copy + Hash;
    type Step: Copy + fmt::Debug;

    fn start(&self) -> Self::State;

    /// All steps there are, possible or not: at most 256.
    fn steps(&self) -> Vec<Self::Step>;

    /// The state after a step, and what the step itself broke. `None`: it is not possible here.
    fn take(&self, state: Self::State, step: Self::Step) -> Option<(Self::State, Option<Invariant>)>;

    /// The invariant that a state breaks, if it breaks one, and what shows it.
    fn check(&self, state: Self::State) -> Option<(Invariant, &'static str)>;

    /// A state, for people.
    fn summary(&self, state: &Self::State) -> String;
}

/// Goes through every state that can be reached.
pub(super) fn explore(space: &impl Space) -> Outcome {
    Search::begin(space).run()
}

struct Search<'s, S: Space> {
    space: &'s S,
    steps: Vec<S::Step>,
    seen: HashSet<u64, BuildHasherDefault<Through>>,
    /// For each state the one before and the step between, enough to walk to it again.
    origins: Vec<(u32, u8)>,
    ahead: VecDeque<(S::State, u32, u32)>,
}

impl<'s, S: Space> Search<'s, S> {
    fn begin(space: &'s S) -> Search<'s, S> {
        let start = space.start();
        let seen = HashSet::from_iter([fingerprint(&start)]);
        let ahead = VecDeque::from([(start, 0, 0)]);
        Search { space, steps: space.steps(), seen, origins: vec![(0, 0)], ahead }
    }

    fn run(mut self) -> Outcome {
        let mut farthest = 0;
        while let Some((state, at, depth)) = self.ahead.pop_front() {
            farthest = depth as usize;
            for step in 0..self.steps.len() {
                if let Some((invariant, shows)) = self.explore(state, at, depth, step) {
                    let counterexample = Some(self.counterexample(invariant, shows, at, step));
                    return Outcome { states: self.seen.len(), depth: farthest + 1, counterexample };
                }
            }
        }
        Outcome { states: self.seen.len(), depth: farthest, counterexample: None }
    }

    fn explore(&mut self, state: S::State, at: u32, depth: u32, step: usize) -> Option<(Invariant, &'static str)> {
        let (next, broken) = self.space.take(state, self.steps[step])?;
        if let Some(invariant) = broken {
            return Some((invariant, "in the step itself"));
        }
        if !self.seen.insert(fingerprint(&next)) {
            return None;
        }
        let broken = self.space.check(next);
        self.ahead.push_back((next, self.origins.len() as u32, depth + 1));
        self.origins.push((at, step as u8));
        broken
    }

    fn counterexample(&self, invariant: Invariant, shows: &str, from: u32, last: usize) -> Counterexample {
        let mut path = vec![last];
        let mut at = from;
        while at != 0 {
            let (before, step) = self.origins[at as usize];
            path.push(step.into());
            at = before;
        }
        path.reverse();
        Counterexample { invariant, steps: path.len(), trace: self.replay(&path, shows) }
    }

    fn replay(&self, path: &[usize], shows: &str) -> String {
        let mut state = self.space.start();
        let mut trace = String::new();
        for (number, &step) in path.iter().enumerate() {
            if let Some((next, _)) = self.space.take(state, self.steps[step]) {
                state = next;
            }
            // Writing to a string does not fail.
            let _ = writeln!(trace, "{:>3} {:?}\n      {}", number + 1, self.steps[step], self.space.summary(&state));
        }
        trace + shows
    }
}

/// Passes a fingerprint on as it is.
#[derive(Default)]
struct Through(u64);

impl Hasher for Through {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, fingerprint: u64) {
        self.0 = fingerprint;
    }
}

/// 64 bits of a state. Among ten million states the chance that two share one is below 1 in 300,000.
fn fingerprint(state: &impl Hash) -> u64 {
    let mut hasher = Folded { state: 0x9E37_79B9_7F4A_7C15, word: 0, bits: 0 };
    state.hash(&mut hasher);
    hasher.finish()
}

/// Collects small numbers into words, and folds each word into the state by a wide product.
struct Folded {
    state: u64,
    word: u64,
    bits: u32,
}

impl Folded {
    fn fold(state: u64, word: u64) -> u64 {
        let product = u128::from(state ^ word) * 0xD6E8_FEB8_6659_FD93_u128;
        (product as u64 ^ (product >> 64) as u64).wrapping_add(state.rotate_left(23))
    }
}

impl Hasher for Folded {
    fn finish(&self) -> u64 {
        Folded::fold(Folded::fold(self.state, self.word), u64::from(self.bits))
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u8(byte));
    }

    fn write_u8(&mut self, byte: u8) {
        self.word = self.word << 8 | u64::from(byte);
        self.bits += 8;
        if self.bits == 64 {
            *self = Folded { state: Folded::fold(self.state, self.word), word: 0, bits: 0 };
        }
    }

    fn write_isize(&mut self, variant: isize) {
        self.write_u8(variant as u8);
    }

    fn write_usize(&mut self, length: usize) {
        self.write_u8(length as u8);
    }
}
