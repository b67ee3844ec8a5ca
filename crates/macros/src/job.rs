//! The `impl Job` of a job, whoever asks for it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Attribute, Path, Result};

use crate::arguments::Arguments;
use crate::template::Keys;

/// What the job is, besides what its attribute's arguments say.
pub struct Job<'a> {
    pub root: &'a Path,
    pub name: &'a Ident,
    pub configured: &'a [Attribute],
    pub arguments: &'a Arguments,
    pub keys: &'a Keys<'a>,
    pub output: TokenStream,
    pub error: TokenStream,
    pub state: TokenStream,
    /// Its stable name, unless the arguments give one.
    pub usual_name: String,
    /// The body of `load`: a `Result` of a value or of what was loaded.
    pub load: TokenStream,
    /// The body of `load_many`: such results.
    pub load_many: Option<TokenStream>,
    /// What rustc is to point at when a load is not what it must be.
    pub span: Span,
}

/// The name of the argument in which the body of a load finds its `Load`. No name of the user's can be it.
pub fn load_argument() -> Ident {
    Ident::new("load", Span::mixed_site())
}

/// The name of the argument in which the body of a batch load finds its jobs.
pub fn jobs_argument() -> Ident {
    Ident::new("jobs", Span::mixed_site())
}

impl Job<'_> {
    /// The impl.
    pub fn expand(&self) -> Result<TokenStream> {
        let Job { root, name, configured, arguments, output, error, state, usual_name, .. } = self;
        let stable = arguments.name.as_ref().map_or_else(|| quote!(#usual_name), |name| quote!(#name));
        let namespace =
            arguments.namespace.as_ref().map(|namespace| quote!(const NAMESPACE: &'static str = #namespace;));
        let queue = arguments.queue.as_ref().map(|queue| quote!(const QUEUE: &'static str = #queue;));
        let policy = arguments.policy.method(root);
        let hooks = arguments.hooks.methods(root, self.keys)?;
        let (load, load_many) = (self.load(), self.load_many());
        Ok(quote! {
            #(#configured)*
            #[automatically_derived]
            impl #root::Job for #name {
                type Output = #output;
                type Error = #error;
                type State = #state;
                const NAME: &'static str = #stable;
                #namespace
                #queue
                #policy
                #load
                #load_many
                #hooks
            }
        })
    }

    fn load(&self) -> TokenStream {
        let Job { root, load: body, .. } = self;
        let load = load_argument();
        // In the macro's own context, so that lints leave it alone, but at the user's place.
        quote_spanned! {Span::call_site().located_at(self.span)=>
            async fn load(
                &self,
                #load: #root::Load<'_, Self>,
            ) -> ::core::result::Result<#root::Loaded<Self::Output>, Self::Error> {
                let _ = &#load;
                ::core::result::Result::map(#body, #root::Loaded::from)
            }
        }
    }

    fn load_many(&self) -> Option<TokenStream> {
        let Job { root, load_many: Some(body), .. } = self else { return None };
        let (load, jobs, most) = (load_argument(), jobs_argument(), self.arguments.batch_size());
        Some(quote_spanned! {Span::call_site().located_at(self.span)=>
            const BATCH: usize = #most;
            async fn load_many(
                #jobs: &[Self],
                #load: #root::Load<'_, Self>,
            ) -> ::std::vec::Vec<::core::result::Result<#root::Loaded<Self::Output>, Self::Error>> {
                let _ = &#load;
                let results = #body;
                ::std::iter::Iterator::collect(::std::iter::Iterator::map(
                    ::std::iter::IntoIterator::into_iter(results),
                    |result| ::core::result::Result::map(result, #root::Loaded::from),
                ))
            }
        })
    }
}
