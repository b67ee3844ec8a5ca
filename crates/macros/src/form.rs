//! How something is kept in a job, and how it is lent: `&str` is kept as a `String`, and lent as `&str` again.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{GenericArgument, Path, PathArguments, Type};

/// How a type is kept and lent.
pub enum Form {
    /// Kept as it is, and cloned.
    Whole(Type),
    /// Lent as `&T`.
    Lent(Type),
    /// Lent as `Option<&T>`.
    LentOption(Type),
}

impl Form {
    /// The form of a function's argument, by whether it is borrowed.
    pub fn of_argument(ty: &Type) -> Form {
        if let Type::Reference(reference) = bare(ty) {
            return Form::Lent(bare(&reference.elem).clone());
        }
        match only_argument(ty, "Option").map(bare) {
            Some(Type::Reference(reference)) => Form::LentOption(bare(&reference.elem).clone()),
            _ => Form::Whole(ty.clone()),
        }
    }

    /// The form of a job's field: what is cheap to copy is given whole, the rest is lent.
    pub fn of_field(ty: &Type) -> Form {
        match only_argument(ty, "Option") {
            Some(inner) if is_plain(inner) => Form::Whole(ty.clone()),
            Some(inner) => Form::LentOption(lent_as(inner)),
            None if is_plain(ty) => Form::Whole(ty.clone()),
            None => Form::Lent(lent_as(ty)),
        }
    }

    /// Whether it is lent rather than given.
    pub fn is_lent(&self) -> bool {
        !matches!(self, Form::Whole(_))
    }

    /// The type that is lent or kept, without its wrapping.
    pub fn inner(&self) -> &Type {
        match self {
            Form::Whole(ty) | Form::Lent(ty) | Form::LentOption(ty) => ty,
        }
    }

    /// The type in which it is kept.
    pub fn kept_type(&self) -> TokenStream {
        match self {
            Form::Whole(ty) => quote!(#ty),
            Form::Lent(ty) => owned(ty),
            Form::LentOption(ty) => {
                let owned = owned(ty);
                quote_spanned!(ty.span()=> ::core::option::Option<#owned>)
            }
        }
    }

    /// The type in which it is lent, for the lifetime `'a`.
    pub fn lent_type(&self) -> TokenStream {
        match self {
            Form::Whole(ty) => quote!(#ty),
            Form::Lent(ty) => quote!(&'a #ty),
            Form::LentOption(ty) => quote!(::core::option::Option<&'a #ty>),
        }
    }

    /// What is given to a function, from the place where it is kept.
    pub fn lend(&self, root: &Path, place: &TokenStream) -> TokenStream {
        match self {
            Form::Whole(_) => quote!(::core::clone::Clone::clone(&#place)),
            Form::Lent(_) => quote!(&#place),
            Form::LentOption(ty) => quote!(#root::__private::lend::<#ty>(&#place)),
        }
    }

    /// What is kept, from the place where it is lent.
    pub fn keep(&self, place: &TokenStream) -> TokenStream {
        match self {
            Form::Whole(_) => quote!(::core::clone::Clone::clone(&#place)),
            Form::Lent(ty) => quote!(<#ty as ::std::borrow::ToOwned>::to_owned(#place)),
            Form::LentOption(ty) => quote!(#place.map(<#ty as ::std::borrow::ToOwned>::to_owned)),
        }
    }

    /// Whether what is lent equals what is kept.
    pub fn equal(&self, root: &Path, lent: &TokenStream, kept: &TokenStream) -> TokenStream {
        match self {
            Form::Whole(_) => quote!(#lent == #kept),
            Form::Lent(ty) => quote!(*#lent == *::core::borrow::Borrow::<#ty>::borrow(&#kept)),
            Form::LentOption(ty) => quote!(#lent == #root::__private::lend::<#ty>(&#kept)),
        }
    }

    /// What stands for it where nobody gave it.
    pub fn default(&self) -> TokenStream {
        match self {
            Form::Lent(ty) => {
                let owned = owned(ty);
                quote_spanned!(ty.span()=> &<#owned as ::core::default::Default>::default())
            }
            _ => quote_spanned!(self.inner().span()=> ::core::default::Default::default()),
        }
    }
}

/// A type without the invisible brackets in which a macro by example hands its types on, and without parentheses.
pub fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        ty => ty,
    }
}

/// The one generic argument of a path that ends with `name`.
pub fn only_argument<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    match type_arguments(ty, name)?[..] {
        [argument] => Some(argument),
        _ => None,
    }
}

/// The generic arguments of a path that ends with `name`, where all of them are types.
pub fn type_arguments<'a>(ty: &'a Type, name: &str) -> Option<Vec<&'a Type>> {
    let Type::Path(path) = bare(ty) else { return None };
    let last = path.path.segments.last().filter(|last| name.is_empty() || last.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    let types = arguments.args.iter().map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect()
}

/// The type that owns what a reference to `ty` borrows.
fn owned(ty: &Type) -> TokenStream {
    match ty {
        Type::Slice(slice) => {
            let elem = &slice.elem;
            quote_spanned!(ty.span()=> ::std::vec::Vec<#elem>)
        }
        Type::Path(path) if path.path.is_ident("str") => quote_spanned!(ty.span()=> ::std::string::String),
        Type::Path(path) if path.path.segments.last().is_some_and(|last| is_unsized(&last.ident)) => {
            quote_spanned!(ty.span()=> <#ty as ::std::borrow::ToOwned>::Owned)
        }
        _ => quote!(#ty),
    }
}

/// The types of std, besides `str` and slices, that have another type for what owns them.
fn is_unsized(name: &Ident) -> bool {
    ["Path", "OsStr", "CStr"].iter().any(|known| name == known)
}

/// What a kept type is lent as, behind a reference.
fn lent_as(ty: &Type) -> Type {
    if let Some(elem) = only_argument(ty, "Vec") {
        return syn::parse_quote!([#elem]);
    }
    match ty {
        Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "String") => {
            syn::parse_quote!(str)
        }
        _ => ty.clone(),
    }
}

/// Numbers, truth values and characters.
fn is_plain(ty: &Type) -> bool {
    const PLAIN: [&str; 14] =
        ["bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize"];
    matches!(ty, Type::Path(path) if PLAIN.iter().any(|plain| path.path.is_ident(plain)))
}
