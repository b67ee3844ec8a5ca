//! Reading: records first, what judges them after, in one pipeline for each partition.
//!
//! No script is needed. A mark that is newer than the record only outdates it, so this order is safe. Which marks are needed
//! is known only from the record, so the tags that a key had last are remembered: a wrong guess costs a second round trip.

use std::collections::BTreeMap;

use freshen_core::store::{Marked, Scope, Snapshot};
use freshen_core::{Key, Tags};
use futures_util::{StreamExt, TryStreamExt, stream};
use redis::{Cmd, Pipeline, Value};

use crate::link::{LinkError, Repeat, Route, time_of};
use crate::store::Shared;
use crate::store::answer::Answer;
use crate::store::answered::Answered;
use crate::store::found::{FIELDS, Found, Kept};
use crate::store::gathering::TOGETHER_MOST;
use crate::store::invalidating::AT_ONCE;
use crate::store::marks::{Read, field_of};

/// How often a clock that is lost again and again is made anew.
const CLOCKS_MOST: usize = 3;

impl Shared {
    /// Reads keys; gives what was found in their order.
    pub(super) async fn read(&self, keys: &[Key]) -> Result<Vec<Snapshot>, LinkError> {
        let mut groups = BTreeMap::<u32, Vec<usize>>::new();
        for (index, key) in keys.iter().enumerate() {
            groups.entry(self.partition(key)).or_default().push(index);
        }
        let mut reads = Vec::new();
        for (partition, indexes) in groups {
            for some in indexes.chunks(TOGETHER_MOST) {
                reads.push(self.read_some(partition, keys, some.to_vec()));
            }
        }
        let read: Vec<_> = stream::iter(reads).buffer_unordered(AT_ONCE).try_collect().await?;
        let mut found: Vec<_> = read.into_iter().flatten().collect();
        found.sort_unstable_by_key(|(index, _)| *index);
        Ok(found.into_iter().map(|(_, snapshot)| snapshot).collect())
    }

