//! All processes that the demo runs on, and whom a request goes to.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use freshen::Strength;
use futures_util::future::join_all;

use crate::demo::crowd::{Crowd, shares};
use crate::demo::member::Member;
use crate::demo::not_up::NotUp;
use crate::demo::order::{Look, Order, Reply, Standing};
use crate::demo::place::Place;
use crate::demo::post::{BEGIN_WITHIN, Post};
use crate::demo::process::Phase;
use crate::demo::troupe::Troupe;
use crate::demo::view::{Outcome, Refused};
use crate::demo::wire::NoAnswer;
use crate::failure::Failure;

/// How long an order may take that waits for the lease of one who is gone and then for a load, and one that waits for neither.
const SERVE_WITHIN: Duration = Duration::from_secs(30);
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// What a process that hangs may hold up the page.
const STAND_WITHIN: Duration = Duration::from_secs(2);

/// The processes. One that is alone is this one; else each is a child of it.
#[derive(Debug)]
pub struct Fleet {
    posts: Vec<Post>,
    /// How children are started; nothing where there are none.
    troupe: Option<Troupe>,
    /// Which of those that serve is the next one's.
    next: AtomicUsize,
    frozen: AtomicBool,
}

impl Fleet {
    /// This process alone.
    pub fn alone(member: Member) -> Fleet {
        Fleet::of(vec![Post::here(member)], None)
    }

    /// Starts two processes that serve and two that refresh, and returns once all have begun.
    ///
    /// # Errors
    /// Which of them does not begin.
    pub async fn start(troupe: Troupe) -> Result<Fleet, Failure> {
        let posts = Place::FLEET.map(|place| Post::start(place, &troupe, false));
        let posts = posts.into_iter().collect::<Result<Vec<_>, _>>().map_err(Failure::Start)?;
        let fleet = Fleet::of(posts, Some(troupe));
        let begun = join_all(fleet.posts.iter().map(|post| post.begun(BEGIN_WITHIN))).await;
        for (post, phase) in fleet.posts.iter().zip(begun) {
            if phase != Phase::Alive {
                return Err(Failure::Member { name: post.place().name(), reason: said(&phase) });
            }
        }
        Ok(fleet)
    }

    fn of(posts: Vec<Post>, troupe: Option<Troupe>) -> Fleet {
        Fleet { posts, troupe, next: AtomicUsize::new(0), frozen: AtomicBool::new(false) }
    }

    /// How its children are started, if it has any.
    pub fn troupe(&self) -> Option<&Troupe> {
        self.troupe.as_ref()
    }

    /// Who is where.
    pub fn posts(&self) -> &[Post] {
        &self.posts
    }

    /// Whether the workers take no tasks.
    pub fn frozen(&self) -> bool {
        self.frozen.load(Ordering::Relaxed)
    }

    /// Whether something that is asked for is refreshed.
    pub fn refreshes(&self) -> bool {
        !self.frozen() && self.posts.iter().any(|post| post.place().works() && post.is_up())
    }

    /// One `get`, of one after the other of those that serve. What it waited for one that did not answer is part of its wait.
    ///
    /// # Cancellation
    /// A caller who leaves cancels no load.
    pub async fn get(&self) -> Look {
        let (began, mut why) = (Instant::now(), self.nobody());
        for post in self.serving() {
            match post.order(Order::Get, SERVE_WITHIN).await {
                Ok(Reply::Look(look)) => return Look { by: Some(post.place()), waited: began.elapsed(), ..look },
                Ok(_) => {}
                Err(error) => why = self.unanswered(post, error),
            }
        }
        let refused = Refused::of_nobody(why.word(), why.to_string());
        Look { outcome: Outcome::Refused(refused), waited: began.elapsed(), by: None }
    }

    /// Many at once, as evenly as it goes. What a process had that did not answer is asked of another, and it is asked no more.
    ///
    /// # Errors
    /// Nobody is there to answer all of them.
    ///
    /// # Cancellation
    /// Dropping the future ends the callers of this process, and no load.
    pub async fn crowd(&self, callers: usize) -> Result<Crowd, NotUp> {
        let mut crowd = Crowd::default();
        let began = Instant::now();
        let (mut left, mut why) = (callers, self.nobody());
        let mut up = self.serving();
        // Each turn but the last loses a process.
        while !up.is_empty() {
            let lost = self.answer(&up, left, began, &mut crowd).await;
            left = lost.iter().map(|(_, callers, _)| callers).sum();
            if left == 0 {
                return Ok(crowd);
            }
            crowd.again += left;
            for (post, _, error) in lost {
                why = self.unanswered(post, error);
                up.retain(|other| other.place() != post.place());
            }
        }
        Err(why)
    }

    /// Outdates the list, in the first that answers of those that serve; who did it.
    pub async fn invalidate(&self, strength: Strength) -> Result<Place, NotUp> {
        let mut why = self.nobody();
        for post in self.serving() {
            match post.order(Order::Invalidate(strength), ANSWER_WITHIN).await {
                Ok(Reply::Done(Err(reason))) => return Err(NotUp::Refused(reason)),
                Ok(_) => return Ok(post.place()),
                Err(error) => why = self.unanswered(post, error),
            }
        }
        Err(why)
    }

