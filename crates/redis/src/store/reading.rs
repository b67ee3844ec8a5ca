//! Reading many keys: one pipeline for each server, whatever number of partitions they lie in.
//!
//! What is in the way of a partition (no connection yet, a slot that was moved, a clock that is lost) takes it out of the
//! company: it is read by itself, by the road of every step, which knows what to do.

use std::collections::BTreeMap;
use std::{iter, slice};

use freshen_core::Key;
use freshen_core::store::{Marked, Scope, Snapshot};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::link::{Link, LinkError, Repeat, Route};
use crate::store::Shared;
use crate::store::answer::Answer;
use crate::store::answered::Answered;
use crate::store::gathering::TOGETHER_MOST;
use crate::store::invalidating::AT_ONCE;
use crate::store::marks::field_of;
use crate::store::part::Part;

/// How often a clock that is lost again and again is made anew.
const CLOCKS_MOST: usize = 3;
/// Most keys of one pipeline: what it answers is in memory at once.
const PIPELINE_KEYS_MOST: usize = 1_024;

/// What is read of one partition.
struct Share<'a> {
    partition: u32,
    /// Which of all keys they are.
    places: Vec<usize>,
    keys: Vec<&'a Key>,
}

/// Shares that are read over one connection together; without one each goes by itself.
struct Trip<'a> {
    link: Option<Link>,
    shares: Vec<Share<'a>>,
}

/// What a share was answered.
type Outcome = Result<Vec<Snapshot>, LinkError>;

impl Shared {
    /// Reads keys; gives what was found of each in their order. What keeps a partition from being read is an error of its keys.
    pub(super) async fn read(&self, keys: &[Key]) -> Vec<Result<Snapshot, LinkError>> {
        let trips: Vec<_> = self.trips(keys).into_iter().map(|trip| self.travel(trip)).collect();
        let mut trips = stream::iter(trips).buffer_unordered(AT_ONCE);
        let mut found: Vec<_> = keys.iter().map(|_| None).collect();
        while let Some(outcomes) = trips.next().await {
            for (places, outcome) in outcomes {
                match outcome {
                    Ok(snapshots) => places.into_iter().zip(snapshots).for_each(|(at, own)| found[at] = Some(Ok(own))),
                    Err(error) => places.into_iter().for_each(|at| found[at] = Some(Err(error.clone()))),
                }
            }
        }
        found.into_iter().map(|found| found.unwrap_or_else(|| Err(LinkError::given_up()))).collect()
    }

    /// What every partition knows of these scopes.
    pub(super) async fn marks_of(&self, scopes: &[Scope]) -> Result<Vec<Marked>, LinkError> {
        let fields: Vec<String> = scopes.iter().map(field_of).collect();
        let fields: Vec<&[u8]> = fields.iter().map(String::as_bytes).collect();
        let script = &self.partitions.scripts.marks;
        let asked = (0..self.partitions.count()).map(async |partition| {
            let answered = self.partitions.step(partition, script, &[], &fields, Repeat::Harmless).await?;
            Answer::new(answered).marked()
        });
        stream::iter(asked).buffered(AT_ONCE).try_collect().await
    }

    /// Reads keys of one partition, and tries again where that may help.
    pub(super) async fn read_partition(&self, partition: u32, keys: &[&Key]) -> Outcome {
        let once = |route: Route| async move { self.read_over(&route, partition, keys).await };
        self.partitions.on(partition, Repeat::Harmless, once).await
    }

