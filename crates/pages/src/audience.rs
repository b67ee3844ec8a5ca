//! For whom a page is.

use std::fmt;
use std::sync::Arc;

use http::request;

/// Tells for whom the page of a request is: no other audience gets it. By default all pages are for everybody.
#[derive(Clone, Default)]
pub struct Audience(Option<Arc<Tell>>);

type Tell = dyn Fn(&request::Parts) -> Option<String> + Send + Sync;

impl Audience {
    /// By what the application goes by, such as the user of its session in the request's extensions, and not by what any client may
    /// write into a field. `None` is everybody who is nobody in particular: those share their pages.
    pub fn by(tell: impl Fn(&request::Parts) -> Option<String> + Send + Sync + 'static) -> Audience {
        Audience(Some(Arc::new(tell)))
    }

    pub(crate) fn of(&self, request: &request::Parts) -> Option<String> {
        self.0.as_ref().and_then(|tell| tell(request))
    }
}

impl fmt::Debug for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Audience(told)" } else { "Audience(everybody)" })
    }
}
