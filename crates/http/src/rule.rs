//! The rules by which a cache decides, each with the section that makes it.

/// Makes the rules: for each its variant, its name, and the section that it comes from.
macro_rules! rules {
    ($($(#[$doc:meta])+ $rule:ident = $name:literal, $section:literal;)+) => {
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
        }
    };
}

rules! {
    /// Responses to this method are not stored.
    MethodNotStored = "method-not-stored", "RFC 9111 3";
    /// The method is not known: its request goes to the origin.
    MethodNotUnderstood = "method-not-understood", "RFC 9111 3";
    /// The method changes something at the origin.
    MethodUnsafe = "method-unsafe", "RFC 9111 4.4";
    /// GET or HEAD with content: an origin may answer by it, and a key does not have it.
    ContentOfGet = "content-of-get", "RFC 9110 9.3.1";
    /// The content of a QUERY makes its key, and was not read.
    QueryContentUnread = "query-content-unread", "RFC 10008 2.7";
    /// The content of a QUERY makes its key, and is too long to be read for it.
    QueryContentTooLong = "query-content-too-long", "configuration";
    /// The request has an origin take another method for its own.
    MethodOverridden = "method-overridden", "configuration";
    /// The fields by which an origin is steered are longer than a key may be, or no text.
    SteeringNotKept = "steering-not-kept", "configuration";
    /// The target is longer than that of a key may be.
    TargetTooLong = "target-too-long", "configuration";
    /// The name of the audience is longer than that of a key may be.
    AudienceTooLong = "audience-too-long", "configuration";
    /// The response has more tags than an entry can carry.
    TooManyTags = "too-many-tags", "configuration";
    /// An interim response is forwarded, and is no answer yet.
    StatusInterim = "status-interim", "RFC 9110 15.2";
    /// No response has this status: it is taken for a failure of the server.
    StatusInvalid = "status-invalid", "RFC 9110 15";
    /// A response with this status is about one client, and is never stored: 428, 429, 431 and 511.
    StatusNeverStored = "status-never-stored", "RFC 6585 3";
    /// The status answers a precondition, an expectation or a range of its own request: 412, 416 and 417.
    StatusOfRequest = "status-of-request", "configuration";
    /// A 304 updates what is stored, and is not stored itself.
    StatusNotModified = "status-not-modified", "RFC 9111 4.3.4";
    /// The response must be understood, and its status is not known.
    StatusNotUnderstood = "status-not-understood", "RFC 9111 5.2.2.3";
    /// A partial response is stored only where its other parts can be told by a strong validator.
    PartialWithoutValidator = "partial-without-validator", "RFC 9111 3.3";
    /// The response is partial, and which part it is cannot be told.
    PartNotUnderstood = "part-not-understood", "RFC 9110 14.4";
    /// The request forbids that its response is stored.
    RequestNoStore = "request-no-store", "RFC 9111 5.2.1.5";
    /// The response forbids that it is stored.
    NoStore = "no-store", "RFC 9111 5.2.2.5";
    /// The response is for one user.
    Private = "private", "RFC 9111 5.2.2.7";
    /// The request was authorized, and nothing says that others may have the response.
    Authorization = "authorization", "RFC 9111 3.5";
    /// The response varies by what no cache sees.
    VaryAny = "vary-any", "RFC 9111 4.1";
    /// Vary names something that is no field.
    VaryMalformed = "vary-malformed", "RFC 9110 12.5.5";
    /// Vary names more fields, or the request has longer ones, than is kept.
    VaryTooLong = "vary-too-long", "configuration";
    /// The response sets a cookie, and nothing says that others may have it.
    SetCookie = "set-cookie", "configuration";
    /// Nothing says that the response may be stored.
    NothingAllows = "nothing-allows", "RFC 9111 3";
    /// It could be stored, but never be served: it is stale at once, and cannot be validated.
    NeverOfUse = "never-of-use", "configuration";
    /// A failure of the origin, where what it would take the place of may still be served.
    StoredIsUsable = "stored-is-usable", "configuration";
    /// `public`.
    Public = "public", "RFC 9111 5.2.2.9";
    /// `s-maxage`.
    SMaxAge = "s-maxage", "RFC 9111 5.2.2.10";
    /// `max-age`.
    MaxAge = "max-age", "RFC 9111 5.2.2.1";
    /// `Expires`.
    Expires = "expires", "RFC 9111 5.3";
    /// A lifetime that was guessed from the last modification.
    Heuristic = "heuristic", "RFC 9111 4.2.2";
    /// A failure of the origin, kept for a while so that not every request meets it.
    Failure = "failure", "configuration";
    /// No lifetime is said, and none is guessed.
    NoLifetime = "no-lifetime", "RFC 9111 4.2";
    /// Nothing is stored that could answer.
    NothingStored = "nothing-stored", "RFC 9111 4";
    /// It is fresh.
    Fresh = "fresh", "RFC 9111 4.2";
    /// It is stale, and nothing allows to serve it.
    Stale = "stale", "RFC 9111 4.2.4";
    /// It does not change while it is fresh, so a reload is answered with it.
    Immutable = "immutable", "RFC 8246 2";
    /// The request wants it validated.
    RequestNoCache = "request-no-cache", "RFC 9111 5.2.1.4";
    /// It is older than the request allows.
    RequestMaxAge = "request-max-age", "RFC 9111 5.2.1.1";
    /// It is not fresh for as long as the request wants.
    RequestMinFresh = "request-min-fresh", "RFC 9111 5.2.1.3";
    /// It is stale, which the request allows.
    RequestMaxStale = "request-max-stale", "RFC 9111 5.2.1.2";
    /// The request wants nothing that has to be fetched.
    OnlyIfCached = "only-if-cached", "RFC 9111 5.2.1.7";
    /// `no-cache`: it is validated whenever it is used.
    NoCache = "no-cache", "RFC 9111 5.2.2.4";
    /// `must-revalidate`: it is never served stale.
    MustRevalidate = "must-revalidate", "RFC 9111 5.2.2.2";
    /// `proxy-revalidate`: a shared cache never serves it stale.
    ProxyRevalidate = "proxy-revalidate", "RFC 9111 5.2.2.8";
    /// It is stale, and is served while it is refreshed.
    StaleWhileRevalidate = "stale-while-revalidate", "RFC 5861 3";
    /// It is stale, and is served because the origin fails.
    StaleIfError = "stale-if-error", "RFC 5861 4";
    /// The origin answers, if with an error: nothing stands in for that.
    OriginAnswered = "origin-answered", "RFC 5861 4";
    /// The origin fails, and nothing may be served in its stead.
    OriginFailed = "origin-failed", "RFC 9111 4.2.4";
    /// The request has no condition.
    Unconditional = "unconditional", "RFC 9110 13.2.2";
    /// The conditions of the request are not about this response.
    ConditionsIgnored = "conditions-ignored", "RFC 9110 13.2.1";
    /// The conditions of the request hold.
    ConditionsMet = "conditions-met", "RFC 9110 13.2.2";
    /// The client has it already: it names its tag.
    IfNoneMatch = "if-none-match", "RFC 9110 13.1.2";
    /// The client has it already: it was not modified since.
    IfModifiedSince = "if-modified-since", "RFC 9110 13.1.3";
    /// The origin calls it current by a strong validator.
    ValidatedStrongly = "validated-strongly", "RFC 9111 4.3.4";
    /// The origin calls it current by a weak validator.
    ValidatedWeakly = "validated-weakly", "RFC 9111 4.3.4";
    /// The origin calls it current without naming it, and was asked about nothing else.
    ValidatedAlone = "validated-alone", "RFC 9111 4.3.4";
    /// The origin calls something current that is not stored.
    ValidatesNothing = "validates-nothing", "RFC 9111 4.3.4";
    /// The origin answers with a response of its own.
    FullResponse = "full-response", "RFC 9111 4.3.3";
    /// An update would make what is stored too large.
    UpdateTooLarge = "update-too-large", "configuration";
    /// A response to HEAD shows that it is current.
    HeadMatches = "head-matches", "RFC 9111 4.3.5";
    /// A response to HEAD shows that it is not current.
    HeadDiffers = "head-differs", "RFC 9111 4.3.5";
    /// A response to HEAD says nothing of it.
    HeadUntold = "head-untold", "RFC 9111 4.3.5";
    /// More fields than are kept of a response.
    TooManyFields = "too-many-fields", "configuration";
    /// Only a part of the content is there, which is not enough.
    Incomplete = "incomplete", "RFC 9111 3.3";
    /// What the response says of its length contradicts itself or what came.
    LengthContradicts = "length-contradicts", "RFC 9110 8.6";
    /// The request had the fields of this version already, so that not all of them came with the part.
    FieldsLeftOut = "fields-left-out", "RFC 9110 15.3.7";
    /// Two parts have no strong validator in common, or contradict each other.
    PartsDiffer = "parts-differ", "RFC 9111 3.4";
    /// More parts than are kept of a response.
    TooManyParts = "too-many-parts", "configuration";
    /// The part is served that was asked for.
    Range = "range", "RFC 9110 14.2";
    /// The part that is asked for is not understood, or cannot be served as such: the whole is.
    RangeIgnored = "range-ignored", "RFC 9110 14.2";
    /// More parts are asked for than help anybody: the whole is served.
    RangeExcessive = "range-excessive", "RFC 9110 17.15";
    /// Nothing is there of the part that is asked for.
    RangeNotSatisfiable = "range-not-satisfiable", "RFC 9110 15.5.17";
    /// The part is asked for of another version: the whole is served.
    IfRange = "if-range", "RFC 9110 13.1.5";
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
