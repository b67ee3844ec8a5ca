//! What the macros write brings no warning into a crate that denies all of these.
#![cfg(feature = "macros")]
#![deny(warnings, missing_docs, unused, nonstandard_style, future_incompatible, rust_2018_idioms)]
#![deny(missing_debug_implementations, unreachable_pub, single_use_lifetimes, unused_lifetimes, unused_qualifications)]
#![deny(clippy::all, clippy::pedantic, clippy::unwrap_used, clippy::panic, clippy::shadow_unrelated)]
#![forbid(unsafe_code)]
#![allow(clippy::unused_async)] // These functions wait for nothing.

/// Functions of all kinds.
pub mod functions {
    use std::time::Duration;

    use freshen::{Cache, Load, Loaded, Previous, cached};
    use serde::{Deserialize, Serialize};

    /// How long.
    const LONG: Duration = Duration::from_secs(100);

    /// What a load fails with.
    #[derive(Debug)]
    pub struct Down;

    impl std::fmt::Display for Down {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("down")
        }
    }

    impl std::error::Error for Down {}

    /// A number of a kind.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub struct Number(pub u64);

    /// Everything that may be an argument.
    ///
    /// # Errors
    /// Never.
    #[cached(
        ttl = LONG,
        stale_if_error = "1h",
        tags = ["word:{word}", "number:{number.0}", "all"],
        value_tags = tags,
        validate = is_some,
        absent = list if list.is_empty(),
        empty = Vec::new(),
        on_miss = empty,
        weigh = Vec::len,
        windows = windows,
        batch = many,
        batch_max = 10
    )]
    pub async fn all_kinds(
        word: &str,
        number: &Number,
        list: Option<&[u8]>,
        #[state] source: &str,
        #[skip] most: usize,
        #[cache] cache: &Cache,
        #[previous] previous: Option<Previous<'_, Vec<String>>>,
    ) -> Result<Vec<String>, Down> {
        let (kept, given) = (cache.near_size().0 + most, list.map_or(0, <[u8]>::len));
        Ok(vec![format!("{word}{number:?}{given}{source}{kept}{}", previous.is_some())])
    }

    /// Of many.
    async fn many(jobs: &[AllKinds], source: &str, _cache: &Cache) -> Vec<Result<Vec<String>, Down>> {
        jobs.iter().map(|job| Ok(vec![job.word.clone(), source.to_owned()])).collect()
    }

    fn tags(value: &[String]) -> Vec<String> {
        value.to_vec()
    }

    fn is_some(value: &[String]) -> Result<(), String> {
        if value.is_empty() { Err("empty".into()) } else { Ok(()) }
    }

    fn windows(_value: &[String], policy: &freshen::Policy) -> freshen::Windows {
        policy.windows()
    }

    /// Nothing borrowed, seen by the crate alone, and nobody uses its job.
    #[cached(renewing_lease, job = Unused)]
    pub(crate) async fn whole(number: u64) -> u64 {
        number
    }

    /// Seen by nobody, and used by nobody but its job.
    #[cached]
    async fn hidden(text: &str) -> usize {
        text.len()
    }

    /// Nothing at all.
    #[cached]
    #[deprecated(note = "for the test")]
    pub async fn nothing() -> u8 {
        1
    }

    /// Has functions.
    #[derive(Debug)]
    pub struct Owner;

    #[cached]
    impl Owner {
        /// One of them.
        #[cached(job = Owned)]
        pub async fn owned(text: &str, #[state] number: u64) -> Loaded<u64> {
            Loaded::new(number + text.len() as u64)
        }
    }

    /// A job by hand.
    #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, freshen::Job, freshen::Lookup)]
    #[job(output = u64, load = load, tags = ["word:{word}"])]
    pub struct ByHand {
        /// A word.
        pub word: String,
        /// A number.
        pub number: u32,
    }

    async fn load(job: &ByHand, _load: Load<'_, ByHand>) -> Result<u64, std::convert::Infallible> {
        Ok(u64::from(job.number))
    }

    /// A job by hand that is never looked up by its lookup.
    #[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize, freshen::Job, freshen::Lookup)]
    #[job(output = usize, load = count)]
    struct Private {
        word: String,
    }

    async fn count(job: &Private, _load: Load<'_, Private>) -> Result<usize, std::convert::Infallible> {
        Ok(job.word.len())
    }

    /// It is quiet where nothing of it is used, too: only this one is looked up.
    #[must_use]
    pub fn used() -> usize {
        let _ = freshen::Jobs::new().add::<Private>();
        format!("{:?}{:?}", AllKinds::of("a", &Number(1), None), ByHand::of("a", 1)).len()
    }
}

#[test]
fn it_compiles_without_a_warning() {
    assert_eq!(
        functions::used(),
        r#"default:all_kinds{list: None, number: 1, word: "a"}default:by_hand{number: 1, word: "a"}"#.len()
    );
}
