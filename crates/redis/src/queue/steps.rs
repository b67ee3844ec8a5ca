//! The steps of the queue, each one script, and the one road by which they reach the server.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use freshen_core::queue::{Depth, NewTask, Pushed, Quarantined, Settlement, Task};

use super::answer::{self, Answer};
use super::lines::{self, Lines};
use super::receipt::Held;
use super::scripts::Scripts;
use super::settling::Settled;
use super::watch::Positions;
use crate::link::{LinkError, Links, Repeat, Route, Script};
use crate::party::Answers;

/// Tasks that one script hands out. More would not fit on Lua's stack.
const PULL_MOST: usize = 1_000;
/// Quarantined tasks that are listed at once.
const LIST_MOST: usize = 10_000;

/// The way of one process to one queue.
pub(super) struct Steps {
    /// The way to the server, which tasks besides the steps take, too.
    pub(super) links: Links,
    lines: Arc<Lines>,
    scripts: Scripts,
    bounds: Bounds,
    /// Who this process is among the group's consumers.
    consumer: String,
}

/// What a queue has to keep to.
pub(super) struct Bounds {
    pub(super) waiting: usize,
    pub(super) quarantined: usize,
    pub(super) visibility: Duration,
}

/// What a look at the queue found.
pub(super) enum Looked {
    /// Tasks, which are now held.
    Took(Vec<(Held, Task)>),
    /// Nothing; something may be there after this long, or once something enters behind these positions.
    Nothing { again: Duration, positions: Positions },
}

impl Steps {
    pub(super) fn new(links: Links, lines: Arc<Lines>, scripts: Scripts, bounds: Bounds) -> Steps {
        let consumer = format!("{}-{:012x}", std::process::id(), fastrand::u64(..1 << 48));
        Steps { links, lines, scripts, bounds, consumer }
    }

    pub(super) async fn push(&self, tasks: &[NewTask]) -> Result<Pushed, LinkError> {
        let mut arguments = vec![self.bounds.waiting.to_string().into_bytes(), answer::format().into_bytes()];
        for task in tasks {
            arguments.push(lines::number(task.priority).to_string().into_bytes());
            arguments.push(task.delay.as_micros().to_string().into_bytes());
            arguments.push(task.key.as_bytes().to_vec());
        }
        // One that is sent twice might be two tasks.
        let answer = self.ask(&self.scripts.push, &arguments, Repeat::Never).await?;
        Ok(if answer.number(0)? == 1 { Pushed::Taken } else { Pushed::Full })
    }

    /// Takes what is there now. What was taken by an answer that is lost comes back after the visibility.
    pub(super) async fn pull(&self, most: usize) -> Result<Looked, LinkError> {
        let arguments = [self.consumer.clone(), most.min(PULL_MOST).to_string(), self.visibility()];
        let answer = self.ask(&self.scripts.pull, &arguments, Repeat::Harmless).await?;
        let taken = answer.deliveries(&self.consumer)?;
        if !taken.is_empty() {
            return Ok(Looked::Took(taken));
        }
        let positions = Positions::try_from(answer.texts(2)?).map_err(|_| answer.unexpected("five positions"))?;
        Ok(Looked::Nothing { again: Duration::from_micros(answer.number(1)?), positions })
    }

    /// Puts tasks, of which nobody knows that they were taken, back to where they were.
    pub(super) async fn let_go(&self, taken: &[Held]) -> Result<(), LinkError> {
        let mut arguments = vec![self.consumer.clone(), self.visibility()];
        for Held { priority, id, delivery, .. } in taken {
            arguments.extend([lines::number(*priority).to_string(), id.to_string(), delivery.to_string()]);
        }
        self.ask(&self.scripts.let_go, &arguments, Repeat::Harmless).await?;
        Ok(())
    }

    /// Ends deliveries, each by itself.
    pub(super) async fn settle(&self, settled: &[Settled]) -> Answers<bool> {
        let mut arguments = vec![owned(self.bounds.quarantined)];
        for Settled { held, settlement } in settled {
            let Held { priority, id, delivery, consumer } = held;
            let (how, more) = match settlement {
                Settlement::Done => ("done", Cow::Borrowed(&b""[..])),
                Settlement::RetryAfter(delay) => ("retry", owned(delay.as_micros())),
                Settlement::PutBack(delay) => ("back", owned(delay.as_micros())),
                Settlement::Quarantine(reason) => ("aside", reason.as_bytes().into()),
            };
            let (id, consumer) = (id.as_bytes().into(), consumer.as_bytes().into());
            let priority = owned(lines::number(*priority));
            arguments.extend([priority, id, consumer, owned(delivery), how.as_bytes().into(), more]);
        }
        // The second time it changes nothing.
        self.ask(&self.scripts.settle, &arguments, Repeat::Harmless).await?.settled(settled.len())
    }

    pub(super) async fn depth(&self) -> Result<Depth, LinkError> {
        let answer = self.ask::<String>(&self.scripts.depth, &[], Repeat::Harmless).await?;
        let (ready, delayed) = (answer.count(0)?, answer.count(1)?);
        let oldest = Duration::from_micros(answer.number(4)?);
        Ok(Depth {
            ready,
            delayed,
            held: answer.count(2)?,
            quarantined: answer.count(3)?,
            oldest: (ready + delayed > 0).then_some(oldest),
        })
    }

    pub(super) async fn quarantined(&self, most: usize) -> Result<Vec<Quarantined>, LinkError> {
        let arguments = [most.min(LIST_MOST).to_string()];
        self.ask(&self.scripts.quarantined, &arguments, Repeat::Harmless).await?.quarantined()
    }

    /// Some of the tasks that wait; they stay.
    pub(super) async fn waiting(&self, most: usize) -> Result<Vec<Task>, LinkError> {
        let arguments = [most.min(LIST_MOST).to_string()];
        self.ask(&self.scripts.waiting, &arguments, Repeat::Harmless).await?.waiting()
    }

    /// Ends a task's quarantine; `how` is what becomes of it.
    pub(super) async fn free(&self, id: u64, how: &str) -> Result<bool, LinkError> {
        let arguments = [format!("{id}-0"), how.to_owned()];
        // The second time it would not be there, and nobody would know that it was.
        Ok(self.ask(&self.scripts.free, &arguments, Repeat::Never).await?.number(0)? == 1)
    }

    fn visibility(&self) -> String {
        self.bounds.visibility.as_millis().to_string()
    }

    async fn ask<A: AsRef<[u8]>>(&self, script: &Script, arguments: &[A], repeat: Repeat) -> Result<Answer, LinkError> {
        let arguments: Vec<&[u8]> = arguments.iter().map(AsRef::as_ref).collect();
        let arguments = &arguments[..];
        let ask = |route: Route| async move {
            let sent = route.link.now();
            let answer = route.script(script, &self.lines.keys(), arguments).await?;
            Ok((answer, route.link, sent))
        };
        let (answer, link, sent) = self.links.on(&self.lines.place, repeat, ask).await?;
        let answer = Answer::new(answer, link)?;
        answer.link.skew().observe(sent, answer.now, answer.link.now());
        Ok(answer)
    }
}

fn owned(number: impl ToString) -> Cow<'static, [u8]> {
    number.to_string().into_bytes().into()
}
