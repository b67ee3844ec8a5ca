//! The rules by which a cache decides, each with the section that makes it.

/// What a rule is about. Where it forbids to store a response, the answer to the next request for the same key need not be looked
/// at only if it is about the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum About {
    /// This request, its client, or how the two met: the next request may fare otherwise.
    Request,
    /// The response: whoever asks, it is the same.
    Response,
    /// Neither of them: what the cache has already, its clock, and what its user has chosen.
    Configuration,
}

/// Makes the rules: for each its variant, its name, the section that it comes from, and what it is about.
macro_rules! rules {
    ($($(#[$doc:meta])+ $rule:ident = $name:literal, $section:literal, $about:ident;)+) => {
        /// The rule that decided. Its name is the detail of a Cache-Status field.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[$doc])+ $rule,)+
        }

        impl Rule {
            /// All of them.
            pub const ALL: &[Rule] = &[$(Rule::$rule),+];

            /// Its name: lower case, with hyphens.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Rule::$rule => $name,)+
                }
            }

            /// The section that makes it, or `configuration` where its user does.
            pub const fn section(self) -> &'static str {
                match self {
                    $(Rule::$rule => $section,)+
                }
            }

            /// What it is about.
            pub const fn about(self) -> About {
                match self {
                    $(Rule::$rule => About::$about,)+
                }
            }
        }
    };
}

