//! The job of a fleet: a key of the source, and the version that it has.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::OnceLock;

use freshen_core::{Job, Load, Loaded, PolicyBuilder};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::setting::Setting;
use crate::source::{Ask, Told};
use crate::wire::{Caller, Gone};

/// What all keys are in.
pub(crate) const NAMESPACE: &str = "fleet";

/// Tells a job the settings of the process: a policy is asked of the type alone.
static SETTING: OnceLock<Setting> = OnceLock::new();

pub(crate) fn settle(setting: &Setting) {
    SETTING.get_or_init(|| setting.clone());
}

fn setting() -> &'static Setting {
    SETTING.get().expect("a member has its settings before it makes a cache")
}

/// How a value is written: a fleet may have two forms of it.
pub(crate) trait Form: Serialize + DeserializeOwned + Debug + Send + Sync + 'static {
    fn new(version: u64, filler: String) -> Self;
    fn version(&self) -> u64;
}

/// What most members write.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Plain {
    version: u64,
    filler: String,
}

/// The form of a newer program: the older one's bytes do not decode into it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Newer {
    version: u64,
    text: String,
    twice: u64,
}

impl Form for Plain {
    fn new(version: u64, filler: String) -> Self {
        Plain { version, filler }
    }

    fn version(&self) -> u64 {
        self.version
    }
}

impl Form for Newer {
    fn new(version: u64, text: String) -> Self {
        Newer { version, text, twice: 2 * version }
    }

    fn version(&self) -> u64 {
        self.version
    }
}

/// A key of the source.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
pub(crate) struct Item<F> {
    pub key: u32,
    #[serde(skip)]
    form: PhantomData<fn() -> F>,
}

impl<F> Item<F> {
    pub fn new(key: u32) -> Self {
        Item { key, form: PhantomData }
    }
}

impl<F> Clone for Item<F> {
    fn clone(&self) -> Self {
        Item::new(self.key)
    }
}

impl<F> PartialEq for Item<F> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<F> Eq for Item<F> {}

impl<F> std::hash::Hash for Item<F> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

/// Why a load failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("the source fails")]
    Source,
    #[error(transparent)]
    Gone(#[from] Gone),
}

/// The way of a member to the source.
pub(crate) type ToSource = Caller<Ask, Told>;

impl<F: Form> Job for Item<F> {
    type Output = F;
    type Error = LoadError;
    type State = (ToSource,);
    const NAME: &'static str = "item";
    const NAMESPACE: &'static str = NAMESPACE;

    fn policy() -> PolicyBuilder {
        setting().policy()
    }

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<F>, LoadError> {
        match load.state().0.call(Ask::Read(self.key)).await? {
            Told::Version(version) => Ok(value::<F>(version).into()),
            Told::Deadly => std::process::abort(),
            Told::Failed | Told::Noted => Err(LoadError::Source),
        }
    }

    fn tags(&self, _value: &F) -> Vec<String> {
        tags(self.key).into()
    }
}

/// A value of this version, as large as the settings say, of letters that no compression makes much smaller.
pub(crate) fn value<F: Form>(version: u64) -> F {
    let mut chance = fastrand::Rng::with_seed(version);
    F::new(version, (0..setting().filler_bytes).map(|_| chance.alphanumeric()).collect())
}

/// Keys that share a small tag.
const SMALL: u32 = 5;

/// The tags of a key: it shares a small one with four others, and a large one with a third of all.
pub(crate) fn tags(key: u32) -> [String; 2] {
    [format!("small-{}", key / SMALL), format!("large-{}", key % 3)]
}
