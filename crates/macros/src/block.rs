//! `#[cached]` on an `impl` block: the jobs of its marked functions come to stand beside it, where an `impl` has no room.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Attribute, Error, ImplItem, ImplItemFn, ItemImpl, Meta, Result, Type};

use crate::argument::strip;
use crate::cached::Source;
use crate::scan::without_self;

/// Writes the block without our attributes, and the jobs.
pub fn expand(arguments: &TokenStream, mut block: ItemImpl) -> TokenStream {
    let checked = check(arguments, &block);
    let owner = block.self_ty.clone();
    let functions = block.items.iter_mut().filter_map(|item| match item {
        ImplItem::Fn(function) => Some(function),
        _ => None,
    });
    let jobs: Vec<TokenStream> = functions.filter_map(|function| job(function, &owner)).collect();
    match checked {
        Ok(()) => quote!(#block #(#jobs)*),
        Err(error) => {
            let error = error.into_compile_error();
            quote!(#block #error)
        }
    }
}

fn check(arguments: &TokenStream, block: &ItemImpl) -> Result<()> {
    if !arguments.is_empty() {
        let message =
            "on an `impl` block `#[cached]` has no arguments: they belong to the `#[cached(…)]` of a function";
        return Err(Error::new(arguments.span(), message));
    }
    if let Some(parameter) = block.generics.params.first() {
        let message = "the job of a function has no generics: move the function to an `impl` without them";
        return Err(Error::new(parameter.span(), message));
    }
    if let Some((_, path, _)) = &block.trait_ {
        return Err(Error::new(path.span(), "a cached function stands in an `impl` of its type, not of a trait"));
    }
    let marked = |item: &ImplItem| matches!(item, ImplItem::Fn(function) if function.attrs.iter().any(is_mark));
    if !block.items.iter().any(marked) {
        let message = "no function of this `impl` is marked `#[cached(…)]`";
        return Err(Error::new(block.impl_token.span, message));
    }
    Ok(())
}

/// The job of a marked function, which loses the mark.
fn job(function: &mut ImplItemFn, owner: &Type) -> Option<TokenStream> {
    let at = function.attrs.iter().position(is_mark)?;
    let mark = function.attrs.remove(at);
    let written = written(function, &mark, owner).unwrap_or_else(Error::into_compile_error);
    function.sig.inputs.iter_mut().for_each(strip);
    Some(written)
}

fn written(function: &ImplItemFn, mark: &Attribute, owner: &Type) -> Result<TokenStream> {
    let arguments = match &mark.meta {
        Meta::Path(_) => TokenStream::new(),
        meta => meta.require_list()?.tokens.clone(),
    };
    let named = owner.to_token_stream();
    let signature: syn::Signature = syn::parse2(without_self(function.sig.to_token_stream(), &named))?;
    let source = Source { vis: &function.vis, attributes: &function.attrs, signature: &signature, owner: Some(owner) };
    source.job(without_self(arguments, &named))
}

fn is_mark(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|last| last.ident == "cached")
}
