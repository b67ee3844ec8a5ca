//! What a request or a response says, as a list that can be told otherwise before it is written.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};

/// The longest span that a header says (RFC 9111, section 1.2.2).
pub const SECONDS_MOST: u64 = 1 << 31;

/// A directive as it is written: its name, and all that stands behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Directive {
    pub name: String,
    pub rest: String,
}

/// The fields of a message. Those of Cache-Control stand apart, line for line.
#[derive(Clone, Default, PartialEq)]
pub struct Message {
    pub directives: Vec<Vec<Directive>>,
    pub fields: Vec<(&'static str, String)>,
}

impl Directive {
    pub fn new(name: &str, rest: &str) -> Directive {
        Directive { name: name.to_owned(), rest: rest.to_owned() }
    }

    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The argument, quoted or not.
    pub fn argument(&self) -> Option<&str> {
        let argument = self.rest.strip_prefix('=')?;
        Some(argument.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(argument))
    }

    /// Its argument in seconds, at most the longest.
    pub fn seconds(&self) -> Option<u64> {
        let digits =
            self.argument().filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))?;
        Some(digits.parse().unwrap_or(SECONDS_MOST).min(SECONDS_MOST))
    }
}

impl Message {
    pub fn all(&self) -> impl Iterator<Item = &Directive> {
        self.directives.iter().flatten()
    }

    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut Directive> + use<'_> {
        self.directives.iter_mut().flatten()
    }

    pub fn says(&self, name: &str) -> bool {
        self.all().any(|directive| directive.is(name))
    }

    /// The shortest span of a name; what cannot be read is none at all.
    pub fn seconds(&self, name: &str) -> Option<u64> {
        self.all().filter(|directive| directive.is(name)).map(|directive| directive.seconds().unwrap_or(0)).min()
    }

    pub fn say(&mut self, name: &str, rest: &str) {
        self.directives.push(vec![Directive::new(name, rest)]);
    }

    pub fn unsay(&mut self, gone: impl Fn(&Directive) -> bool) {
        self.directives.iter_mut().for_each(|line| line.retain(|directive| !gone(directive)));
    }

    pub fn lines(&self, name: &str) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(move |(of, _)| *of == name).map(|(_, line)| line.as_str())
    }

    pub fn line(&self, name: &str) -> Option<&str> {
        self.lines(name).next()
    }

    pub fn has(&self, name: &str) -> bool {
        self.line(name).is_some()
    }

    pub fn remove(&mut self, name: &str) {
        self.fields.retain(|(of, _)| *of != name);
    }

    pub fn set(&mut self, name: &'static str, line: impl Into<String>) {
        self.remove(name);
        self.fields.push((name, line.into()));
    }

    /// The members of a list, of all its lines.
    pub fn members(&self, name: &str) -> Vec<&str> {
        self.lines(name).flat_map(|line| line.split(',')).map(str::trim).filter(|member| !member.is_empty()).collect()
    }

    /// All lines, as they are written.
    pub fn written(&self) -> Vec<(&'static str, String)> {
        let members = |line: &Vec<Directive>| {
            let members: Vec<String> =
                line.iter().map(|directive| format!("{}{}", directive.name, directive.rest)).collect();
            ("cache-control", members.join(", "))
        };
        self.directives.iter().map(members).chain(self.fields.iter().cloned()).collect()
    }

    pub fn headers(&self) -> HeaderMap {
        let value = |line: &str| HeaderValue::from_bytes(line.as_bytes()).unwrap();
        self.written().iter().map(|(name, line)| (HeaderName::from_static(name), value(line))).collect()
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.written().iter().try_for_each(|(name, line)| writeln!(f, "    {name}: {line}"))
    }
}
