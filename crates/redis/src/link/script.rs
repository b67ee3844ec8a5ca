//! Scripts: a step of the protocol as one command.

/// A Lua script with its name in the source tree and its SHA1, by which a server knows it.
///
/// Make it once, when the store or the queue is made, and run it by [`Route::script`](crate::link::Route::script).
#[derive(Clone, Debug)]
pub struct Script {
    name: &'static str,
    text: String,
    sha: String,
}

impl Script {
    /// A script of several parts, one after the other.
    pub fn new(name: &'static str, parts: &[&str]) -> Script {
        let text = parts.join("\n");
        let sha = redis::Script::new(&text).get_hash().to_owned();
        Script { name, text, sha }
    }

    /// Its name, for errors.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The whole text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Its SHA1, in hex digits.
    pub(super) fn sha(&self) -> &str {
        &self.sha
    }
}
