//! The URI that a request came with, where layers before ours have changed it.

use std::fmt;
use std::sync::Arc;

use http::{Uri, request};

/// Tells the URI that a request came with, where layers before ours have taken something off it, as axum's `nest` does with the
/// prefix: by that a page is known. The service behind is asked for what the layer was asked for. By default it is the request's own.
///
/// ```
/// use axum::extract::OriginalUri;
/// use freshen_pages::{Settings, WholeUri};
///
/// let of = |request: &http::request::Parts| request.extensions.get::<OriginalUri>().map(|OriginalUri(uri)| uri.clone());
/// let settings = Settings { whole_uri: WholeUri::by(of), ..Settings::default() };
/// # let _ = settings;
/// ```
#[derive(Clone, Default)]
pub struct WholeUri(Option<Arc<Tell>>);

type Tell = dyn Fn(&request::Parts) -> Option<Uri> + Send + Sync;

impl WholeUri {
    /// By what the layer that changed it has left; `None`: it was not changed.
    pub fn by(tell: impl Fn(&request::Parts) -> Option<Uri> + Send + Sync + 'static) -> WholeUri {
        WholeUri(Some(Arc::new(tell)))
    }

    pub(crate) fn of(&self, request: &request::Parts) -> Option<Uri> {
        self.0.as_ref().and_then(|tell| tell(request))
    }
}

impl fmt::Debug for WholeUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "WholeUri(told)" } else { "WholeUri(its own)" })
    }
}
