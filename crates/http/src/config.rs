//! What its user decides for a cache, within what the standards allow.

use std::time::Duration;

use http::HeaderName;
use http::header::{ACCEPT, ACCEPT_CHARSET, ACCEPT_ENCODING, ACCEPT_LANGUAGE};

use crate::cache_status::Identifier;
use crate::choices::Choices;
use crate::likeness::Likeness;
use crate::steering::usual_steering;
use crate::terms::Outdating;

/// What a cache does where the standards leave a choice. The default is a shared cache that is careful.
#[derive(Clone, Debug)]
pub struct Config {
    /// For whom responses are stored.
    pub mode: Mode,
    /// Fields that are for caches of this kind alone, most wanted first: the first that is there and valid counts, and
    /// Cache-Control and Expires do not (RFC 9213, section 2.2). [`SURROGATE_CONTROL`](crate::SURROGATE_CONTROL) may be one.
    pub targets: Vec<HeaderName>,
    /// How a lifetime is guessed where none is said; `None`: it is not.
    pub heuristic: Option<Heuristic>,
    /// Whether a request may have validated what could be served: by `no-cache`, `max-age`, `min-fresh`, and `max-stale` where that is
    /// less than its origin allows. Caches need not obey (RFC 9111, section 5.2.1), and who reaches a shared cache can so reach its
    /// origin. `only-if-cached`, `no-store` and what a request permits to be stale are heeded in any case: that costs the origin
    /// nothing, and others no more than that this response is not stored for them.
    pub obeys_reloads: bool,
    /// Windows for stale responses that say none of their own, also for those that are stored already. By default none: a layer for
    /// the pages of one application may have another default. Failures of the origin have
    /// none, nor has what is stale from the beginning: that is wanted validated at each use. What an origin forbids stays
    /// forbidden. A response with `s-maxage` is never served stale by a shared cache, though it says `stale-while-revalidate`
    /// itself (RFC 9111, section 5.2.2.10).
    pub grace: Grace,
    /// For how long a failure of the origin is served that says nothing of its lifetime, one of 500, 502 to 504, and 5xx that is not
    /// registered; zero: it is not stored. It never takes the place of what may still be served: see
    /// [`displaced`](crate::displaced).
    pub failure_lifetime: Duration,
    /// What becomes of a response with Set-Cookie in a shared cache.
    pub cookies: Cookies,
    /// What becomes of a request with Cookie in a shared cache, and of its response.
    pub personal: Personal,
    /// What makes a key's variants, and how many there are.
    pub variants: Variants,
    /// Whether responses to QUERY are stored (RFC 10008).
    pub stores_query: bool,
    /// Whether responses to POST are stored that say so and name their Content-Location (RFC 9110, section 9.3.3). Their storing
    /// [begins](crate::Invalidation::of) when they have come, so that nothing outdates them that happened before: where several
    /// change a target at once, the answer to an earlier one may be stored last, and served for as long as it says.
    pub stores_post: bool,
    /// How that is outdated which Location and Content-Location name where a request has changed something: it may be, and need not
    /// (RFC 9111, section 4.4). By default softly: whoever may POST could else have any page that a redirect leads to made cold at
    /// will, with nothing to stand in for an origin that fails. Hard is for an application that shows in it what was written just
    /// now: whoever is redirected waits for it, and so do all others. What the request was sent to is outdated hard in any case.
    pub outdates_named: Outdating,
    /// Which targets are held for one.
    pub choices: Choices,
    /// Whether a request of HTTP/1.1 that names its origin in its target may name another one in Host, which is then ignored (RFC
    /// 9112, section 3.2.2). Where it may not, such a request is an error: the two may be read by two servers behind this one.
    pub ignores_host: bool,
    /// Most bytes of a QUERY's content, and of what its fields say about it, that are read to make its key.
    pub query_content_bytes_most: usize,
    /// Fields by which origins choose for which host, scheme or path they answer, or for what kind of cache (Surrogate-Capability),
    /// though no Vary says so. Those that a request has are a part of its key, so that what they bring about is served to those alone
    /// who send them too. A request with a field that is listed here and names another method, such as X-HTTP-Method-Override, is
    /// passed on.
    pub steering: Vec<HeaderName>,
    /// Whether an origin may group its responses and outdate groups (RFC 9875). Where one origin is many parties, they can so
    /// outdate each other's responses.
    pub groups: bool,
    /// Whether surrogate keys are sent on, for another cache in front of this one.
    pub shows_surrogate_keys: bool,
    /// Whether an origin may say which parts of a query do not matter (No-Vary-Search, which is a draft).
    pub no_vary_search: bool,
    /// By which name the cache tells what it did.
    pub identifier: Identifier,
}

