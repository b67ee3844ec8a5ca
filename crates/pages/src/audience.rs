//! For whom a page is.

use std::fmt;
use std::sync::Arc;

use freshen_http::Rule;
use http::request;

/// Tells for whom the page of a request is: no other audience gets it. By default all pages are for everybody.
///
/// ```
/// use freshen_pages::{Audience, Whom};
/// # struct User(String);
/// # fn is_editing(_: &http::request::Parts) -> bool { false }
///
/// let audience = Audience::by(|request| match request.extensions.get::<User>() {
///     _ if is_editing(request) => Whom::Nobody,
///     Some(User(name)) => Whom::One(name.clone()),
///     None => Whom::Everybody,
/// });
/// # let _ = audience;
/// ```
#[derive(Clone, Default)]
pub struct Audience(Option<Arc<Tell>>);

/// For whom a page is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// For all who are nobody in particular: those share their pages.
    Everybody,
    /// For this audience: a user, a group of them, a language.
    One(String),
    /// The request is not for the cache: it passes, nothing of its response is kept, and nobody waits for it. A write outdates all the
    /// same.
    Nobody,
}

impl From<Option<String>> for Whom {
    fn from(one: Option<String>) -> Whom {
        one.map_or(Whom::Everybody, Whom::One)
    }
}

type Tell = dyn Fn(&request::Parts) -> Whom + Send + Sync;

impl Audience {
    /// By what the application goes by, such as the user of its session in the request's extensions, and not by what any client may
    /// write into a field. It tells [`Whom`], or the name of one audience, where `None` is everybody.
    pub fn by<W: Into<Whom>>(tell: impl Fn(&request::Parts) -> W + Send + Sync + 'static) -> Audience {
        Audience(Some(Arc::new(move |request| tell(request).into())))
    }

    /// The audience of a request, by its name; `None`: it is for everybody.
    ///
    /// # Errors
    /// The rule by which the request passes.
    pub(crate) fn of(&self, request: &request::Parts) -> Result<Option<String>, Rule> {
        match self.0.as_ref().map_or(Whom::Everybody, |tell| tell(request)) {
            Whom::Everybody => Ok(None),
            Whom::One(name) => Ok(Some(name)),
            Whom::Nobody => Err(Rule::ForNobody),
        }
    }
}

impl fmt::Debug for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Audience(told)" } else { "Audience(everybody)" })
    }
}
