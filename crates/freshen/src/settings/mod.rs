//! What a deployment is told: which store, queue and bus, and all bounds, from a file and from the environment.
//!
//! ```no_run
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! use freshen::settings::Settings;
//!
//! let settings = Settings::from_env()?; // or Settings::read("freshen.toml")?
//! let backends = settings.open().await?;
//! let cache = backends.builder().jobs(freshen::Jobs::new()).build().await?;
//! # Ok(())
//! # }
//! ```
//!
//! The repository's `docs/freshen.toml` has every field with its default and its meaning. The variable of a field is its name
//! in capitals, with `FRESHEN_` before it and `_` for each point: `FRESHEN_NEAR_BOUND` is `near.bound`. Variables win over
//! the file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use freshen_core::{Limits, Strength};

mod backends;
mod check;
mod environment;
mod field;
mod file;
mod mistake;
#[cfg(feature = "redis")]
mod redis;
mod secret;
mod url;
mod value;

pub use backends::{Backends, OpenError};
pub use field::Setting;
pub use freshen_text::{duration, rate, size};
pub use mistake::{Mistake, Place, SettingsError};
pub use secret::Secret;
pub use url::Url;

/// Which store, queue and bus a process uses, and all its bounds. Its default is a cache within the process, in memory.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// Where the records lie.
    pub store: Url,
    /// Where refreshes are queued. `None`: where the store is.
    pub queue: Option<Url>,
    /// Whether processes hear of each other's writes.
    pub bus: bool,
    /// Whether a process starts although its servers cannot be reached, and uses them once they can.
    pub degraded: bool,
    /// What all names on shared servers begin with.
    pub prefix: String,
    /// Into how many partitions a shared store is divided. `None`: what fits the servers.
    pub partitions: Option<u32>,
    /// Certificates to trust instead of the system's, in PEM.
    pub ca_file: Option<PathBuf>,
    /// This process's certificate for servers that ask who connects, in PEM; with [`key_file`](Settings::key_file).
    pub cert_file: Option<PathBuf>,
    /// The certificate's key, in PEM.
    pub key_file: Option<PathBuf>,
    /// The password that sentinels ask for.
    pub sentinel_password: Secret,
    /// How long a connection may take until it can be used.
    pub connect_timeout: Duration,
    /// How long a server may take to answer.
    pub response_timeout: Duration,
    /// For how long a step is tried again where that may help.
    pub patience: Duration,
    /// What a store in memory holds, in bytes.
    pub capacity: u64,
    /// The largest value that a shared store keeps, in bytes.
    pub value_limit: u64,
    /// From which size on a shared store compresses values, in bytes.
    pub compress_from: u64,
    /// How many marks of tags and namespaces a partition of a shared store keeps.
    pub marks_limit: usize,
    /// How many messages of the bus a listener may lag behind before it is cut off.
    pub bus_limit: usize,
    /// How a shared store treats values whose marks may have been lost, as after a failover.
    pub when_lost: Strength,
    /// How many replicas must have heard of an invalidation before it returns.
    pub replicas: u32,
    /// What the near tier holds, in bytes.
    pub near_capacity: u64,
    /// How long the near tier answers without a look at the store. `None`: 10 s, and without end where the store is the
    /// process's own.
    pub near_bound: Option<Duration>,
    /// The time between heartbeats on the bus.
    pub heartbeat: Duration,
    /// How many tasks of the queue `default` a process refreshes at once.
    pub workers: usize,
    /// The queues besides `default` that jobs name, each with how many of its tasks a process refreshes at once.
    pub queues: BTreeMap<String, usize>,
    /// How long a queued task keeps others from asking for the same key.
    pub task_deadline: Duration,
    /// How many tasks may wait.
    pub queue_limit: usize,
    /// How many tasks are kept that were set aside.
    pub quarantine_limit: usize,
    /// How long a worker may hold a task before another one takes it.
    pub visibility: Duration,
    /// The bounds on refreshing.
    pub limits: Limits,
    /// Where each field was set that was.
    places: BTreeMap<&'static str, Place>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            store: Url::memory(),
            queue: None,
            bus: true,
            degraded: false,
            prefix: "freshen".into(),
            partitions: None,
            ca_file: None,
            cert_file: None,
            key_file: None,
            sentinel_password: Secret::default(),
            connect_timeout: Duration::from_secs(2),
            response_timeout: Duration::from_secs(1),
            patience: Duration::from_secs(2),
            capacity: 256 << 20,
            value_limit: 8 << 20,
            compress_from: 4 << 10,
            marks_limit: 100_000,
            bus_limit: 8192,
            when_lost: Strength::Soft,
            replicas: 0,
            near_capacity: 128 << 20,
            near_bound: None,
            heartbeat: Duration::from_secs(1),
            workers: 4,
            queues: BTreeMap::new(),
            task_deadline: Duration::from_secs(120),
            queue_limit: 100_000,
            quarantine_limit: 1_000,
            visibility: Duration::from_secs(120),
            limits: Limits::default(),
            places: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// Reads a file, and the environment, whose variables win.
    ///
    /// # Errors
    /// [`SettingsError`] tells all mistakes together, each with its place.
    pub fn read(path: impl AsRef<Path>) -> Result<Settings, SettingsError> {
        Settings::read_and(Some(path.as_ref()), |_| {})
    }

    /// Reads the environment; and first the file that `FRESHEN_CONFIG` names, if it is set.
    ///
    /// # Errors
    /// As [`Settings::read`].
    pub fn from_env() -> Result<Settings, SettingsError> {
        Settings::read_and(None, |_| {})
    }

    /// Reads a file, else the one that `FRESHEN_CONFIG` names, and the environment; and then changes what a program was told by
    /// other ways, as by flags, before it is looked at whether all fits together.
    ///
    /// # Errors
    /// As [`Settings::read`].
    pub fn read_and(path: Option<&Path>, change: impl FnOnce(&mut Settings)) -> Result<Settings, SettingsError> {
        let variables = std::env::vars_os().filter_map(environment::readable);
        let named = std::env::var_os(environment::CONFIG).map(PathBuf::from);
        let Some(path) = path.or(named.as_deref()) else { return Settings::gather(None, variables, change) };
        let text = file::text(path).map_err(|error| SettingsError::unreadable(path, &error))?;
        Settings::gather(Some((path, &text)), variables, change)
    }

    /// Puts other servers in place of those that were set, for a program that looks at them. What only the former needed, such as
    /// certificates, is left out; with a store alone the queue is where that store is.
    pub fn point_at(&mut self, store: Option<Url>, queue: Option<Url>) {
        // Who names a queue alone wants nothing of a store.
        let alone = store.is_none() && self.store.is_memory();
        if let Some(store) = store {
            (self.store, self.queue) = (store, None);
        }
        if let Some(queue) = queue {
            if alone {
                self.store = queue.clone();
            }
            self.queue = Some(queue);
        }
        if !self.speaks_tls() {
            (self.ca_file, self.cert_file, self.key_file) = (None, None, None);
        }
        if !self.names_sentinels() {
            self.sentinel_password = Secret::default();
        }
    }

    fn speaks_tls(&self) -> bool {
        self.store.speaks_tls() || self.queue().speaks_tls()
    }

    fn names_sentinels(&self) -> bool {
        self.store.names_sentinels() || self.queue().names_sentinels()
    }

    /// From the text of a file, and from variables, and changed after that.
    fn gather(
        file: Option<(&Path, &str)>,
        variables: impl Iterator<Item = (String, String)>,
        change: impl FnOnce(&mut Settings),
    ) -> Result<Settings, SettingsError> {
        let mut settings = Settings::default();
        let mut mistakes = Vec::new();
        if let Some((path, text)) = file {
            file::read(path, text, &mut settings, &mut mistakes);
        }
        environment::read(variables, &mut settings, &mut mistakes);
        // What does not fit together is only looked for where each part is right.
        if mistakes.is_empty() {
            let read = settings.clone();
            change(&mut settings);
            settings.forget_places_of_what_differs(&read);
            mistakes = settings.mistakes();
        }
        if mistakes.is_empty() { Ok(settings) } else { Err(SettingsError::new(mistakes)) }
    }

    /// Every field with its value and its meaning, in the order of the documentation; passwords are masked.
    pub fn fields(&self) -> Vec<Setting> {
        field::FIELDS.iter().map(|field| field.of(self)).collect()
    }

    /// Where the queue is.
    pub fn queue(&self) -> &Url {
        self.queue.as_ref().unwrap_or(&self.store)
    }

    /// What does not fit together, such as a URL that no adapter takes.
    ///
    /// [`Settings::read`] and [`Settings::from_env`] have looked for it; whoever changed fields since may look again.
    ///
    /// # Errors
    /// [`SettingsError`] tells all mistakes together.
    pub fn check(&self) -> Result<(), SettingsError> {
        let mistakes = self.mistakes();
        if mistakes.is_empty() { Ok(()) } else { Err(SettingsError::new(mistakes)) }
    }

    /// What was changed since does not stand any more where it was read.
    fn forget_places_of_what_differs(&mut self, read: &Settings) {
        let differs = |key: &str| field::of(key).is_some_and(|field| field.slot.show(read) != field.slot.show(self));
        let changed: Vec<&str> = self.places.keys().copied().filter(|key| differs(key)).collect();
        for key in changed {
            self.places.remove(key);
        }
    }

    /// Where a field was set, if it was.
    fn place(&self, key: &str) -> Place {
        self.places.get(key).cloned().unwrap_or(Place::Program)
    }
}

#[cfg(test)]
mod tests;
