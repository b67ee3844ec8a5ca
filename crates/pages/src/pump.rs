//! Carries a body from its origin to those who read it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use freshen_core::BoxError;
use http::HeaderMap;
use http_body_util::BodyExt;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::body::InnerBody;
use crate::fill::{Filled, Filling, Pushed};

/// The timer counts in these: a shorter time would be looked at without an end.
const STALL_LEAST: Duration = Duration::from_millis(1);

/// What became of a body.
pub(crate) enum Pumped {
    /// It is there, whole.
    Filled(Filled),
    /// It is not kept. Those who read it go on.
    Passed,
    /// It broke off.
    Broken,
}

/// Carries a body in a task of its own: whoever waits for the outcome may leave, and those who read go on. When they have left too,
/// the body is let go of, though it may never end. While it passes, who reads nothing for `stall_timeout` holds up nobody else.
pub(crate) fn pump(body: InnerBody, filling: Filling, stall_timeout: Duration) -> oneshot::Receiver<Pumped> {
    let (tell, told) = oneshot::channel();
    tokio::spawn(Pump { body, filling, stall_timeout: stall_timeout.max(STALL_LEAST), tell: Some(tell) }.run());
    told
}

struct Pump {
    body: InnerBody,
    filling: Filling,
    stall_timeout: Duration,
    tell: Option<oneshot::Sender<Pumped>>,
}

impl Pump {
    async fn run(mut self) {
        let ended = self.carry().await;
        let Pump { filling, tell, body, .. } = self;
        let outcome = match ended {
            Ok(trailers) => filling.finish(trailers).map_or(Pumped::Broken, Pumped::Filled),
            Err(None) if filling.broke_off() => Pumped::Broken,
            Err(None) => Pumped::Passed,
            Err(Some(error)) => {
                filling.fail(Arc::from(error));
                Pumped::Broken
            }
        };
        drop(body);
        if let Some(tell) = tell {
            // Whoever waited for it may have left.
            _ = tell.send(outcome);
        }
    }

    /// Until the body ends, with its trailers. `Err`: it broke off by this, or nobody wants the rest.
    async fn carry(&mut self) -> Result<Option<HeaderMap>, Option<BoxError>> {
        let mut trailers = None;
        loop {
            let frame = tokio::select! {
                frame = self.body.frame() => frame,
                () = self.filling.unwanted() => return Err(None),
                () = left(&mut self.tell) => {
                    self.filling.forsake();
                    continue;
                }
            };
            let Some(frame) = frame else { return Ok(trailers) };
            match frame.map_err(Some)?.into_data() {
                Ok(piece) => {
                    if self.add(piece).await == Pushed::Unwanted {
                        return Err(None);
                    }
                }
                Err(frame) => trailers = frame.into_trailers().ok(),
            }
        }
    }

    /// Adds a piece, and waits for room. That the body is not kept is told before: nobody else waits for those who read it.
    async fn add(&mut self, piece: Bytes) -> Pushed {
        drop(self.filling.push(piece));
        let passes = !self.filling.keeps() && !self.filling.broke_off();
        if passes && let Some(tell) = self.tell.take() {
            _ = tell.send(Pumped::Passed);
        }
        loop {
            match timeout(self.stall_timeout, self.filling.push(Bytes::new())).await {
                Ok(pushed) => return pushed,
                Err(_) => self.filling.cut_off_stalled(),
            }
        }
    }
}

/// Waits until nobody waits for the outcome any more; once that is known, for ever.
async fn left(tell: &mut Option<oneshot::Sender<Pumped>>) {
    match tell {
        Some(told) => told.closed().await,
        None => std::future::pending().await,
    }
    *tell = None;
}
