//! The steps on the record of one key: what each script is told, and what its answer means.

use std::sync::Arc;
use std::time::Duration;

use freshen_core::store::{Asked, Begin, Begun, Committed, Failure, Lease, Role, Token};
use freshen_core::{Entry, Generation, Key, PortError, Timestamp, Value};

use crate::link::{LinkError, Repeat, Script};
use crate::store::answer::Answer;
use crate::store::found::{facts_text, micros, tags_text};
use crate::store::together::Kind;
use crate::store::undoing::Undo;
use crate::store::{PORT, Shared, packing};

/// The longest span that is sent, about 142 years: sums with it are exact in scripts.
const SPAN_MICROS_MOST: u64 = 1 << 52;

impl Shared {
    /// Runs a step on the record of a key.
    pub(super) async fn step(
        &self,
        key: &Key,
        script: &Script,
        arguments: &[&[u8]],
        repeat: Repeat,
    ) -> Result<Answer, LinkError> {
        let mut all = vec![key.as_bytes(), key.namespace().as_bytes()];
        all.extend_from_slice(arguments);
        let record = self.record(key);
        let answered = self.partitions.step(self.partition(key), script, &[record.as_bytes()], &all, repeat).await?;
        Ok(Answer::new(answered))
    }

    pub(super) async fn ask(
        self: &Arc<Self>,
        key: &Key,
        deadline: Duration,
        at_least: Option<Generation>,
    ) -> Result<Asked, LinkError> {
        let (span, at_least) = (span(deadline), generation(at_least));
        let arguments = [span.as_bytes(), at_least.as_bytes()];
        let asked = self.step_together(Kind::Ask, key, &arguments).await;
        asked.and_then(|mut answer| answer.asked()).inspect_err(|error| self.undo(error, key, Undo::Ask, deadline))
    }

    pub(super) async fn begin(self: &Arc<Self>, key: &Key, request: Begin) -> Result<Begun, LinkError> {
        let (role, deadline): (&[u8], _) = match request.role {
            Role::Foreground => (b"f", Duration::ZERO),
            Role::Task { deadline } => (b"t", deadline),
            Role::TakeOver => (b"o", Duration::ZERO),
        };
        let token = Token(self.partitions.token());
        let (lease, deadline, at_least) = (span(request.lease), span(deadline), generation(request.at_least));
        let heeds: &[u8] = if request.heeds_backoff { b"1" } else { b"0" };
        let held = self.held(token);
        let arguments = [role, lease.as_bytes(), deadline.as_bytes(), at_least.as_bytes(), heeds, held.as_bytes()];
        let begun = self.step_together(Kind::Begin, key, &arguments).await;
        begun.and_then(|answer| answer.begun(token)).inspect_err(|error| {
            self.undo(error, key, Undo::Begin(unheard(token), Failure::abandoned()), request.lease);
        })
    }

    pub(super) async fn commit(
        self: &Arc<Self>,
        key: &Key,
        lease: &Lease,
        entry: &Entry,
        value: &[u8],
    ) -> Result<Committed, LinkError> {
        let packed = packing::pack(value, self.settings.compress_from_bytes);
        let (epoch, number) = (epoch(lease.generation), lease.generation.number.to_string());
        let (facts, tags) = (facts_text(&entry.facts), tags_text(&entry.tags));
        let validators = entry.validators.as_ref().map(|bytes| [b"=", &bytes[..]].concat()).unwrap_or_default();
        let held = self.held(lease.token);
        let arguments: [&[u8]; 7] = [
            held.as_bytes(),
            epoch.as_bytes(),
            number.as_bytes(),
            &packed,
            facts.as_bytes(),
            tags.as_bytes(),
            &validators,
        ];
        self.step_together(Kind::Commit, key, &arguments).await?.committed(lease)
    }

    /// The bytes of a value that may be kept.
    pub(super) fn accept<'a>(&self, key: &Key, entry: &'a Entry) -> Result<&'a [u8], PortError> {
        let Value::Encoded(bytes) = &entry.value else {
            return Err(PortError::lasting(PORT, "commit", format!("the value of {key} is not encoded")));
        };
        let most = self.settings.value_bytes_max;
        if bytes.len() > most {
            let reason = format!("the value of {key} has {} bytes, more than {most}", bytes.len());
            return Err(PortError::lasting(PORT, "commit", reason));
        }
        Ok(bytes)
    }

    /// Where the server does not hear of it, it is told later: until then nobody else may load the key.
    pub(super) async fn fail(self: &Arc<Self>, key: &Key, lease: &Lease, failure: Failure) -> Result<(), LinkError> {
        let ended = self.end_lease(key, lease, &failure).await;
        ended.inspect_err(|error| {
            if !error.is_lasting() {
                let within = self.partitions.now().until(lease.until);
                self.undo_in_time(key, Undo::Begin(lease.clone(), failure), within);
            }
        })
    }

    pub(super) async fn end_lease(&self, key: &Key, lease: &Lease, failure: &Failure) -> Result<(), LinkError> {
        // The constructor of a failure cuts its reason, but its fields are open.
        let cut = |reason: &str| Failure::failed(failure.retry_after, reason).reason.unwrap_or_default();
        let counts: &[u8] = if failure.reason.is_some() { b"1" } else { b"0" };
        let (pause, reason) = (span(failure.retry_after), failure.reason.as_deref().map(cut).unwrap_or_default());
        let held = self.held(lease.token);
        let arguments = [held.as_bytes(), pause.as_bytes(), counts, reason.as_bytes()];
        self.step(key, &self.partitions.scripts.fail, &arguments, Repeat::Harmless).await.map(drop)
    }

    pub(super) async fn renew(&self, key: &Key, lease: &Lease, length: Duration) -> Result<bool, LinkError> {
        let (held, length) = (self.held(lease.token), span(length));
        let arguments = [held.as_bytes(), length.as_bytes()];
        let mut answer = self.step(key, &self.partitions.scripts.renew, &arguments, Repeat::Harmless).await?;
        Ok(answer.small()? == 1)
    }

    /// A token as records have it, with the name of this process for people who look.
    fn held(&self, token: Token) -> String {
        format!("{:032x}@{}", token.0, self.settings.process)
    }
}

/// The lease of a begin whose answer did not come: its token tells it.
fn unheard(token: Token) -> Lease {
    let (generation, begun_at) = (Generation { epoch: 0, number: 0 }, Timestamp::ZERO);
    Lease { token, generation, begun_at, until: Timestamp::ZERO, failures: 0 }
}

fn span(of: Duration) -> String {
    micros(of).min(SPAN_MICROS_MOST).to_string()
}

fn epoch(of: Generation) -> String {
    format!("{:016x}", of.epoch)
}

/// As scripts compare it; nothing, if there is none.
fn generation(of: Option<Generation>) -> String {
    of.map(|of| format!("{} {}", epoch(of), of.number)).unwrap_or_default()
}
