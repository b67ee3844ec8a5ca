//! What a store, a bus and a queue on Redis are told, checked and with its defaults.

use std::time::Duration;

use freshen_core::Strength;
use freshen_core::store::PARTITIONS_MAX;

use crate::ConnectError;
use crate::process;
use crate::store::Patch;

/// Longest prefix, in bytes.
const PREFIX_BYTES_MAX: usize = 64;
/// Largest value that may be allowed: a server takes no larger string.
const VALUE_BYTES_MAX: usize = 512 << 20;
/// Most messages that a listener may lag behind.
const BUFFER_MESSAGES_MAX: usize = 1_000_000;
/// The longest time-out.
const TIME_MAX: Duration = Duration::from_secs(3_600);

/// Checked settings; their documentation is that of the [builder](crate::RedisBuilder).
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) prefix: String,
    pub(crate) partitions: u32,
    pub(crate) value_bytes_max: usize,
    pub(crate) compress_from_bytes: usize,
    pub(crate) marks_most: usize,
    pub(crate) buffer_messages: usize,
    pub(crate) lost: Strength,
    pub(crate) replicas: u32,
    pub(crate) connect_timeout: Duration,
    pub(crate) response_timeout: Duration,
    pub(crate) patience: Duration,
    /// What leases call this process.
    pub(crate) process: String,
    pub(crate) seed: Option<u64>,
    /// For tests: what is replaced in the scripts, and whether they are told the time.
    pub(crate) patches: Vec<Patch>,
    pub(crate) tells_time: bool,
}

impl Settings {
    /// The defaults, for so many partitions.
    pub(crate) fn new(partitions: u32) -> Settings {
        Settings {
            prefix: "freshen".to_owned(),
            partitions,
            value_bytes_max: 8 << 20,
            compress_from_bytes: 4 << 10,
            marks_most: 100_000,
            buffer_messages: 8192,
            lost: Strength::Soft,
            replicas: 0,
            connect_timeout: Duration::from_secs(2),
            response_timeout: Duration::from_secs(1),
            patience: Duration::from_secs(2),
            process: process::name(),
            seed: None,
            patches: Vec::new(),
            tells_time: false,
        }
    }

    /// Refuses what is out of range, and names it.
    pub(crate) fn check(&self) -> Result<(), ConnectError> {
        let wrong = |setting, reason: &str| Err(ConnectError::Setting { setting, reason: reason.to_owned() });
        if self.prefix.is_empty() || self.prefix.len() > PREFIX_BYTES_MAX {
            return wrong("prefix", &format!("has {} bytes; 1 to {PREFIX_BYTES_MAX} are allowed", self.prefix.len()));
        }
        if !(1..=PARTITIONS_MAX).contains(&self.partitions) {
            return wrong("partitions", &format!("is {}; 1 to {PARTITIONS_MAX} are allowed", self.partitions));
        }
        if !process::is_name(&self.process) {
            let reason = format!("is not 1 to {} visible characters of ASCII without `;`", process::NAME_BYTES_MAX);
            return wrong("process", &reason);
        }
        if !(1..=VALUE_BYTES_MAX).contains(&self.value_bytes_max) {
            return wrong(
                "value_bytes_max",
                &format!("is {}; 1 to {VALUE_BYTES_MAX} are allowed", self.value_bytes_max),
            );
        }
        if self.marks_most == 0 {
            return wrong("marks_most", "is 0; at least one mark has to be kept");
        }
        if !(1..=BUFFER_MESSAGES_MAX).contains(&self.buffer_messages) {
            let reason = format!("is {}; 1 to {BUFFER_MESSAGES_MAX} are allowed", self.buffer_messages);
            return wrong("buffer_messages", &reason);
        }
        let times = [
            ("connect_timeout", self.connect_timeout),
            ("response_timeout", self.response_timeout),
            ("patience", self.patience),
        ];
        match times.into_iter().find(|(_, time)| time.is_zero() || *time > TIME_MAX) {
            Some((setting, time)) if time.is_zero() => wrong(setting, "is zero"),
            Some((setting, _)) => wrong(setting, "is longer than an hour"),
            None => Ok(()),
        }
    }
}
