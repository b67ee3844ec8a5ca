//! While somebody watches: one request a second for all of them, and a frame a few times a second.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

use crate::demo::listing::Listing;
use crate::demo::live::Frame;
use crate::demo::shown::Shown;
use crate::demo::view::{Outcome, View};

/// Between two requests that viewing makes, however many watch.
const LOOK_EACH: Duration = Duration::from_secs(1);
/// Between two frames.
const FRAME_EACH: Duration = Duration::from_millis(200);

/// Looks once a second while somebody watches. Whoever spawned it stops it.
pub async fn look_on(shown: Arc<Shown>) {
    loop {
        shown.live.watched().await;
        shown.look().await;
        tokio::time::sleep(LOOK_EACH).await;
    }
}

/// Shows frames while somebody watches. Whoever spawned it stops it.
pub async fn show_on(shown: Arc<Shown>) {
    let mut list = SentList::default();
    loop {
        shown.live.watched().await;
        if let Some(look) = shown.last() {
            shown.live.show(list.frame(shown.view(look).await));
        }
        tokio::time::sleep(FRAME_EACH).await;
    }
}

/// The list that viewers were sent last: an equal one is neither encoded nor sent again.
#[derive(Debug, Default)]
struct SentList {
    number: u64,
    list: Option<Listing>,
    event: Bytes,
}

impl SentList {
    fn frame(&mut self, mut view: View) -> Frame {
        let list = match &mut view.outcome {
            Outcome::Served(served) => served.list.take(),
            Outcome::Refused(_) => None,
        };
        if self.number == 0 || self.list != list {
            self.number += 1;
            self.event = event("list", &list);
            self.list = list;
        }
        Frame { list: self.event.clone(), list_number: self.number, state: event("state", &view) }
    }
}

/// A server-sent event. JSON on one line has no line break that would end it early.
fn event(name: &str, told: &impl Serialize) -> Bytes {
    match serde_json::to_string(told) {
        Ok(json) => format!("event: {name}\ndata: {json}\n\n").into(),
        Err(error) => {
            tracing::warn!(%error, "cannot show the {name}");
            Bytes::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_source_says_cannot_end_an_event_early() {
        let lines = vec!["a\n\nevent: state\ndata: {}\r\n\u{2028}".to_owned()];
        let event = event("list", &Listing { lines, more: 0 });
        let text = std::str::from_utf8(&event).unwrap();
        assert_eq!(text.matches(['\n', '\r']).count(), 3, "{text}");
        assert!(text.starts_with("event: list\ndata: {") && text.ends_with("}\n\n"), "{text}");
    }
}
