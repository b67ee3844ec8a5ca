//! Connecting: from a URL and settings to a store, a bus and queues.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use freshen_core::{Clock, PortError, Strength};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::bus::RedisBus;
use crate::link::{Access, Home, Identity, Links, Servers, Tls};
use crate::queue::RedisQueueBuilder;
use crate::settings::Settings;
use crate::store::{AT_ONCE, Partitions, RedisStore, Waiting};
use crate::url::Url;

/// Partitions of a store on a Cluster, unless told otherwise.
const CLUSTER_PARTITIONS: u32 = 64;

/// The way to one Redis or Valkey, by which its store, its bus and its queues are made.
///
/// A clone is the same way. All processes that are to share a cache name the same servers, prefix and number of partitions.
#[derive(Clone)]
pub struct Redis {
    partitions: Arc<Partitions>,
    settings: Arc<Settings>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URL is wrong. Its password is never shown.
    #[error("url: the {part} {reason}")]
    Url {
        /// Which part of it.
        part: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A setting is out of range.
    #[error("redis: {setting} {reason}")]
    Setting {
        /// The builder's method.
        setting: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The server cannot be reached, or will not do: its version is too old, it does not know us, or its data were made with
    /// another number of partitions.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Settings of a connection to Redis, each with a default.
#[derive(Clone)]
pub struct RedisBuilder {
    url: String,
    settings: Settings,
    partitions: Option<u32>,
    sentinel_password: Option<String>,
    roots: Option<PathBuf>,
    identity: Option<[PathBuf; 2]>,
}

impl Redis {
    /// Begins with a URL; what it may say is told in the documentation of this crate.
    pub fn builder(url: impl Into<String>) -> RedisBuilder {
        RedisBuilder {
            url: url.into(),
            settings: Settings::new(1),
            partitions: None,
            sentinel_password: None,
            roots: None,
            identity: None,
        }
    }

    /// The store.
    pub fn store(&self) -> RedisStore {
        RedisStore::new(self.partitions.clone(), self.settings.clone())
    }

    /// The bus on which the store publishes.
    pub fn bus(&self) -> RedisBus {
        RedisBus::new(self.partitions.clone(), self.settings.clone())
    }

    /// Starts to configure a queue of tasks, which needs no store beside it.
    pub fn queue(&self) -> RedisQueueBuilder {
        RedisQueueBuilder::new(self.partitions.links.clone(), &self.settings.prefix)
    }

    /// Attaches every partition, so that what is wrong shows at once.
    async fn attach(&self) -> Result<(), ConnectError> {
        let all = (0..self.partitions.count()).map(async |partition| self.partitions.ready(partition).await);
        let ready: Result<(), _> = stream::iter(all).buffer_unordered(AT_ONCE).try_collect().await;
        Ok(ready.map_err(|error| error.at("redis", "connect"))?)
    }
}

impl std::fmt::Debug for Redis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redis").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl RedisBuilder {
    /// What every key and the bus's channel begin with, 1 to 64 bytes; `freshen` unless told otherwise.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.settings.prefix = prefix.into();
        self
    }

    /// Into how many partitions the keys are divided, 1 to 1024: 64 on a Cluster, else one.
    ///
    /// It is fixed when a store is first used: a process that names another number gets an error.
    #[must_use]
    pub fn partitions(mut self, partitions: u32) -> Self {
        self.partitions = Some(partitions);
        self
    }

    /// The largest value that is kept, in bytes before it is compressed; 8 MiB unless told otherwise.
    #[must_use]
    pub fn value_bytes_max(mut self, bytes: usize) -> Self {
        self.settings.value_bytes_max = bytes;
        self
    }

    /// From which size on values are compressed, in bytes; 4 KiB unless told otherwise.
    #[must_use]
    pub fn compress_from_bytes(mut self, bytes: usize) -> Self {
        self.settings.compress_from_bytes = bytes;
        self
    }

    /// How many marks of tags and namespaces a partition keeps; 100,000 unless told otherwise.
    ///
    /// Beyond it an old one is dropped, and all that is older than its last invalidation is outdated.
    #[must_use]
    pub fn marks_most(mut self, marks: usize) -> Self {
        self.settings.marks_most = marks;
        self
    }

    /// How many messages of the bus a listener may lag behind before it is cut off; 8192 unless told otherwise.
    #[must_use]
    pub fn buffer_messages(mut self, messages: usize) -> Self {
        self.settings.buffer_messages = messages;
        self
    }

    /// How entries are treated whose marks may have been lost, as after a failover; soft unless told otherwise.
    ///
    /// Choose hard where tags or namespaces are invalidated hard.
    #[must_use]
    pub fn lost(mut self, lost: Strength) -> Self {
        self.settings.lost = lost;
        self
    }

    /// How many replicas must have heard of an invalidation before it returns; none unless told otherwise.
    ///
    /// It narrows what a failover can lose. While replicas lag, invalidations wait for them, over a second connection to each
    /// server, so that nothing else waits. Where too few have heard within the time that an answer may take, the invalidation
    /// was made and is an error that may pass.
    #[must_use]
    pub fn replicas(mut self, replicas: u32) -> Self {
        self.settings.replicas = replicas;
        self
    }

    /// How long a connection may take until it can be used; 2 s unless told otherwise.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.connect_timeout = timeout;
        self
    }

