//! By what pages are outdated together: the whole site, what lies below a path, the tables that they were made of, and names of the
//! application's own.
//!
//! Beside them each page has what the [rules](freshen_http::tags) of HTTP give it: its target, its origin, its groups and its
//! surrogate keys.

use freshen_core::{TAG_BYTES_MAX, Tag, Tags};
use freshen_http::{Rule, surrogate_tag};

/// Of so many folders a page carries the tags: what lies deeper is outdated with the last of them.
const FOLDERS_MOST: usize = 8;

/// What a page was made of, told by whoever made it: put it into the extensions of the response.
///
/// ```
/// # use http::Response;
/// # use freshen_pages::PageTags;
/// let mut response = Response::new("the last posts");
/// response.extensions_mut().insert(PageTags::new().table("posts").table("authors").named("front"));
/// ```
///
/// A page that names its tables is outdated by writes to those, and one that names none by each write that is told.
#[derive(Clone, Debug, Default)]
pub struct PageTags {
    tags: Vec<Tag>,
    names_tables: bool,
}

impl PageTags {
    /// Those of a page that was made of nothing. Tell what it was made of.
    pub fn new() -> PageTags {
        PageTags::default()
    }

    /// It was made of rows of this table.
    #[must_use]
    pub fn table(mut self, table: &str) -> PageTags {
        self.tags.push(table_tag(table));
        self.names_tables = true;
        self
    }

    /// It changes with whatever the application calls so.
    #[must_use]
    pub fn named(mut self, name: &str) -> PageTags {
        self.tags.push(name_tag(name));
        self
    }
}

