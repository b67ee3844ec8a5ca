//! An observer that remembers, for tests of code that uses Freshen.

use std::sync::{Arc, Mutex, PoisonError};

use freshen_core::{Event, Observer, Status};

/// Remembers every event of a cache, in order. Cloning gives a handle to the same memory.
///
/// ```
/// use freshen_core::{Cache, Job, Jobs, Load, Loaded, Status};
/// use freshen_testkit::Recorder;
/// # #[derive(Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
/// # struct Square { of: u64 }
/// # impl Job for Square {
/// #     type Output = u64;
/// #     type Error = std::convert::Infallible;
/// #     type State = ();
/// #     const NAME: &'static str = "square";
/// #     async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<u64>, Self::Error> { Ok((self.of * self.of).into()) }
/// # }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let recorder = Recorder::new();
/// let cache = Cache::builder().jobs(Jobs::new().add::<Square>()).observer(recorder.clone()).build().await?;
/// cache.get(&Square { of: 3 }).await?;
/// cache.get(&Square { of: 3 }).await?;
/// assert_eq!(recorder.statuses(), [Status::Loaded, Status::Hit]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Recorder(Arc<Mutex<Memory>>);

#[derive(Debug, Default)]
struct Memory {
    events: Vec<String>,
    statuses: Vec<Status>,
}

impl Recorder {
    /// Remembers nothing yet.
    pub fn new() -> Recorder {
        Recorder::default()
    }

    /// What callers were served, in order.
    pub fn statuses(&self) -> Vec<Status> {
        self.with(|memory| memory.statuses.clone())
    }

    /// Every event, as `Debug` shows it.
    pub fn events(&self) -> Vec<String> {
        self.with(|memory| memory.events.clone())
    }

    /// How many events contain a text, such as `LoadBegan` or the name of a job.
    pub fn count(&self, text: &str) -> usize {
        self.with(|memory| memory.events.iter().filter(|event| event.contains(text)).count())
    }

    /// Forgets what was remembered.
    pub fn clear(&self) {
        self.with(|memory| *memory = Memory::default());
    }

    fn with<T>(&self, read: impl FnOnce(&mut Memory) -> T) -> T {
        read(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for Recorder {
    fn observe(&self, event: &Event<'_>) {
        self.with(|memory| {
            if let Event::Answered { status, .. } = event {
                memory.statuses.push(*status);
            }
            memory.events.push(format!("{event:?}"));
        });
    }
}