/// For whom a cache stores responses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// For many users.
    #[default]
    Shared,
    /// For one user.
    Private,
}

/// How a lifetime is guessed: a part of the time since the last modification (RFC 9111, section 4.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heuristic {
    /// The part, in per cent. More than 100 counts as 100: nobody expects a thing to stay for longer than it has.
    pub percent: u8,
    /// The longest.
    pub most: Duration,
}

/// Windows for stale responses, each after the lifetime.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grace {
    /// How long a stale response is served while it is refreshed.
    pub stale_while_revalidate: Duration,
    /// How long a stale response is served where its origin fails.
    pub stale_if_error: Duration,
}

/// What makes a key's variants, which Vary tells apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variants {
    /// The most of one key, up to [`VARIANTS_MOST`](crate::VARIANTS_MOST). Above it those leave
    /// that may be served no more, and then the oldest.
    pub most: usize,
    /// Most fields that a Vary may name. What names more is not stored.
    pub names_most: usize,
    /// In which fields of requests what differences do not matter. In others all do, but for blanks around the value. What varies
    /// by these alone, Cookie and Authorization aside, an origin may call current for requests that do not select it: see
    /// [`Question`](crate::Question). A field that tells who asks is none of them.
    pub likeness: Vec<(HeaderName, Likeness)>,
}

/// What becomes of a response that sets cookies in a shared cache. Nothing in RFC 6265 or RFC 9111 forbids to store it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cookies {
    /// It is stored only where it is `public`, or names Set-Cookie in `no-cache` or `private`.
    #[default]
    Careful,
    /// It is stored without them.
    Dropped,
    /// It is stored as any other: the first user's cookie is everybody's.
    Stored,
}

/// What becomes of a request that carries cookies in a shared cache. Its response may be for one user, though nothing says so: no
/// standard forbids to store it, and applications have relied on caches that do not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Personal {
    /// It goes to the origin, and its response is not stored.
    Pass,
    /// Its response is stored only where that says how long it is fresh, or that it is for many: `public`, `s-maxage`, or a field
    /// for caches of this kind. Unless it says the latter, no lifetime is guessed and no grace is given.
    #[default]
    Careful,
    /// Its response is stored as any other.
    Shared,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            mode: Mode::Shared,
            targets: vec![
                HeaderName::from_static("freshen-cache-control"),
                HeaderName::from_static("cdn-cache-control"),
            ],
            heuristic: Some(Heuristic::default()),
            obeys_reloads: false,
            grace: Grace::default(),
            failure_lifetime: Duration::ZERO,
            cookies: Cookies::Careful,
            personal: Personal::Careful,
            variants: Variants::default(),
            stores_query: true,
            stores_post: false,
            outdates_named: Outdating::Soft,
            choices: Choices::default(),
            ignores_host: false,
            query_content_bytes_most: 64 << 10,
            steering: usual_steering(),
            groups: true,
            shows_surrogate_keys: false,
            no_vary_search: false,
            identifier: Identifier::default(),
        }
    }
}

impl Config {
    /// The default for a cache of one user: what he asks for, he gets.
    pub fn private() -> Config {
        Config { mode: Mode::Private, targets: Vec::new(), obeys_reloads: true, ..Config::default() }
    }

    pub(crate) fn is_shared(&self) -> bool {
        self.mode == Mode::Shared
    }
}

impl Grace {
    /// The longer of both.
    pub(crate) fn longer(self) -> Duration {
        self.stale_while_revalidate.max(self.stale_if_error)
    }
}

impl Default for Variants {
    /// For the fields of RFC 9110, section 12.5, what their definitions call the same.
    fn default() -> Self {
        let likeness = vec![
            (ACCEPT, Likeness::Members),
            (ACCEPT_CHARSET, Likeness::AnyOrder),
            (ACCEPT_ENCODING, Likeness::AnyOrder),
            (ACCEPT_LANGUAGE, Likeness::ByQuality),
        ];
        Variants { most: 32, names_most: 16, likeness }
    }
}

impl Default for Heuristic {
    /// A tenth, which RFC 9111 calls typical, and at most a day.
    fn default() -> Self {
        Heuristic { percent: 10, most: Duration::from_secs(24 * 60 * 60) }
    }
}
