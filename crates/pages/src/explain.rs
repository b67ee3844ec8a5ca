//! Why a request would be answered as it would.

use std::fmt;

use freshen_core::Explanation;
use freshen_http::{Content, Inquiry, Judgement, Rule, TargetError, VariantKey, ttl_seconds};
use http::request;

use crate::cache::PageCache;
use crate::page::PageAt;
use crate::record::{Record, judged};
use crate::walk::RECORDS_MOST;

/// Why a request would be answered as it would, record by record. Its text is for people; see [`PageCache::explain`].
#[derive(Debug)]
#[non_exhaustive]
pub struct PageExplanation {
    /// What the request asks for, as people read it.
    pub asks: String,
    /// By which rule it passes: nothing that is kept answers it.
    pub passes: Option<Rule>,
    /// The records that are looked at, in their order.
    pub records: Vec<ExplainedRecord>,
}

/// One record.
#[derive(Debug)]
#[non_exhaustive]
pub struct ExplainedRecord {
    /// Which of the variants it is of; `None`: the first.
    pub variant: Option<VariantKey>,
    /// What it says.
    pub says: Says,
    /// What the engine knows of it.
    pub engine: Option<Explanation>,
}

/// What a record says to a request.
#[derive(Debug)]
#[non_exhaustive]
pub enum Says {
    /// There is none.
    Nothing,
    /// By this rule its page is not kept, and requests wait for nobody.
    Passing(Rule),
    /// It was selected by other fields than the request has.
    Elsewhere,
    /// It answers.
    Judged {
        /// How.
        judgement: Judgement,
        /// For how long it is fresh yet; below zero, since when it is stale.
        ttl_seconds: i64,
    },
}

impl PageCache {
    /// Why a request would be answered as it would, without any effect. Of a QUERY the content is not known here.
    ///
    /// # Errors
    /// [`TargetError`]: it names no resource.
    pub async fn explain(&self, request: &request::Parts) -> Result<PageExplanation, TargetError> {
        let settings = self.settings();
        let target = settings.target(request)?;
        let audience = settings.audience.of(request);
        let inquiry =
            |audience: Option<&str>| Inquiry::of(request, &target, Content::Absent, audience, &settings.rules);
        let mut explained = PageExplanation { asks: target.to_string(), passes: None, records: Vec::new() };
        match audience.as_ref().map_err(|rule| *rule).and_then(|audience| inquiry(audience.as_deref())) {
            Ok(inquiry) => {
                explained.asks = inquiry.key.to_string();
                explained.records = self.records(&inquiry).await;
            }
            Err(rule) => explained.passes = Some(rule),
        }
        Ok(explained)
    }

    async fn records(&self, inquiry: &Inquiry<'_>) -> Vec<ExplainedRecord> {
        let mut records = Vec::new();
        let mut at = PageAt { key: inquiry.key.clone(), variant: None };
        while records.len() < RECORDS_MOST {
            let (says, next) = self.says(&at, inquiry).await;
            records.push(ExplainedRecord { variant: at.variant, says, engine: self.cache().explain(&at).await.ok() });
            match next.filter(|next| Some(*next) != at.variant) {
                Some(next) => at.variant = Some(next),
                None => break,
            }
        }
        records
    }

    async fn says(&self, at: &PageAt, inquiry: &Inquiry<'_>) -> (Says, Option<VariantKey>) {
        let Ok(Some(found)) = self.cache().request(at).in_hand().await else { return (Says::Nothing, None) };
        let rules = &self.settings().rules;
        match Record::of(&found, &inquiry.sent, rules) {
            Record::Nothing => (Says::Nothing, None),
            Record::Passing(rule) => (Says::Passing(rule), None),
            Record::Elsewhere(next) => (Says::Elsewhere, Some(next)),
            Record::Selected(variant) => {
                let (terms, judgement) = judged(&found, variant, &inquiry.asked, self.cache().now(), rules);
                (Says::Judged { judgement, ttl_seconds: ttl_seconds(&terms, judgement.age) }, None)
            }
        }
    }
}

impl fmt::Display for PageExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.asks)?;
        if let Some(rule) = self.passes {
            write!(f, "\n  passes: {} ({})", rule.name(), rule.section())?;
        }
        for record in &self.records {
            match &record.variant {
                None => write!(f, "\n  first variant: {}", record.says)?,
                Some(variant) => write!(f, "\n  variant {variant}: {}", record.says)?,
            }
            let engine = record.engine.as_ref().map(ToString::to_string).unwrap_or_default();
            for line in engine.lines() {
                write!(f, "\n    {line}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Says {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Says::Nothing => write!(f, "nothing is kept"),
            Says::Passing(rule) => write!(f, "is not kept: {} ({})", rule.name(), rule.section()),
            Says::Elsewhere => write!(f, "was selected by other fields"),
            Says::Judged { judgement: Judgement { step, rule, age }, ttl_seconds } => {
                let (name, section) = (rule.name(), rule.section());
                write!(f, "{step:?} by {name} ({section}), {} s old, ", age.as_secs())?;
                match *ttl_seconds {
                    left @ 0.. => write!(f, "fresh for {left} s"),
                    past => write!(f, "stale since {} s", past.unsigned_abs()),
                }
            }
        }
    }
}
