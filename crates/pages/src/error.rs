//! Why a page was not made.

use freshen_http::Rule;

use crate::outage::Outage;

/// Why a page was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    /// The service behind failed.
    #[error("the origin failed: {:?}", .outage.failure)]
    Failed {
        /// How.
        outage: Outage,
        /// Whether there is a page that the failure may be about: then the next attempts wait. Where there is none, it is what one
        /// client's request met, and others need not fare so.
        cools: bool,
    },
    /// What came is for one client alone, by this rule.
    #[error("what came is not kept: {}", .0.name())]
    Unkept(Rule),
    /// So many loads ask the services behind that none of them left its place in time.
    #[error("too many loads ask their origins")]
    Crowded,
    /// Nobody here has asked for it, so that there is no request to send.
    #[error("nobody here has asked for the page")]
    NoRequest,
}
