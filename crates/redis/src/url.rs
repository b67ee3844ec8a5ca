//! URLs: which servers, and who we are to them.
//!
//! | URL | servers |
//! |---|---|
//! | `redis://user:password@host:port/database` | one |
//! | `redis+sentinel://host:port,host:port/master` | a master, found by its sentinels |
//! | `redis+cluster://host:port,host:port` | a Cluster |
//!
//! With `rediss` in place of `redis` TLS is spoken. `valkey` and `valkeys` are other names for both.

use crate::ConnectError;
use crate::link::{Address, Servers};

/// Most servers that one URL names.
const SERVERS_MOST: usize = 64;
const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26_379;

/// What a URL says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Url {
    pub(crate) servers: Servers,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) database: i64,
    pub(crate) tls: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Single,
    Sentinel,
    Cluster,
}

impl Url {
    /// Reads a URL.
    pub(crate) fn parse(url: &str) -> Result<Url, ConnectError> {
        let (scheme, rest) = url.split_once("://").ok_or_else(|| wrong("scheme", "is missing"))?;
        let (kind, tls) = scheme_of(scheme)?;
        if let Some(at) = rest.find(['?', '#']) {
            // What stands there may be a part of a password that is not escaped: it is not said again.
            let what = if rest[at..].starts_with('#') { "`#`" } else { "`?`" };
            return Err(wrong("parameters", format!("are not known: nothing may stand after {what}")));
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, hosts) = authority.rsplit_once('@').map_or(("", authority), |(login, hosts)| (login, hosts));
        let (user, password) = login_of(login)?;
        let port = if kind == Kind::Sentinel { SENTINEL_PORT } else { PORT };
        let addresses = hosts.split(',').map(|host| address(host, port)).collect::<Result<Vec<_>, _>>()?;
        if addresses.len() > SERVERS_MOST {
            return Err(wrong("host", format!("is one of {}; at most {SERVERS_MOST} are read", addresses.len())));
        }
        let (servers, database) = servers(kind, addresses, path)?;
        Ok(Url { servers, user, password, database, tls })
    }
}

fn scheme_of(scheme: &str) -> Result<(Kind, bool), ConnectError> {
    let (name, kind) = match scheme.split_once('+') {
        None => (scheme, Kind::Single),
        Some((name, "sentinel")) => (name, Kind::Sentinel),
        Some((name, "cluster")) => (name, Kind::Cluster),
        Some((_, other)) => return Err(wrong("scheme", format!("names {other}, where sentinel or cluster may stand"))),
    };
    match name {
        "redis" | "valkey" => Ok((kind, false)),
        "rediss" | "valkeys" => Ok((kind, true)),
        other => Err(wrong("scheme", format!("is {other}, and none of redis, rediss, valkey, valkeys"))),
    }
}

fn login_of(login: &str) -> Result<(Option<String>, Option<String>), ConnectError> {
    let (user, password) = match login.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (login, None),
    };
    let user = if user.is_empty() { None } else { Some(decode("user", user)?) };
    let password = password.map(|password| decode("password", password)).transpose()?;
    if user.is_some() && password.is_none() {
        return Err(wrong("password", "is missing"));
    }
    Ok((user, password))
}

fn address(text: &str, port: u16) -> Result<Address, ConnectError> {
    let (host, port_text) = match text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, rest)) => {
            (host, Some(rest.strip_prefix(':').ok_or_else(|| wrong("port", "does not follow `]:`"))?))
        }
        None => text.rsplit_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    if host.is_empty() {
        return Err(wrong("host", "is empty"));
    }
    let port = match port_text {
        None => port,
        Some(digits) => digits.parse().map_err(|_| wrong("port", "is no number below 65536"))?,
    };
    Ok(Address { host: host.to_owned(), port })
}

fn servers(kind: Kind, mut addresses: Vec<Address>, path: &str) -> Result<(Servers, i64), ConnectError> {
    match kind {
        Kind::Single if addresses.len() > 1 => Err(wrong("host", "is one of several, which need sentinel or cluster")),
        Kind::Single => Ok((Servers::Single(addresses.remove(0)), database(path)?)),
        Kind::Cluster if !path.is_empty() => Err(wrong("database", "cannot be chosen in a cluster")),
        Kind::Cluster => Ok((Servers::Cluster(addresses), 0)),
        Kind::Sentinel => {
            let (master, rest) = path.split_once('/').unwrap_or((path, ""));
            if master.is_empty() {
                return Err(wrong("master", "is missing: its name stands after the sentinels"));
            }
            let master = decode("master", master)?;
            Ok((Servers::Sentinel { sentinels: addresses, master }, database(rest)?))
        }
    }
}

