//! `#[derive(Job)]` and `#[derive(Lookup)]`, for those who write the struct themselves.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Fields, Meta, Result};

use crate::arguments::Arguments;
use crate::form::Form;
use crate::job::{Job, jobs_argument, load_argument};
use crate::lookup::Lookup;

/// What only `#[job(…)]` is told.
const OWN: [&str; 3] = ["output", "state", "load"];

/// Writes `impl Job`.
pub fn job(input: &DeriveInput) -> Result<TokenStream> {
    let (arguments, fields) = (arguments(input)?, fields(input)?);
    let missing = |name: &str, what: &str| Error::new(input.ident.span(), format!("say {what}: `#[job({name} = …)]`"));
    let output = arguments.output.as_ref().ok_or_else(|| missing("output", "what is cached"))?;
    let load = arguments.load.as_ref().ok_or_else(|| missing("load", "which function loads it"))?;
    let (load_argument, jobs_argument) = (load_argument(), jobs_argument());
    let job = Job {
        root: &arguments.root(),
        name: &input.ident,
        configured: &[],
        arguments: &arguments,
        keys: &named(&fields),
        output: output.to_token_stream(),
        error: arguments.error.as_ref().map_or_else(|| quote!(::core::convert::Infallible), ToTokens::to_token_stream),
        state: arguments.state.as_ref().map_or_else(|| quote!(()), ToTokens::to_token_stream),
        usual_name: snake(&input.ident.to_string()),
        load: quote!(#load(self, #load_argument).await),
        load_many: arguments.batch.as_ref().map(|batch| quote!(#batch(#jobs_argument, #load_argument).await)),
        span: load.span(),
    };
    job.expand()
}

/// Writes the borrowed form, and `of`.
pub fn lookup(input: &DeriveInput) -> Result<TokenStream> {
    let (arguments, fields) = (arguments(input)?, fields(input)?);
    let root = arguments.root();
    let keys = named(&fields);
    let lookup = Lookup { root: &root, name: &input.ident, vis: &input.vis, configured: &[], keys: &keys };
    Ok(lookup.expand())
}

fn arguments(input: &DeriveInput) -> Result<Arguments> {
    let mut marks = input.attrs.iter().filter(|attribute| attribute.path().is_ident("job"));
    let tokens = match marks.next().map(|mark| &mark.meta) {
        Some(Meta::List(list)) => list.tokens.clone(),
        Some(meta) => return Err(Error::new(meta.span(), "`#[job(…)]` has arguments in parentheses")),
        None => TokenStream::new(),
    };
    match marks.next() {
        Some(second) => Err(Error::new(second.span(), "a job has one `#[job(…)]`: put all arguments into it")),
        None => Arguments::read(tokens, &OWN),
    }
}

fn fields(input: &DeriveInput) -> Result<Vec<(Ident, Form)>> {
    let refuse = |span: Span, message: &str| Err(Error::new(span, message));
    if let Some(parameter) = input.generics.params.first() {
        return refuse(parameter.span(), "a job has no generics: it is one type, with one name");
    }
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(named) => Ok(named
                .named
                .iter()
                .filter_map(|field| Some((field.ident.clone()?, Form::of_field(&field.ty))))
                .collect()),
            Fields::Unit => Ok(Vec::new()),
            Fields::Unnamed(fields) => refuse(fields.span(), "name the fields of a job: they are its arguments"),
        },
        _ => refuse(input.ident.span(), "a job is a struct: its fields are its arguments"),
    }
}

fn named(fields: &[(Ident, Form)]) -> Vec<(&Ident, &Form)> {
    fields.iter().map(|(name, form)| (name, form)).collect()
}

/// `user_tweets` for `UserTweets`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}
