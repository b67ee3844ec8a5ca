//! The rules of HTTP caching as pure functions: what a cache keeps of the responses of an origin, for whom, for how long, and what
//! a request gets of that.
//!
//! Nothing here waits, reads a clock or sends anything. What a cache has is put in, with the time, and what it has to do next comes
//! out, with the [`Rule`] that says so and the section that the rule comes from. Where the standards leave a choice, [`Config`]
//! takes it.
//!
//! The walk of a request:
//!
//! 1. [`Target`] tells what it is about, and [`Inquiry`] all that a cache has to know of it: what it [asks](Asked) of the cache,
//!    what of it the origin [gets](Sent), and at which [key](CacheKey) its response is stored. What passes has none and goes to the
//!    origin; its response may outdate what is stored ([`Invalidation`]).
//! 2. [`choose`] tells which of the variants of a key it selects.
//! 3. [`judge`] tells by the [`Terms`] of that one, or by its absence, what to do: serve it, serve and refresh it, validate it,
//!    [fetch](Inquiry::fetch) another, or refuse. What was [outdated](Terms::outdated) meanwhile has other terms.
//! 4. To serve: [`Stored::answer`] makes of it what the request gets, all of it or parts, or a 304 where the client has it already.
//!    Where not all is there, [`Missing`] asks for the rest, and [`Variant::with`] puts it to what is stored.
//! 5. To validate: [`Question`] asks about what is stored, [`Validated`] is what the answer means, and [`Variant::freshened`] updates
//!    what is current. Where the origin fails, the question tells as well what stands in.
//! 6. What an origin sends is [admitted](Admitted) by its head, so that others may [follow](Following) its content, and is a
//!    [`Variant`] with it: what is [stored](Stored), by what it is [selected](Selecting) and by what [outdated](tags). [`Snapshot::keep`] puts it in
//!    the place of those that leave.
//! 7. A [`Snapshot`] is all that is stored for one key, as bytes.
//! 8. [`Outgoing`] tells what goes to a client of a response that is sent on as it comes, [`Admitted::own`] what does where its
//!    request asked for less than was fetched for it, and [`CacheStatus`] tells the client what was done.
//!
//! ```
//! use std::time::Duration;
//!
//! use bytes::Bytes;
//! use freshen_core::Timestamp;
//! use freshen_http::{
//!     Admitted, Answer, Config, Content, End, Exchange, Freshened, Inquiry, Question, Rule, Scheme, Snapshot, Step, Target,
//!     Validated, Variant, choose, judge,
//! };
//! use http::{Request, Response, StatusCode};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let missed = |rule: Rule| rule.name();
//! let config = Config::default();
//! let noon = Timestamp::from_micros(1_795_262_400_000_000);
//! let (request, ()) = Request::get("/page").header("host", "a.example").body(())?.into_parts();
//!
//! // What it asks, what its origin would get, and where the response would be stored.
//! let target = Target::of(&request, Scheme::Http, &config)?;
//! let content = Content::of(&request.headers, true);
//! let inquiry = Inquiry::of(&request, &target, content, None, &config).map_err(missed)?;
//! let Inquiry { asked, sent, key } = &inquiry;
//! assert_eq!(key.target().path(), "/page");
//!
//! // Nothing is stored yet: it is fetched, a response comes, and is kept.
//! let mut snapshot = Snapshot::default();
//! assert_eq!(judge(None, asked, noon, &config).step, Step::Fetch);
//! let fetch = inquiry.fetch();
//! assert_eq!(fetch.head(http::Version::HTTP_11).uri, "http://a.example/page");
//! let response = Response::builder().header("cache-control", "max-age=60").header("etag", "\"1\"");
//! let (response, ()) = response.body(())?.into_parts();
//! let exchange = Exchange { asked_at: noon, answered_at: noon };
//! let admitted = Admitted::of(&fetch, &response, key, &exchange, &config).map_err(missed)?;
//! assert_eq!(admitted.rule(), Rule::MaxAge);
//! let content = Bytes::from("hello");
//! let variant = admitted.keep(&[content.clone()], None, End::Clean).map_err(missed)?;
//! snapshot.keep(variant, &fetch, noon, &config).map_err(missed)?;
//!
//! // Half a minute later it answers the next request.
//! let now = noon + Duration::from_secs(30);
//! let chosen = choose(snapshot.variants.iter().map(Variant::candidate), sent);
//! let Variant { stored, .. } = &snapshot.variants[chosen.ok_or("nothing selects it")?];
//! assert_eq!(judge(Some(&stored.terms), asked, now, &config).step, Step::Serve);
//! let answer = stored.answer(&request.headers, asked, now, 7, &config);
//! let Answer::Serve(served, Rule::Unconditional) = answer else { panic!() };
//! assert_eq!((&served.content[..], &served.headers["age"]), (&[content][..], &"30".parse::<http::HeaderValue>()?));
//!
//! // Later still, the origin is asked whether it is current.
//! let late = noon + Duration::from_secs(90);
//! assert_eq!(judge(Some(&stored.terms), asked, late, &config).step, Step::Validate);
//! let question = Question::about(sent, asked, &snapshot.variants, late, &config);
//! assert_eq!(question.sent().headers()["if-none-match"], "\"1\"");
//! let response = Response::builder().status(StatusCode::NOT_MODIFIED).header("etag", "\"1\"");
//! let (response, ()) = response.body(())?.into_parts();
//! let Validated::Current { served: 0, updated, rule: Rule::ValidatedStrongly } = question.answered(&response, late) else { panic!() };
//! assert_eq!(updated, [0]);
//!
//! // It is, so that it is fresh again.
//! let exchange = Exchange { asked_at: late, answered_at: late };
//! let freshened = snapshot.variants[0].freshened(sent, &response.headers, key, &exchange, &config);
//! let Freshened::Kept { variant, served, .. } = freshened else { panic!() };
//! snapshot.variants[0] = variant;
//! assert_eq!(judge(Some(&served.terms), asked, late, &config).step, Step::Serve);
//! # Ok(())
//! # }
//! ```

