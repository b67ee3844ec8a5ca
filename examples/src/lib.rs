//! The code on the pages of the guide, run as tests. The examples themselves are beside this folder.

/// One line a page.
macro_rules! pages {
    ($($name:ident $page:literal;)+) => {$(
        #[cfg(doctest)]
        #[doc = include_str!($page)]
        struct $name;
    )+};
}

pages! {
    WarmUp "../../docs/guide/warm-up.md";
    Workers "../../docs/guide/workers.md";
    Observing "../../docs/guide/observing.md";
    Testing "../../docs/guide/testing.md";
    Deploying "../../docs/guide/deploying.md";
    Sizing "../../docs/guide/sizing.md";
    ComingFromCached "../../docs/guide/coming-from-cached.md";
    ComingFromMoka "../../docs/guide/coming-from-moka.md";
}
