//! Why a request went on towards its origin (RFC 9211, section 2.2).

use crate::judgement::{Judgement, Step};
use crate::rule::Rule;
use crate::terms::Terms;

/// Why a request went on towards its origin. What is stored tells which of the misses it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forward {
    /// The cache was told not to deal with it.
    Bypass,
    /// Its method has to be forwarded.
    Method,
    /// Nothing is stored for the target.
    UriMiss,
    /// What is stored for the target was for requests with other fields.
    VaryMiss,
    /// Nothing that is stored answers it, for whichever of both reasons.
    Miss,
    /// What is stored is fresh, and the request wants something newer.
    Request,
    /// What is stored is stale, or has to be validated.
    Stale,
    /// What is stored lacks a part that is asked for.
    Partial,
}

impl Forward {
    /// Why a request went on for which no key was made, or which no stored response can answer.
    pub fn passed(rule: Rule) -> Forward {
        match rule {
            Rule::MethodUnsafe | Rule::MethodNotUnderstood | Rule::MethodNotStored => Forward::Method,
            _ => Forward::Bypass,
        }
    }

    /// Why a request went on for which none of the variants of its key was chosen, be there any or not.
    pub fn missed(any_variant: bool) -> Forward {
        if any_variant { Forward::VaryMiss } else { Forward::UriMiss }
    }

    /// Why a request went on for which a stored response was judged; `None`: it did not.
    pub fn judged(judgement: &Judgement, terms: &Terms) -> Option<Forward> {
        let of_response = matches!(judgement.rule, Rule::NoCache | Rule::ClockBehind | Rule::Outdated);
        let fresh = judgement.age < terms.lifetime.span && !of_response;
        match judgement.step {
            Step::Validate | Step::Fetch if fresh => Some(Forward::Request),
            Step::Validate | Step::Fetch => Some(Forward::Stale),
            Step::Serve | Step::ServeAndRefresh | Step::Refuse => None,
        }
    }

    /// Its name in the field.
    pub const fn as_str(self) -> &'static str {
        match self {
            Forward::Bypass => "bypass",
            Forward::Method => "method",
            Forward::UriMiss => "uri-miss",
            Forward::VaryMiss => "vary-miss",
            Forward::Miss => "miss",
            Forward::Request => "request",
            Forward::Stale => "stale",
            Forward::Partial => "partial",
        }
    }
}