// What decides, and by what.
mod rule;
mod config;

// What a request asks.
mod asked;
mod request_directives;

// Where its response is stored.
mod origin;
mod target;
mod reference;
mod choices;
mod hosts;
mod parameters;
mod content;
mod key;
mod inquiry;
mod written_key;
mod steering;
mod no_vary_search;

// How its origin gets it.
mod sent;
mod hop_by_hop;
mod upgrade;

// Which variant answers it.
mod variants;
mod vary;
mod variant_key;
mod said;
mod likeness;

// What is done with it.
mod judgement;
mod failure;
mod terms;
mod lifetime;
mod exchange;

// What of it a request gets.
mod conditions;
mod validators;
mod entity_tag;
mod if_range;
mod answer;
mod reply_head;
mod share;
mod range;
mod multipart;

// How the origin is asked about it.
mod question;
mod validated;
mod freshened;
mod told;
mod head;

// What is stored.
mod storing;
mod response_directives;
mod targeted;
mod surrogate_control;
mod status;
mod admitted;
mod following;
mod received;
mod framing;
mod joined;
mod stored;
mod fields;
mod body;
mod piece;
mod byte_range;
mod content_range;
mod snapshot;

// What is outdated together.
mod tags;
mod groups;
mod surrogate;
mod mark;
mod invalidation;

// What the client is told.
mod outgoing;
mod cache_status;
mod forward;

// How fields are written.
mod directive;
mod members;
mod sole;
mod structured;
mod seconds;
mod date;
mod form;
mod percent;
mod digest;

pub use admitted::Admitted;
pub use answer::{Answer, Served};
pub use asked::{Asked, AskedBy};
pub use body::{Body, PARTS_MOST};
pub use byte_range::ByteRange;
pub use cache_status::{CACHE_STATUS, CacheStatus, Forwarded, Handled, Identifier, SHOWN_KEY_BYTES_MOST, ttl_seconds};
pub use choices::{Choices, OriginSees};
pub use conditions::is_for_origin;
pub use config::{Config, Cookies, Grace, Heuristic, Mode, Personal, Variants};
pub use content::{Content, ContentHash, ContentHasher};
pub use content_range::ContentRange;
pub use date::{format_date, parse_date};
pub use entity_tag::{ENTITY_TAG_BYTES_MOST, EntityTag};
pub use exchange::Exchange;
pub use failure::{Failure, stand_in, takes_its_place};
pub use fields::FIELDS_MOST;
pub use following::{Following, Portion};
pub use forward::Forward;
pub use freshened::Freshened;
pub use groups::{CACHE_GROUP_INVALIDATION, CACHE_GROUPS, GROUPS_MOST, group_tag};
pub use head::Headed;
pub use hop_by_hop::HopByHop;
pub use hosts::{HostAlias, Hosts, HostsError};
pub use inquiry::Inquiry;
pub use invalidation::Invalidation;
pub use joined::Joined;
pub use judgement::{Judgement, Step, judge};
pub use key::{AUDIENCE_BYTES_MOST, CacheKey, KeyParts};
pub use lifetime::Lifetime;
pub use likeness::Likeness;
pub use no_vary_search::{NO_VARY_SEARCH, NoVarySearch};
pub use origin::{HOST_BYTES_MOST, Origin, Scheme, TargetError};
pub use outgoing::Outgoing;
pub use parameters::{Counting, Names, PARAMETERS_MOST, Parameters};
pub use question::{Question, SENT_TAGS_BYTES_MOST};
pub use range::{RANGES_MOST, RangeSpec, Ranges};
pub use received::{End, Received};
pub use reference::REFERENCE_BYTES_MOST;
pub use request_directives::RequestDirectives;
pub use response_directives::{Reach, ResponseDirectives};
pub use rule::{About, Rule};
pub use seconds::SECONDS_MOST;
pub use sent::Sent;
pub use share::Missing;
pub use snapshot::{Snapshot, SnapshotError, VARIANTS_MOST};
pub use steering::STEERING_BYTES_MOST;
pub use stored::Stored;
pub use storing::Storing;
pub use surrogate::surrogate_tag;
pub use surrogate_control::{SURROGATE_CAPABILITY, SURROGATE_CONTROL, surrogate_capability};
pub use tags::tags;
pub use target::{TARGET_BYTES_MOST, Target};
pub use terms::{Outdating, Terms};
pub use told::UPDATED_BYTES_MOST;
pub use validated::Validated;
pub use variant_key::VariantKey;
pub use variants::{Candidate, Variant, choose, displaced};
pub use vary::{SELECTING_MOST, Selecting};
