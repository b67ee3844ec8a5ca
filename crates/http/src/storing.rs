//! Whether a response is stored (RFC 9111, section 3).

use http::header::{CONTENT_LOCATION, EXPIRES, SET_COOKIE};
use http::{HeaderMap, StatusCode, response};

use crate::asked::{Asked, AskedBy};
use crate::config::{Config, Cookies, Personal};
use crate::content_range::ContentRange;
use crate::entity_tag::strong_tag;
use crate::exchange::Exchange;
use crate::lifetime::{Lived, is_kept_failure};
use crate::response_directives::{Reach, ResponseDirectives};
use crate::rule::Rule;
use crate::sent::Sent;
use crate::sole::sole;
use crate::status::{is_heuristically_cacheable, is_never_stored, is_of_its_request, is_understood};
use crate::target::Target;
use crate::targeted::Governing;
use crate::terms::Terms;
use crate::vary::vary_names;

/// What becomes of a response that came from an origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storing {
    /// It is stored under these terms, which the rule allows.
    Store(Terms, Rule),
    /// It is not, by this rule.
    Pass(Rule),
}

impl Storing {
    /// Decides by the request as its origin got it.
    pub fn of(sent: &Sent<'_>, response: &response::Parts, exchange: &Exchange, config: &Config) -> Storing {
        Storing::by(sent.asked(config), sent.target(), response, exchange, config).0
    }

    /// Decides, and tells by which directives.
    pub(crate) fn by(
        asked: Asked,
        target: &Target,
        response: &response::Parts,
        exchange: &Exchange,
        config: &Config,
    ) -> (Storing, ResponseDirectives) {
        let offer = Offer::of(asked, target, response, config);
        let storing = match offer.judge() {
            Err(rule) => Storing::Pass(rule),
            Ok(rule) => {
                let terms = offer.terms(exchange);
                if terms.is_of_use(config) { Storing::Store(terms, rule) } else { Storing::Pass(Rule::NeverOfUse) }
            }
        };
        (storing, offer.directives)
    }

    /// The terms of a response, be it stored or not.
    pub(crate) fn terms(
        asked: Asked,
        target: &Target,
        response: &response::Parts,
        exchange: &Exchange,
        config: &Config,
    ) -> Terms {
        Offer::of(asked, target, response, config).terms(exchange)
    }
}

/// Whether a response with cookies is stored, with them or without, by what it says.
pub(crate) fn may_keep_cookies(directives: &ResponseDirectives, config: &Config) -> bool {
    let named = |reach: &Reach| reach.fields().contains(&SET_COOKIE);
    let careful = config.is_shared() && config.cookies == Cookies::Careful;
    !careful || directives.public || named(&directives.private) || named(&directives.no_cache)
}

/// A response to be judged.
struct Offer<'a> {
    asked: Asked,
    target: &'a Target,
    response: &'a response::Parts,
    directives: ResponseDirectives,
    targeted: bool,
    config: &'a Config,
}

