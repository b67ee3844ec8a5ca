//! A member, seen from inside: a cache on the settings' servers, and what it does when it is told.

use std::sync::Arc;
use std::time::{Duration, Instant};

use freshen_core::{Cache, CacheBuilder, Jobs, Strength};
use freshen_redis::Redis;
use tokio::net::TcpStream;
use tokio::net::unix::pipe;

use crate::clock::shifted;
use crate::deaf::Deaf;
use crate::job::{self, Form, Item, Newer, Plain, ToSource, value};
use crate::order::{Force, Order, Reply, Served, What};
use crate::setting::{Defect, Setting};
use crate::source::{Ask, Told};
use crate::wire::{self, Caller};
use crate::witness::Witness;

/// How long a member that is told to end waits for what is under way.
const SHUT_DOWN: Duration = Duration::from_secs(10);

/// An error that ends a member.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Is a member until its parent lets go of it: takes orders on its standard input, and answers on its standard output.
///
/// # Errors
/// What kept it from starting.
pub fn run(setting: &str) -> Result<(), Failure> {
    let setting: Setting = serde_json::from_str(setting)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let ran = runtime.block_on(serve(setting));
    // A load that hangs is no reason to stay.
    runtime.shutdown_background();
    ran
}

async fn serve(setting: Setting) -> Result<(), Failure> {
    job::settle(&setting);
    let source = setting.source.ok_or("a member needs a source")?;
    let (read, write) = TcpStream::connect(source).await?.into_split();
    let source: ToSource = Caller::new(read, write);
    if setting.newer {
        follow(Inside::<Newer>::build(&setting, source).await?).await
    } else {
        follow(Inside::<Plain>::build(&setting, source).await?).await
    }
}

async fn follow<F: Form>(inside: Inside<F>) -> Result<(), Failure> {
    let orders = pipe::Receiver::from_owned_fd(std::os::fd::AsFd::as_fd(&std::io::stdin()).try_clone_to_owned()?)?;
    let replies = pipe::Sender::from_owned_fd(std::os::fd::AsFd::as_fd(&std::io::stdout()).try_clone_to_owned()?)?;
    let inside = Arc::new(inside);
    let respond = |order| {
        let inside = inside.clone();
        async move { inside.obey(order).await }
    };
    wire::answer(orders, replies, respond).await;
    Ok(())
}

struct Inside<F> {
    cache: Cache,
    source: ToSource,
    form: std::marker::PhantomData<fn() -> F>,
}

impl<F: Form> Inside<F> {
    async fn build(setting: &Setting, source: ToSource) -> Result<Self, Failure> {
        let clock = shifted(setting.minutes_ahead);
        let redis = redis(setting).open(clock.clone())?;
        let witness = Witness::new(redis.store(), source.clone(), setting.defect);
        let queue = redis.queue().visibility(setting.visibility).bound(setting.queue_bound).build()?;
        let builder = Cache::builder()
            .jobs(Jobs::new().add::<Item<F>>())
            .state(source.clone())
            .clock(clock)
            .store(witness)
            .queue(queue)
            .workers(setting.workers)
            .near_bound(setting.near_bound)
            .heartbeat(setting.heartbeat)
            .task_deadline(setting.task_deadline);
        let builder = on_bus(builder, &redis, setting.defect);
        Ok(Inside { cache: builder.build().await?, source, form: std::marker::PhantomData })
    }

    async fn obey(self: Arc<Self>, order: Order) -> Reply {
        let cache = &self.cache;
        match order {
            Order::Get { keys, callers, strict } => Reply::Served(self.get_all(&keys, callers, strict).await),
            Order::Invalidate(what, force) => Reply::Done(self.invalidate(what, force).await),
            Order::Put(key) => Reply::Put(self.put(key).await),
            Order::Remove(key) => Reply::Done(said(cache.remove(&Item::<F>::new(key)).await.map(drop))),
            Order::Work(on) => {
                if on {
                    cache.resume_workers()
                } else {
                    cache.pause_workers()
                }
                Reply::Done(Ok(()))
            }
            Order::Depth => Reply::Depth(self.depth().await),
            Order::Explain(key) => Reply::Text(match cache.explain(&Item::<F>::new(key)).await {
                Ok(explanation) => explanation.to_string(),
                Err(error) => error.to_string(),
            }),
            Order::ShutDown => Reply::Done(if cache.shut_down(SHUT_DOWN).await {
                Ok(())
            } else {
                Err("something still runs".to_owned())
            }),
        }
    }

    async fn get_all(self: &Arc<Self>, keys: &[u32], callers: usize, strict: bool) -> Vec<Served> {
        let get = |key| {
            let inside = self.clone();
            tokio::spawn(async move { inside.get(key, strict).await })
        };
        let waiting: Vec<_> = keys.iter().flat_map(|key| std::iter::repeat_n(*key, callers)).map(get).collect();
        let mut all = Vec::with_capacity(waiting.len());
        for served in waiting {
            all.push(served.await.expect("a get does not panic"));
        }
        all
    }

    async fn get(&self, key: u32, strict: bool) -> Served {
        let (job, began) = (Item::<F>::new(key), Instant::now());
        let got = match strict {
            true => self.cache.request(&job).max_stale(Duration::ZERO).get().await,
            false => self.cache.get(&job).await,
        };
        let how = got.map(|answer| (answer.status().into(), answer.version()));
        Served { key, how: how.map_err(|error| error.to_string()), waited: began.elapsed() }
    }

    async fn invalidate(&self, what: What, force: Force) -> Result<(), String> {
        let strength = match force {
            Force::Soft => Strength::Soft,
            Force::Hard => Strength::Hard,
        };
        let done = match what {
            What::Key(key) => self.cache.invalidate(&Item::<F>::new(key), strength).await,
            What::Tag(tag) => self.cache.invalidate_tag(&tag, strength).await,
            What::Namespace => self.cache.invalidate_namespace(job::NAMESPACE, strength).await,
        };
        said(done.map(drop))
    }

    async fn put(&self, key: u32) -> Result<u64, String> {
        let put = said(self.cache.begin_put(&Item::<F>::new(key)).await)?;
        let Told::Version(version) = said(self.source.call(Ask::Write(key)).await)? else {
            return Err("the source takes no write".to_owned());
        };
        said(put.commit(value::<F>(version)).await).map(|_| version)
    }

    async fn depth(&self) -> Result<[u64; 4], String> {
        let depth = said(self.cache.queue_depth().await)?;
        Ok([depth.ready, depth.delayed, depth.held, depth.quarantined].map(|count| count as u64))
    }
}

fn redis(setting: &Setting) -> freshen_redis::RedisBuilder {
    let patience = setting.patience;
    Redis::builder(&setting.url)
        .prefix(&setting.prefix)
        .connect_timeout(patience)
        .response_timeout(patience)
        .patience(patience)
        .lost(if setting.lost_hard { Strength::Hard } else { Strength::Soft })
}

fn on_bus(builder: CacheBuilder, redis: &Redis, defect: Option<Defect>) -> CacheBuilder {
    match defect {
        Some(Defect::LosesMessages) => builder.bus(Deaf(redis.bus())),
        _ => builder.bus(redis.bus()),
    }
}

fn said<T>(done: Result<T, impl std::error::Error>) -> Result<T, String> {
    done.map_err(|error| {
        let source = error.source().map(|source| format!(": {source}")).unwrap_or_default();
        format!("{error}{source}")
    })
}
