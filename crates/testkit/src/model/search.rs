//! Breadth-first through every reachable state, so that a counter-example is as short as can be.

use std::collections::{HashSet, VecDeque};
use std::fmt::{self, Write};
use std::hash::{BuildHasherDefault, Hash, Hasher};

use super::configuration::Configuration;
use super::invariants;
use super::rules::{Invariant, Mutant, Rules};
use super::state::World;
use super::step::{Step, Turn};

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

/// Searches a configuration under the protocol's rules.
pub fn search(configuration: &Configuration) -> Outcome {
    let rules = Rules { configuration: *configuration, mutant: None, only: None };
    Search::begin(&rules).run()
}

/// Searches a configuration under a mutant's rules for a way to break one invariant.
pub fn search_mutant(configuration: &Configuration, mutant: Mutant, invariant: Invariant) -> Outcome {
    let rules = Rules { configuration: *configuration, mutant: Some(mutant), only: Some(invariant) };
    Search::begin(&rules).run()
}

struct Search<'r> {
    rules: &'r Rules,
    steps: Vec<Step>,
    seen: HashSet<u64, BuildHasherDefault<Through>>,
    /// For each state the one before and the step between, enough to walk to it again.
    origins: Vec<(u32, u8)>,
    ahead: VecDeque<(World, u32, u32)>,
}

impl<'r> Search<'r> {
    fn begin(rules: &'r Rules) -> Search<'r> {
        let start = World::start(rules);
        let seen = HashSet::from_iter([fingerprint(&start)]);
        let ahead = VecDeque::from([(start, 0, 0)]);
        Search { rules, steps: Step::all(rules), seen, origins: vec![(0, 0)], ahead }
    }

    fn run(mut self) -> Outcome {
        let mut farthest = 0;
        while let Some((world, at, depth)) = self.ahead.pop_front() {
            farthest = depth as usize;
            for step in 0..self.steps.len() {
                if let Some((invariant, shows)) = self.explore(world, at, depth, step) {
                    let counterexample = Some(self.counterexample(invariant, shows, at, step));
                    return Outcome { states: self.seen.len(), depth: farthest + 1, counterexample };
                }
            }
        }
        Outcome { states: self.seen.len(), depth: farthest, counterexample: None }
    }

    fn explore(&mut self, world: World, at: u32, depth: u32, step: usize) -> Option<(Invariant, &'static str)> {
        let mut turn = Turn::new(world, self.rules);
        if !turn.take_step(self.steps[step]) {
            return None;
        }
        if let Some(invariant) = turn.broken {
            return Some((invariant, "in the step itself"));
        }
        if !self.seen.insert(fingerprint(&turn.world)) {
            return None;
        }
        let broken = invariants::check(turn.world, self.rules);
        self.ahead.push_back((turn.world, self.origins.len() as u32, depth + 1));
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
        let mut world = World::start(self.rules);
        let mut trace = String::new();
        for (number, &step) in path.iter().enumerate() {
            let mut turn = Turn::new(world, self.rules);
            turn.take_step(self.steps[step]);
            world = turn.world;
            // Writing to a string does not fail.
            let _ = writeln!(trace, "{:>3} {:?}\n      {}", number + 1, self.steps[step], world.summary());
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
fn fingerprint(world: &World) -> u64 {
    let mut hasher = Folded { state: 0x9E37_79B9_7F4A_7C15, word: 0, bits: 0 };
    world.hash(&mut hasher);
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
