//! The rules beside those of another implementation: whatever they answer differently is known, with who is right by which
//! section.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod date;
mod known;
mod message;
mod ours;
mod theirs;
mod trial;
mod verdict;
mod words;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use known::Known;
use ours::Ours;
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestCaseResult, TestError, TestRunner};
use trial::{Trial, trial};
use verdict::{Question, Verdict};

/// From a seed, so that what fails fails again.
fn chance() -> ProptestConfig {
    let cases = if std::env::var_os("FRESHEN_LONG").is_some() { 100_000 } else { 10_000 };
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(9111),
        failure_persistence: None,
        max_shrink_iters: 100_000,
        ..ProptestConfig::default()
    }
}

/// How often this crate answered a question so, and how often each difference was met while one was still to be met.
#[derive(Default)]
struct Tally {
    answers: BTreeMap<(Question, String), u32>,
    met: BTreeMap<&'static str, u32>,
}

impl Tally {
    fn met(&self, known: &Known) -> u32 {
        self.met.get(known.name).copied().unwrap_or(0)
    }
}

#[test]
fn each_difference_from_another_implementation_is_known_and_met() {
    let (tally, known) = (RefCell::new(Tally::default()), known::all());
    let judged = TestRunner::new(chance()).run(&trial(), |trial| compare(&trial, &known, &mut tally.borrow_mut()));
    if let Err(TestError::Fail(reason, trial)) = judged {
        panic!("{reason}\n{trial:?}");
    }
    let tally = tally.into_inner();
    for known in &known {
        println!("{:>6} {} ({}: {:?})", tally.met(known), known.name, known.section, known.right);
    }
    assert!(known.iter().all(|known| tally.met(known) > 0), "no trial shows a difference");
    println!("{:#?}", tally.answers);
    for question in Question::ALL {
        let answers: Vec<u32> =
            tally.answers.iter().filter(|((of, _), _)| *of == question).map(|(_, times)| *times).collect();
        assert!(
            !answers.is_empty() && answers.iter().all(|times| *times >= 100),
            "{question:?} hardly ever arises: {answers:?}"
        );
    }
}

#[test]
fn each_known_difference_has_a_name_of_its_own_and_a_section() {
    let names: BTreeSet<&str> = known::all().iter().map(|known| known.name).collect();
    assert_eq!(names.len(), known::all().len());
    for known in known::all() {
        assert!(known.section.starts_with("RFC "), "{}", known.name);
    }
}

/// The other has to agree once it was told of all that it knows not or reads otherwise. This crate must not come to agree with it
/// untold either.
fn compare(trial: &Trial, known: &[&Known], tally: &mut Tally) -> TestCaseResult {
    let judge = Ours::of(trial);
    for question in Question::ALL {
        let Some(ours) = judge.verdict(question) else { continue };
        let (theirs, told) = (theirs::verdict(question, trial), told(question, trial, known));
        prop_assert_eq!(
            &ours,
            &told,
            "{:?}: ours, and what the other says when told; untold, it says {:?}",
            question,
            theirs
        );
        *tally.answers.entry((question, kind(&ours))).or_default() += 1;
        if ours != theirs && known.iter().any(|known| tally.met(known) == 0) {
            for known in needed(question, trial, &changing(question, trial, known), &ours) {
                *tally.met.entry(known.name).or_default() += 1;
            }
        }
    }
    Ok(())
}

fn kind(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Is(is) => is.to_string(),
        Verdict::Updated(verdict::Update::Current(_)) => "current".to_owned(),
        Verdict::Updated(update) => format!("{update:?}"),
        _ => String::new(),
    }
}

/// What the other says when it is told of these differences. To tell some of them, it is asked more, where it may panic too.
fn told(question: Question, trial: &Trial, known: &[&Known]) -> Verdict {
    let judge = || {
        let mut trial = trial.clone();
        known.iter().for_each(|known| known.tell(&mut trial, question));
        let mut verdict = theirs::verdict(question, &trial);
        known.iter().for_each(|known| known.read(&trial, question, &mut verdict));
        verdict
    };
    catch_unwind(AssertUnwindSafe(judge)).unwrap_or(Verdict::Panics)
}

/// Those that tell or read something else.
fn changing<'a>(question: Question, trial: &Trial, known: &[&'a Known]) -> Vec<&'a Known> {
    let mut told = trial.clone();
    known.iter().for_each(|known| known.tell(&mut told, question));
    let verdict = theirs::verdict(question, &told);
    let mut told_so_far = trial.clone();
    let mut changes = |known: &&&Known| {
        let (before, mut read) = (told_so_far.clone(), verdict.clone());
        known.tell(&mut told_so_far, question);
        known.read(&told, question, &mut read);
        told_so_far != before || read != verdict
    };
    known.iter().filter(&mut changes).copied().collect()
}

/// Those without which all the others do not explain the answer.
fn needed<'a>(question: Question, trial: &Trial, known: &[&'a Known], ours: &Verdict) -> Vec<&'a Known> {
    let without = |at: usize| [&known[..at], &known[at + 1..]].concat();
    let needs = |at: &usize| told(question, trial, &without(*at)) != *ours;
    (0..known.len()).filter(needs).map(|at| known[at]).collect()
}
