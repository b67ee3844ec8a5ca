//! Freshen: fresh entries with one tag, read by `get` and by `get_with`.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use freshen::{Cache, Job, Jobs, Load, Loaded, Policy, PolicyBuilder};
use serde::{Deserialize, Serialize};

use tokio::runtime::{Builder, Runtime};

use super::{Peer, add_up_awaiting, capacity};
use crate::value::Value;

#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Read {
    key: u64,
}

impl Job for Read {
    type Output = Value;
    type Error = Infallible;
    type State = (Filled,);
    const NAME: &'static str = "read";

    fn policy() -> PolicyBuilder {
        Policy::builder().ttl(Duration::from_secs(3600))
    }

    async fn load(&self, load: Load<'_, Self>) -> Result<Loaded<Value>, Infallible> {
        let filled = load.state().0.0.load(Ordering::Relaxed);
        Ok(if filled { Value::missed() } else { Value::of(self.key) }.into())
    }

    fn tags(&self, _value: &Value) -> Vec<String> {
        vec!["values".into()]
    }
}

/// Whether the cache has been filled: a load after that is a miss, and its value betrays it.
#[derive(Clone, Default)]
struct Filled(Arc<AtomicBool>);

/// A full cache, and the runtime of its tasks.
struct Full {
    cache: Cache,
    _runtime: Runtime,
}

impl Full {
    /// With room for the keys and what each takes beside its value.
    fn of(keys: u64) -> Self {
        let bytes = capacity(keys) * 2_048;
        let runtime = Builder::new_current_thread().enable_time().build();
        let runtime = runtime.expect("a runtime with a timer needs nothing that could be refused");
        let cache = runtime.block_on(async {
            let filled = Filled::default();
            let cache = Cache::builder().state(filled.clone()).jobs(Jobs::new().add::<Read>()).workers(0);
            let cache = cache.capacity(bytes).near_capacity(bytes).build().await.expect("the configuration is fixed");
            // Twice: a value is judged in full at its first hit, and at a glance from then on.
            for key in (0..keys).chain(0..keys) {
                cache.get(&Read { key }).await.expect("the load cannot fail");
            }
            filled.0.store(true, Ordering::Relaxed);
            cache
        });
        Full { cache, _runtime: runtime }
    }
}

pub struct Get(Full);

impl Peer for Get {
    const NAME: &'static str = "freshen_get";
    const READ: &'static str = "get: judged, clones an Arc";

    fn fill(keys: u64) -> Self {
        Self(Full::of(keys))
    }

    fn read_all(&self, keys: &[u64]) -> u64 {
        add_up_awaiting(keys, |key| async move { Some(self.0.cache.get(&Read { key }).await.ok()?.mark) })
    }
}

pub struct GetWith(Full);

impl Peer for GetWith {
    const NAME: &'static str = "freshen_get_with";
    const READ: &'static str = "get_with: judged, a closure reads";

    fn fill(keys: u64) -> Self {
        Self(Full::of(keys))
    }

    fn read_all(&self, keys: &[u64]) -> u64 {
        add_up_awaiting(keys, |key| async move { self.0.cache.get_with(&Read { key }, |value| value.mark).await.ok() })
    }
}
