//! A job whose every argument may have a policy of its own, and that notes what its loads are told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use freshen_core::{Job, Jobs, Load, Loaded, OnMiss, Policy, PolicyBuilder, Windows};
use serde::{Deserialize, Serialize};

use super::{Down, Source, Stage, Truth, policy, stage_with};

/// What is particular about one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    Plain,
    /// Fresh for five seconds.
    Short,
    /// A caller with a fallback waits for one second.
    Soft,
    /// Nothing in hand is answered with an error at once.
    Empty,
    /// Nothing in hand is answered with zero at once.
    EmptyZero,
    /// Zero is absent, and fresh for five seconds.
    Negative,
    /// The ttl loses up to a half.
    Jitter,
    Early,
    /// Fresh for as many seconds as the value says.
    Windows,
    /// Asks the source whether the previous value has changed.
    Revalidating,
    /// Says that the value has not changed, whatever is in hand.
    Unchanged,
    /// A task is tried three times.
    ThreeAttempts,
}

/// Reads the truth. The value 13 is refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tuned {
    pub kind: Kind,
    pub key: String,
}

pub fn tuned(kind: Kind) -> Tuned {
    Tuned { kind, key: "a".into() }
}

/// A previous value, its validators, and its age.
pub type Previous = (u64, Option<Vec<u8>>, Duration);

/// What loads were told of a previous value, in order.
#[derive(Clone, Default)]
pub struct Told(Arc<Mutex<Vec<Option<Previous>>>>);

impl Told {
    pub fn all(&self) -> Vec<Option<Previous>> {
        self.0.lock().unwrap().clone()
    }
}

/// A stage that knows [`Tuned`] too.
pub async fn tuned_stage() -> (Stage, Told) {
    let told = Told::default();
    let known = told.clone();
    let jobs = Jobs::new().add::<Truth>().add::<Tuned>();
    (stage_with(|builder| builder.state(known).jobs(jobs)).await, told)
}

impl Job for Tuned {
    type Output = u64;
    type Error = Down;
    type State = (Source, Told);
    const NAME: &'static str = "tuned";
    const NAMESPACE: &'static str = "tests";

    fn policy() -> PolicyBuilder {
        policy()
    }

    fn policy_for(&self, usual: &Arc<Policy>) -> Arc<Policy> {
        let changed = match self.kind {
            Kind::Short => policy().ttl(Duration::from_secs(5)),
            Kind::Soft => policy().soft_timeout(Duration::from_secs(1)),
            Kind::Empty | Kind::EmptyZero => policy().on_miss(OnMiss::Empty),
            Kind::Negative => policy().negative_ttl(Duration::from_secs(5)),
            Kind::Jitter => policy().jitter(0.5),
            Kind::Early => policy().early_refresh(1.0),
            Kind::ThreeAttempts => policy().attempts(3),
            _ => return usual.clone(),
        };
        Arc::new(changed.build().unwrap())
    }

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<u64>, Down> {
        let (source, told) = load.state();
        let previous = load.previous();
        let noted =
            previous.map(|previous| (*previous.value(), previous.validators().map(<[u8]>::to_vec), previous.age()));
        told.0.lock().unwrap().push(noted);
        let value = source.load().await?;
        let validators = value.to_be_bytes().to_vec();
        let unchanged = previous.is_some_and(|previous| previous.validators() == Some(&validators[..]));
        match self.kind {
            Kind::Revalidating if unchanged => Ok(Loaded::unchanged()),
            Kind::Revalidating => Ok(Loaded::new(value).validators(validators)),
            Kind::Unchanged => Ok(Loaded::unchanged()),
            _ => Ok(value.into()),
        }
    }

    fn windows(&self, value: &u64, policy: &Policy) -> Windows {
        match self.kind {
            Kind::Windows => Windows { ttl: Duration::from_secs(*value), ..policy.windows() },
            _ => policy.windows(),
        }
    }

    fn validate(&self, value: &u64) -> Result<(), String> {
        if *value == 13 { Err("thirteen".into()) } else { Ok(()) }
    }

    fn absent(&self, value: &u64) -> bool {
        *value == 0
    }

    fn empty(&self) -> Option<u64> {
        (self.kind == Kind::EmptyZero).then_some(0)
    }
}
