#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use std::path::Path;
use std::time::Duration;

use freshen_core::queue::MemoryQueue;
use freshen_core::{Cache, Clock, Limit, Limits, Timestamp};

use super::field::{FIELDS, Field};
use super::{Place, Settings};

fn gather(file: &str, variables: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let gathered = Settings::gather(Some((Path::new("f.toml"), file)), variables, |_| {});
    gathered.map_err(|error| error.to_string().lines().map(str::to_owned).collect())
}

fn mistakes(file: &str) -> Vec<String> {
    gather(file, &[]).unwrap_err()
}

/// The sample as the table of fields has it.
fn sample() -> String {
    let defaults = Settings::default();
    let mut sample = String::from(
        "# The settings of Freshen, each with its default. `freshen check FILE` says what a file means.\n\
         # A variable wins over the file: FRESHEN_NEAR_BOUND is `bound` in `[near]`.\n",
    );
    let mut table = "";
    for field in FIELDS {
        let (of, name) = field.key.rsplit_once('.').unwrap_or(("", field.key));
        if of != table {
            sample += &format!("\n[{of}]\n");
            table = of;
        }
        sample += &format!("\n{}{name} = {}\n", wrapped(field.meaning), field.slot.show(&defaults));
    }
    sample
}

/// A comment of lines that are not too long.
fn wrapped(meaning: &str) -> String {
    let mut lines = vec![String::from("#")];
    for word in meaning.split(' ') {
        if lines.last().unwrap().len() + word.len() > 98 {
            lines.push("#".into());
        }
        let line = lines.last_mut().unwrap();
        *line = format!("{line} {word}");
    }
    lines.join("\n") + ".\n"
}

#[test]
fn the_sample_is_whole_and_parses_to_the_defaults() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/freshen.toml");
    if std::env::var_os("FRESHEN_OVERWRITE").is_some() {
        std::fs::write(&path, sample()).unwrap();
    }
    let text = std::fs::read_to_string(path).unwrap();
    assert_eq!(text, sample(), "FRESHEN_OVERWRITE=1 writes it anew");
    let read = gather(&text, &[]).unwrap();
    assert!(FIELDS.iter().all(|field| matches!(read.place(field.key), Place::File { .. })));
    assert_eq!(Settings { places: Default::default(), ..read }, Settings::default());
}

#[test]
fn each_field_can_be_set_by_its_variable_and_shown_again() {
    for field in FIELDS {
        let default = field.slot.show(&Settings::default());
        let others =
            ["memory:", "none", "true", "hard", "7", "7s", "7MiB", "7/s", "/a.pem", "seven", "mail=7"].into_iter();
        let set = others.filter_map(|value| gather("", &[(&field.variable(), value)]).ok().map(|set| (value, set)));
        let shown: Vec<_> = set.map(|(value, set)| (value, field.slot.show(&set))).collect();
        // These files are refused where nobody speaks TLS, the password where there is no sentinel, and memory is the default.
        let expected = !["store", "ca_file", "cert_file", "key_file", "sentinel_password"].contains(&field.key);
        let differs = |(value, shown): &(&str, String)| {
            *shown != default && shown.trim_matches('"').replace("{ mail = 7 }", "mail=7") == *value
        };
        assert_eq!(shown.iter().any(differs), expected, "{}: {shown:?}", field.key);
    }
}

#[test]
fn variables_win_over_the_file() {
    let file = "workers = 1\nheartbeat = \"2s\"\n[near]\nbound = \"3s\"";
    let settings = gather(file, &[("FRESHEN_WORKERS", "9"), ("FRESHEN_NEAR_BOUND", "fitting")]).unwrap();
    assert_eq!((settings.workers, settings.heartbeat, settings.near_bound), (9, Duration::from_secs(2), None));
    let place = |key| settings.place(key).to_string();
    assert_eq!(["workers", "heartbeat", "prefix"].map(place), ["FRESHEN_WORKERS", "f.toml:2:13", "default"]);
}