    /// How long an answer may take; 1 s unless told otherwise. A server that takes longer is treated as down.
    #[must_use]
    pub fn response_timeout(mut self, timeout: Duration) -> Self {
        self.settings.response_timeout = timeout;
        self
    }

    /// For how long a command is tried again while a slot is being moved or a server is loading or being replaced; 2 s unless
    /// told otherwise.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.settings.patience = patience;
        self
    }

    /// A file of certificates in PEM to trust instead of the system's.
    #[must_use]
    pub fn roots(mut self, file: impl Into<PathBuf>) -> Self {
        self.roots = Some(file.into());
        self
    }

    /// What leases call this process, for those who look who has one: 1 to 64 visible characters of ASCII without `;`. Unless
    /// told otherwise it is the machine's name and the process's number, as `web-1:4711`.
    #[must_use]
    pub fn process(mut self, name: impl Into<String>) -> Self {
        self.settings.process = name.into();
        self
    }

    /// A file with this process's certificate, those that vouch for it after it, and a file with its key, in PEM: for servers
    /// and sentinels that ask who connects.
    #[must_use]
    pub fn certificate(mut self, file: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.identity = Some([file.into(), key.into()]);
        self
    }

    /// The password that the sentinels ask for; that in the URL is for the servers.
    #[must_use]
    pub fn sentinel_password(mut self, password: impl Into<String>) -> Self {
        self.sentinel_password = Some(password.into());
        self
    }

    /// The seed of tokens and epochs, for tests. Two processes with one seed would give the same tokens.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = Some(seed);
        self
    }

    /// A fault for tests: replaces a piece of the scripts' text, wherever it stands. Panics where it stands nowhere.
    #[cfg(feature = "mutants")]
    #[must_use]
    pub fn patch(mut self, from: &'static str, to: &'static str) -> Self {
        let patch = crate::store::Patch { from, to };
        assert!(patch.occurrences() > 0, "no script says {from:?}");
        self.settings.patches.push(patch);
        self
    }

    /// For tests: the process's clock is the server's, too.
    #[cfg(feature = "mutants")]
    #[must_use]
    pub fn telling_time(mut self) -> Self {
        self.settings.tells_time = true;
        self.patch("time[1] * 1000000 + time[2]", "tonumber(table.remove(ARGV))")
    }

    /// Connects, checks the servers, and attaches every partition.
    ///
    /// The clock is that of the cache that is built upon it.
    ///
    /// # Errors
    /// [`ConnectError`] names the part of the URL or the setting that is wrong, or tells why no server will do.
    pub async fn connect(self, clock: Clock) -> Result<Redis, ConnectError> {
        let redis = self.open(clock)?;
        redis.attach().await?;
        Ok(redis)
    }

    /// Connects to a store that is there already, for a program that only looks at it; `None` where there is none under this
    /// prefix.
    ///
    /// Nothing is made. The number of partitions is the store's, unless one was named, which then has to be the same; and no
    /// mark is dropped to make room for others, because the bound on them is that of the processes that use the store.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn connect_existing(self, clock: Clock) -> Result<Option<Redis>, ConnectError> {
        let way = self.clone().open(clock.clone())?;
        let made_with = way.partitions.made_with().await.map_err(|error| error.at("redis", "connect"))?;
        let Some(made_with) = made_with else { return Ok(None) };
        let mut fitting = self;
        fitting.partitions.get_or_insert(made_with);
        fitting.settings.marks_most = usize::MAX;
        fitting.connect(clock).await.map(Some)
    }

    /// The same as [`connect`](Self::connect) without waiting for the servers: until they are there every step fails at once, and then they are used.
    ///
    /// # Errors
    /// [`ConnectError`] names the part of the URL or the setting that is wrong.
    pub fn open(self, clock: Clock) -> Result<Redis, ConnectError> {
        let url = Url::parse(&self.url)?;
        let fitting = if matches!(url.servers, Servers::Cluster(_)) { CLUSTER_PARTITIONS } else { 1 };
        let settings = Settings { partitions: self.partitions.unwrap_or(fitting), ..self.settings };
        settings.check()?;
        if self.sentinel_password.is_some() && !matches!(url.servers, Servers::Sentinel { .. }) {
            return Err(wrong("sentinel_password", "is given, but the URL names no sentinels".to_owned()));
        }
        let access = Access {
            user: url.user,
            password: url.password,
            sentinel_password: self.sentinel_password,
            database: url.database,
            tls: tls(url.tls, self.roots, self.identity)?,
            connect_timeout: settings.connect_timeout,
            response_timeout: settings.response_timeout,
        };
        let home = Home::here();
        let way = |access: &Access| {
            Links::new(url.servers.clone(), access.clone(), clock.clone(), settings.patience, home.clone())
        };
        // Replicas may take as long as a server may, and then the server has as long to answer.
        let longer = Access { response_timeout: 2 * access.response_timeout, ..access.clone() };
        let waiting = (settings.replicas > 0).then(|| Waiting { links: way(&longer), replicas: settings.replicas });
        let partitions = Arc::new(Partitions::new(way(&access), waiting, clock.clone(), &settings));
        Ok(Redis { partitions, settings: Arc::new(settings) })
    }
}

fn tls(spoken: bool, roots: Option<PathBuf>, identity: Option<[PathBuf; 2]>) -> Result<Option<Tls>, ConnectError> {
    if !spoken {
        let but = "given, but the URL does not ask for TLS";
        return match (roots, identity) {
            (Some(_), _) => Err(wrong("roots", format!("are {but}"))),
            (None, Some(_)) => Err(wrong("certificate", format!("is {but}"))),
            (None, None) => Ok(None),
        };
    }
    let roots = roots.map(|file| pem("roots", &file)).transpose()?;
    let identity = match identity {
        Some([file, key]) => {
            let (certificate, key) = (pem("certificate", &file)?, pem("certificate_key", &key)?);
            Some(Identity { certificate, key })
        }
        None => None,
    };
    Ok(Some(Tls { roots, identity }))
}

fn pem(setting: &'static str, file: &Path) -> Result<Vec<u8>, ConnectError> {
    std::fs::read(file).map_err(|error| wrong(setting, format!("{}: {error}", file.display())))
}

fn wrong(setting: &'static str, reason: String) -> ConnectError {
    ConnectError::Setting { setting, reason }
}
