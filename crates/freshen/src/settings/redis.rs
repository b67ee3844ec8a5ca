//! Opening what lies on Redis or Valkey.

use freshen_core::queue::{DEFAULT_QUEUE, Queue};
use freshen_core::{BoxError, Clock, Timestamp};
use freshen_redis::{ConnectError, Redis, RedisBuilder, RedisQueue};

use super::backends::OpenError;
use super::{Settings, SettingsError, Url};

/// The way to the store's servers, which the queue shares where it is there too.
pub(super) type Way = Redis;

/// Connects to the store's servers.
pub(super) async fn store(settings: &Settings, clock: &Clock) -> Result<Redis, OpenError> {
    let builder = settings.redis(&settings.store);
    match builder.clone().connect(clock.clone()).await {
        Err(ConnectError::Port(error)) if settings.degraded => {
            tracing::warn!(target: "freshen", url = %settings.store, %error, "the store cannot be used yet; starting without it");
            builder.open(clock.clone())
        }
        other => other,
    }
    .map_err(|error| settings.failed("store", &settings.store, error))
}

/// Connects to a store that is there already, with as many partitions as it has.
pub(super) async fn existing(settings: &Settings, clock: &Clock) -> Result<Redis, OpenError> {
    let url = &settings.store;
    let builder = Settings { partitions: None, ..settings.clone() }.redis(url);
    let redis = builder.connect_existing(clock.clone()).await.map_err(|error| settings.failed("store", url, error))?;
    redis.ok_or_else(|| OpenError::Absent { url: url.clone(), prefix: settings.prefix.clone() })
}

/// A queue, over the store's connections where it has the store's URL.
pub(super) async fn queue(
    settings: &Settings,
    name: &str,
    store: Option<&Redis>,
    clock: &Clock,
) -> Result<RedisQueue, OpenError> {
    let url = settings.queue();
    let failed = |error| settings.failed("queue", url, error);
    let redis = match store {
        Some(redis) if *url == settings.store => redis.clone(),
        // Nothing is attached: there is no store.
        _ => settings.redis(url).open(clock.clone()).map_err(failed)?,
    };
    let queue = settings.redis_queue(&redis, name).map_err(failed)?;
    match queue.depth().await {
        Err(error) if settings.degraded => {
            tracing::warn!(target: "freshen", %url, %error, "the queue cannot be used yet; starting without it");
        }
        Err(error) => return Err(failed(ConnectError::Port(error))),
        Ok(_) => {}
    }
    Ok(queue)
}

impl Settings {
    fn redis(&self, url: &Url) -> RedisBuilder {
        let fits = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        let mut builder = Redis::builder(url.secret())
            .prefix(&self.prefix)
            .value_bytes_max(fits(self.value_limit))
            .compress_from_bytes(fits(self.compress_from))
            .marks_most(self.marks_limit)
            .buffer_messages(self.bus_limit)
            .lost(self.when_lost)
            .replicas(self.replicas)
            .connect_timeout(self.connect_timeout)
            .response_timeout(self.response_timeout)
            .patience(self.patience);
        if let Some(partitions) = self.partitions {
            builder = builder.partitions(partitions);
        }
        if let (true, Some(password)) = (url.names_sentinels(), self.sentinel_password.password()) {
            builder = builder.sentinel_password(password);
        }
        if let (true, Some(file)) = (url.speaks_tls(), &self.ca_file) {
            builder = builder.roots(file);
        }
        match (&self.cert_file, &self.key_file) {
            (Some(file), Some(key)) if url.speaks_tls() => builder.certificate(file, key),
            _ => builder,
        }
    }

    fn redis_queue(&self, redis: &Redis, name: &str) -> Result<RedisQueue, ConnectError> {
        let queue = redis.queue().name(name).bound(self.queue_limit).quarantine_bound(self.quarantine_limit);
        queue.visibility(self.visibility).build()
    }

    fn failed(&self, what: &'static str, url: &Url, error: ConnectError) -> OpenError {
        match error {
            ConnectError::Port(error) => {
                let source: BoxError = Box::new(error);
                OpenError::Server { what, url: url.clone(), source }
            }
            error => {
                let (key, reason) = refusal(what, error);
                OpenError::Settings(SettingsError::of_field(self, key, &reason))
            }
        }
    }

    /// What an adapter does not take, without connecting: the field, and why.
    pub(super) fn refused_urls(&self) -> Vec<(&'static str, String)> {
        let clock = Clock::manual(Timestamp::ZERO);
        let mut refused = Vec::new();
        for (what, url) in [("store", &self.store), ("queue", self.queue())] {
            let again = what == "queue" && *url == self.store;
            if !url.is_memory() && !again {
                let opened =
                    self.redis(url).open(clock.clone()).and_then(|redis| self.redis_queue(&redis, DEFAULT_QUEUE));
                refused.extend(opened.err().map(|error| refusal(what, error)));
            }
        }
        refused
    }
}

/// The field that an adapter's refusal is about.
fn refusal(what: &'static str, error: ConnectError) -> (&'static str, String) {
    match error {
        ConnectError::Url { part, reason } => (what, format!("the {part} {reason}")),
        ConnectError::Setting { setting, reason } => (field(setting), reason),
        error => (what, error.to_string()),
    }
}

/// What settings call what the adapter calls otherwise.
fn field(setting: &'static str) -> &'static str {
    match setting {
        "value_bytes_max" => "value_limit",
        "compress_from_bytes" => "compress_from",
        "marks_most" => "marks_limit",
        "buffer_messages" => "bus_limit",
        "roots" => "ca_file",
        "certificate" => "cert_file",
        "certificate_key" => "key_file",
        "bound" => "queue_limit",
        "quarantine_bound" => "quarantine_limit",
        same => same,
    }
}
