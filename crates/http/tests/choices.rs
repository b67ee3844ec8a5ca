//! Which targets an application holds for one, and that no origin sees more than the key does.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod case;

use case::target;
use freshen_http::{
    Choices, Counting, HostAlias, Hosts, HostsError, Names, OriginSees, PARAMETERS_MOST, Parameters, Target,
    TargetError,
};
use proptest::prelude::*;

fn hosts(aliases: &[(&str, &str)]) -> Result<Hosts, HostsError> {
    Hosts::new(aliases.iter().map(|(alias, host)| HostAlias::new(alias, host).unwrap()))
}

fn all_but(names: &[&'static str]) -> Choices {
    let counting = Counting::AllBut(names.iter().copied().collect());
    Choices { parameters: Parameters { counting, sorted: false }, ..Choices::default() }
}

fn only(names: &[&'static str]) -> Choices {
    let counting = Counting::Only(names.iter().copied().collect::<Names>());
    Choices { parameters: Parameters { counting, sorted: false }, ..Choices::default() }
}

fn sorted() -> Choices {
    Choices { parameters: Parameters { sorted: true, ..Parameters::default() }, ..Choices::default() }
}

fn decoded() -> Choices {
    Choices { decoded: true, ..Choices::default() }
}

/// Path and query of the keyed form.
fn keyed(choices: &Choices, resource: &str) -> String {
    choices.keyed(&target(&format!("http://a{resource}"))).resource().to_string()
}

fn table(choices: &Choices, cases: &[(&str, &str)]) {
    for (resource, expected) in cases {
        assert_eq!(keyed(choices, resource), *expected, "{resource}");
    }
}

#[test]
fn without_choices_a_target_makes_its_key_as_it_is() {
    for resource in ["/", "/?", "/a//../%7e%2e?b=1&a=2&utm_source=x&&", "/?a;b#"] {
        assert_eq!(keyed(&Choices::default(), resource), resource.trim_end_matches('#'), "{resource}");
    }
}

#[test]
fn parameters_that_do_not_count_are_left_out() {
    table(
        &all_but(&["utm_*", "gclid"]),
        &[
            ("/?a=1&utm_source=x&b=2", "/?a=1&b=2"),
            ("/?utm_source=x&utm_=&gclid", "/"),
            ("/?utm=1&gclid2=1&GCLID=1&Utm_a=1", "/?utm=1&gclid2=1&GCLID=1&Utm_a=1"),
            ("/?gclid=1&a=1&gclid=2&a=2", "/?a=1&a=2"),
            ("/?", "/?"),
            ("/?&", "/?&"),
            ("/?&gclid=1&", "/?&"),
            ("/utm_a/gclid=1", "/utm_a/gclid=1"),
            ("/?a=gclid=1", "/?a=gclid=1"),
            ("/?gclid=a=b", "/"),
        ],
    );
    table(&all_but(&["*"]), &[("/?a=1&b=2", "/"), ("/?a=1&=2", "/?=2")]);
}

#[test]
fn only_parameters_that_count_are_kept_and_whatever_is_not_plain() {
    table(
        &only(&["id", "page*"]),
        &[
            ("/?id=1&b=2&page=3&page_size=4", "/?id=1&page=3&page_size=4"),
            ("/?b=2", "/"),
            ("/?ID=1&PageSize=2", "/?ID=1&PageSize=2"),
            ("/?%69d=1&i.d=2&id[]=3&id%00=4", "/?%69d=1&i.d=2&id[]=3&id%00=4"),
            ("/?é=1&b=2", "/?é=1"),
        ],
    );
    table(&only(&[]), &[("/?a=1&b", "/")]);
}

/// Some servers end a parameter at `;` or `?` as well: what is left out would hide a parameter that they see.
#[test]
fn a_parameter_that_may_hide_another_counts() {
    let hidden = [
        "/?utm_a=x;id=2",
        "/?utm_a=x?id=2",
        "/?utm_a;id=2",
        "/?utm_a%3bid=2",
        "/?utm%5fa=1",
        "/?utm_a[id]=2",
        "/?utm_a.b=1",
    ];
    for choices in [all_but(&["utm_*"]), only(&["id"])] {
        for resource in hidden {
            assert_eq!(keyed(&choices, resource), resource);
        }
    }
}

#[test]
fn sorting_keeps_the_order_of_one_name() {
    table(
        &sorted(),
        &[
            ("/?b=2&a=1", "/?a=1&b=2"),
            ("/?a=2&b=1&a=1", "/?a=2&a=1&b=1"),
            ("/?a=2&A=1", "/?a=2&A=1"),
            ("/?A=1&a=2", "/?A=1&a=2"),
            ("/?b&a", "/?a&b"),
        ],
    );
    // Where one is not plain, who knows which name it has.
    for resource in ["/?b=2&%61=1", "/?b=2&a=1;b=3", "/?b=2&&a=1", "/?b[]=2&a=1", "/?b=2&a=1?b=3"] {
        assert_eq!(keyed(&sorted(), resource), resource);
    }
}

/// RFC 3986, section 6.2.2; RFC 9110, section 4.2.3.
#[test]
fn encodings_are_normalised_where_that_is_chosen_and_dots_and_delimiters_stay() {
    table(
        &decoded(),
        &[
            ("/%7Esmith/%68ome%2ehtml?%61=%2f", "/~smith/home%2Ehtml?a=%2F"),
            ("/a/%2e%2e/b", "/a/%2E%2E/b"),
            ("/a//../%2F?x=%26%3d", "/a//../%2F?x=%26%3D"),
            ("/%%611", "/%%611"),
            ("/%zz?%61", "/%zz?a"),
            ("/a?", "/a?"),
        ],
    );
    let both = Choices { decoded: true, ..all_but(&["utm_*"]) };
    assert_eq!(keyed(&both, "/?utm%5Fa=1&b=%7E"), "/?b=~");
    // What encodes nothing stands in a parameter of its own, or in one that does not count.
    assert_eq!(keyed(&decoded(), "/?a=%61&b=%&c=%61%"), "/?a=a&b=%&c=%61%");
    assert_eq!(keyed(&both, "/?a=%61&utm_a=%"), "/?a=a");
    assert_eq!(keyed(&all_but(&["utm_*"]), "/%7E?b=%7E"), "/%7E?b=%7E");
}

#[test]
fn a_host_stands_for_another_with_its_scheme_and_port() {
    let hosts = hosts(&[("WWW.example.com", "Example.com"), ("m.example.com", "example.com")]).unwrap();
    let choices = Choices { hosts, ..Choices::default() };
    for (uri, expected) in [
        ("http://www.example.com/a?b", "http://example.com/a?b"),
        ("https://www.example.com:8443/", "https://example.com:8443/"),
        ("http://example.com/", "http://example.com/"),
        ("http://www.example.com./", "http://www.example.com./"),
        ("http://m.example.com/", "http://example.com/"),
    ] {
        assert_eq!(choices.keyed(&target(uri)).to_string(), expected, "{uri}");
    }
    assert_eq!(HostAlias::new("a b", "c"), Err(TargetError::Host));
    assert_eq!(HostAlias::new("a", "c:80"), Err(TargetError::Host));
}

/// Else a keyed form would not be its own, or it would depend on which alias is looked at first.
#[test]
fn a_host_that_stands_for_two_for_itself_or_for_one_that_stands_for_another_is_refused_by_name() {
    let said = |aliases: &[(&str, &str)]| hosts(aliases).map_err(|error| error.to_string());
    let chain = "hosts: m stands for www, which stands for a";
    assert_eq!(said(&[("m", "www"), ("www", "a")]), Err(chain.to_owned()));
    assert_eq!(said(&[("WWW", "a"), ("m", "www")]), Err(chain.to_owned()));
    assert_eq!(said(&[("a", "A")]), Err("hosts: a stands for itself".to_owned()));
    assert_eq!(said(&[("m", "a"), ("M", "b")]), Err("hosts: m stands for a and for b".to_owned()));
    assert_eq!(said(&[("m", "a"), ("m", "a")]), Err("hosts: m stands for a and for a".to_owned()));
    assert!(matches!(hosts(&[("a", "b"), ("b", "a")]), Err(HostsError::Chain { .. })));
    assert!(said(&[("m", "a"), ("www", "a"), ("m.", "a")]).is_ok());
}

#[test]
fn the_origin_is_asked_for_the_keyed_form_unless_it_is_to_see_the_request() {
    let hosts = hosts(&[("www.a", "a")]).unwrap();
    let mut choices = Choices { hosts, decoded: true, ..all_but(&["utm_*"]) };
    let asked = target("http://www.a/%7e?utm_a=1&b=2");
    assert_eq!(choices.sent(&asked).to_string(), "http://a/~?b=2");
    assert_eq!(*choices.sent(&asked), choices.keyed(&asked));
    choices.origin_sees = OriginSees::Asked;
    assert_eq!(choices.sent(&asked).to_string(), "http://www.a/%7e?utm_a=1&b=2");
    assert_eq!(choices.keyed(&asked).to_string(), "http://a/~?b=2");
}

#[test]
fn of_too_many_parameters_all_count() {
    let choices = all_but(&["utm_*"]);
    let query = |count: usize| format!("/?{}", vec!["utm_a"; count].join("&"));
    assert_eq!(keyed(&choices, &query(PARAMETERS_MOST)), "/");
    assert_eq!(keyed(&choices, &query(PARAMETERS_MOST + 1)), query(PARAMETERS_MOST + 1));
}

/// How a server may read a query.
#[derive(Clone, Copy, Debug)]
struct Server {
    separators: &'static [char],
    decodes: bool,
    folds_case: bool,
}

const SERVERS: [Server; 6] = [
    Server { separators: &['&'], decodes: false, folds_case: false },
    Server { separators: &['&'], decodes: true, folds_case: false },
    Server { separators: &['&', ';'], decodes: true, folds_case: false },
    Server { separators: &['&', '?'], decodes: false, folds_case: true },
    Server { separators: &['&', ';'], decodes: true, folds_case: true },
    Server { separators: &['&', ';', '?'], decodes: true, folds_case: true },
];

impl Server {
    /// The values of a name, in their order.
    fn values<'a>(&self, query: &'a str, name: &str) -> Vec<&'a str> {
        let pieces = query.split(self.separators).filter(|piece| !piece.is_empty());
        let pairs = pieces.map(|piece| piece.split_once('=').unwrap_or((piece, "")));
        let named = |written: &str| {
            let mut written = written.to_owned();
            if self.decodes {
                written = written.replace("%61", "a").replace("%75", "u").replace("%3b", ";");
            }
            if self.folds_case { written.eq_ignore_ascii_case(name) } else { written == name }
        };
        pairs.filter(|(written, _)| named(written)).map(|(_, value)| value).collect()
    }
}

