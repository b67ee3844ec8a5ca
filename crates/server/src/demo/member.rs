//! A process of the demo, seen from inside: a cache, and what it does when it is told.

use std::time::Duration;

use freshen::metrics::Metrics;
use freshen::{Cache, CacheBuilder, Clock, Jobs, Strength};
use futures_util::future::join;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::demo::gate::Gate;
use crate::demo::hand::InHand;
use crate::demo::happened::{Happened, Teller};
use crate::demo::job::Latest;
use crate::demo::order::{Look, Order, Reply, Share, Standing};
use crate::demo::part::Part;
use crate::demo::tasks::Tasks;
use crate::demo::view::Outcome;
use crate::failure::Failure;

/// How long the store and the queue may take to be read for the page, which waits little longer for the whole.
const READ_WITHIN: Duration = Duration::from_secs(1);

/// A cache with the one job. Cloning gives a handle to the same one.
#[derive(Clone, Debug)]
pub struct Member {
    cache: Cache,
    job: Latest,
    metrics: Metrics,
    teller: Teller,
    clock: Clock,
}

impl Member {
    /// Finishes a cache that has its store and its workers.
    pub async fn new(builder: CacheBuilder, part: &Part, gate: Gate, teller: Teller) -> Result<Member, Failure> {
        let metrics = Metrics::new();
        let cache = builder
            .state(gate)
            .state(part.place)
            .jobs(Jobs::new().add::<Latest>())
            .observer(teller.clone())
            .observer(metrics.clone())
            .build()
            .await?;
        let job = part.job();
        if part.place.serves() {
            // Nothing is in hand yet, so this asks for the first load behind it; a source that does not answer is tried again.
            let _ = cache.get_ready(&job);
        }
        let member = Member { cache, job, metrics, teller, clock: Clock::runtime() };
        member.freeze(part.frozen);
        Ok(member)
    }

    /// Does what it is told.
    ///
    /// # Cancellation
    /// A caller who leaves ends a crowd's callers, and no load.
    pub async fn carry_out(&self, order: Order) -> Reply {
        match order {
            Order::Get => Reply::Look(self.get().await),
            Order::Crowd { callers } => Reply::Share(self.crowd(callers).await),
            Order::Invalidate(strength) => Reply::Done(self.invalidate(strength).await),
            Order::Freeze(frozen) => {
                self.freeze(frozen);
                Reply::Done(Ok(()))
            }
            Order::Stand => Reply::Standing(Box::new(self.standing().await)),
            Order::Metrics => Reply::Metrics(self.metrics.render(&self.cache).await),
            Order::Nod => Reply::Done(Ok(())),
        }
    }

    /// Lets its workers take no task, or tasks again.
    fn freeze(&self, frozen: bool) {
        if frozen { self.cache.pause_workers() } else { self.cache.resume_workers() }
    }

    /// Ends it, and waits for the loads that are under way, within a bound.
    pub async fn end(&self, within: Duration) {
        if !self.cache.shut_down(within).await {
            tracing::warn!("a load was still under way after {within:?}: its result is lost");
        }
    }

    async fn get(&self) -> Look {
        let began = self.clock.now();
        let got = self.cache.get(&self.job).await;
        let waited = self.clock.now().since(began);
        self.teller.tell(Happened::of(&got, waited));
        Look { outcome: Outcome::of(got), waited, by: None }
    }

    async fn crowd(&self, callers: usize) -> Share {
        let mut crowd = JoinSet::new();
        for _ in 0..callers {
            let member = self.clone();
            crowd.spawn(async move { member.get().await });
        }
        let looks = crowd.join_all().await;
        looks.iter().fold(Share::default(), |mut share, look| {
            share.count(look);
            share
        })
    }

    async fn invalidate(&self, strength: Strength) -> Result<(), String> {
        self.cache.invalidate(&self.job, strength).await.map(drop).map_err(|error| error.to_string())
    }

    async fn standing(&self) -> Standing {
        let now = self.clock.now();
        let peek = timeout(READ_WITHIN, self.cache.peek(&self.job));
        let tasks = timeout(READ_WITHIN, Tasks::of(&self.cache, now));
        let (peek, tasks) = join(peek, tasks).await;
        let (store_answers, peek) = match peek {
            Ok(Ok(peek)) => (true, peek),
            // Why not is in the log, as soon as a `get` finds it so.
            Ok(Err(_)) | Err(_) => (false, None),
        };
        let (near_values, near_bytes) = self.cache.near_size();
        Standing {
            in_hand: peek.as_ref().map(InHand::of),
            store_answers: Some(store_answers),
            tasks: tasks.ok().flatten(),
            loads_under_way: self.cache.loads_under_way(),
            near_values,
            near_bytes,
        }
    }
}
