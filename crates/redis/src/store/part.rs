//! What is read in one partition over one connection: records first, what judges them after.
//!
//! No script is needed. A mark that is newer than the record only outdates it, so this order is safe. Which marks are needed
//! is known only from the record, so the tags that a key had last are remembered: a wrong guess costs a second round trip.

use freshen_core::store::Snapshot;
use freshen_core::{Key, Tags, Timestamp};
use redis::{Cmd, Pipeline, Value};

use crate::link::{LinkError, Route, time_of};
use crate::store::Shared;
use crate::store::answered::Answered;
use crate::store::found::{FIELDS, Found, Kept};
use crate::store::marks::Read;

/// Some keys of one partition, and what was answered of them so far.
pub(super) struct Part<'a> {
    pub(super) partition: u32,
    keys: &'a [&'a Key],
    guesses: Vec<Option<Tags>>,
    found: Vec<Found>,
    judged: Read,
    /// Whether marks are wanted that were not asked for.
    unknown: bool,
    /// Why it was not answered.
    refused: Option<LinkError>,
}

impl Shared {
    /// Begins to read keys, all of one partition.
    pub(super) fn part<'a>(&self, partition: u32, keys: &'a [&'a Key]) -> Part<'a> {
        let guesses: Vec<Option<Tags>> = keys.iter().map(|key| self.tags_seen.get(&key.hash())).collect();
        let mut judged = Read::new(self.settings.lost);
        for (key, guess) in keys.iter().zip(&guesses) {
            judged.want(key, guess.as_ref());
        }
        Part { partition, keys, guesses, found: Vec::with_capacity(keys.len()), judged, unknown: false, refused: None }
    }

    /// Asks for all of it in one pipeline. What is refused is so in its own part.
    pub(super) async fn ask_for(&self, route: &Route, parts: &mut [Part<'_>]) -> Result<Answered, LinkError> {
        let commands = 1 + parts.iter().map(Part::commands).sum::<usize>();
        let mut pipeline = Pipeline::with_capacity(commands);
        pipeline.cmd("TIME");
        for part in parts.iter() {
            for key in part.keys {
                pipeline.add_command(self.question(key));
            }
            part.judged.add_to(&mut pipeline, self.partitions.state(part.partition));
        }
        let sent = self.partitions.now();
        let mut answers = route.commands(&pipeline).await?.into_iter();
        let told = route.link.accept(answers.next().unwrap_or_default())?;
        let told = time_of(&told).ok_or_else(|| LinkError::unexpected(route.link.address(), "a time", &told))?;
        let server = self.partitions.server_time(told);
        let from = self.partitions.answered(Vec::new(), route.link.clone(), sent, server);
        for part in parts {
            let own = answers.by_ref().take(part.commands()).collect();
            part.refused = self.take(&from, route.asking, server, part, own).err();
        }
        Ok(from)
    }

    /// Asks in one pipeline for the marks of those parts that lack some.
    pub(super) async fn ask_again(
        &self,
        from: &Answered,
        route: &Route,
        parts: &mut [Part<'_>],
    ) -> Result<(), LinkError> {
        let mut lacking: Vec<_> = parts.iter_mut().filter(|part| part.refused.is_none() && !part.is_judged()).collect();
        let mut pipeline = Pipeline::with_capacity(lacking.len());
        for part in &lacking {
            part.judged.add_to(&mut pipeline, self.partitions.state(part.partition));
        }
        let answers = route.commands(&pipeline).await?;
        for (part, state) in lacking.iter_mut().zip(answers) {
            part.unknown = false;
            let state = from.link.accept(state);
            part.refused = state.and_then(|state| part.judged.answer(from, state)).err();
        }
        Ok(())
    }

    /// What a part has found.
    ///
    /// # Errors
    /// Why it was not answered.
    pub(super) fn snapshots(&self, from: &Answered, part: Part<'_>) -> Result<Vec<Snapshot>, LinkError> {
        let Part { keys, found, judged, refused, .. } = part;
        let snapshots =
            || keys.iter().zip(found).map(|(key, found)| self.snapshot(from, key, found, &judged)).collect();
        refused.map_or_else(|| Ok(snapshots()), Err)
    }

    fn take(
        &self,
        from: &Answered,
        asking: bool,
        server: Timestamp,
        part: &mut Part<'_>,
        mut answers: Vec<Value>,
    ) -> Result<(), LinkError> {
        let state = answers.pop().unwrap_or_default();
        if asking && answers.iter().any(is_absent) {
            return Err(LinkError::Moving { address: from.address().to_owned(), partition: part.partition });
        }
        for ((key, answer), guess) in part.keys.iter().zip(answers).zip(&part.guesses) {
            part.found.push(self.found(from, key, answer, guess.as_ref())?.unended(server));
        }
        part.judged.answer(from, from.link.accept(state)?)?;
        self.learn(part);
        Ok(())
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

    /// Wants the marks of tags that were not guessed, and remembers them.
    fn learn(&self, part: &mut Part<'_>) {
        for ((key, guess), found) in part.keys.iter().zip(&part.guesses).zip(&part.found) {
            let Some(Kept { tags, .. }) = &found.entry else { continue };
            let known = guess.as_ref().unwrap_or(&Tags::NONE);
            if tags != known {
                part.unknown |= part.judged.want(key, Some(tags));
                self.tags_seen.insert(key.hash(), tags.clone());
            }
        }
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

impl Part<'_> {
    /// Whether the partition had a clock.
    pub(super) fn has_clock(&self) -> bool {
        self.judged.has_clock()
    }

    /// Whether all is known that judges what was found.
    pub(super) fn is_judged(&self) -> bool {
        self.has_clock() && !self.unknown
    }

    /// Whether marks are all that it lacks.
    pub(super) fn lacks_marks(&self) -> bool {
        self.refused.is_none() && self.has_clock() && self.unknown
    }

    /// Why it was not answered, told once.
    pub(super) fn refusal(&mut self) -> Result<(), LinkError> {
        self.refused.take().map_or(Ok(()), Err)
    }

    /// How many there are in its question: one for each record, and one for what judges them.
    fn commands(&self) -> usize {
        self.keys.len() + 1
    }
}

/// Whether the answer is that of a record which is not there.
fn is_absent(answer: &Value) -> bool {
    matches!(answer, Value::Array(fields) if fields.first() == Some(&Value::Nil))
}
