//! The rules of HTTP caching as pure functions.

mod rule;
mod config;
mod status;
mod members;
mod directive;
mod seconds;
mod date;
mod request_directives;
mod response_directives;
mod targeted;
mod asked;
mod exchange;
mod lifetime;
mod terms;
mod storing;
mod judgement;
mod failure;

pub use asked::{Asked, AskedBy};
pub use config::{Config, Cookies, Grace, Heuristic, Mode};
pub use date::{format_date, parse_date};
pub use exchange::Exchange;
pub use failure::{Failure, stand_in, takes_its_place};
pub use judgement::{Judgement, Step, judge, judge_nothing};
pub use lifetime::Lifetime;
pub use request_directives::RequestDirectives;
pub use response_directives::{Reach, ResponseDirectives};
pub use rule::Rule;
pub use seconds::SECONDS_MOST;
pub use storing::Storing;
pub use terms::Terms;
