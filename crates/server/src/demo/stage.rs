//! The process that serves the page, as another one sees it.

use std::time::Duration;

use crate::demo::happened::Happened;
use crate::demo::listing::Listing;
use crate::demo::questions::{QUESTIONS_MAX, Questions};
use crate::demo::wire::{Lines, ToStage};

/// It hears what happens, and stands before the source.
#[derive(Debug)]
pub struct Stage {
    lines: Lines<ToStage>,
    fetches: Questions<Result<Listing, String>>,
}

impl Stage {
    /// At the end of these lines.
    pub fn new(lines: Lines<ToStage>) -> Stage {
        Stage { lines, fetches: Questions::default() }
    }

    /// Says a line, if the other end is still there.
    pub async fn say(&self, line: ToStage) {
        // Whoever is gone needs no word.
        let _ = self.lines.say(line).await;
    }

    /// Tells what happened, unless so much waits to be told that there is no room.
    pub fn tell(&self, happened: Happened) {
        if !self.lines.try_say(ToStage::Happened(happened)) {
            tracing::warn!("the page's process does not listen: an event is not told");
        }
    }

    /// Asks for the list.
    pub async fn fetch(&self) -> Result<Listing, String> {
        // The cached job gives up sooner.
        const WITHIN: Duration = Duration::from_secs(60);
        let fetched = self.fetches.ask(&self.lines, QUESTIONS_MAX, WITHIN, |id| ToStage::Fetch { id }).await;
        fetched.unwrap_or_else(|_| Err("the page's process, which stands before the source, does not answer".into()))
    }

    /// The list that was asked for has come, or why it has not.
    pub fn fetched(&self, id: u64, list: Result<Listing, String>) {
        self.fetches.answered(id, list);
    }

    /// The page's process is gone.
    pub fn close(&self) {
        self.fetches.close();
    }
}
