//! Fields whose directives are for caches of one kind alone (RFC 9213).

use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderName};
use sfv::{BareItem, ListEntry};

use crate::config::Config;
use crate::directive::fields;
use crate::response_directives::{Reach, ResponseDirectives};
use crate::seconds::SECONDS_MOST;
use crate::structured::{dictionary, is_too_long};
use crate::surrogate_control::{SURROGATE_CONTROL, surrogate_control};

/// The directives that govern a response, and where they stand.
pub(crate) struct Governing {
    pub directives: ResponseDirectives,
    /// Whether they stand in a targeted field: then neither Cache-Control nor Expires counts.
    pub targeted: bool,
}

impl Governing {
    /// Those of the first target that is there, valid and not empty; where there is none, those of Cache-Control
    /// (RFC 9213, section 2.2). What targets before it forbid holds beside them, where only a value makes those invalid.
    pub fn of(headers: &HeaderMap, config: &Config) -> Governing {
        let said = |name: &HeaderName| match name {
            name if *name == SURROGATE_CONTROL => surrogate_control(headers, config).map(Ok),
            name => targeted(headers, name),
        };
        let mut forbidden = ResponseDirectives::default();
        let valid = config.targets.iter().find_map(|name| match said(name)? {
            Ok(directives) => Some(directives),
            Err(invalid) => {
                forbidden.forbid(invalid);
                None
            }
        });
        let targeted = valid.is_some();
        let mut directives = valid.unwrap_or_else(|| ResponseDirectives::read(headers, &CACHE_CONTROL));
        directives.forbid(forbidden);
        for reach in [&mut directives.no_cache, &mut directives.private] {
            // Without it, whoever reads the stored fields once more would take the response for another.
            if reach.fields().iter().any(|name| config.targets.contains(name)) {
                *reach = Reach::All;
            }
        }
        Governing { directives, targeted }
    }
}

/// The directives of a targeted field. `None`: it is as if it were not there (RFC 9213, section 2.1). `Err`: one of them has a
/// value of another type, so that the field is not valid; the others are these.
fn targeted(headers: &HeaderMap, name: &HeaderName) -> Option<Result<ResponseDirectives, ResponseDirectives>> {
    headers.get(name)?;
    // One that is too long counts as a prohibition, as in Cache-Control: what it forbids must not be lost by falling back.
    if is_too_long(headers, name) {
        return Some(Ok(ResponseDirectives { no_store: true, ..ResponseDirectives::default() }));
    }
    let members = dictionary(headers, name).filter(|members| !members.is_empty())?;
    let mut read = ResponseDirectives::default();
    let odd = members.iter().filter(|(name, member)| add(&mut read, name.as_str(), member).is_none()).count();
    read.permits_sharing = read.public || read.must_revalidate || read.s_maxage.is_some();
    Some(if odd == 0 { Ok(read) } else { Err(read) })
}

/// Takes a member for what it means in Cache-Control. `None`: its value is of another type than this directive's, so that
/// the field is not valid. Parameters mean nothing, and neither does a member that is not known.
fn add(read: &mut ResponseDirectives, name: &str, member: &ListEntry) -> Option<()> {
    let value = match member {
        ListEntry::Item(item) => Some(&item.bare_item),
        ListEntry::InnerList(_) => None,
    };
    match name {
        "max-age" => read.max_age = Some(seconds(value?)?),
        "s-maxage" => read.s_maxage = Some(seconds(value?)?),
        "stale-while-revalidate" => read.stale_while_revalidate = Some(seconds(value?)?),
        "stale-if-error" => read.stale_if_error = Some(seconds(value?)?),
        "no-store" => read.no_store = flag(value?)?,
        "no-cache" => read.no_cache = reach(value?)?,
        "private" => read.private = reach(value?)?,
        "public" => read.public = flag(value?)?,
        "must-revalidate" => read.must_revalidate = flag(value?)?,
        "proxy-revalidate" => read.proxy_revalidate = flag(value?)?,
        "must-understand" => read.must_understand = flag(value?)?,
        "no-transform" => read.no_transform = flag(value?)?,
        // RFC 8246, section 2: arguments of this one mean nothing.
        "immutable" => read.immutable = value != Some(&BareItem::Boolean(false)),
        _ => {}
    }
    Some(())
}

fn seconds(value: &BareItem) -> Option<u32> {
    let BareItem::Integer(seconds) = value else { return None };
    let seconds = u64::try_from(i64::from(*seconds)).ok()?;
    Some(u32::try_from(seconds).unwrap_or(SECONDS_MOST).min(SECONDS_MOST))
}

fn flag(value: &BareItem) -> Option<bool> {
    match value {
        BareItem::Boolean(flag) => Some(*flag),
        _ => None,
    }
}

