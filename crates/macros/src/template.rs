//! Tags with places for arguments: `"user:{user}"`, `"site:{page.site}"`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Error, LitStr, Member};

use crate::argument::plain;
use crate::form::{Form, only_argument};
use crate::rules::{self, TAG_BYTES_MAX};

/// What may stand in a place: the parts of the key by their names.
pub type Keys<'a> = [(&'a Ident, &'a Form)];

/// The expression that makes a tag of a job, `self`.
pub fn expand(tag: &LitStr, keys: &Keys<'_>) -> syn::Result<TokenStream> {
    let text = tag.value();
    // Where an argument has no text, rustc says so at the tag.
    let span = Span::call_site().located_at(tag.span());
    let pieces = split(&text).map_err(|reason| Error::new(tag.span(), reason))?;
    let mut format = String::new();
    let mut places = Vec::new();
    for piece in &pieces {
        match piece {
            Piece::Text(text) => format.push_str(&text.replace('{', "{{").replace('}', "}}")),
            Piece::Place(path) => {
                format.push_str("{}");
                places.push(place(path, keys, span).map_err(|reason| Error::new(tag.span(), reason))?);
            }
        }
    }
    let format = LitStr::new(&format, tag.span());
    match (&pieces[..], &places[..]) {
        ([] | [Piece::Text(_)], []) => {
            let tag_text = pieces.first().map_or("", Piece::text);
            match rules::name_fault("tag", tag_text.len(), TAG_BYTES_MAX) {
                Some(reason) => Err(Error::new(tag.span(), reason)),
                None => Ok(quote!(::std::string::String::from(#tag_text))),
            }
        }
        _ => Ok(quote_spanned!(span=> ::std::format!(#format, #(#places),*))),
    }
}

/// A part of a tag.
#[derive(Debug, PartialEq)]
enum Piece {
    Text(String),
    /// What stands between braces.
    Place(String),
}

impl Piece {
    fn text(&self) -> &str {
        match self {
            Piece::Text(text) | Piece::Place(text) => text,
        }
    }
}

fn split(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        plain.push_str(&rest[..at]);
        let (brace, after) = rest[at..].split_at(1);
        if let Some(after) = after.strip_prefix(brace) {
            plain.push_str(brace);
            rest = after;
            continue;
        }
        let unpaired = || format!("the tag \"{text}\" has an unpaired `{brace}`: a brace itself is written twice");
        let inside = if brace == "{" { after.split_once('}') } else { None };
        let (path, after) = inside.ok_or_else(unpaired)?;
        if !plain.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
        }
        pieces.push(Piece::Place(path.trim().to_owned()));
        rest = after;
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok(pieces)
}

/// `self.user` for `user`, `self.page.site` for `page.site`.
fn place(path: &str, keys: &Keys<'_>, span: Span) -> Result<TokenStream, String> {
    let mut parts = path.split('.');
    let first = parts.next().unwrap_or_default();
    let Some((name, form)) = keys.iter().find(|(name, _)| plain(name) == first) else {
        return Err(unknown(path, keys));
    };
    let fields: Vec<Member> = parts
        .map(|part| syn::parse_str(part).map_err(|_| format!("`{part}` in `{{{path}}}` is no field")))
        .collect::<Result<_, _>>()?;
    let optional = matches!(form, Form::LentOption(_)) || only_argument(form.inner(), "Option").is_some();
    if optional && fields.is_empty() {
        return Err(format!("`{{{path}}}` may be `None`, which has no text: make this tag in `value_tags`"));
    }
    let mut name = (*name).clone();
    name.set_span(span);
    Ok(quote_spanned!(span=> self.#name #(.#fields)*))
}

fn unknown(path: &str, keys: &Keys<'_>) -> String {
    let names: Vec<String> = keys.iter().map(|(name, _)| format!("`{{{}}}`", plain(name))).collect();
    let there = if names.is_empty() { "no arguments".to_owned() } else { names.join(", ") };
    format!("`{{{path}}}` names no argument of the key, which has {there}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_split_at_its_places() {
        let text = |text: &str| Piece::Text(text.into());
        let place = |path: &str| Piece::Place(path.into());
        for (tag, pieces) in [
            ("all", vec![text("all")]),
            ("user:{user}", vec![text("user:"), place("user")]),
            ("{a}{b.c}", vec![place("a"), place("b.c")]),
            ("{{{a}}}", vec![text("{"), place("a"), text("}")]),
            ("a}}b{{c", vec![text("a}b{c")]),
            ("", vec![]),
        ] {
            assert_eq!(split(tag), Ok(pieces), "{tag}");
        }
    }

    #[test]
    fn an_unpaired_brace_is_refused() {
        for tag in ["{", "}", "user:{user", "user}", "{a}}"] {
            assert!(split(tag).is_err_and(|reason| reason.contains("unpaired")), "{tag}");
        }
    }
}
