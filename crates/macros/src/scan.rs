//! Looking through the tokens of a type for what cannot be part of it.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;

/// The first reference or lifetime in it.
pub fn reference(tokens: &impl ToTokens) -> Option<Span> {
    find(tokens.to_token_stream(), &|token| matches!(token, TokenTree::Punct(punct) if "&'".contains(punct.as_char())))
}

/// The first place of one of these words.
pub fn word(tokens: &impl ToTokens, words: &[&str]) -> Option<Span> {
    find(
        tokens.to_token_stream(),
        &|token| matches!(token, TokenTree::Ident(ident) if words.iter().any(|word| ident == word)),
    )
}

fn find(tokens: TokenStream, wanted: &impl Fn(&TokenTree) -> bool) -> Option<Span> {
    tokens.into_iter().find_map(|token| match &token {
        _ if wanted(&token) => Some(token.span()),
        TokenTree::Group(group) => find(group.stream(), wanted),
        _ => None,
    })
}

/// The same tokens with another type for `Self`.
pub fn without_self(tokens: TokenStream, owner: &TokenStream) -> TokenStream {
    let replace = |token| match token {
        TokenTree::Ident(ident) if is_self(&ident) => owner.clone(),
        TokenTree::Group(group) => {
            let mut inner = proc_macro2::Group::new(group.delimiter(), without_self(group.stream(), owner));
            inner.set_span(group.span());
            TokenTree::Group(inner).into()
        }
        token => token.into(),
    };
    tokens.into_iter().map(replace).collect::<Vec<TokenStream>>().into_iter().collect()
}

fn is_self(ident: &Ident) -> bool {
    ident == "Self"
}
