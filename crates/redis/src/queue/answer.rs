//! Reading what the scripts answer.

use freshen_core::Timestamp;
use freshen_core::queue::{Delivery, Priority, Quarantined, TASK_FORMAT, Task};
use redis::Value;

use super::lines;
use super::receipt::Held;
use crate::link::{Link, LinkError};
use crate::party::Answers;

/// An answer without the server's time, which it begins with.
pub(super) struct Answer {
    pub(super) parts: Vec<Value>,
    pub(super) link: Link,
    /// The server's time.
    pub(super) now: Timestamp,
}

impl Answer {
    pub(super) fn new(answer: Value, link: Link) -> Result<Answer, LinkError> {
        let unexpected =
            |answer: &Value| LinkError::unexpected(link.address(), "a list that begins with the time", answer);
        let Value::Array(mut parts) = answer else { return Err(unexpected(&answer)) };
        let Some(now) = parts.first().and_then(number) else { return Err(unexpected(&Value::Array(parts))) };
        parts.remove(0);
        Ok(Answer { parts, link, now: Timestamp::from_micros(now) })
    }

    /// A part that is a number.
    pub(super) fn number(&self, at: usize) -> Result<u64, LinkError> {
        self.parts.get(at).and_then(number).ok_or_else(|| self.unexpected("a number"))
    }

    /// The same, as a count.
    pub(super) fn count(&self, at: usize) -> Result<usize, LinkError> {
        Ok(usize::try_from(self.number(at)?).unwrap_or(usize::MAX))
    }

    /// A part that is a list.
    pub(super) fn list(&self, at: usize) -> Result<&[Value], LinkError> {
        self.parts.get(at).and_then(list).ok_or_else(|| self.unexpected("a list"))
    }

    /// Whether each of so many deliveries was still in force.
    pub(super) fn settled(self, deliveries: usize) -> Answers<bool> {
        if self.parts.len() != deliveries {
            return Err(self.unexpected("an answer for each delivery"));
        }
        let one = |part| match self.link.accept(part)? {
            Value::Int(ended) => Ok(ended == 1),
            part => Err(LinkError::unexpected(self.link.address(), "whether a delivery was in force", &part)),
        };
        Ok(self.parts.into_iter().map(one).collect())
    }

    /// A list of texts.
    pub(super) fn texts(&self, at: usize) -> Result<Vec<String>, LinkError> {
        let texts: Option<Vec<String>> = self.list(at)?.iter().map(text).collect();
        texts.ok_or_else(|| self.unexpected("a list of texts"))
    }

    /// What was pulled, by this consumer.
    pub(super) fn deliveries(&self, consumer: &str) -> Result<Vec<(Held, Task)>, LinkError> {
        let read = |entry: &Value| {
            let [priority, id, delivery, fields] = list(entry)? else { return None };
            let priority = lines::priority(number(priority)?)?;
            let held = Held { priority, id: text(id)?.into(), delivery: number(delivery)?, consumer: consumer.into() };
            let mut task = self.task(priority, &Fields::of(fields)?);
            let before = u32::try_from(held.delivery.saturating_sub(1)).unwrap_or(u32::MAX);
            task.unsettled = task.unsettled.saturating_add(before);
            Some((held, task))
        };
        let deliveries: Option<Vec<_>> = self.list(0)?.iter().map(read).collect();
        deliveries.ok_or_else(|| self.unexpected("a list of tasks"))
    }

    /// What is in quarantine.
    pub(super) fn quarantined(&self) -> Result<Vec<Quarantined>, LinkError> {
        let read = |entry: &Value| {
            let [id, fields] = list(entry)? else { return None };
            let fields = Fields::of(fields)?;
            let id = text(id)?.split('-').next()?.parse().ok()?;
            let priority = fields.number("priority").and_then(lines::priority).unwrap_or_default();
            let reason = String::from_utf8_lossy(fields.get("reason").unwrap_or_default()).into();
            let at = self.link.skew().to_process(Timestamp::from_micros(id));
            Some(Quarantined { id, task: self.task(priority, &fields), reason, at })
        };
        let quarantined: Option<Vec<_>> = self.list(0)?.iter().map(read).collect();
        quarantined.ok_or_else(|| self.unexpected("a list of tasks"))
    }

    /// What waits.
    pub(super) fn waiting(&self) -> Result<Vec<Task>, LinkError> {
        let read = |entry: &Value| {
            let [priority, fields] = list(entry)? else { return None };
            Some(self.task(lines::priority(number(priority)?)?, &Fields::of(fields)?))
        };
        let waiting: Option<Vec<_>> = self.list(0)?.iter().map(read).collect();
        waiting.ok_or_else(|| self.unexpected("a list of tasks"))
    }

    /// A task, whatever its fields are: what cannot be read is for the engine to set aside.
    fn task(&self, priority: Priority, fields: &Fields<'_>) -> Task {
        let pushed_at = fields.number("pushed").map_or(self.now, Timestamp::from_micros);
        let format = fields.number("format").map_or(0, |number| u16::try_from(number).unwrap_or(u16::MAX));
        let count = |name| fields.number(name).map_or(0, |number| u32::try_from(number).unwrap_or(u32::MAX));
        Task {
            format,
            key: fields.get("key").map_or_else(|| fields.joined(), Into::into),
            priority,
            attempts: count("attempts"),
            unsettled: count("unsettled"),
            pushed_at: self.link.skew().to_process(pushed_at),
        }
    }

    pub(super) fn unexpected(&self, expected: &'static str) -> LinkError {
        LinkError::unexpected(self.link.address(), expected, &Value::Array(self.parts.clone()))
    }
}

/// What a task in hand is delivered as.
pub(super) fn delivery((held, task): (Held, Task)) -> Delivery {
    Delivery { receipt: held.receipt(), task }
}

/// What the queue adds to an entry when it comes back, or is set aside.
const ADDED: [&str; 5] = ["attempts", "pushed", "unsettled", "priority", "reason"];

/// Names and values, one after the other.
struct Fields<'a>(Vec<&'a [u8]>);

impl<'a> Fields<'a> {
    fn of(value: &'a Value) -> Option<Fields<'a>> {
        list(value)?.iter().map(bytes).collect::<Option<_>>().map(Fields)
    }

    fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.0.chunks_exact(2).find(|pair| pair[0] == name.as_bytes()).map(|pair| pair[1])
    }

    fn number(&self, name: &str) -> Option<u64> {
        std::str::from_utf8(self.get(name)?).ok()?.parse().ok()
    }

    /// All that the queue cannot have added itself, for people to read.
    fn joined(&self) -> Box<[u8]> {
        let own = |pair: &&[&[u8]]| ADDED.iter().any(|name| pair[0] == name.as_bytes());
        let foreign: Vec<&[u8]> = self.0.chunks_exact(2).filter(|pair| !own(pair)).flatten().copied().collect();
        foreign.join(&b' ').into()
    }
}

fn bytes(value: &Value) -> Option<&[u8]> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.as_bytes()),
        _ => None,
    }
}

fn text(value: &Value) -> Option<String> {
    String::from_utf8(bytes(value)?.to_vec()).ok()
}

fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        _ => None,
    }
}

fn list(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Array(parts) => Some(parts),
        _ => None,
    }
}

/// The format, as the scripts are told it.
pub(super) fn format() -> String {
    TASK_FORMAT.to_string()
}
