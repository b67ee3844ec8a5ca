//! Which of our crates may depend on which, and what the core may not depend on at all.

use serde_json::Value;

use crate::cargo;

/// What would bring a network, a database or HTTP into the core. Beginnings of names, as `sqlx` for `sqlx-core`.
const FORBIDDEN_IN_CORE: [&str; 17] = [
    "async-memcached",
    "axum",
    "hyper",
    "http",
    "lapin",
    "memcache",
    "mio",
    "openssl",
    "postgres",
    "redb",
    "redis",
    "reqwest",
    "rusqlite",
    "rustls",
    "socket2",
    "sqlx",
    "tokio-postgres",
];

/// `from` has `to` among its dependencies; both are ours.
struct Arrow {
    from: String,
    to: String,
    for_tests: bool,
}

/// Whether an arrow is allowed. An adapter is every crate that is not named here.
fn allowed(Arrow { from, to, for_tests }: &Arrow) -> bool {
    let part = |name: &str| name.strip_prefix("freshen-").unwrap_or("facade").to_owned();
    match (part(from).as_str(), part(to).as_str()) {
        ("examples" | "bench", _) => true,
        (_, "examples" | "bench" | "server" | "fleet") => false,
        ("fleet", _) => true,
        // By this a crate's own tests switch on its features.
        (from, to) if from == to => *for_tests,
        (_, "testkit" | "core") if *for_tests => true,
        (_, "testkit") => false,
        ("core" | "text", _) => false,
        ("macros", to) => to == "text",
        ("facade", _) => true,
        ("server", to) => to == "facade",
        // Its page of metrics stands beside its health checks.
        ("worker", "metrics") => true,
        // Whatever the standards say is decided there.
        ("pages", "http") => true,
        (_, to) => to == "core" || to == "macros" || (*for_tests && to == "facade"),
    }
}

/// Reads what `cargo metadata` prints.
fn arrows(metadata: &str) -> Vec<Arrow> {
    let metadata: Value = serde_json::from_str(metadata).expect("cargo prints JSON");
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut arrows = Vec::new();
    for package in list(&metadata["packages"]) {
        for dependency in list(&package["dependencies"]) {
            let to = text(&dependency["name"]);
            if to == "freshen" || to.starts_with("freshen-") {
                arrows.push(Arrow { from: text(&package["name"]), to, for_tests: dependency["kind"] == "dev" });
            }
        }
    }
    arrows
}

/// The forbidden names in what `cargo tree --prefix none` prints.
fn forbidden(tree: &str) -> Vec<&str> {
    let names = tree.lines().filter_map(|line| line.split(' ').next());
    let matches = |name: &str, forbidden: &str| {
        name.strip_prefix(forbidden).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    names.filter(|name| FORBIDDEN_IN_CORE.iter().any(|forbidden| matches(name, forbidden))).collect()
}

#[test]
fn our_crates_depend_on_each_other_only_inwards() {
    let arrows = arrows(&cargo(&["metadata", "--format-version", "1", "--no-deps", "--locked"]));
    assert!(!arrows.is_empty(), "the metadata was not understood");
    let wrong: Vec<String> =
        arrows.iter().filter(|arrow| !allowed(arrow)).map(|arrow| format!("{} -> {}", arrow.from, arrow.to)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_core_knows_no_network_no_database_and_no_http() {
    let tree = cargo(&["tree", "-p", "freshen-core", "-e", "normal", "--prefix", "none", "--all-features", "--locked"]);
    assert!(tree.contains("quick_cache"), "the tree was not understood:\n{tree}");
    assert_eq!(forbidden(&tree), Vec::<&str>::new());
}

#[test]
fn a_wrong_arrow_is_found() {
    let allowed = |from: &str, to: &str, for_tests| allowed(&Arrow { from: from.into(), to: to.into(), for_tests });
    for (from, to) in [
        ("freshen-core", "freshen-redis"),
        ("freshen-core", "freshen-macros"),
        ("freshen-macros", "freshen-core"),
        ("freshen-text", "freshen-core"),
        ("freshen-core", "freshen-text"),
        ("freshen-redis", "freshen-text"),
        ("freshen-redis", "freshen-postgres"),
        ("freshen-redis", "freshen-metrics"),
        ("freshen-worker", "freshen-redis"),
        ("freshen-metrics", "freshen-worker"),
        ("freshen-redis", "freshen"),
        ("freshen-redis", "freshen-testkit"),
        ("freshen-server", "freshen-core"),
        ("freshen", "freshen-server"),
        ("freshen", "freshen-testkit"),
        ("freshen", "freshen-fleet"),
        ("freshen-testkit", "freshen"),
    ] {
        assert!(!allowed(from, to, false), "{from} -> {to}");
    }
    assert!(!allowed("freshen-redis", "freshen-postgres", true));
    for (from, to, for_tests) in [
        ("freshen-redis", "freshen-core", false),
        ("freshen-worker", "freshen-metrics", false),
        ("freshen-redis", "freshen-testkit", true),
        ("freshen-server", "freshen", false),
        ("freshen-server", "freshen-testkit", true),
        ("freshen", "freshen-redis", false),
        ("freshen-macros", "freshen-text", false),
        ("freshen", "freshen-text", false),
        ("freshen-examples", "freshen-testkit", false),
        ("freshen-bench", "freshen-fleet", false),
        ("freshen-fleet", "freshen-redis", false),
        ("freshen-fleet", "freshen-testkit", false),
        ("freshen-core", "freshen-testkit", true),
    ] {
        assert!(allowed(from, to, for_tests), "{from} -> {to}");
    }
}

#[test]
fn arrows_are_read_from_metadata() {
    let metadata = r#"{"packages": [{"name": "freshen-redis", "dependencies": [
        {"name": "freshen-core", "kind": null}, {"name": "redis", "kind": null}, {"name": "freshen-testkit", "kind": "dev"}]}]}"#;
    let read: Vec<_> = arrows(metadata).into_iter().map(|arrow| (arrow.from, arrow.to, arrow.for_tests)).collect();
    let redis = || "freshen-redis".to_owned();
    assert_eq!(read, [(redis(), "freshen-core".to_owned(), false), (redis(), "freshen-testkit".to_owned(), true)]);
}

#[test]
fn a_forbidden_dependency_is_found_and_a_name_that_only_begins_alike_is_not() {
    let tree = "freshen-core v0.1.0 (/x)\ntokio v1.0.0\nsqlx-core v0.9.0\nhyper v1.0.0 (*)\nmiosotis v1.0.0\n";
    assert_eq!(forbidden(tree), ["sqlx-core", "hyper"]);
}
