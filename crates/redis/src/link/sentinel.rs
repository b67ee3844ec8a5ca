//! Sentinels, who tell which server is the master now.

use std::sync::Arc;

use freshen_core::Clock;
use redis::Value;

use crate::link::opening::Purpose;
use crate::link::{Access, Address, Link, LinkError};

/// The sentinels of one master. They are asked whenever a connection is made, and what they say is checked.
pub struct Sentinels {
    sentinels: Vec<Address>,
    master: String,
    /// How to connect to a sentinel: as to a server, but with its own password, and without a user and a database.
    access: Access,
    server: Arc<Access>,
}

impl Sentinels {
    pub(super) fn new(sentinels: Vec<Address>, master: String, server: Arc<Access>) -> Sentinels {
        let password = server.sentinel_password.clone();
        let access = Access { user: None, password, database: 0, ..(*server).clone() };
        Sentinels { sentinels, master, access, server }
    }

    /// What the master is called.
    pub fn master(&self) -> &str {
        &self.master
    }

    /// Where the master is, by the first sentinel whose answer proves right.
    pub(super) async fn locate(&self, clock: &Clock) -> Result<Address, LinkError> {
        let mut last = None;
        for sentinel in &self.sentinels {
            match self.ask(sentinel, clock).await {
                Ok(address) => return Ok(address),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| self.lasting("no sentinels were named".to_owned())))
    }

    async fn ask(&self, sentinel: &Address, clock: &Clock) -> Result<Address, LinkError> {
        let link = Link::connect(&self.access, sentinel, clock, Purpose::Question).await?;
        let answer = link.command(redis::cmd("SENTINEL").arg("get-master-addr-by-name").arg(&self.master)).await?;
        if answer == Value::Nil {
            return Err(self.lasting(format!("the sentinel at {sentinel} knows no such master")));
        }
        let found = address_of(&answer, sentinel)
            .ok_or_else(|| LinkError::unexpected(link.address(), "an address", &answer))?;
        self.verify(&found, clock).await.map(|()| found)
    }

    /// A sentinel may not have noticed yet that its master is one no more.
    async fn verify(&self, address: &Address, clock: &Clock) -> Result<(), LinkError> {
        let link = Link::connect(&self.server, address, clock, Purpose::Shared).await?;
        let role = link.command(&redis::cmd("ROLE")).await?;
        let is_master = matches!(&role, Value::Array(parts) if is_text(parts.first(), b"master"));
        if is_master {
            return Ok(());
        }
        Err(LinkError::Down { address: self.master.clone(), reason: format!("{address} is not the master yet") })
    }

    fn lasting(&self, reason: String) -> LinkError {
        LinkError::Lasting { address: self.master.clone(), reason }
    }
}

fn is_text(value: Option<&Value>, text: &[u8]) -> bool {
    matches!(value, Some(Value::BulkString(bytes)) if bytes == text)
}

/// A host and a port, as servers answer them; without a host it is the one that was asked.
pub(super) fn address_of(answer: &Value, asked: &Address) -> Option<Address> {
    let Value::Array(parts) = answer else { return None };
    let host = match parts.first()? {
        Value::BulkString(host) if !host.is_empty() => String::from_utf8(host.clone()).ok()?,
        Value::BulkString(_) | Value::Nil => asked.host.clone(),
        _ => return None,
    };
    let port = match parts.get(1)? {
        Value::BulkString(digits) => std::str::from_utf8(digits).ok()?.parse().ok()?,
        Value::Int(port) => u16::try_from(*port).ok()?,
        _ => return None,
    };
    Some(Address { host, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_host_is_where_the_answer_came_from() {
        let asked = Address { host: "here".to_owned(), port: 1 };
        let bulk = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        let found = |host: &str, port| Some(Address { host: host.to_owned(), port });
        assert_eq!(address_of(&Value::Array(vec![bulk("there"), bulk("7")]), &asked), found("there", 7));
        assert_eq!(address_of(&Value::Array(vec![bulk(""), Value::Int(7)]), &asked), found("here", 7));
        assert_eq!(address_of(&Value::Array(vec![Value::Nil, Value::Int(7)]), &asked), found("here", 7));
        assert_eq!(address_of(&Value::Array(vec![bulk("there"), Value::Int(70_000)]), &asked), None);
        assert_eq!(address_of(&Value::Nil, &asked), None);
    }
}
