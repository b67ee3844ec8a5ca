//! Which store and queue a command is for: flags over the environment over a file.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use freshen::queue::Queue;
use freshen::settings::{Settings, Url};
use freshen::store::Store;

use crate::failure::Failure;
use crate::flag;

/// The flags that every command of an operator takes.
#[derive(clap::Args)]
pub struct Connection {
    /// The store, such as redis://host:6379; a password is better given by FRESHEN_STORE, where no list of processes shows it
    // Read by us: an argument that the parser of flags refuses is shown whole, with its password.
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// The queue, if it is elsewhere
    #[arg(long, value_name = "URL")]
    queue: Option<String>,
    /// What all names of the cache on shared servers begin with, if it is not the settings' own
    #[arg(long, value_name = "NAME", value_parser = flag::prefix)]
    prefix: Option<String>,
    /// The settings to begin with; else the file that FRESHEN_CONFIG names, if any
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Connection {
    /// The settings, with the flags over them.
    pub fn settings(&self) -> Result<Settings, Failure> {
        let url = |flag: &'static str, text: &Option<String>| {
            let url = text.as_deref().map(Url::parse).transpose();
            url.map_err(|reason| Failure::Url { flag, reason })
        };
        let (store, queue) = (url("store", &self.store)?, url("queue", &self.queue)?);
        let mut settings = Settings::read_and(self.config.as_deref(), |settings| {
            if store.is_some() || queue.is_some() {
                settings.point_at(store, queue);
            }
            if let Some(prefix) = &self.prefix {
                settings.prefix.clone_from(prefix);
            }
        })?;
        // Whoever asks wants an answer now.
        settings.degraded = false;
        Ok(settings)
    }

    /// Whether a flag names a store.
    pub fn names_a_store(&self) -> bool {
        self.store.is_some()
    }

    /// The flags once more, for a process that is to be given the same ones.
    pub fn arguments(&self) -> Vec<OsString> {
        let texts = [("--store", &self.store), ("--queue", &self.queue), ("--prefix", &self.prefix)];
        let texts = texts.into_iter().filter_map(|(flag, text)| Some((flag, OsString::from(text.as_ref()?))));
        let config = self.config.iter().map(|file| ("--config", file.clone().into_os_string()));
        texts.chain(config).flat_map(|(flag, value)| [OsString::from(flag), value]).collect()
    }
}

/// The store that settings name.
pub async fn store(settings: &Settings) -> Result<Arc<dyn Store>, Failure> {
    settings.shared_store().await?.ok_or(Failure::InMemory { what: "store" })
}

/// A queue of the server that settings name.
pub async fn queue(settings: &Settings, name: &str) -> Result<Arc<dyn Queue>, Failure> {
    settings.shared_queue(name).await?.ok_or(Failure::InMemory { what: "queue" })
}
