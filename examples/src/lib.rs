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
    GettingStarted "../../docs/guide/getting-started.md";
    Windows "../../docs/guide/windows.md";
    Keys "../../docs/guide/keys.md";
    Invalidation "../../docs/guide/invalidation.md";
    Errors "../../docs/guide/errors.md";
    Many "../../docs/guide/many.md";
    WarmUp "../../docs/guide/warm-up.md";
    Workers "../../docs/guide/workers.md";
    Observing "../../docs/guide/observing.md";
    Operating "../../docs/guide/operating.md";
    MoreThanOneProcess "../../docs/guide/more-than-one-process.md";
    MoreThanOneMachine "../../docs/guide/more-than-one-machine.md";
    Pages "../../docs/guide/pages.md";
    Testing "../../docs/guide/testing.md";
    Deploying "../../docs/guide/deploying.md";
    Sizing "../../docs/guide/sizing.md";
    ComingFromCached "../../docs/guide/coming-from-cached.md";
    ComingFromDjangoJimmypage "../../docs/guide/coming-from-django-jimmypage.md";
    ComingFromMoka "../../docs/guide/coming-from-moka.md";
}
