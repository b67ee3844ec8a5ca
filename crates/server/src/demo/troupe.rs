//! How the processes of a fleet are started.

use std::io;
use std::sync::Arc;

use freshen::settings::Settings;
use freshen::{Job, Key};

use crate::demo::job::Latest;
use crate::demo::part::Part;
use crate::demo::place::Place;
use crate::demo::process::{Common, Process, Program};
use crate::failure::Failure;

/// Of the settings' prefix so much is kept that the whole is no longer than one may be.
const PREFIX_CHARS_KEPT: usize = 12;

/// What all processes of a fleet are started with.
#[derive(Clone, Debug)]
pub struct Troupe {
    pub program: Program,
    /// What their parts have in common.
    pub part: Part,
    /// Where the store is, without its password.
    pub store: String,
    pub common: Common,
}

impl Troupe {
    /// More of this program, on servers that answer. Their names there are this run's own.
    ///
    /// # Errors
    /// Which server does not answer.
    pub async fn new(mut settings: Settings, part: Part, run: &str, common: Common) -> Result<Troupe, Failure> {
        settings.prefix = prefix(&settings.prefix, run);
        // Whoever starts it wants to know at once.
        settings.open().await?;
        let path = std::env::current_exe().map_err(Failure::Start)?;
        let arguments = vec!["demo-member".into()];
        let part = Part { prefix: settings.prefix.clone(), ..part };
        Ok(Troupe { program: Program { path, arguments }, part, store: settings.store.to_string(), common })
    }

    /// The command that looks at the list on the store. Where the store has a password, FRESHEN_STORE is to give it.
    pub fn look(&self) -> Option<String> {
        let key = Key::new(Latest::NAMESPACE, Latest::NAME, &self.part.job()).ok()?;
        let store = match self.store.contains('@') {
            true => String::new(),
            false => format!(" --store {}", quoted(&self.store)),
        };
        Some(format!("freshen look {}{store} --prefix {}", quoted(&format!("{key:#}")), quoted(&self.part.prefix)))
    }

    /// Starts one.
    ///
    /// # Errors
    /// The machine starts none.
    pub fn start(&self, place: Place, frozen: bool) -> io::Result<Arc<Process>> {
        let part = Part { place, frozen, ..self.part.clone() };
        Process::start(&self.program, place, part, &self.common).map(Arc::new)
    }
}

/// One word of a shell, whatever it holds.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/,+".contains(c);
    if text.chars().all(plain) { text.into() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// The settings' prefix, and what tells this run from others.
fn prefix(of_settings: &str, run: &str) -> String {
    let kept: String = of_settings.chars().take(PREFIX_CHARS_KEPT).collect();
    format!("{kept}-demo-{run:.8}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_no_longer_than_one_may_be() {
        assert_eq!(prefix("shop", "0123456789abcdef"), "shop-demo-01234567");
        let mut settings = Settings::default();
        settings.prefix = prefix(&"p".repeat(64), "0123456789abcdef");
        assert!(settings.check().is_ok(), "{}", settings.prefix);
    }

    #[test]
    fn what_a_shell_would_take_apart_is_quoted() {
        let words = ["redis://127.0.0.1:6379/1", "a b", "it's", "$x", "redis://[::1]:1"].map(quoted);
        assert_eq!(words, ["redis://127.0.0.1:6379/1", "'a b'", r"'it'\''s'", "'$x'", "'redis://[::1]:1'"]);
    }
}
