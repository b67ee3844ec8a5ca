//! What scripts answer: lists that begin with the server's time, read one part after the other.

use std::vec::IntoIter;

use freshen_core::store::{Asked, Begun, Committed, Lease, Mark, Marked, Token, Trouble};
use freshen_core::{Generation, Timestamp};
use redis::Value;

use crate::link::LinkError;
use crate::store::answered::Answered;
use crate::store::marks::mark_of;

/// A list that is being read. Each part is read once, and in order.
pub(super) struct Answer {
    from: Answered,
    parts: IntoIter<Value>,
}

impl Answer {
    /// Reads an answer; its first part, the server's time, was read already.
    pub(super) fn new(mut from: Answered) -> Answer {
        let parts = std::mem::take(&mut from.parts).into_iter();
        Answer { from, parts }
    }

    /// The answer of `ask`.
    pub(super) fn asked(&mut self) -> Result<Asked, LinkError> {
        match &*self.text()? {
            "fresh" => Ok(Asked::Fresh),
            "busy" => Ok(Asked::Busy),
            "asked" => Ok(Asked::Asked),
            _ => Err(self.unexpected("whether a task was asked for")),
        }
    }

    /// The answer of `begin`.
    pub(super) fn begun(mut self, token: Token) -> Result<Begun, LinkError> {
        match &*self.text()? {
            "fresh" => Ok(Begun::Fresh),
            "busy" => Ok(Begun::Busy { until: self.time()?, now: self.from.now() }),
            "cooling" => {
                let (failures, retry_at, reason) = (self.small()?, self.time()?, self.text()?);
                Ok(Begun::Cooling { trouble: Trouble { failures, retry_at, reason }, now: self.from.now() })
            }
            "granted" => {
                let (generation, begun_at, until) = (self.generation()?, self.time()?, self.time()?);
                Ok(Begun::Granted(Lease { token, generation, begun_at, until, failures: self.small()? }))
            }
            _ => Err(self.unexpected("how a load begins")),
        }
    }

    /// The answer of `commit`.
    pub(super) fn committed(mut self, lease: &Lease) -> Result<Committed, LinkError> {
        match &*self.text()? {
            "stored" => Ok(Committed::Stored),
            "lost" => Ok(Committed::Lost),
            "invalidated" => {
                let (generation, begun_at, until) = (self.generation()?, self.time()?, self.time()?);
                Ok(Committed::Invalidated(Lease { generation, begun_at, until, ..lease.clone() }))
            }
            _ => Err(self.unexpected("what became of a commit")),
        }
    }

    /// The answer of `marks`, by the server's own time.
    pub(super) fn marked(mut self) -> Result<Marked, LinkError> {
        let (last, now) = (self.generation()?, Timestamp::from_micros(self.number()?));
        let floor = Mark { soft: self.number()?, hard: self.number()? };
        let mut marks = Vec::with_capacity(self.parts.len());
        while self.parts.len() > 0 {
            let found = self.text()?;
            marks.push(mark_of(&found).ok_or_else(|| self.unexpected("a mark"))?);
        }
        Ok(Marked { now, last, floor, marks })
    }

    /// An epoch and a number.
    pub(super) fn generation(&mut self) -> Result<Generation, LinkError> {
        let epoch = self.text()?;
        let epoch = u64::from_str_radix(&epoch, 16).map_err(|_| self.unexpected("an epoch"))?;
        Ok(Generation { epoch, number: self.number()? })
    }

    /// A word, or any text.
    pub(super) fn text(&mut self) -> Result<Box<str>, LinkError> {
        match self.parts.next() {
            Some(Value::BulkString(bytes)) => Ok(String::from_utf8_lossy(&bytes).into()),
            Some(Value::SimpleString(text)) => Ok(text.into()),
            _ => Err(self.unexpected("a text")),
        }
    }

    /// A number that fits into 32 bits.
    pub(super) fn small(&mut self) -> Result<u32, LinkError> {
        u32::try_from(self.number()?).map_err(|_| self.unexpected("a small number"))
    }

    fn number(&mut self) -> Result<u64, LinkError> {
        match self.parts.next() {
            Some(Value::Int(number)) => u64::try_from(number).map_err(|_| self.unexpected("a number")),
            _ => Err(self.unexpected("a number")),
        }
    }

    fn time(&mut self) -> Result<Timestamp, LinkError> {
        let server = Timestamp::from_micros(self.number()?);
        Ok(self.from.to_process(server))
    }

    fn unexpected(&self, expected: &'static str) -> LinkError {
        LinkError::unexpected(self.from.address(), expected, &Value::Array(self.parts.as_slice().to_vec()))
    }
}