#[test]
fn a_number_without_a_unit_is_told_what_to_write() {
    let file = "heartbeat = 30\ncapacity = 64\nlimits.job.rate = 5\nvisibility = \"30\"\nvalue_limit = \"8\"";
    assert_eq!(
        mistakes(file),
        [
            "f.toml:1:13: heartbeat: is a number without a unit: write \"30s\" or \"30ms\"",
            "f.toml:2:12: capacity: is a number without a unit: write \"64MiB\" or \"64B\"",
            "f.toml:3:19: limits.job.rate: is a number without a unit: write \"5/s\"",
            "f.toml:4:14: visibility: the duration \"30\" needs a unit after 30: \"30s\" or \"30m\"",
            "f.toml:5:15: value_limit: the size \"8\" needs a unit: \"8B\", \"8KiB\" or \"8MiB\"",
        ]
    );
}

#[test]
fn what_must_be_above_zero_is() {
    assert_eq!(
        mistakes("heartbeat = \"0s\"\ncapacity = \"0B\"\n[near]\nbound = \"0ms\""),
        [
            "f.toml:1:13: heartbeat: is zero: it must be longer",
            "f.toml:2:12: capacity: is zero: it must be at least 1B",
            "f.toml:4:9: near.bound: is zero: it must be longer",
        ]
    );
}

#[test]
fn a_name_that_does_not_exist_is_told_with_the_nearest() {
    let file = "heartbeet = \"1s\"\n[near]\nbounds = \"1s\"\n[limits.jobs]\nat_once = 1\n[zebra]\na = 1\n";
    assert_eq!(
        mistakes(file),
        [
            "f.toml:1:1: there is no `heartbeet`: did you mean `heartbeat`?",
            "f.toml:3:1: there is no `near.bounds`: did you mean `near.bound`?",
            "f.toml:4:9: there is no `limits.jobs`: did you mean `limits.job`?",
            "f.toml:6:2: there is no `zebra`",
        ]
    );
    for (table, meant) in [("limit", "limits"), ("limitz", "limits"), ("nears", "near")] {
        let told = mistakes(&format!("[{table}]\nat_once = 1\n"));
        assert_eq!(told, [format!("f.toml:1:2: there is no `{table}`: did you mean `{meant}`?")]);
    }
}

#[test]
fn a_variable_that_is_nearly_a_field_s_is_a_mistake_and_another_is_left_alone() {
    let nearly = [("STOR", "STORE"), ("STROE", "STORE"), ("WORKER", "WORKERS"), ("NEAR_BUOND", "NEAR_BOUND")];
    for (name, meant) in nearly {
        let told = gather("", &[(&format!("FRESHEN_{name}"), "x")]).unwrap_err();
        assert_eq!(told, [format!("FRESHEN_{name}: there is no such variable: did you mean FRESHEN_{meant}?")]);
    }
    // What an orchestrator sets for a service called freshen, and what is not ours.
    let others =
        ["PORT", "SERVICE_HOST", "SERVICE_PORT", "PORT_80_TCP", "PORT_80_TCP_PROTO", "LONG", "BASE", "CONFIG", "HOST"];
    for name in others {
        assert!(gather("", &[(&format!("FRESHEN_{name}"), "tcp://10.0.0.1:80")]).is_ok(), "{name}");
    }
    assert!(gather("", &[("STORE", "x")]).is_ok());
}

#[test]
fn a_value_of_another_type_is_told_what_was_expected() {
    let file = "store = 1\nbus = \"off\"\ndegraded = \"yes\"\nworkers = \"4\"\nprefix = [1]\npartitions = 1.5\n\
                connect_timeout = true\nqueue_limit = 0\nnear = 1\nreplicas = -1\nwhen_lost = \"firm\"\nca_file = \"\"\n";
    assert_eq!(
        mistakes(file),
        [
            "f.toml:1:9: store: is a number, where a URL, such as \"redis://host:6379\" is expected",
            "f.toml:2:7: bus: is \"off\", where \"store\" or \"none\" is expected",
            "f.toml:3:12: degraded: is \"yes\", where true or false is expected",
            "f.toml:4:11: workers: is \"4\" in quotes, where a whole number is expected",
            "f.toml:5:10: prefix: is a list, where a text in quotes is expected",
            "f.toml:6:14: partitions: is a number with a fraction, where a whole number, or \"fitting\" is expected",
            "f.toml:7:19: connect_timeout: is true or false, where a duration, such as \"30s\" is expected",
            "f.toml:8:15: queue_limit: is 0, where a whole number of at least 1 is expected",
            "f.toml:9:8: near: is a number, where a table is expected",
            "f.toml:10:12: replicas: is -1, where a whole number of at least 0 is expected",
            "f.toml:11:13: when_lost: is \"firm\", where \"soft\" or \"hard\" is expected",
            "f.toml:12:11: ca_file: is empty",
        ]
    );
}