/// Pieces of queries that servers read in different ways.
const PIECES: [&str; 16] = [
    "a=1", "a=2", "A=1", "%61=1", "u=1", "u", "U=1", "%75=1", "u=1;a=1", "u=1;a=2", "u=1?a=2", "a=1;u=1", "u;a",
    "u%3ba=1", "a=2?u", "",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever the origin makes of a query that it sees as it was asked for: what shares a key shares all that counts.
    #[test]
    fn no_server_reads_two_queries_differently_that_make_one_key(
        queries in proptest::collection::vec(proptest::sample::subsequence(&PIECES[..], 0..4).prop_shuffle(), 24),
        drops in any::<bool>(), in_order in any::<bool>(),
    ) {
        // `u` does not count, or `a` alone does.
        let counting = if drops { all_but(&["u"]) } else { only(&["a"]) }.parameters.counting;
        let parameters = Parameters { counting, sorted: in_order };
        let choices = Choices { parameters, origin_sees: OriginSees::Asked, ..Choices::default() };
        let queries = queries.iter().map(|pieces| pieces.join("&"));
        let with_key = |query: String| (choices.keyed(&target(&format!("http://a/?{query}"))), query);
        let keyed: Vec<(Target, String)> = queries.map(with_key).collect();
        for (at, (key, query)) in keyed.iter().enumerate() {
            for (_, other) in keyed[..at].iter().filter(|(other, _)| other == key) {
                for server in SERVERS {
                    let [one, other] = [query, other].map(|query| server.values(query, "a"));
                    prop_assert_eq!(one, other, "{:?} {}", server, query);
                }
            }
        }
    }

    #[test]
    fn a_keyed_form_is_its_own(
        resource in "/[a.%25eE/]{0,8}(\\?[abuU&=;?%256_é1]{0,16})?", decoded in any::<bool>(), sorted in any::<bool>(),
        host in "[a-d](:8[01])?", aliases in proptest::collection::vec(("[a-d]", "[a-d]"), 0..4),
    ) {
        let aliases: Vec<_> = aliases.iter().map(|(alias, host)| (&**alias, &**host)).collect();
        let Ok(hosts) = hosts(&aliases) else { return Ok(()) };
        for counting in [Counting::All, all_but(&["u*"]).parameters.counting, only(&["a"]).parameters.counting] {
            let parameters = Parameters { counting, sorted };
            let choices = Choices { decoded, parameters, hosts: hosts.clone(), ..Choices::default() };
            let once = choices.keyed(&target(&format!("http://{host}{resource}")));
            prop_assert_eq!(choices.keyed(&once), once);
        }
    }
}