fn reach(value: &BareItem) -> Option<Reach> {
    match value {
        BareItem::Boolean(true) => Some(Reach::All),
        BareItem::Boolean(false) => Some(Reach::Nothing),
        BareItem::String(names) => Some(Reach::of(fields(names.as_str().as_bytes()))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::directive::FIELD_BYTES_MOST;

    const OURS: HeaderName = HeaderName::from_static("freshen-cache-control");
    const CDN: HeaderName = HeaderName::from_static("cdn-cache-control");

    fn of(lines: &[(HeaderName, &str)]) -> Governing {
        let lines = lines.iter().map(|(name, line)| (name.clone(), HeaderValue::from_str(line).unwrap()));
        Governing::of(&lines.collect(), &Config::default())
    }

    /// RFC 9213, section 2.2.
    #[test]
    fn the_first_target_that_is_valid_and_not_empty_counts_alone() {
        type Lines<'a> = &'a [(HeaderName, &'a str)];
        let cases: [(Lines, Option<u32>, bool); 8] = [
            (&[(CACHE_CONTROL, "max-age=1"), (CDN, "max-age=2"), (OURS, "max-age=3")], Some(3), true),
            (&[(CACHE_CONTROL, "max-age=1"), (CDN, "max-age=2")], Some(2), true),
            (&[(CACHE_CONTROL, "max-age=1"), (OURS, "max-age=x"), (CDN, "max-age=2")], Some(2), true),
            (&[(CACHE_CONTROL, "max-age=1"), (OURS, ""), (CDN, " ")], Some(1), false),
            (&[(CACHE_CONTROL, "max-age=1"), (CDN, "none")], None, true),
            (&[(CACHE_CONTROL, "max-age=1"), (CDN, "x=(1 2);y, z=@5")], None, true),
            (&[(CACHE_CONTROL, "max-age=1"), (CDN, "public"), (CDN, "max-age=2")], Some(2), true),
            (&[(CACHE_CONTROL, "max-age=1")], Some(1), false),
        ];
        for (lines, max_age, targeted) in cases {
            let governing = of(lines);
            assert_eq!((governing.directives.max_age, governing.targeted), (max_age, targeted), "{lines:?}");
        }
        let other = HeaderName::from_static("other-cache-control");
        assert!(!of(&[(other, "no-store")]).directives.no_store, "it is not on the list");
    }

    /// RFC 9213, section 2.1.
    #[test]
    fn a_value_of_another_type_makes_the_whole_field_invalid() {
        for value in [
            "max-age=\"60\"",
            "max-age=60.0",
            "max-age=-1",
            "max-age",
            "max-age=?1",
            "max-age=sixty",
            "max-age=(60)",
            "max-age=1234567890123456",
            "s-maxage=\"60\"",
            "stale-while-revalidate=1.5",
            "stale-if-error",
            "no-store=1",
            "no-store=\"x\"",
            "no-cache=set-cookie",
            "private=1",
            "public=yes",
            "must-revalidate=1",
            "Max-Age=60",
            "max-age =60",
            "max-age= 60",
            "max-age=60,",
            "max-age=60,,public",
            "max-age=60; public, x y",
            "max-age=60 public",
        ] {
            let governing = of(&[(CACHE_CONTROL, "max-age=7"), (CDN, &format!("public, {value}"))]);
            assert_eq!((governing.targeted, governing.directives.max_age), (false, Some(7)), "{value:?}");
            assert!(!governing.directives.public, "{value:?}");
        }
        assert!(!of(&[(CDN, "public"), (CDN, "max-age=\"60\"")]).targeted, "lines are one value");
    }

    #[test]
    fn each_directive_is_read() {
        let all = "max-age=1, s-maxage=2, stale-while-revalidate=3, stale-if-error=4, no-store, no-cache, private, public, \
                   must-revalidate, proxy-revalidate, must-understand, no-transform, immutable";
        let line = HeaderValue::from_str(all).unwrap();
        let same = ResponseDirectives::read(&HeaderMap::from_iter([(CACHE_CONTROL, line)]), &CACHE_CONTROL);
        assert_eq!(of(&[(CDN, all)]).directives, same);
        let off = "no-store=?0, no-cache=?0, private=?0, public=?0, must-revalidate=?0, proxy-revalidate=?0, must-understand=?0, \
                   no-transform=?0, immutable=?0";
        assert_eq!(of(&[(CDN, off)]).directives, ResponseDirectives::default());
        assert!(of(&[(CDN, "immutable=7")]).directives.immutable);
        assert_eq!(
            of(&[(CDN, "max-age=60;max-age=5;no-store")]).directives.max_age,
            Some(60),
            "parameters mean nothing"
        );
        assert_eq!(of(&[(CDN, "max-age=60, max-age=90")]).directives.max_age, Some(90), "the last counts");
        assert_eq!(of(&[(CDN, "max-age=999999999999999")]).directives.max_age, Some(SECONDS_MOST));
        let names = |value| of(&[(CDN, value)]).directives.no_cache;
        assert_eq!(names("no-cache=\"X-A, x-b\"").fields(), ["x-a", "x-b"]);
        assert_eq!([names("no-cache=\"a b\""), names("no-cache=\"\"")], [Reach::All, Reach::All]);
    }

    #[test]
    fn a_target_that_is_too_long_is_a_prohibition() {
        let long = "x,".repeat(FIELD_BYTES_MOST / 2) + "x";
        let governing = of(&[(CACHE_CONTROL, "max-age=60"), (CDN, &long)]);
        assert!(governing.targeted && governing.directives.no_store);
        assert!(!of(&[(CACHE_CONTROL, "max-age=60"), (CDN, &long[2..])]).directives.no_store);
    }
}
