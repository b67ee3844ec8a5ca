//! What a job says of its values: tags, windows, which are refused, which are absent, and what stands for none.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, ExprPath, LitStr, Pat, Path, Result, Token, bracketed, token};

use crate::template::{self, Keys};

/// The arguments for it.
pub const NAMES: [&str; 7] = ["tags", "value_tags", "validate", "absent", "empty", "weigh", "windows"];

/// Those that were given.
#[derive(Default)]
pub struct Hooks {
    tags: Vec<LitStr>,
    value_tags: Option<ExprPath>,
    validate: Option<ExprPath>,
    pub absent: Option<Absent>,
    pub empty: Option<Expr>,
    weigh: Option<ExprPath>,
    windows: Option<ExprPath>,
}

/// A pattern, with `if …` where it is not enough.
pub struct Absent {
    pattern: Pat,
    guard: Option<Expr>,
}

impl Hooks {
    /// Takes one of [`NAMES`].
    pub fn take(&mut self, name: &Ident, input: ParseStream) -> Result<()> {
        match name.to_string().as_str() {
            "tags" => self.tags = texts(input)?,
            "value_tags" => self.value_tags = Some(input.parse()?),
            "validate" => self.validate = Some(input.parse()?),
            "absent" => self.absent = Some(absent(input)?),
            "empty" => self.empty = Some(input.parse()?),
            "weigh" => self.weigh = Some(input.parse()?),
            _ => self.windows = Some(input.parse()?),
        }
        Ok(())
    }

    /// The methods of the job.
    pub fn methods(&self, root: &Path, keys: &Keys<'_>) -> Result<TokenStream> {
        let tags = self.tags_method(keys)?;
        let validate = self.validate.as_ref().map(|validate| {
            let call = call(validate, &["value"]);
            quote! {
                fn validate(&self, value: &Self::Output) -> ::core::result::Result<(), ::std::string::String> { #call }
            }
        });
        let weigh = self.weigh.as_ref().map(|weigh| {
            let call = call(weigh, &["value"]);
            quote!(fn weigh(&self, value: &Self::Output) -> usize { #call })
        });
        let windows = self.windows.as_ref().map(|windows| {
            let call = call(windows, &["value", "policy"]);
            quote!(fn windows(&self, value: &Self::Output, policy: &#root::Policy) -> #root::Windows { #call })
        });
        let (absent, empty) = (self.absent_method(), self.empty_method());
        Ok(quote!(#tags #validate #absent #empty #weigh #windows))
    }

    fn tags_method(&self, keys: &Keys<'_>) -> Result<Option<TokenStream>> {
        if self.tags.is_empty() && self.value_tags.is_none() {
            return Ok(None);
        }
        let tags: Vec<TokenStream> = self.tags.iter().map(|tag| template::expand(tag, keys)).collect::<Result<_>>()?;
        let body = match self.value_tags.as_ref().map(|of_value| call(of_value, &["value"])) {
            Some(of_value) if tags.is_empty() => of_value,
            Some(of_value) => quote! {
                let mut tags: ::std::vec::Vec<::std::string::String> = #of_value;
                tags.extend([#(#tags),*]);
                tags
            },
            None => quote! {
                let _ = value;
                ::std::vec![#(#tags),*]
            },
        };
        Ok(Some(quote! {
            fn tags(&self, value: &Self::Output) -> ::std::vec::Vec<::std::string::String> {
                #body
            }
        }))
    }

    fn absent_method(&self) -> Option<TokenStream> {
        let Absent { pattern, guard } = self.absent.as_ref()?;
        let guard = guard.as_ref().map(|guard| quote!(if #guard));
        Some(quote!(
            fn absent(&self, value: &Self::Output) -> bool {
                ::core::matches!(value, #pattern #guard)
            }
        ))
    }

    fn empty_method(&self) -> Option<TokenStream> {
        let empty = self.empty.as_ref()?;
        Some(quote! {
            fn empty(&self) -> ::core::option::Option<Self::Output> {
                ::core::option::Option::Some(#empty)
            }
        })
    }
}

/// Calls a function of the user's, so that rustc points at its name where its types do not fit.
fn call(function: &ExprPath, arguments: &[&str]) -> TokenStream {
    let span = Span::call_site().located_at(function.span());
    let arguments = arguments.iter().map(|name| Ident::new(name, span));
    quote_spanned!(span=> #function(#(#arguments),*))
}

fn texts(input: ParseStream) -> Result<Vec<LitStr>> {
    if !input.peek(token::Bracket) {
        return Err(input.error("`tags` is a list: tags = [\"user:{user}\"]"));
    }
    let content;
    bracketed!(content in input);
    Ok(Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?.into_iter().collect())
}

fn absent(input: ParseStream) -> Result<Absent> {
    let pattern = Pat::parse_multi_with_leading_vert(input)?;
    let guard = match input.parse::<Option<Token![if]>>()? {
        Some(_) => Some(input.parse()?),
        None => None,
    };
    Ok(Absent { pattern, guard })
}
