//! Writes the jobs of Freshen: `#[cached]` on async functions, and the derives `Job` and `Lookup`.
//!
//! The library `freshen` re-exports all three; depend on that.

// What the attribute and the derives do.
mod cached;
mod block;
mod derive;

// What they write.
mod job;
mod lookup;

// What they read: the function, and the attribute's arguments.
mod signature;
mod argument;
mod output;
mod form;
mod scan;
mod arguments;
mod policy;
mod rules;
mod hooks;
mod template;
mod value;

use proc_macro::TokenStream;
use syn::{DeriveInput, Error, parse_macro_input};

#[doc = include_str!("../docs/cached.md")]
#[proc_macro_attribute]
pub fn cached(arguments: TokenStream, item: TokenStream) -> TokenStream {
    cached::expand(arguments.into(), item.into()).into()
}

#[doc = include_str!("../docs/job.md")]
#[proc_macro_derive(Job, attributes(job))]
pub fn derive_job(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    derive::job(&input).unwrap_or_else(Error::into_compile_error).into()
}

#[doc = include_str!("../docs/lookup.md")]
#[proc_macro_derive(Lookup, attributes(job))]
pub fn derive_lookup(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    derive::lookup(&input).unwrap_or_else(Error::into_compile_error).into()
}
