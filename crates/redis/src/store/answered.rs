//! An answer with what its times are told by: the connection it came over, and when it was asked for.

use freshen_core::Timestamp;
use redis::Value;

use crate::link::{Link, LinkError};
use crate::party::Answers;
use crate::store::answer::Answer;

/// What a script answered, and over which connection and when.
pub(crate) struct Answered {
    pub(crate) parts: Vec<Value>,
    pub(crate) link: Link,
    pub(crate) sent: Timestamp,
    /// For tests: the process's clock is the server's, too.
    pub(crate) same_time: bool,
}

impl Answered {
    /// The time at which the question was sent, in the process's time: nothing seems younger by it than it is.
    pub(crate) fn now(&self) -> Timestamp {
        self.sent
    }

    /// A point in the server's time as the process would call it.
    pub(crate) fn to_process(&self, server: Timestamp) -> Timestamp {
        if self.same_time { server } else { self.link.skew().to_process(server) }
    }

    pub(crate) fn address(&self) -> &str {
        self.link.address()
    }

    /// The answers to so many questions, one for each.
    ///
    /// # Errors
    /// Where it is not as many.
    pub(super) fn each(self, questions: usize) -> Answers<Answer> {
        let Answered { parts, link, sent, same_time } = self;
        if parts.len() != questions {
            return Err(LinkError::unexpected(link.address(), "an answer for each record", &Value::Array(parts)));
        }
        let one = |part| match link.accept(part)? {
            Value::Array(parts) => Ok(Answer::new(Answered { parts, link: link.clone(), sent, same_time })),
            part => Err(LinkError::unexpected(link.address(), "the answer of a step", &part)),
        };
        Ok(parts.into_iter().map(one).collect())
    }
}