fn database(text: &str) -> Result<i64, ConnectError> {
    if text.is_empty() {
        return Ok(0);
    }
    let number = text.parse().ok().filter(|number| *number >= 0);
    number.ok_or_else(|| wrong("database", "is no number"))
}

/// Undoes `%` and two hex digits.
fn decode(part: &'static str, text: &str) -> Result<String, ConnectError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = match (first, after) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)).map(|(high, low)| 16 * high + low),
            (b'%', _) => None,
            (other, _) => Some(*other),
        };
        bytes.push(escaped.ok_or_else(|| wrong(part, "has a % without two hex digits"))?);
        rest = &after[if *first == b'%' { 2 } else { 0 }..];
    }
    String::from_utf8(bytes).map_err(|_| wrong(part, "is not UTF-8"))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Never with the whole URL, which has a password in it.
fn wrong(part: &'static str, reason: impl Into<String>) -> ConnectError {
    ConnectError::Url { part, reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(host: &str, port: u16) -> Address {
        Address { host: host.to_owned(), port }
    }

    fn url(servers: Servers) -> Url {
        Url { servers, user: None, password: None, database: 0, tls: false }
    }

    #[test]
    fn urls_of_every_kind_are_read() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(Url::parse("redis://localhost").unwrap(), url(Servers::Single(at("localhost", 6379))));
        let whole = Url::parse("rediss://me:a%3Ab%40@[::1]:7/3").unwrap();
        let single = url(Servers::Single(at("::1", 7)));
        assert_eq!(whole, Url { user: some("me"), password: some("a:b@"), database: 3, tls: true, ..single });
        let old = Url::parse("valkey://:secret@h").unwrap();
        assert_eq!((old.user, old.password), (None, some("secret")));
        let sentinels = Servers::Sentinel { sentinels: vec![at("a", 1), at("b", 26_379)], master: "main".to_owned() };
        assert_eq!(Url::parse("redis+sentinel://a:1,b/main").unwrap(), url(sentinels.clone()));
        assert_eq!(Url::parse("redis+sentinel://a:1,b/main/2").unwrap(), Url { database: 2, ..url(sentinels) });
        let cluster = Url { tls: true, ..url(Servers::Cluster(vec![at("a", 1), at("b", 2)])) };
        assert_eq!(Url::parse("valkeys+cluster://a:1,b:2").unwrap(), cluster);
    }

    #[test]
    fn an_error_names_the_part_at_fault_and_never_the_password() {
        let cases = [
            ("localhost:6379", "url: the scheme is missing"),
            ("http://h", "url: the scheme is http, and none of redis, rediss, valkey, valkeys"),
            ("redis+x://h", "url: the scheme names x, where sentinel or cluster may stand"),
            ("redis://", "url: the host is empty"),
            ("redis://h:99999", "url: the port is no number below 65536"),
            ("redis://h/x", "url: the database is no number"),
            ("redis://h?db=1", "url: the parameters are not known: nothing may stand after `?`"),
            ("redis://ann:pa#secret@h", "url: the parameters are not known: nothing may stand after `#`"),
            ("redis://ann:secret", "url: the port is no number below 65536"),
            ("redis://ann:12/secret@h", "url: the database is no number"),
            ("redis://a,b", "url: the host is one of several, which need sentinel or cluster"),
            ("redis+cluster://a/1", "url: the database cannot be chosen in a cluster"),
            ("redis+sentinel://a", "url: the master is missing: its name stands after the sentinels"),
            ("redis://me:se%2@h", "url: the password has a % without two hex digits"),
            ("redis://me@h", "url: the password is missing"),
        ];
        for (text, expected) in cases {
            let error = Url::parse(text).unwrap_err().to_string();
            assert_eq!(error, expected, "{text}");
        }
        let many = format!("redis+cluster://{}", vec!["h"; 65].join(","));
        assert_eq!(Url::parse(&many).unwrap_err().to_string(), "url: the host is one of 65; at most 64 are read");
    }
}