#[test]
fn a_word_that_is_none_here_is_shown_with_the_nearest_and_a_text_that_may_be_a_secret_is_not() {
    for (name, value, reason) in [
        ("WHEN_LOST", "sof", "is \"sof\", where \"soft\" or \"hard\" is expected: did you mean `soft`?"),
        ("BUS", "stor", "is \"stor\", where \"store\" or \"none\" is expected: did you mean `store`?"),
        ("DEGRADED", "ture", "is \"ture\", where true or false is expected: did you mean `true`?"),
        ("WORKERS", "x", "is \"x\", where a whole number is expected"),
        ("WORKERS", "-1", "is \"-1\", where a whole number is expected"),
        (
            "PARTITIONS",
            "fiting",
            "is \"fiting\", where a whole number, or \"fitting\" is expected: did you mean `fitting`?",
        ),
        ("WORKERS", "redis://ann:secret@h", "is a text, where a whole number is expected"),
        ("BUS", "s3cret", "is a text, where \"store\" or \"none\" is expected"),
        ("BUS", "abcdefghijklmnopqrstu", "is a text, where \"store\" or \"none\" is expected"),
        ("BUS", "", "is empty, where \"store\" or \"none\" is expected"),
    ] {
        let variable = format!("FRESHEN_{name}");
        assert_eq!(gather("", &[(&variable, value)]).unwrap_err(), [format!("{variable}: {reason}")]);
    }
    let told = mistakes("degraded = \"true\"");
    assert_eq!(told, ["f.toml:1:12: degraded: is \"true\" in quotes, where true or false is expected"]);
}

#[test]
fn mistakes_of_the_file_s_form_are_told_together_with_their_places() {
    let told = mistakes("workers = \nheartbeat = \"1s\nprefix = \"a\"\nprefix = \"b\"\n");
    assert!(told.len() >= 2, "{told:#?}");
    assert!(told.iter().all(|line| line.starts_with("f.toml:")), "{told:#?}");
}

#[test]
fn a_file_whose_form_is_wrong_is_not_quoted() {
    for file in ["store = redis://ann:secret@h", "store = \"redis://ann:secret@h", "store \"redis://ann:secret@h\""] {
        let told = mistakes(file).join("\n");
        assert!(told.starts_with("f.toml:1:") && !told.contains("secret"), "{told}");
    }
}

#[test]
fn what_does_not_fit_together_is_told_where_it_was_set() {
    let told = mistakes("prefix = \"a{b\"\npartitions = 2000\nca_file = \"/ca.pem\"\n");
    assert_eq!(
        told,
        [
            "f.toml:1:10: prefix: has a `{` or `}`, which Redis takes for its own",
            "f.toml:2:14: partitions: is 2000, where 1 to 1024 are expected",
            "f.toml:3:11: ca_file: is set, but no URL asks for TLS: write rediss for redis",
        ]
    );
    let told = mistakes("cert_file = \"/a.pem\"\nkey_file = \"/a.key\"\nsentinel_password = \"secret\"");
    assert_eq!(
        told,
        [
            "f.toml:1:13: cert_file: is set, but no URL asks for TLS: write rediss for redis",
            "f.toml:2:12: key_file: is set, but no URL asks for TLS: write rediss for redis",
            "f.toml:3:21: sentinel_password: is set, but no URL names sentinels: write redis+sentinel for redis",
        ]
    );
    assert_eq!(mistakes("prefix = \"\""), ["f.toml:1:10: prefix: has 0 bytes, where 1 to 64 are expected"]);
}