    /// Reads those of the keys that have these indexes, and lie in one partition.
    async fn read_some(
        &self,
        partition: u32,
        keys: &[Key],
        indexes: Vec<usize>,
    ) -> Result<Vec<(usize, Snapshot)>, LinkError> {
        let some: Vec<&Key> = indexes.iter().map(|index| &keys[*index]).collect();
        let snapshots = self.read_partition(partition, &some).await?;
        Ok(indexes.into_iter().zip(snapshots).collect())
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

    pub(super) async fn read_partition(&self, partition: u32, keys: &[&Key]) -> Result<Vec<Snapshot>, LinkError> {
        let once = |route: Route| async move { self.read_over(&route, partition, keys).await };
        self.partitions.on(partition, Repeat::Harmless, once).await
    }

    /// One round trip where all tags were guessed; a second one where they were not, or the clock was lost.
    async fn read_over(&self, route: &Route, partition: u32, keys: &[&Key]) -> Result<Vec<Snapshot>, LinkError> {
        let mut judged = Read::new(self.settings.lost);
        let guesses: Vec<Option<Tags>> = keys.iter().map(|key| self.tags_seen.get(&key.hash())).collect();
        let mut pipeline = Pipeline::with_capacity(keys.len() + 2);
        pipeline.cmd("TIME");
        for (key, guess) in keys.iter().zip(&guesses) {
            judged.want(key, guess.as_ref());
            pipeline.add_command(self.question(key));
        }
        judged.add_to(&mut pipeline, self.partitions.state(partition));
        let sent = self.partitions.now();
        let mut answers = route.commands(&pipeline).await?;
        let state = answers.pop().unwrap_or_default();
        if route.asking && answers.iter().any(is_absent) {
            return Err(LinkError::Moving { address: route.link.address().to_owned(), partition });
        }
        let mut answers = answers.into_iter();
        let told = route.link.accept(answers.next().unwrap_or_default())?;
        let told = time_of(&told).ok_or_else(|| LinkError::unexpected(route.link.address(), "a time", &told))?;
        let server = self.partitions.server_time(told);
        let from = self.partitions.answered(Vec::new(), route.link.clone(), sent, server);
        let mut found = Vec::with_capacity(keys.len());
        for ((key, answer), guess) in keys.iter().zip(answers).zip(&guesses) {
            found.push(self.found(&from, key, answer, guess.as_ref())?.unended(server));
        }
        judged.answer(&from, route.link.accept(state)?)?;
        let unknown = self.learn(keys, &guesses, &found, &mut judged);
        self.complete(route, partition, unknown, &mut judged, &from).await?;
        Ok(keys.iter().zip(found).map(|(key, found)| self.snapshot(&from, key, found, &judged)).collect())
    }

    /// A record that is not this key's, or is damaged, is a miss. Refusals of the server are not.
    fn found(&self, from: &Answered, key: &Key, answer: Value, guess: Option<&Tags>) -> Result<Found, LinkError> {
        if let Value::ServerError(reply) = &answer
            && reply.code() != "WRONGTYPE"
        {
            return from.link.accept(answer).map(|_| Found::default());
        }
        Ok(Found::read(key, answer, guess).unwrap_or_else(|wrong| {
            tracing::warn!(target: "freshen", %key, wrong, "a record is not used, and will be replaced by the next load");
            Found::default()
        }))
    }

    /// Wants the marks of tags that were not guessed, and remembers them. `true`: there are such.
    fn learn(&self, keys: &[&Key], guesses: &[Option<Tags>], found: &[Found], judged: &mut Read) -> bool {
        let mut unknown = false;
        for ((key, guess), found) in keys.iter().zip(guesses).zip(found) {
            let Some(Kept { tags, .. }) = &found.entry else { continue };
            let known = guess.as_ref().unwrap_or(&Tags::NONE);
            if tags != known {
                unknown |= judged.want(key, Some(tags));
                self.tags_seen.insert(key.hash(), tags.clone());
            }
        }
        unknown
    }

    /// Reads the marks that are still wanted, and makes a clock that is not there.
    async fn complete(
        &self,
        route: &Route,
        partition: u32,
        mut unknown: bool,
        judged: &mut Read,
        from: &Answered,
    ) -> Result<(), LinkError> {
        for _ in 0..CLOCKS_MOST {
            let lost = !judged.has_clock();
            if !lost && !unknown {
                return Ok(());
            }
            if lost && route.asking {
                return Err(LinkError::Moving { address: route.link.address().to_owned(), partition });
            }
            if lost {
                self.partitions.attach(partition, route, false).await?;
            }
            let mut pipeline = redis::pipe();
            judged.add_to(&mut pipeline, self.partitions.state(partition));
            let state = route.commands(&pipeline).await?.pop().unwrap_or_default();
            judged.answer(from, route.link.accept(state)?)?;
            unknown = false;
        }
        if judged.has_clock() { Ok(()) } else { Err(lost_again(route, partition)) }
    }

    /// The fields of a key's record.
    fn question(&self, key: &Key) -> Cmd {
        let record = self.record(key);
        let fields_bytes: usize = FIELDS.iter().map(|field| field.len()).sum();
        let mut question = Cmd::with_capacity(2 + FIELDS.len(), "HMGET".len() + record.len() + fields_bytes);
        question.arg("HMGET").arg(record).arg(&FIELDS);
        question
    }
}

/// Whether the answer is that of a record which is not there.
fn is_absent(answer: &Value) -> bool {
    matches!(answer, Value::Array(fields) if fields.first() == Some(&Value::Nil))
}

fn lost_again(route: &Route, partition: u32) -> LinkError {
    let reason = format!("the clock of partition {partition} was lost each time it was made");
    LinkError::Down { address: route.link.address().to_owned(), reason }
}
