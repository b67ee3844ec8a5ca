//! What a request gets where the service behind fails, or has too much to do.

use std::time::Duration;

use freshen_http::{CacheStatus, Failure, Forward, Judgement, Rule, stand_in};
use http::{Response, StatusCode};

use crate::body::PageBody;
use crate::flight::Seat;
use crate::outage::Outage;
use crate::page::PageAt;
use crate::record::Record;
use crate::reply;
use crate::walk::{End, Walk};

impl Walk<'_> {
    /// The service behind failed: what is in hand stands in, if it may.
    pub(crate) async fn failed(
        &self,
        at: &PageAt,
        seat: &Seat,
        outage: Outage,
        judged: Option<&Judgement>,
        why: Forward,
    ) -> End {
        let Outage { failure, retry_after } = outage;
        if let Some(response) = self.stand_in(at, failure, judged).await {
            return End::Answered(response);
        }
        match (self.came(seat), failure) {
            (Some(response), _) => {
                let status = CacheStatus::forwarded(why, Some(Rule::OriginFailed)).stored(false);
                End::Answered(self.told(response, Some(status)))
            }
            // The one that was sent has met it; another need not.
            (None, Failure::Status(_)) if !seat.first && !outage.is_for_all() => self.alone(why, Rule::OriginFailed),
            (None, failure) => End::Answered(reply::failed(failure.status(), retry_after)),
        }
    }

    /// The service behind failed a moment ago, and is not asked before that long.
    pub(crate) async fn cooling(&self, at: &PageAt, retry_after: Duration, judged: Option<&Judgement>) -> End {
        self.spared(at, Failure::Unreachable, retry_after, judged).await
    }

    /// The services behind are asked for as much as they may be.
    pub(crate) async fn crowded(&self, at: &PageAt, judged: Option<&Judgement>) -> End {
        self.spared(at, Failure::TimedOut, self.pages.retry_after(), judged).await
    }

    async fn spared(&self, at: &PageAt, failure: Failure, retry_after: Duration, judged: Option<&Judgement>) -> End {
        let stands_in = self.stand_in(at, failure, judged).await;
        let refused = || reply::failed(StatusCode::SERVICE_UNAVAILABLE, Some(retry_after));
        End::Answered(stands_in.unwrap_or_else(refused))
    }

    async fn stand_in(&self, at: &PageAt, failure: Failure, judged: Option<&Judgement>) -> Option<Response<PageBody>> {
        let found = self.in_hand(at).await?;
        let Record::Selected(variant) = Record::of(&found, &self.inquiry.sent, self.rules()) else { return None };
        let (terms, judgement) = self.judge(&found, variant);
        let (asked, now) = (&self.inquiry.asked, self.pages.cache().now());
        let rule = stand_in(&terms, asked, failure, now, self.rules()).ok()?;
        let status = CacheStatus::stood_in(rule, judged.unwrap_or(&judgement), failure, &terms, now);
        match self.serve(variant, Some(status)) {
            End::Answered(response) => Some(response),
            End::Alone(_) => None,
        }
    }
}
