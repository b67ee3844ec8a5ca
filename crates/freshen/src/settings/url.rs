//! Where a store or a queue is.

use std::fmt;

/// Longest URL that is read, in bytes.
const BYTES_MAX: usize = 4096;

/// The URL of a store or a queue: `memory:`, or that of a server. Shown, its password is masked.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(String);

/// Which adapter a URL is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Memory,
    Redis,
}

impl Url {
    /// This process's own memory.
    pub fn memory() -> Url {
        Url("memory:".into())
    }

    /// Reads a URL.
    ///
    /// # Errors
    /// What is wrong with it, without its password.
    pub fn parse(text: &str) -> Result<Url, String> {
        if text.len() > BYTES_MAX {
            return Err(format!("has {} bytes, more than {BYTES_MAX}", text.len()));
        }
        let Some((scheme, rest)) = text.split_once(':') else {
            return Err("is no URL: write it as \"memory:\" or \"redis://host:6379\"".into());
        };
        let kind = kind(scheme).ok_or_else(|| unknown(scheme))?;
        match kind {
            Kind::Memory if rest.is_empty() => {}
            Kind::Memory => return Err("has something after \"memory:\", which takes nothing".into()),
            Kind::Redis => server(rest)?,
        }
        if kind == Kind::Redis && !cfg!(feature = "redis") {
            return Err(
                "is for Redis, which this program was built without: it needs the feature `redis` of `freshen`".into(),
            );
        }
        Ok(Url(text.to_owned()))
    }

    /// Whether this is the process's own memory.
    pub fn is_memory(&self) -> bool {
        self.kind() == Kind::Memory
    }

    fn kind(&self) -> Kind {
        self.0.split_once(':').and_then(|(scheme, _)| kind(scheme)).unwrap_or(Kind::Memory)
    }

    /// Whether the connection is to be encrypted.
    pub(super) fn speaks_tls(&self) -> bool {
        ["rediss", "valkeys"].iter().any(|scheme| self.0.starts_with(scheme))
    }

    /// Whether it names sentinels.
    pub(super) fn names_sentinels(&self) -> bool {
        self.0.split_once(':').is_some_and(|(scheme, _)| scheme.ends_with("+sentinel"))
    }

    /// The whole text, with its password.
    #[cfg(feature = "redis")]
    pub(super) fn secret(&self) -> &str {
        &self.0
    }
}

fn kind(scheme: &str) -> Option<Kind> {
    match scheme {
        "memory" => Some(Kind::Memory),
        _ => SCHEMES.contains(&scheme).then_some(Kind::Redis),
    }
}

/// Those of servers.
const SCHEMES: [&str; 12] = [
    "redis",
    "rediss",
    "redis+sentinel",
    "rediss+sentinel",
    "redis+cluster",
    "rediss+cluster",
    "valkey",
    "valkeys",
    "valkey+sentinel",
    "valkeys+sentinel",
    "valkey+cluster",
    "valkeys+cluster",
];

fn unknown(scheme: &str) -> String {
    let known: Vec<&str> = SCHEMES.into_iter().chain(["memory"]).collect();
    // What stands before the first colon may be a password, if the scheme was left out.
    let shown = scheme.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'+') && scheme.len() <= 20;
    let named = if shown { format!(" `{scheme}`") } else { String::new() };
    match freshen_text::nearest(scheme, &known) {
        Some(near) => format!("has the unknown scheme{named}: did you mean `{near}`?"),
        None => format!("has the unknown scheme{named}: take memory, redis, rediss, redis+sentinel or redis+cluster"),
    }
}

/// Looks at what follows a server's scheme. What stands before the last `@` may hold a password, and is not shown.
fn server(rest: &str) -> Result<(), String> {
    let Some(rest) = rest.strip_prefix("//") else {
        return Err("has no `//` after its scheme: write it as \"redis://host:6379\"".into());
    };
    let login = rest.rsplit_once('@').map_or("", |(login, _)| login);
    if login.contains(['/', '?', '#', '@', '[', ']']) {
        return Err(
            "has one of /?#@[] in its user or password: write it as % and two hex digits, such as %2F for /".into()
        );
    }
    Ok(())
}

/// The user, if there is one, and three asterisks for a password.
fn masked(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let Some((login, host)) = rest.rsplit_once('@') else { return url.to_owned() };
    let user = login.split_once(':').map_or("", |(user, _)| user);
    format!("{scheme}://{user}:***@{host}")
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&masked(&self.0))
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (text, shown) in [
            ("redis://ann:secret@h:1/2", "redis://ann:***@h:1/2"),
            ("rediss://:secret@h", "rediss://:***@h"),
            ("redis://secret@h", "redis://:***@h"),
            ("redis+sentinel://ann:secret@a:1,b:2/main", "redis+sentinel://ann:***@a:1,b:2/main"),
            ("redis://h:6379", "redis://h:6379"),
            ("memory:", "memory:"),
        ] {
            let url = Url(text.into());
            assert_eq!((url.to_string(), format!("{url:?}")), (shown.to_owned(), format!("Url({shown})")));
        }
    }

    #[test]
    fn what_is_wrong_with_a_url_is_told_without_its_password() {
        for (text, reason) in [
            ("", "is no URL"),
            ("localhost", "is no URL"),
            ("memory:x", "takes nothing"),
            ("reddis://h", "unknown scheme `reddis`: did you mean `redis`?"),
            ("http://ann:secret@h", "unknown scheme `http`: take memory, redis"),
            ("secret-1:x@h", "unknown scheme: take memory"),
            ("redis:h", "has no `//`"),
            ("redis://ann:sec/secret@h", "write it as % and two hex digits"),
            ("redis://ann:sec?secret@h", "write it as % and two hex digits"),
            ("redis://ann:sec@secret@h", "write it as % and two hex digits"),
        ] {
            let error = Url::parse(text).expect_err(text);
            assert!(error.contains(reason) && !error.contains("secret"), "{text}: {error}");
        }
        assert!(Url::parse(&format!("redis://{}", "h".repeat(5000))).expect_err("long").contains("more than 4096"));
    }
}
