//! `#[cached]`: a job beside an async function.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Error, Item, ItemFn, Path, Result, Type, Visibility};

use crate::argument::{plain, strip};
use crate::arguments::Arguments;
use crate::block;
use crate::form::Form;
use crate::job::{Job, jobs_argument, load_argument};
use crate::lookup::Lookup;
use crate::scan;
use crate::signature::Signature;

/// Writes the job of a function, or of each marked function of an impl, beside it.
pub fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    match syn::parse2::<Item>(item.clone()) {
        Ok(Item::Fn(function)) => free(arguments, function),
        Ok(Item::Impl(block)) => block::expand(&arguments, block),
        Ok(other) => {
            let message = "`#[cached]` stands on an async function, or on an `impl` block with such functions";
            let error = Error::new(other.span(), message).into_compile_error();
            quote!(#item #error)
        }
        Err(error) => {
            let error = error.into_compile_error();
            quote!(#item #error)
        }
    }
}

fn free(arguments: TokenStream, mut function: ItemFn) -> TokenStream {
    let source = Source { vis: &function.vis, attributes: &function.attrs, signature: &function.sig, owner: None };
    let job = within_impl(&function).and_then(|()| source.job(arguments)).unwrap_or_else(Error::into_compile_error);
    function.sig.inputs.iter_mut().for_each(strip);
    quote!(#function #job)
}

/// An attribute does not see what its function stands in, but `Self` tells.
fn within_impl(function: &ItemFn) -> Result<()> {
    match scan::word(&function.sig, &["Self"]) {
        Some(span) => Err(Error::new(
            span,
            "a job cannot stand inside of an `impl`: write `#[cached]` on the `impl` block too, and the job of this \
             function comes to stand beside it",
        )),
        None => Ok(()),
    }
}

/// A function of which a job is made.
pub struct Source<'a> {
    pub vis: &'a Visibility,
    pub attributes: &'a [Attribute],
    pub signature: &'a syn::Signature,
    /// The type whose associated function it is.
    pub owner: Option<&'a Type>,
}

impl Source<'_> {
    /// The job, its lookup, and their impls.
    pub fn job(&self, arguments: TokenStream) -> Result<TokenStream> {
        let arguments = Arguments::read(arguments, &["job"])?;
        let signature = Signature::read(self.signature, arguments.error.as_ref())?;
        let root = arguments.root();
        let name = arguments.job.clone().map_or_else(|| job_name(&signature.name), Ok)?;
        let configured = self.configured();
        let keys: Vec<(&Ident, &Form)> = signature.keys().collect();
        let job = Job {
            root: &root,
            name: &name,
            configured: &configured,
            arguments: &arguments,
            keys: &keys,
            output: signature.output.value.to_token_stream(),
            error: signature.output.error_type(),
            state: signature.state(),
            usual_name: plain(&signature.name),
            load: self.load(&root, &signature),
            load_many: arguments.batch.as_ref().map(|batch| load_many(&root, &signature, batch)),
            span: signature.name.span(),
        };
        let lookup = Lookup { root: &root, name: &name, vis: self.vis, configured: &configured, keys: &keys };
        let (structure, job, lookup) =
            (self.structure(&root, &name, &configured, &keys), job.expand()?, lookup.expand());
        Ok(quote!(#structure #job #lookup))
    }

    fn structure(&self, root: &Path, name: &Ident, configured: &[Attribute], keys: &[(&Ident, &Form)]) -> TokenStream {
        let vis = self.vis;
        let docs = format!("The job of `{}`: the arguments by which its values are cached.", self.signature.ident);
        // A job of the same name as something else is told of at the function's name.
        let head = quote_spanned!(Span::call_site().located_at(name.span())=> #vis struct #name);
        let serde = quote!(#root::__private::serde);
        let serde_path = serde.to_string();
        let fields = keys.iter().map(|(key, form)| {
            let (docs, ty) = (format!("The argument `{key}`."), form.kept_type());
            quote!(#[doc = #docs] #vis #key: #ty)
        });
        quote! {
            #(#configured)*
            #[doc = #docs]
            #[derive(::core::clone::Clone, ::core::cmp::PartialEq, ::core::cmp::Eq, ::core::hash::Hash)]
            #[derive(#serde::Serialize, #serde::Deserialize)]
            #[serde(crate = #serde_path)]
            #[allow(dead_code)]
            #head {
                #(#fields,)*
            }
            #(#configured)*
            #[automatically_derived]
            impl ::core::fmt::Debug for #name {
                fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    #root::__private::show(self, formatter)
                }
            }
        }
    }

    /// Calls the function, and makes a `Result` of what it gives.
    fn load(&self, root: &Path, signature: &Signature) -> TokenStream {
        let (name, arguments) = (&signature.name, signature.lent(root, &load_argument()));
        let function = self.owner.map_or_else(|| quote!(#name), |owner| quote!(<#owner>::#name));
        let span = Span::call_site().located_at(name.span());
        let mut call = quote_spanned!(span=> #function(#(#arguments),*).await);
        if self.attributes.iter().any(|attribute| attribute.path().is_ident("deprecated")) {
            call = quote_spanned!(span=> { #[allow(deprecated)] let given = #call; given });
        }
        match signature.output.error {
            Some(_) => call,
            None => quote!(::core::result::Result::Ok(#call)),
        }
    }

    fn configured(&self) -> Vec<Attribute> {
        self.attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect()
    }
}

/// Calls the function that loads many.
fn load_many(root: &Path, signature: &Signature, batch: &syn::ExprPath) -> TokenStream {
    let (jobs, arguments) = (jobs_argument(), signature.lent_to_batch(root, &load_argument()));
    let call = quote!(#batch(#jobs, #(#arguments),*).await);
    match signature.output.error {
        Some(_) => call,
        None => {
            quote!(::std::iter::Iterator::map(::std::iter::IntoIterator::into_iter(#call), ::core::result::Result::Ok))
        }
    }
}

/// `UserTweets` for `user_tweets`.
fn job_name(function: &Ident) -> Result<Ident> {
    let function_name = plain(function);
    let camel: String = function_name.split('_').map(capitalized).collect();
    let mut name: Ident = syn::parse_str(&camel).map_err(|_| {
        let message = format!("`{camel}` cannot be the job's name: give one with `#[cached(job = Name)]`");
        Error::new(function.span(), message)
    })?;
    name.set_span(function.span());
    Ok(name)
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