    /// Lets the workers take no tasks, or tasks again; those that are revived too.
    pub async fn freeze(&self, frozen: bool) {
        self.frozen.store(frozen, Ordering::Relaxed);
        // Those that are gone need no word.
        join_all(self.posts.iter().map(|post| post.order(Order::Freeze(frozen), ANSWER_WITHIN))).await;
    }

    /// How all of them stand: the list and the queue as the first has it who can see them.
    pub async fn standing(&self) -> Standing {
        let heard = self.posts.iter().filter(|post| !post.is_silent());
        let asked = heard.map(|post| post.order(Order::Stand, STAND_WITHIN));
        let mut whole = Standing::default();
        for answer in join_all(asked).await {
            if let Ok(Reply::Standing(standing)) = answer {
                whole.add(*standing);
            }
        }
        whole
    }

    /// A page for Prometheus: each process has its own.
    pub async fn metrics(&self, slug: &str) -> Option<Result<String, NoAnswer>> {
        let post = self.posts.iter().find(|post| post.place().slug() == slug)?;
        Some(match post.order(Order::Metrics, ANSWER_WITHIN).await {
            Ok(Reply::Metrics(page)) => Ok(page),
            Ok(_) => Err(NoAnswer::Silent),
            Err(error) => Err(error),
        })
    }

    /// Kills the process at a place; its id.
    pub async fn kill(&self, place: Place) -> Result<u32, NotUp> {
        self.post(place)?.kill().await
    }

    /// Starts a process at a place where none is; its id.
    pub async fn revive(&self, place: Place) -> Result<u32, NotUp> {
        let troupe = self.troupe.as_ref().ok_or(NotUp::Alone)?;
        let post = self.post(place)?;
        let pid = post.revive(troupe, self.frozen())?;
        match post.begun(BEGIN_WITHIN).await {
            Phase::Alive => {
                // Who froze or unfroze them meanwhile did not reach it.
                let _ = post.order(Order::Freeze(self.frozen()), ANSWER_WITHIN).await;
                Ok(pid)
            }
            phase => Err(NotUp::NotStarted { place, reason: said(&phase) }),
        }
    }

    /// Ends all of them, each within so long.
    pub async fn end(&self, within: Duration) {
        join_all(self.posts.iter().map(|post| post.end(within))).await;
    }

    fn post(&self, place: Place) -> Result<&Post, NotUp> {
        self.posts.iter().find(|post| post.place() == place).ok_or(NotUp::Alone)
    }

    /// Why nobody serves, where nobody does.
    fn nobody(&self) -> NotUp {
        let silent = self.posts.iter().find(|post| post.place().serves() && post.is_silent());
        silent.map_or(NotUp::NoWeb, |post| NotUp::Silent { place: post.place() })
    }

    /// Why one that was to serve did not answer. One that is gone leaves nobody to answer, or those that are silent.
    fn unanswered(&self, post: &Post, error: NoAnswer) -> NotUp {
        if post.phase().is_over() { self.nobody() } else { NotUp::of(error, post.place()) }
    }

    /// Those that serve, are up and give signs of life, beginning with the next one's turn.
    fn serving(&self) -> Vec<&Post> {
        let serves = |post: &&Post| post.place().serves() && post.is_up() && !post.is_silent();
        let mut up: Vec<_> = self.posts.iter().filter(serves).collect();
        if !up.is_empty() {
            let turn = self.next.fetch_add(1, Ordering::Relaxed) % up.len();
            up.rotate_left(turn);
        }
        up
    }

    /// Lets these answer so many callers, who wait since then; who of them did not, how many callers each had, and why.
    async fn answer<'a>(
        &self,
        up: &[&'a Post],
        callers: usize,
        since: Instant,
        crowd: &mut Crowd,
    ) -> Vec<(&'a Post, usize, NoAnswer)> {
        let shares: Vec<_> = shares(callers, up.len()).collect();
        let asked = up.iter().zip(&shares).map(|(post, callers)| async move {
            let answered = post.crowd(*callers, SERVE_WITHIN).await;
            (answered, since.elapsed())
        });
        let mut lost = Vec::new();
        for ((post, callers), (answered, waited)) in up.iter().zip(&shares).zip(join_all(asked).await) {
            match answered {
                Ok(share) => {
                    crowd.share.add(share);
                    crowd.add(post.place(), *callers, waited);
                }
                Err(error) => lost.push((*post, *callers, error)),
            }
        }
        lost
    }
}

/// What became of a process that did not begin.
fn said(phase: &Phase) -> String {
    match phase {
        Phase::Ended(status) => format!("it ended ({status})"),
        _ => format!("it did not begin within {BEGIN_WITHIN:?}"),
    }
}

#[cfg(all(test, unix))]
#[path = "fleet/tests.rs"]
mod tests;
