//! `of`, and the borrowed form of a job that it makes where a part of the key is borrowed.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{Attribute, Path, Visibility};

use crate::template::Keys;

/// A job whose lookup is to be written.
pub struct Lookup<'a> {
    pub root: &'a Path,
    pub name: &'a Ident,
    pub vis: &'a Visibility,
    pub configured: &'a [Attribute],
    pub keys: &'a Keys<'a>,
}

impl Lookup<'_> {
    /// `of`, and what it needs.
    pub fn expand(&self) -> TokenStream {
        if self.keys.iter().any(|(_, form)| form.is_lent()) { self.borrowed() } else { self.whole() }
    }

    fn whole(&self) -> TokenStream {
        let Lookup { name, vis, configured, .. } = self;
        let (names, types, allowed) = (self.names(), self.types(), self.allowed());
        quote! {
            #(#configured)*
            #[automatically_derived]
            impl #name {
                /// The job for these arguments.
                #allowed
                #[must_use]
                #vis fn of(#(#names: #types),*) -> Self {
                    Self { #(#names),* }
                }
            }
        }
    }

    fn borrowed(&self) -> TokenStream {
        let Lookup { name, vis, configured, .. } = self;
        let (names, types, allowed) = (self.names(), self.types(), self.allowed());
        let lookup = format_ident!("{name}Of");
        let docs = format!("A [`{name}`] whose arguments are borrowed: looking it up copies none of them.");
        let field_docs = names.iter().map(|name| format!("The argument `{name}`."));
        let traits = self.traits(&lookup);
        quote! {
            #(#configured)*
            #[doc = #docs]
            #[derive(::core::clone::Clone, ::core::hash::Hash)]
            #[must_use]
            #vis struct #lookup<'a> {
                #(#[doc = #field_docs] #vis #names: #types,)*
            }
            #(#configured)*
            #[automatically_derived]
            impl #name {
                /// Names the job by arguments that are borrowed.
                #allowed
                #vis fn of<'a>(#(#names: #types),*) -> #lookup<'a> {
                    #lookup { #(#names),* }
                }
            }
            #traits
        }
    }

    fn traits(&self, lookup: &Ident) -> TokenStream {
        let Lookup { root, name, configured, .. } = self;
        let names = self.names();
        let equal = self.keys.iter().map(|(key, form)| form.equal(root, &quote!(self.#key), &quote!(job.#key)));
        let kept = self.keys.iter().map(|(key, form)| form.keep(&quote!(self.#key)));
        quote! {
            #(#configured)*
            #[automatically_derived]
            impl #root::__private::Equivalent<#name> for #lookup<'_> {
                fn equivalent(&self, job: &#name) -> bool {
                    #(#equal)&&*
                }
            }
            #(#configured)*
            #[automatically_derived]
            impl #root::Lookup for #lookup<'_> {
                type Job = #name;
                fn to_job(&self) -> #name {
                    #name { #(#names: #kept),* }
                }
            }
            #(#configured)*
            #[automatically_derived]
            impl ::core::convert::From<#lookup<'_>> for #name {
                fn from(lookup: #lookup<'_>) -> #name {
                    #root::Lookup::to_job(&lookup)
                }
            }
            #(#configured)*
            #[automatically_derived]
            impl ::core::fmt::Debug for #lookup<'_> {
                fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    #root::__private::show(&#root::Lookup::to_job(self), formatter)
                }
            }
        }
    }

    /// `of` has as many arguments as the job, which is not for a lint to say anything about.
    fn allowed(&self) -> Option<TokenStream> {
        (self.keys.len() > 7).then(|| quote!(#[allow(clippy::too_many_arguments)]))
    }

    fn names(&self) -> Vec<&Ident> {
        self.keys.iter().map(|(name, _)| *name).collect()
    }

    fn types(&self) -> Vec<TokenStream> {
        self.keys.iter().map(|(_, form)| form.lent_type()).collect()
    }
}