impl<'a> Offer<'a> {
    fn of(asked: Asked, target: &'a Target, response: &'a response::Parts, config: &'a Config) -> Offer<'a> {
        let Governing { directives, targeted } = Governing::of(&response.headers, config);
        Offer { asked, target, response, directives, targeted, config }
    }

    /// The rule that allows it to be stored, or the first that does not. What is about this client alone comes last: all others
    /// take back what was stored before, when this response updates that.
    fn judge(&self) -> Result<Rule, Rule> {
        self.refused_by_method().map_or(Ok(()), Err)?;
        self.refused_by_status().map_or(Ok(()), Err)?;
        self.refused_by_directives().map_or(Ok(()), Err)?;
        vary_names(self.headers(), self.config)?;
        let allowed = self.allowed().ok_or(Rule::NothingAllows)?;
        self.refused_for_its_client(allowed).map_or(Ok(allowed), Err)
    }

    fn headers(&self) -> &HeaderMap {
        &self.response.headers
    }

    /// A response to HEAD is no answer to GET; it freshens one (RFC 9111, section 4.3.5).
    fn refused_by_method(&self) -> Option<Rule> {
        match self.asked.method {
            AskedBy::Get | AskedBy::Query => None,
            AskedBy::Post => (!self.is_what_get_would_get()).then_some(Rule::MethodNotStored),
            AskedBy::Head | AskedBy::OtherSafe | AskedBy::Unsafe => Some(Rule::MethodNotStored),
        }
    }

    /// Whether a response to POST says how long it is fresh, and that it is what GET would have got (RFC 9110, sections 8.7 and
    /// 9.3.3).
    fn is_what_get_would_get(&self) -> bool {
        let status = self.response.status;
        let whole_success = status.is_success() && status != StatusCode::PARTIAL_CONTENT;
        let location = sole(self.headers(), &CONTENT_LOCATION);
        whole_success
            && self.says_lifetime()
            && location.is_some_and(|location| self.target.resolve(location).as_ref() == Some(self.target))
    }

    fn refused_by_status(&self) -> Option<Rule> {
        match self.response.status {
            status if status.is_informational() => Some(Rule::StatusInterim),
            status if status.as_u16() > 599 => Some(Rule::StatusInvalid),
            status if is_never_stored(status) => Some(Rule::StatusNeverStored),
            status if is_of_its_request(status) => Some(Rule::StatusOfRequest),
            StatusCode::NOT_MODIFIED => Some(Rule::StatusNotModified),
            status if self.directives.must_understand && !is_understood(status) => Some(Rule::StatusNotUnderstood),
            StatusCode::PARTIAL_CONTENT if strong_tag(self.headers()).is_none() => Some(Rule::PartialWithoutValidator),
            StatusCode::PARTIAL_CONTENT if ContentRange::read(self.headers()).is_none() => {
                Some(Rule::PartNotUnderstood)
            }
            _ => None,
        }
    }

    fn refused_by_directives(&self) -> Option<Rule> {
        let directives = &self.directives;
        // RFC 9111, section 5.2.2.3: whoever understands the status does not heed the `no-store` for those who do not.
        let no_store = directives.no_store && !directives.must_understand;
        match () {
            () if no_store => Some(Rule::NoStore),
            () if self.config.is_shared() && directives.private == Reach::All => Some(Rule::Private),
            () => None,
        }
    }

    fn refused_for_its_client(&self, allowed: Rule) -> Option<Rule> {
        let alone = self.asked.authorized && !self.directives.permits_sharing;
        let cookie = self.headers().contains_key(SET_COOKIE) && !may_keep_cookies(&self.directives, self.config);
        match () {
            () if self.config.is_shared() && alone => Some(Rule::Authorization),
            () if self.asked.personal == Some(Personal::Pass) => Some(Rule::Personal),
            () if cookie => Some(Rule::SetCookie),
            // One client's page may be called current by the time of its modification when another asks: validating it is no help.
            () if matches!(allowed, Rule::Heuristic | Rule::Failure) && !self.may_guess() => Some(Rule::Personal),
            () if self.asked.directives.no_store => Some(Rule::RequestNoStore),
            () => None,
        }
    }

    /// RFC 9111, section 3, its last point.
    fn allowed(&self) -> Option<Rule> {
        let directives = &self.directives;
        match () {
            () if self.config.is_shared() && directives.s_maxage.is_some() => Some(Rule::SMaxAge),
            () if directives.max_age.is_some() => Some(Rule::MaxAge),
            () if !self.targeted && self.headers().contains_key(EXPIRES) => Some(Rule::Expires),
            () if directives.public => Some(Rule::Public),
            () if !self.config.is_shared() && directives.private != Reach::Nothing => Some(Rule::Private),
            () if is_heuristically_cacheable(self.response.status) => Some(Rule::Heuristic),
            () if is_kept_failure(self.response.status, self.config) => Some(Rule::Failure),
            () => None,
        }
    }

    /// Whether a response may be given what it does not say: a lifetime, that of a failure too, or windows.
    fn may_guess(&self) -> bool {
        let directives = &self.directives;
        let for_many = directives.public || directives.s_maxage.is_some() || self.targeted;
        for_many || self.asked.personal.is_none_or(|personal| personal == Personal::Shared)
    }

    fn says_lifetime(&self) -> bool {
        matches!(self.allowed(), Some(Rule::SMaxAge | Rule::MaxAge | Rule::Expires))
    }

    fn terms(&self, exchange: &Exchange) -> Terms {
        let (status, headers, directives) = (self.response.status, self.headers(), &self.directives);
        let lived = Lived { status, headers, directives, targeted: self.targeted, may_guess: self.may_guess() };
        Terms::of(&lived, exchange, self.config)
    }
}