rules! {
    /// Responses to this method are not stored.
    MethodNotStored = "method-not-stored", "RFC 9111 3", Request;
    /// The method is not known: its request goes to the origin.
    MethodNotUnderstood = "method-not-understood", "RFC 9111 3", Request;
    /// The method changes something at the origin.
    MethodUnsafe = "method-unsafe", "RFC 9111 4.4", Request;
    /// The request offers another protocol, which the origin may take.
    Upgrade = "upgrade", "RFC 9110 7.8", Request;
    /// GET or HEAD with content: an origin may answer by it, and a key does not have it.
    ContentOfGet = "content-of-get", "RFC 9110 9.3.1", Request;
    /// The content of a QUERY makes its key, and was not read.
    QueryContentUnread = "query-content-unread", "RFC 10008 2.7", Request;
    /// The content of a QUERY makes its key, and is too long to be read for it.
    QueryContentTooLong = "query-content-too-long", "configuration", Request;
    /// The request has an origin take another method for its own.
    MethodOverridden = "method-overridden", "configuration", Request;
    /// The fields by which an origin is steered are longer than a key may be, or no text.
    SteeringNotKept = "steering-not-kept", "configuration", Request;
    /// The target is longer than that of a key may be.
    TargetTooLong = "target-too-long", "configuration", Request;
    /// The page of the request is for nobody: its application says so.
    ForNobody = "for-nobody", "configuration", Request;
    /// The name of the audience is longer than that of a key may be.
    AudienceTooLong = "audience-too-long", "configuration", Request;
    /// The response has more tags than an entry can carry.
    TooManyTags = "too-many-tags", "configuration", Response;
    /// An interim response is forwarded, and is no answer yet.
    StatusInterim = "status-interim", "RFC 9110 15.2", Request;
    /// No response has this status: it is taken for a failure of the server.
    StatusInvalid = "status-invalid", "RFC 9110 15", Response;
    /// A response with this status is about one client, and is never stored: 428, 429, 431 and 511.
    StatusNeverStored = "status-never-stored", "RFC 6585 3", Request;
    /// The status answers a precondition, an expectation, a range or the protocol of its own request: 412, 416, 417 and 426.
    StatusOfRequest = "status-of-request", "configuration", Request;
    /// A 304 updates what is stored, and is not stored itself.
    StatusNotModified = "status-not-modified", "RFC 9111 4.3.4", Request;
    /// The response must be understood, and its status is not known.
    StatusNotUnderstood = "status-not-understood", "RFC 9111 5.2.2.3", Response;
    /// A partial response is stored only where its other parts can be told by a strong validator.
    PartialWithoutValidator = "partial-without-validator", "RFC 9111 3.3", Request;
    /// The response is partial, and which part it is cannot be told.
    PartNotUnderstood = "part-not-understood", "RFC 9110 14.4", Request;
    /// The request forbids that its response is stored.
    RequestNoStore = "request-no-store", "RFC 9111 5.2.1.5", Request;
    /// The response forbids that it is stored.
    NoStore = "no-store", "RFC 9111 5.2.2.5", Response;
    /// The response is for one user.
    Private = "private", "RFC 9111 5.2.2.7", Response;
    /// The request was authorized, and nothing says that others may have the response.
    Authorization = "authorization", "RFC 9111 3.5", Request;
    /// The request carried cookies, and nothing says that others may have the response.
    Personal = "personal", "configuration", Request;
    /// The response varies by what no cache sees.
    VaryAny = "vary-any", "RFC 9111 4.1", Response;
    /// Vary names something that is no field.
    VaryMalformed = "vary-malformed", "RFC 9110 12.5.5", Response;
    /// Vary names more fields than are kept.
    VaryTooLong = "vary-too-long", "configuration", Response;
    /// The request has more in the fields that Vary names than is kept.
    SelectingTooLong = "selecting-too-long", "configuration", Request;
    /// The request has something else in the fields that Vary names than that in answer to which the response came.
    NotSelected = "not-selected", "RFC 9111 4.1", Request;
    /// The response sets a cookie, and nothing says that others may have it.
    SetCookie = "set-cookie", "configuration", Request;
    /// Nothing says that the response may be stored.
    NothingAllows = "nothing-allows", "RFC 9111 3", Response;
    /// It could be stored, but never be served: it is stale at once, and cannot be validated.
    NeverOfUse = "never-of-use", "configuration", Response;
    /// As many pages are being loaded as may be.
    TooManyLoads = "too-many-loads", "configuration", Configuration;
    /// A failure of the origin, where what it would take the place of may still be served.
    StoredIsUsable = "stored-is-usable", "configuration", Configuration;
    /// `public`.
    Public = "public", "RFC 9111 5.2.2.9", Response;
    /// `s-maxage`.
    SMaxAge = "s-maxage", "RFC 9111 5.2.2.10", Response;
    /// `max-age`.
    MaxAge = "max-age", "RFC 9111 5.2.2.1", Response;
    /// `Expires`.
    Expires = "expires", "RFC 9111 5.3", Response;
    /// A lifetime that was guessed from the last modification.
    Heuristic = "heuristic", "RFC 9111 4.2.2", Response;
    /// A failure of the origin, kept for a while so that not every request meets it.
    Failure = "failure", "configuration", Configuration;
    /// No lifetime is said, and none is guessed.
    NoLifetime = "no-lifetime", "RFC 9111 4.2", Response;
    /// Nothing is stored that could answer.
    NothingStored = "nothing-stored", "RFC 9111 4", Configuration;
    /// It is fresh.
    Fresh = "fresh", "RFC 9111 4.2", Response;
    /// It came later than it is now: a clock was wrong, and how old it is cannot be told.
    ClockBehind = "clock-behind", "RFC 9111 4.2.3", Configuration;
    /// It is stale, and nothing allows to serve it.
    Stale = "stale", "RFC 9111 4.2.4", Response;
    /// It was outdated: by a request that changed something, by a tag, or by what HEAD told.
    Outdated = "outdated", "RFC 9111 4.4", Response;
    /// It does not change while it is fresh, so a reload is answered with it.
    Immutable = "immutable", "RFC 8246 2", Response;
    /// The request wants it validated.
    RequestNoCache = "request-no-cache", "RFC 9111 5.2.1.4", Request;
    /// It is older than the request allows.
    RequestMaxAge = "request-max-age", "RFC 9111 5.2.1.1", Request;
    /// It is not fresh for as long as the request wants.
    RequestMinFresh = "request-min-fresh", "RFC 9111 5.2.1.3", Request;
    /// It is stale, which the request allows.
    RequestMaxStale = "request-max-stale", "RFC 9111 5.2.1.2", Request;
    /// It is staler than the request allows.
    RequestMaxStaleExceeded = "request-max-stale-exceeded", "RFC 9111 5.2.1.2", Request;
    /// The request wants nothing that has to be fetched.
    OnlyIfCached = "only-if-cached", "RFC 9111 5.2.1.7", Request;
    /// `no-cache`: it is validated whenever it is used.
    NoCache = "no-cache", "RFC 9111 5.2.2.4", Response;
    /// `must-revalidate`: it is never served stale.
    MustRevalidate = "must-revalidate", "RFC 9111 5.2.2.2", Response;
    /// `proxy-revalidate`: a shared cache never serves it stale.
    ProxyRevalidate = "proxy-revalidate", "RFC 9111 5.2.2.8", Response;
    /// It is stale, and is served while it is refreshed.
    StaleWhileRevalidate = "stale-while-revalidate", "RFC 5861 3", Response;
    /// It is stale, and is served because the origin fails.
    StaleIfError = "stale-if-error", "RFC 5861 4", Response;
    /// The origin answers, if with an error: nothing stands in for that.
    OriginAnswered = "origin-answered", "RFC 5861 4", Response;
    /// The origin fails, and nothing may be served in its stead.
    OriginFailed = "origin-failed", "RFC 9111 4.2.4", Response;
    /// The request has no condition.
    Unconditional = "unconditional", "RFC 9110 13.2.2", Request;
    /// The conditions of the request are not about this response.
    ConditionsIgnored = "conditions-ignored", "RFC 9110 13.2.1", Request;
    /// The conditions of the request hold.
    ConditionsMet = "conditions-met", "RFC 9110 13.2.2", Request;
    /// The client has it already: it names its tag.
    IfNoneMatch = "if-none-match", "RFC 9110 13.1.2", Request;
    /// The client has it already: it was not modified since.
    IfModifiedSince = "if-modified-since", "RFC 9110 13.1.3", Request;
    /// The origin calls it current by a strong validator.
    ValidatedStrongly = "validated-strongly", "RFC 9111 4.3.4", Response;
    /// The origin calls it current by a weak validator.
    ValidatedWeakly = "validated-weakly", "RFC 9111 4.3.4", Response;
    /// The origin calls it current without naming it, and was asked about nothing else.
    ValidatedAlone = "validated-alone", "RFC 9111 4.3.4", Response;
    /// The origin calls something current that is not stored.
    ValidatesNothing = "validates-nothing", "RFC 9111 4.3.4", Response;
    /// The origin answers with a response of its own.
    FullResponse = "full-response", "RFC 9111 4.3.3", Response;
    /// An update would make what is stored too large.
    UpdateTooLarge = "update-too-large", "configuration", Response;
    /// The content is longer than is kept, or comes too slowly for that.
    ContentTooLong = "content-too-long", "configuration", Response;
    /// A response to HEAD shows that it is current.
    HeadMatches = "head-matches", "RFC 9111 4.3.5", Response;
    /// A response to HEAD shows that it is not current.
    HeadDiffers = "head-differs", "RFC 9111 4.3.5", Response;
    /// A response to HEAD says nothing of it.
    HeadUntold = "head-untold", "RFC 9111 4.3.5", Response;
    /// More fields than are kept of a response.
    TooManyFields = "too-many-fields", "configuration", Response;
    /// Only a part of the content is there, which is not enough.
    Incomplete = "incomplete", "RFC 9111 3.3", Request;
    /// What the response says of its length contradicts itself or what came.
    LengthContradicts = "length-contradicts", "RFC 9110 8.6", Response;
    /// The request had the fields of this version already, so that not all of them came with the part.
    FieldsLeftOut = "fields-left-out", "RFC 9110 15.3.7", Request;
    /// Two parts have no strong validator in common, or contradict each other.
    PartsDiffer = "parts-differ", "RFC 9111 3.4", Response;
    /// More parts than are kept of a response.
    TooManyParts = "too-many-parts", "configuration", Request;
    /// The part is served that was asked for.
    Range = "range", "RFC 9110 14.2", Request;
    /// The part that is asked for is not understood, or cannot be served as such: the whole is.
    RangeIgnored = "range-ignored", "RFC 9110 14.2", Request;
    /// More parts are asked for than help anybody: the whole is served.
    RangeExcessive = "range-excessive", "RFC 9110 17.15", Request;
    /// Nothing is there of the part that is asked for.
    RangeNotSatisfiable = "range-not-satisfiable", "RFC 9110 15.5.17", Request;
    /// The part is asked for of another version: the whole is served.
    IfRange = "if-range", "RFC 9110 13.1.5", Request;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_has_a_name_of_its_own_and_a_section() {
        let mut names: Vec<&str> = Rule::ALL.iter().map(|rule| rule.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Rule::ALL.len());
        for rule in Rule::ALL {
            assert!(rule.name().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", rule.name());
            assert!(rule.section() == "configuration" || rule.section().starts_with("RFC "), "{}", rule.section());
        }
    }
}
