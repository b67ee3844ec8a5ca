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
    /// An interim response is forwarded, and is no answer yet.
    StatusInterim = "status-interim", "RFC 9110 15.2";
    /// A 304 updates what is stored, and is not stored itself.
    StatusNotModified = "status-not-modified", "RFC 9111 4.3.4";
    /// The response must be understood, and its status is not known.
    StatusNotUnderstood = "status-not-understood", "RFC 9111 5.2.2.3";
    /// A partial response is stored only where its other parts can be told by a strong validator.
    PartialWithoutValidator = "partial-without-validator", "RFC 9111 3.3";
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
    /// The response sets a cookie, and nothing says that others may have it.
    SetCookie = "set-cookie", "configuration";
    /// Nothing says that the response may be stored.
    NothingAllows = "nothing-allows", "RFC 9111 3";
    /// It could be stored, but never be served: it is stale at once, and cannot be validated.
    NeverOfUse = "never-of-use", "configuration";
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
    /// No lifetime is said, and none is guessed.
    NoLifetime = "no-lifetime", "RFC 9111 4.2";
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
    /// The origin fails, and nothing may be served in its stead.
    OriginFailed = "origin-failed", "RFC 9111 4.2.4";
    /// More fields than are kept of a response.
    TooManyFields = "too-many-fields", "configuration";
    /// Only a part of the content is there, which is not enough.
    Incomplete = "incomplete", "RFC 9111 3.3";
    /// What the response says of its length contradicts itself or what came.
    LengthContradicts = "length-contradicts", "RFC 9110 8.6";
    /// The response is partial, and which part it is cannot be told.
    PartNotUnderstood = "part-not-understood", "RFC 9110 14.4";
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