    /// Who goes with whom: those whose partitions lie on one server, as far as is known without asking.
    fn trips<'a>(&self, keys: &'a [Key]) -> Vec<Trip<'a>> {
        let mut trips = Vec::new();
        let mut open = BTreeMap::<u64, Trip<'a>>::new();
        for share in self.shares(keys) {
            let Some(link) = self.partitions.link_to(share.partition) else {
                trips.push(Trip { link: None, shares: vec![share] });
                continue;
            };
            let trip = open.entry(link.id()).or_insert_with(|| Trip { link: Some(link.clone()), shares: Vec::new() });
            let full = trip.keys() + share.keys.len() > PIPELINE_KEYS_MOST;
            if full {
                trips.push(std::mem::replace(trip, Trip { link: Some(link), shares: Vec::new() }));
            }
            trip.shares.push(share);
        }
        trips.extend(open.into_values());
        trips
    }

    fn shares<'a>(&self, keys: &'a [Key]) -> Vec<Share<'a>> {
        let mut places = BTreeMap::<u32, Vec<usize>>::new();
        for (at, key) in keys.iter().enumerate() {
            places.entry(self.partition(key)).or_default().push(at);
        }
        let mut shares = Vec::with_capacity(places.len());
        for (partition, places) in places {
            shares.extend(places.chunks(TOGETHER_MOST).map(|places| Share {
                partition,
                places: places.to_vec(),
                keys: places.iter().map(|at| &keys[*at]).collect(),
            }));
        }
        shares
    }

    /// Reads shares together, and by itself each that had no answer there.
    async fn travel(&self, trip: Trip<'_>) -> Vec<(Vec<usize>, Outcome)> {
        let read = match trip.link {
            Some(link) => self.read_together(link, &trip.shares).await,
            None => Vec::new(),
        };
        let read = read.into_iter().chain(iter::repeat_with(|| None));
        let ends: Vec<_> = trip.shares.into_iter().zip(read).map(|(share, read)| self.end(share, read)).collect();
        stream::iter(ends).buffer_unordered(AT_ONCE).collect().await
    }

    async fn end(&self, share: Share<'_>, read: Option<Vec<Snapshot>>) -> (Vec<usize>, Outcome) {
        let outcome = match read {
            Some(snapshots) => Ok(snapshots),
            None => self.read_partition(share.partition, &share.keys).await,
        };
        (share.places, outcome)
    }

    /// What was found of each share, as far as all went well.
    async fn read_together(&self, link: Link, shares: &[Share<'_>]) -> Vec<Option<Vec<Snapshot>>> {
        let route = Route { link, asking: false };
        let parts = shares.iter().map(|share| self.part(share.partition, &share.keys)).collect();
        // Whatever was wrong, each share meets it once more by itself. A server that did not answer is known to be down by then.
        self.partitions.links.host(self.read_parts(&route, parts)).await.unwrap_or_default()
    }

    /// One round trip where all tags were guessed; a second one where they were not.
    async fn read_parts(
        &self,
        route: &Route,
        mut parts: Vec<Part<'_>>,
    ) -> Result<Vec<Option<Vec<Snapshot>>>, LinkError> {
        let from = self.ask_for(route, &mut parts).await?;
        if parts.iter().any(Part::lacks_marks) {
            self.ask_again(&from, route, &mut parts).await?;
        }
        let read = |part: Part<'_>| if part.is_judged() { self.snapshots(&from, part).ok() } else { None };
        Ok(parts.into_iter().map(read).collect())
    }

    /// The same for one partition alone, whose clock is made anew where it was lost.
    async fn read_over(&self, route: &Route, partition: u32, keys: &[&Key]) -> Outcome {
        let mut part = self.part(partition, keys);
        let from = self.ask_for(route, slice::from_mut(&mut part)).await?;
        self.complete(route, &from, &mut part).await?;
        self.snapshots(&from, part)
    }

    /// Reads the marks that are still wanted, and makes a clock that is not there.
    async fn complete(&self, route: &Route, from: &Answered, part: &mut Part<'_>) -> Result<(), LinkError> {
        let partition = part.partition;
        for _ in 0..CLOCKS_MOST {
            part.refusal()?;
            if part.is_judged() {
                return Ok(());
            }
            let lost = !part.has_clock();
            if lost && route.asking {
                return Err(LinkError::Moving { address: route.link.address().to_owned(), partition });
            }
            if lost {
                self.partitions.attach(partition, route, false).await?;
            }
            self.ask_again(from, route, slice::from_mut(part)).await?;
        }
        part.refusal()?;
        if part.has_clock() { Ok(()) } else { Err(lost_again(route, partition)) }
    }
}

impl Trip<'_> {
    fn keys(&self) -> usize {
        self.shares.iter().map(|share| share.keys.len()).sum()
    }
}

fn lost_again(route: &Route, partition: u32) -> LinkError {
    let reason = format!("the clock of partition {partition} was lost each time it was made");
    LinkError::Down { address: route.link.address().to_owned(), reason }
}