#[test]
fn queues_are_named_with_their_workers() {
    let named = |name: &str, workers| (name.to_owned(), workers);
    for file in ["queues = { mail = 2, reports = 0 }", "[queues]\nmail = 2\nreports = 0"] {
        let queues = gather(file, &[]).unwrap().queues;
        assert_eq!(Vec::from_iter(queues), [named("mail", 2), named("reports", 0)]);
    }
    let queues = gather("queues = { mail = 2 }", &[("FRESHEN_QUEUES", "slow=1, quick = 8,")]).unwrap().queues;
    assert_eq!(Vec::from_iter(queues), [named("quick", 8), named("slow", 1)]);
    for (file, reason) in [
        ("queues = 2", "is a number, where a table, such as { mail = 2 }, is expected"),
        ("queues = { mail = \"2\" }", "has no whole number of workers for \"mail\""),
        ("queues = { mail = -1 }", "is -1, where a whole number of at least 0 is expected"),
        ("queues = \"mail\"", "has a part that names no workers: write it as mail=2,reports=1"),
        ("queues = \"redis://app:secret@h\"", "has a part that names no workers: write it as mail=2,reports=1"),
        ("queues = \"redis://h=secret\"", "is no number, where a whole number of at least 0 is expected"),
        ("queues = { Mail = 2 }", "has the name \"Mail\", where 1 to 64 of a to z, 0 to 9, - and _ are expected"),
        ("queues = { default = 2 }", "names `default`, whose workers are those of `workers`"),
    ] {
        assert_eq!(mistakes(file), [format!("f.toml:1:10: queues: {reason}")]);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let error = Settings::read("/nowhere/freshen.toml").unwrap_err();
    assert!(error.to_string().starts_with("/nowhere/freshen.toml: cannot be read: "), "{error}");
    let long = tempfile::NamedTempFile::new().unwrap();
    for (bytes, read) in [(1 << 20, true), ((1 << 20) + 1, false)] {
        std::fs::write(&long, "#".repeat(bytes)).unwrap();
        assert_eq!(super::file::text(long.path()).is_ok(), read, "{bytes}");
    }
    let error = Settings::read(long.path()).unwrap_err();
    assert!(error.to_string().ends_with(": cannot be read: it has more than 1MiB"), "{error}");
}

#[test]
fn the_defaults_are_those_of_a_cache_that_is_told_nothing() {
    let queue = MemoryQueue::builder(Clock::manual(Timestamp::ZERO)).build().unwrap();
    let cache = format!("{:?}", Cache::builder().queue(queue));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let backends = runtime.block_on(Settings::default().open()).unwrap();
    assert_eq!(format!("{:?}", backends.builder()), cache);
    assert!(runtime.block_on(Settings::default().shared_store()).unwrap().is_none());
    assert!(runtime.block_on(Settings::default().shared_queue("default")).unwrap().is_none());
}

#[test]
fn what_is_set_reaches_the_cache() {
    let file = "workers = 7\nqueues = { mail = 2 }\ntask_deadline = \"7s\"\nheartbeat = \"8s\"\n\
                [near]\ncapacity = \"9MiB\"\nbound = \"6s\"\n[limits.job]\nat_once = 5\nrate = \"3/s\"\n";
    let queue = || MemoryQueue::builder(Clock::manual(Timestamp::ZERO)).build().unwrap();
    let seconds = Duration::from_secs;
    let limits = Limits { job: Limit { at_once: 5, per_second: Some(3.0) }, ..Limits::default() };
    let told = Cache::builder()
        .queue(queue())
        .queue_named("mail", queue())
        .workers(7)
        .workers_on("mail", 2)
        .task_deadline(seconds(7))
        .heartbeat(seconds(8))
        .near_capacity(9 << 20)
        .near_bound(seconds(6))
        .limits(limits);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let backends = runtime.block_on(gather(file, &[]).unwrap().open()).unwrap();
    assert_eq!(format!("{:?}", backends.builder()), format!("{told:?}"));
}

#[cfg(feature = "redis")]
mod redis {
    use super::*;

    #[test]
    fn a_url_that_the_adapter_refuses_is_told_without_its_password() {
        for (url, reason) in [
            ("redis://ann:secret@h/x", "the database is no number"),
            ("redis://ann:secret@", "the host is empty"),
            ("redis://ann:secret@h:x", "the port is no number below 65536"),
            ("redis+sentinel://:secret@a:1", "the master is missing"),
            ("redis://ann:secret", "the port is no number below 65536"),
            ("redis://h?password=secret", "the parameters are not known: nothing may stand after `?`"),
        ] {
            for key in ["store", "queue"] {
                let file = format!("{key} = \"{url}\"\n{}", if key == "queue" { "store = \"redis://h\"" } else { "" });
                let told = mistakes(&file).join("\n");
                let expected = format!("f.toml:1:9: {key}: {reason}");
                assert!(told.starts_with(&expected) && !told.contains("secret"), "{told}");
            }
        }
    }

    #[test]
    fn what_the_adapter_refuses_is_told_by_the_field_s_own_name() {
        let told = mistakes("store = \"redis://h\"\nvalue_limit = \"1GiB\"\nvisibility = \"30d\"");
        assert_eq!(told, ["f.toml:2:15: value_limit: is 1073741824; 1 to 536870912 are allowed"]);
        let told = mistakes("store = \"rediss://h\"\nca_file = \"/nowhere.pem\"");
        assert!(told[0].starts_with("f.toml:2:11: ca_file: /nowhere.pem: "), "{told:?}");
        let alone = |key| mistakes(&format!("store = \"rediss://h\"\n{key} = \"/nowhere.pem\""));
        assert_eq!(alone("cert_file"), ["f.toml:2:13: cert_file: needs key_file beside it"]);
        assert_eq!(alone("key_file"), ["f.toml:2:12: key_file: needs cert_file beside it"]);
        let variables = [("FRESHEN_STORE", "rediss://h"), ("FRESHEN_CERT_FILE", "/nowhere.pem")];
        assert_eq!(gather("", &variables).unwrap_err(), ["FRESHEN_CERT_FILE: needs FRESHEN_KEY_FILE beside it"]);
        let told = mistakes("store = \"rediss://h\"\ncert_file = \"/nowhere.pem\"\nkey_file = \"/nowhere.key\"");
        assert!(told[0].starts_with("f.toml:2:13: cert_file: /nowhere.pem: "), "{told:?}");
    }

    #[test]
    fn what_a_program_sets_is_checked_by_the_same_names() {
        type Change = (&'static str, fn(&mut Settings));
        let set: [Change; 4] = [
            ("marks_limit", |settings| settings.marks_limit = 0),
            ("bus_limit", |settings| settings.bus_limit = 0),
            ("queue_limit", |settings| settings.queue_limit = 0),
            ("quarantine_limit", |settings| settings.quarantine_limit = 0),
        ];
        for (field, set) in set {
            let mut settings = gather("store = \"redis://h\"", &[]).unwrap();
            set(&mut settings);
            let told = settings.check().unwrap_err().to_string();
            assert!(told.starts_with(&format!("{field}: ")), "{told}");
        }
    }

    #[test]
    fn a_shared_queue_needs_a_shared_store() {
        let told = mistakes("queue = \"redis://h\"");
        let reason = "is shared, but the store is not: other processes could not use what is refreshed";
        assert_eq!(told, [format!("f.toml:1:9: queue: {reason}")]);
    }

    #[test]
    fn fields_and_debug_mask_passwords() {
        let settings = gather("store = \"redis://ann:secret@h\"", &[]).unwrap();
        let shown = format!("{settings:?} {:?}", settings.fields());
        assert!(shown.contains("redis://ann:***@h") && !shown.contains("secret"), "{shown}");
        let variables = [("FRESHEN_STORE", "redis+sentinel://h/main"), ("FRESHEN_SENTINEL_PASSWORD", "12secret")];
        let settings = gather("", &variables).unwrap();
        let shown = format!("{settings:?} {:?}", settings.fields());
        assert!(shown.contains("Secret(***)") && !shown.contains("12secret"), "{shown}");
    }
}

#[test]
fn a_field_s_variable_has_no_other_field_s_name() {
    let mut variables: Vec<String> = FIELDS.iter().map(Field::variable).collect();
    variables.sort();
    variables.dedup();
    assert_eq!(variables.len(), FIELDS.len());
}
