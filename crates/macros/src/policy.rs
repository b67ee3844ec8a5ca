//! The policy that an attribute's arguments make, checked as far as they are written out.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Error, Expr, LitBool, Path, Result, Token};

use crate::rules::{Fault, Known};
use crate::value::{self, Value};

/// A policy's fields.
pub const FIELDS: [&str; 13] = [
    "ttl",
    "stale_while_revalidate",
    "stale_if_error",
    "on_miss",
    "lease",
    "renewing_lease",
    "load_timeout",
    "soft_timeout",
    "jitter",
    "early_refresh",
    "negative_ttl",
    "backoff",
    "attempts",
];

/// The fields that were given.
#[derive(Default)]
pub struct Policy {
    known: Known,
    calls: Vec<TokenStream>,
    spans: Vec<(String, Span)>,
    answers_empty: bool,
}

impl Policy {
    /// Takes one of [`FIELDS`]; the rest of the input begins with its value, or is over for a flag.
    pub fn take(&mut self, root: &TokenStream, name: &Ident, input: ParseStream) -> Result<()> {
        let field = name.to_string();
        let (span, arguments) = match field.as_str() {
            "on_miss" => self.on_miss(root, input)?,
            "renewing_lease" => return self.renewing_lease(name, input),
            "backoff" => self.backoff(input)?,
            "attempts" => {
                let value = value::count(&field, input)?;
                self.known.attempts = value.known;
                (value.span, value.tokens)
            }
            "jitter" | "early_refresh" => self.part(&field, input)?,
            _ => self.duration(&field, &input.parse()?)?,
        };
        self.calls.push(quote!(.#name(#arguments)));
        self.spans.push((field, span));
        Ok(())
    }

    fn duration(&mut self, field: &str, expression: &Expr) -> Result<(Span, TokenStream)> {
        let value = value::duration(field, expression)?;
        if let Some(slot) = self.slot(field) {
            *slot = value.known;
        }
        Ok((value.span, value.tokens))
    }

    fn slot(&mut self, field: &str) -> Option<&mut Option<Duration>> {
        match field {
            "ttl" => Some(&mut self.known.ttl),
            "stale_while_revalidate" => Some(&mut self.known.stale_while_revalidate),
            "stale_if_error" => Some(&mut self.known.stale_if_error),
            "lease" => Some(&mut self.known.lease),
            "load_timeout" => Some(&mut self.known.load_timeout),
            "soft_timeout" => Some(&mut self.known.soft_timeout),
            "negative_ttl" => Some(&mut self.known.negative_ttl),
            _ => None,
        }
    }

    fn part(&mut self, field: &str, input: ParseStream) -> Result<(Span, TokenStream)> {
        let value = value::float(field, input)?;
        let slot = if field == "jitter" { &mut self.known.jitter } else { &mut self.known.early_refresh };
        *slot = value.known;
        Ok((value.span, value.tokens))
    }

    fn on_miss(&mut self, root: &TokenStream, input: ParseStream) -> Result<(Span, TokenStream)> {
        let wrong = Error::new(input.span(), "`on_miss` is `load` (wait for it) or `empty` (answer at once)");
        let choice = input.call(Ident::parse_any).map_err(|_| wrong.clone())?;
        self.answers_empty = choice == "empty";
        match choice.to_string().as_str() {
            "load" => Ok((choice.span(), quote!(#root::OnMiss::Load))),
            "empty" => Ok((choice.span(), quote!(#root::OnMiss::Empty))),
            _ => Err(wrong),
        }
    }

    fn renewing_lease(&mut self, name: &Ident, input: ParseStream) -> Result<()> {
        let on = if input.is_empty() || input.peek(Token![,]) { true } else { input.parse::<LitBool>()?.value };
        self.known.renews = Some(on);
        self.spans.push((name.to_string(), name.span()));
        if on {
            self.calls.push(quote!(.#name()));
        }
        Ok(())
    }

    fn backoff(&mut self, input: ParseStream) -> Result<(Span, TokenStream)> {
        let pair: Expr = input.parse()?;
        let wrong =
            || Error::new(pair.span(), "`backoff` is the first and the longest pause: backoff = (\"1s\", \"60s\")");
        let Expr::Tuple(tuple) = &pair else { return Err(wrong()) };
        let values: Vec<Value<Duration>> =
            tuple.elems.iter().map(|pause| value::duration("backoff", pause)).collect::<Result<_>>()?;
        let [first, longest] = &values[..] else { return Err(wrong()) };
        (self.known.first_pause, self.known.longest_pause) = (first.known, longest.known);
        let (first, longest) = (&first.tokens, &longest.tokens);
        Ok((pair.span(), quote!(#first, #longest)))
    }

    /// Where a field was given.
    pub fn span(&self, field: &str) -> Option<Span> {
        self.spans.iter().find(|(name, _)| name == field).map(|(_, span)| *span)
    }

    /// Where `on_miss = empty` stands.
    pub fn answers_empty(&self) -> Option<Span> {
        self.span("on_miss").filter(|_| self.answers_empty)
    }

    /// Refuses what contradicts itself.
    pub fn check(&self) -> Result<()> {
        match self.known.fault() {
            Some(fault) => Err(self.refusal(fault)),
            None => Ok(()),
        }
    }

    /// The refusal of a field, at its value; where it was not given, at that of the field which its default contradicts.
    fn refusal(&self, (field, reason): Fault) -> Error {
        if let Some(span) = self.span(field) {
            return Error::new(span, format!("`{field}` {reason}"));
        }
        let (field, others): (_, &[&str]) = match field {
            "load_timeout" => ("`load_timeout` (50s unless given)", &["lease"]),
            _ => ("the last window", &["stale_while_revalidate", "ttl"]),
        };
        let span = others.iter().find_map(|other| self.span(other)).unwrap_or_else(Span::call_site);
        Error::new(span, format!("{field} {reason}"))
    }

    /// The method `policy`, where anything was given.
    pub fn method(&self, root: &Path) -> Option<TokenStream> {
        let calls = &self.calls;
        (!calls.is_empty()).then(|| {
            quote! {
                fn policy() -> #root::PolicyBuilder {
                    #root::Policy::builder() #(#calls)*
                }
            }
        })
    }
}
