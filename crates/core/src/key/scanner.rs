//! The characters of a key's text, one after the other.

use crate::error::KeyError;

/// Where reading a text stands.
pub(super) struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scanner<'t> {
    pub fn new(text: &'t str) -> Self {
        Scanner { text, at: 0 }
    }

    pub fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// The byte that is read next; [`Scanner::back_to`] goes there again.
    pub fn at(&self) -> usize {
        self.at
    }

    pub fn back_to(&mut self, at: usize) {
        self.at = at;
    }

    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Steps over a token, and over the spaces before it.
    pub fn took(&mut self, token: &str) -> bool {
        let rest = self.rest().trim_start_matches(' ');
        let there = rest.starts_with(token);
        if there {
            self.at = self.text.len() - rest.len() + token.len();
        }
        there
    }

    pub fn expect(&mut self, token: &str) -> Result<(), KeyError> {
        if self.took(token) { Ok(()) } else { Err(self.error(&format!("`{token}` is missing"))) }
    }

    pub fn skip_spaces(&mut self) {
        self.took("");
    }

    /// Takes characters as long as they are wanted.
    pub fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let taken = &rest[..rest.find(|c| !wanted(c)).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    /// Takes what stands before the first of `ends`, which is left, and undoes its escapes.
    pub fn until(&mut self, ends: &[char]) -> Result<String, KeyError> {
        let mut taken = String::new();
        loop {
            match self.peek() {
                None => return Err(self.error("it ends too soon")),
                Some(c) if ends.contains(&c) => return Ok(taken),
                Some(_) => taken.push(self.char()?),
            }
        }
    }

    /// Takes one character, written as it is or escaped.
    pub fn char(&mut self) -> Result<char, KeyError> {
        let from = self.at;
        match self.next() {
            Some('\\') => self.escaped().ok_or_else(|| {
                self.at = from;
                self.error("an escape is none of \\\" \\' \\\\ \\n \\r \\t \\0 and \\u{…}")
            }),
            Some(c) => Ok(c),
            None => Err(self.error("it ends too soon")),
        }
    }

    fn escaped(&mut self) -> Option<char> {
        Some(match self.next()? {
            c @ ('"' | '\'' | '\\') => c,
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '0' => '\0',
            'u' => {
                let digits = self.rest().strip_prefix('{')?.split_once('}')?.0;
                let c = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
                self.at += digits.len() + 2;
                c
            }
            _ => return None,
        })
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// What is wrong where reading stands.
    pub fn error(&self, reason: &str) -> KeyError {
        let reason = if self.text.ends_with('…') { "it was cut short; only a whole key can be read" } else { reason };
        KeyError::Text { at: self.text[..self.at].chars().count() + 1, reason: reason.into() }
    }
}
