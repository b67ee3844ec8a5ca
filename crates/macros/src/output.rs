//! What a cached function gives: the value that is cached, and what a load fails with.

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;
use syn::{Error, Result, ReturnType, Type};

use crate::form::{bare, only_argument, type_arguments};
use crate::scan;

/// A function's output.
pub struct Output {
    pub value: Type,
    /// `None` where it cannot fail.
    pub error: Option<Type>,
}

impl Output {
    /// Reads an output; `error` is the type that the attribute names.
    pub fn read(signature: &syn::Signature, error: Option<&Type>) -> Result<Output> {
        let ty = match &signature.output {
            ReturnType::Type(_, ty) if !is_unit(ty) => ty,
            _ => {
                let message = "a cached function gives what is to be cached: write `-> T` or `-> Result<T, E>`";
                return Err(Error::new(signature.ident.span(), message));
            }
        };
        let mut output = split(ty, error)?;
        if let Some(inner) = only_argument(&output.value, "Loaded") {
            output.value = inner.clone();
        }
        check(&output.value)?;
        Ok(output)
    }

    /// What a load fails with.
    pub fn error_type(&self) -> TokenStream {
        match &self.error {
            Some(error) => quote!(#error),
            None => quote!(::core::convert::Infallible),
        }
    }
}

fn is_unit(ty: &Type) -> bool {
    matches!(bare(ty), Type::Tuple(tuple) if tuple.elems.is_empty())
}

fn split(ty: &Type, error: Option<&Type>) -> Result<Output> {
    let results = type_arguments(ty, "Result");
    match (results.as_deref(), error) {
        (Some([value, failure]), None) => Ok(Output { value: (*value).clone(), error: Some((*failure).clone()) }),
        (Some([_, _]), Some(error)) => {
            Err(Error::new(error.span(), "the output already names its error: leave this argument out"))
        }
        (Some([_]), None) => Err(Error::new(
            ty.span(),
            "this `Result` does not show its error: name it with `error = Type` in `#[cached(…)]`, or write \
             `Result<T, E>` out",
        )),
        (_, Some(error)) => aliased(ty, error),
        _ => Ok(Output { value: ty.clone(), error: None }),
    }
}

/// `io::Result<T>`, or any alias of one argument.
fn aliased(ty: &Type, error: &Type) -> Result<Output> {
    match only_argument(ty, "") {
        Some(value) => Ok(Output { value: value.clone(), error: Some(error.clone()) }),
        None => Err(Error::new(
            error.span(),
            "`error` names the error of an alias such as `io::Result<T>`, but this function's output is none: leave \
             the argument out, or write `Result<T, E>`",
        )),
    }
}

fn check(value: &Type) -> Result<()> {
    if let Some(span) = scan::word(value, &["impl"]) {
        return Err(Error::new(span, "a cached value has a type that can be named: write it out instead of `impl`"));
    }
    match scan::reference(value) {
        Some(span) => Err(Error::new(span, "a cached value owns what it holds: `String` instead of `&str`, and so on")),
        None => Ok(()),
    }
}
