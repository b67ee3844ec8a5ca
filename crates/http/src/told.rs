//! What a stored response and a newer one say together (RFC 9111, sections 3.2 and 3.4).

use http::header::{AGE, DATE, LAST_MODIFIED, SET_COOKIE};
use http::{HeaderMap, HeaderName, Response, response};

use crate::asked::{Asked, AskedBy};
use crate::config::Config;
use crate::exchange::Exchange;
use crate::fields::{Kept, dated, updated, within_bound, without};
use crate::hop_by_hop::HopByHop;
use crate::rule::Rule;
use crate::sent::Sent;
use crate::stored::Stored;
use crate::storing::{Storing, may_keep_cookies};
use crate::targeted::Governing;
use crate::terms::Terms;

/// Most bytes of names and values after an update. Without a bound, an origin that names new fields each time would make what is
/// stored grow for ever; so would it without [`FIELDS_MOST`](crate::FIELDS_MOST).
pub const UPDATED_BYTES_MOST: usize = 256 << 10;

/// The fields of a stored response and of a newer one together.
///
/// What is kept of them and what goes to whoever asked are two things. He gets all that the newer response brought for him; and
/// nothing of what is stored goes to him that may not be kept any more, for it is somebody else's.
pub(crate) struct Told {
    /// All that is said, as it is judged.
    pub headers: HeaderMap,
    pub kept: HeaderMap,
    pub served: HeaderMap,
    /// Whether the newer one sets a cookie, and does not say itself that others may have it.
    sets_a_cookie: bool,
}

impl Told {
    /// `newer` came in this exchange. Its fields take the place of those that are stored, or, where none are given, of all.
    ///
    /// # Errors
    /// The rule by which that is too much.
    pub fn of(
        stored: Option<&HeaderMap>,
        newer: &HeaderMap,
        exchange: &Exchange,
        config: &Config,
    ) -> Result<Told, Rule> {
        within_bound(newer.len())?;
        let newer = HopByHop::of_response(newer, config).without(newer);
        let mut headers = match stored {
            // Its age and date are those of the newer one, be they said or not (RFC 9111, section 4.2.3; RFC 9110, section 6.6.1).
            Some(stored) => updated(&without(stored, &[AGE, DATE]), &newer),
            None => newer.clone(),
        };
        let may_keep = |headers: &HeaderMap| may_keep_cookies(&Governing::of(headers, config).directives, config);
        if !newer.contains_key(SET_COOKIE) && !may_keep(&headers) {
            headers.remove(SET_COOKIE);
        }
        dated(&mut headers, exchange.answered_at)?;
        within_bytes(&headers)?;
        let filter = Kept::of(&headers, config);
        let goes = |name: &HeaderName| name != AGE && (filter.keeps(name) || newer.contains_key(name));
        let served = headers.iter().filter(|(name, _)| goes(name));
        let served = served.map(|(name, line)| (name.clone(), line.clone())).collect();
        let sets_a_cookie = newer.contains_key(SET_COOKIE) && !may_keep(&newer);
        Ok(Told { kept: filter.headers(&headers), served, sets_a_cookie, headers })
    }

    /// Judges them as if they had just come in answer to this request: under which terms they are stored.
    pub fn judged(&self, sent: &Sent<'_>, stored: &Stored, exchange: &Exchange, config: &Config) -> Storing {
        let (asked, response) = self.as_an_answer(sent, stored, config);
        match Storing::by(asked, sent.target(), &response, exchange, config).0 {
            Storing::Store(..) if self.sets_a_cookie => Storing::Pass(Rule::SetCookie),
            Storing::Store(terms, rule) => {
                Storing::Store(self.of_the_content(terms.described_by(&self.kept), stored), rule)
            }
            pass => pass,
        }
    }

    /// The terms for whoever asked, where it is not stored: it has just been called current, so that nothing is left of the old ones.
    pub fn once(&self, sent: &Sent<'_>, stored: &Stored, exchange: &Exchange, config: &Config) -> Terms {
        let (asked, response) = self.as_an_answer(sent, stored, config);
        let terms = Storing::terms(asked, sent.target(), &response, exchange, config);
        self.of_the_content(terms.described_by(&self.kept), stored)
    }

    fn as_an_answer(&self, sent: &Sent<'_>, stored: &Stored, config: &Config) -> (Asked, response::Parts) {
        let mut asked = sent.asked(config);
        if asked.method == AskedBy::Head {
            // What it freshens is a response to GET (RFC 9111, section 4.3.5).
            asked.method = AskedBy::Get;
        }
        let (mut response, ()) = Response::new(()).into_parts();
        (response.status, response.headers) = (stored.status, self.headers.clone());
        (asked, response)
    }

    /// RFC 9110, section 8.8.2.2: how strong a date is, the Date tells that came with the content.
    fn of_the_content(&self, terms: Terms, stored: &Stored) -> Terms {
        let same = self.headers.get(LAST_MODIFIED) == stored.headers.get(LAST_MODIFIED);
        Terms { modified_is_strong: same && stored.terms.modified_is_strong, ..terms }
    }
}

fn within_bytes(headers: &HeaderMap) -> Result<(), Rule> {
    let bytes: usize = headers.iter().map(|(name, line)| name.as_str().len() + line.len()).sum();
    if bytes > UPDATED_BYTES_MOST { Err(Rule::UpdateTooLarge) } else { Ok(()) }
}