/// Which pages are outdated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pages<'a> {
    /// All that are kept.
    All,
    /// All of this host, whatever its port. Where hosts stand for others, those are meant that the others stand for.
    Of(&'a str),
    /// That of this path, whatever its host, its query, its variants and its audience. A path is written as requests have it,
    /// percent-encoded and without a query.
    At(&'a str),
    /// That, and all below it. Deeper than eight folders, all below the eighth.
    Below(&'a str),
    /// Those that were [named](PageTags::named) so.
    Named(&'a str),
    /// Those with this surrogate key, which their origin gave them in `Surrogate-Key`, `Cache-Tag` or the like.
    Keyed(&'a str),
}

impl Pages<'_> {
    pub(crate) fn tag(self) -> Tag {
        match self {
            Pages::All => site_tag(),
            Pages::Of(host) => host_tag(&host.to_ascii_lowercase()),
            Pages::At(path) => path_tag(path),
            Pages::Below(path) => folders(path).last().map_or_else(site_tag, folder_tag),
            Pages::Named(name) => name_tag(name),
            Pages::Keyed(key) => surrogate_tag(key.as_bytes()),
        }
    }
}

/// What a write to tables outdates: what was made of them, and what may have been.
pub(crate) fn written<'a>(tables: impl Iterator<Item = &'a str>) -> Vec<Tag> {
    let mut tags: Vec<Tag> = tables.map(table_tag).collect();
    if !tags.is_empty() {
        tags.push(any_table_tag());
    }
    tags
}

/// All tags of a page: those that the rules give it, and ours.
///
/// # Errors
/// [`Rule::TooManyTags`]: without one of them it would be served after what it is made of was outdated.
pub(crate) fn all(by_rules: &Tags, host: &str, path: &str, told: Option<&PageTags>) -> Result<Tags, Rule> {
    let mut tags = by_rules.as_slice().to_vec();
    tags.extend([site_tag(), host_tag(host), path_tag(path)]);
    tags.extend(folders(path).map(folder_tag));
    tags.extend(told.into_iter().flat_map(|told| told.tags.iter().cloned()));
    // What it was made of before, a 304 does not say again.
    let names_tables =
        told.is_some_and(|told| told.names_tables) || tags.iter().any(|tag| tag.as_str().starts_with(TABLE));
    if !names_tables {
        tags.push(any_table_tag());
    }
    Tags::new(tags).map_err(|_| Rule::TooManyTags)
}

const TABLE: &str = "table:";

fn site_tag() -> Tag {
    tag("site:", "")
}

fn any_table_tag() -> Tag {
    tag("any-table:", "")
}

fn table_tag(table: &str) -> Tag {
    tag(TABLE, table)
}

fn name_tag(name: &str) -> Tag {
    tag("name:", name)
}

fn host_tag(host: &str) -> Tag {
    tag("host:", host)
}

fn path_tag(path: &str) -> Tag {
    tag("path:", path)
}

fn folder_tag(folder: &str) -> Tag {
    tag("below:", folder)
}

/// Each begins with a word of its own; the rules' begin with one letter. What is too long is hashed.
fn tag(kind: &str, name: &str) -> Tag {
    let written = format!("{kind}{name}");
    let fits = written.len() <= TAG_BYTES_MAX;
    let written = if fits { written } else { format!("{kind}#{}", surrogate_tag(name.as_bytes()).as_str()) };
    Tag::new(written).expect("a word and a hash are neither empty nor too long")
}

/// The path and what it lies below, the whole site left out: `/a/b` lies below `/a` and `/a/b`.
fn folders(path: &str) -> impl Iterator<Item = &str> {
    let path = path.trim_end_matches('/');
    let ends = path.char_indices().filter(|(at, letter)| *at > 0 && *letter == '/').map(|(at, _)| at);
    let last = (!path.is_empty()).then_some(path.len());
    ends.chain(last).take(FOLDERS_MOST).map(|end| &path[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags_of(path: &str, told: Option<&PageTags>) -> Vec<String> {
        let tags = all(&Tags::NONE, "a", path, told).unwrap();
        tags.as_slice().iter().map(|tag| tag.as_str().to_owned()).collect()
    }

    fn is_outdated(path: &str, pages: Pages<'_>) -> bool {
        tags_of(path, None).contains(&pages.tag().as_str().to_owned())
    }

    #[test]
    fn a_page_lies_below_each_folder_of_its_path() {
        for below in ["/", "", "/a", "/a/", "/a/b", "/a/b/c", "/a/b/c/"] {
            assert!(is_outdated("/a/b/c", Pages::Below(below)), "{below}");
        }
        for other in ["/a/b/c/d", "/a/bc", "/a/b/", "/b", "/a/b/c/x"] {
            assert_eq!(is_outdated("/a/b/c", Pages::Below(other)), other == "/a/b/", "{other}");
        }
        assert!(is_outdated("/a/b/", Pages::Below("/a/b")));
        assert!(is_outdated("//a", Pages::Below("//a")));
    }

    /// Deeper than that the last folder of a page stands for all below it: rather more is outdated than less.
    #[test]
    fn what_lies_deep_is_outdated_with_the_last_folder_that_is_known() {
        let deep = "/1/2/3/4/5/6/7/8/9/10";
        assert!(is_outdated(deep, Pages::Below("/1/2/3/4/5/6/7/8/9")));
        assert!(is_outdated(deep, Pages::Below("/1/2/3/4/5/6/7/8")));
        assert!(!is_outdated(deep, Pages::Below("/1/2/3/4/5/6/7/x")));
    }

    #[test]
    fn a_page_that_names_no_table_may_have_been_made_of_any() {
        let any = any_table_tag().as_str().to_owned();
        assert!(tags_of("/", None).contains(&any));
        assert!(tags_of("/", Some(&PageTags::new().named("x"))).contains(&any));
        let named = tags_of("/", Some(&PageTags::new().table("posts")));
        assert!(!named.contains(&any) && named.contains(&"table:posts".to_owned()), "{named:?}");
        let written: Vec<Tag> = written(["posts"].into_iter());
        assert_eq!(written.iter().map(Tag::as_str).collect::<Vec<_>>(), ["table:posts", "any-table:"]);
        assert!(super::written([].into_iter()).is_empty());
    }

    /// A 304 for a page that named its tables.
    #[test]
    fn what_a_page_was_made_of_is_remembered_when_it_is_called_current() {
        let before = all(&Tags::NONE, "a", "/", Some(&PageTags::new().table("posts"))).unwrap();
        let after = all(&before, "a", "/", None).unwrap();
        assert_eq!(before, after);
    }

    #[test]
    fn a_name_of_any_length_is_a_tag_of_its_own() {
        let (long, other) = ("x".repeat(5000), "x".repeat(5001));
        assert_eq!(name_tag(&long), name_tag(&long));
        assert_ne!(name_tag(&long), name_tag(&other));
        assert_ne!(name_tag(&long), table_tag(&long));
    }
}
