//! Steps that come together go together: those of one kind in one partition, by one script.

use std::sync::Arc;

use freshen_core::Key;

use crate::link::{LinkError, Repeat, Script};
use crate::party::{self, Answers, Carrier, Party};
use crate::store::Shared;
use crate::store::answer::Answer;

/// The steps of which many may be taken at once.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Ask,
    Begin,
    Commit,
}

/// Those who wait in one partition, by the kind of their step.
#[derive(Default)]
pub(super) struct Parties {
    ask: Party<Walk>,
    begin: Party<Walk>,
    commit: Party<Walk>,
}

/// A step on one record, as its script is told of it: the arguments stand behind each other, one allocation for all.
pub(super) struct Step {
    record: String,
    arguments: Vec<u8>,
    /// Where each argument ends.
    ends: Vec<usize>,
}

/// The way of steps of one kind to their partition.
#[derive(Clone)]
pub(super) struct Walk {
    shared: Arc<Shared>,
    partition: u32,
    kind: Kind,
}

impl Shared {
    /// Takes a step on the record of a key, together with whoever takes one of its kind just now. None of them is repeated
    /// where it may have been taken.
    pub(super) async fn step_together(
        self: &Arc<Self>,
        kind: Kind,
        key: &Key,
        arguments: &[&[u8]],
    ) -> Result<Answer, LinkError> {
        let step = Step::new(self.record(key), key, arguments);
        party::ask(Walk { shared: self.clone(), partition: self.partition(key), kind }, step).await
    }
}

impl Step {
    fn new(record: String, key: &Key, arguments: &[&[u8]]) -> Step {
        let of_key = [key.as_bytes(), key.namespace().as_bytes()];
        let bytes = of_key.iter().chain(arguments).map(|argument| argument.len()).sum();
        let mut step = Step {
            record,
            arguments: Vec::with_capacity(bytes),
            ends: Vec::with_capacity(of_key.len() + arguments.len()),
        };
        for argument in of_key.iter().chain(arguments) {
            step.arguments.extend_from_slice(argument);
            step.ends.push(step.arguments.len());
        }
        step
    }

    fn arguments(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.arguments[start..*end])
    }
}

impl Walk {
    fn script(&self) -> &Script {
        let scripts = &self.shared.partitions.scripts;
        match self.kind {
            Kind::Ask => &scripts.ask,
            Kind::Begin => &scripts.begin,
            Kind::Commit => &scripts.commit,
        }
    }
}

impl Carrier for Walk {
    type Question = Step;
    type Answer = Answer;

    fn party(&self) -> &Party<Walk> {
        let parties = &self.shared.parties[self.partition as usize];
        match self.kind {
            Kind::Ask => &parties.ask,
            Kind::Begin => &parties.begin,
            Kind::Commit => &parties.commit,
        }
    }

    fn bytes(step: &Step) -> usize {
        step.record.len() + step.arguments.len()
    }

    fn spawn<F>(&self, task: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.shared.partitions.links.spawn(task);
    }

    async fn carry(&self, steps: &[Step]) -> Answers<Answer> {
        let records: Vec<&[u8]> = steps.iter().map(|step| step.record.as_bytes()).collect();
        let arguments: Vec<&[u8]> = steps.iter().flat_map(Step::arguments).collect();
        let walk = self.shared.partitions.step(self.partition, self.script(), &records, &arguments, Repeat::Never);
        walk.await?.each(steps.len())
    }
}
