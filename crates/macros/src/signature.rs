//! A cached function as the job sees it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::{Error, GenericParam, Path, Result, Type};

use crate::argument::{Argument, Role};
use crate::form::Form;
use crate::output::Output;

/// How many things a job's state has at most.
const STATES_MAX: usize = 6;

/// A function's name, arguments and output.
pub struct Signature {
    pub name: Ident,
    pub arguments: Vec<Argument>,
    pub output: Output,
}

impl Signature {
    /// Reads a signature; `error` is the type that the attribute names.
    pub fn read(signature: &syn::Signature, error: Option<&Type>) -> Result<Signature> {
        check(signature)?;
        let arguments: Vec<Argument> = signature.inputs.iter().map(Argument::read).collect::<Result<_>>()?;
        let mut states = arguments.iter().filter(|argument| matches!(argument.role, Role::State(_)));
        if let Some(seventh) = states.nth(STATES_MAX) {
            let message = "a job has at most six states: put several into one struct";
            return Err(Error::new(seventh.span, message));
        }
        Ok(Signature { name: signature.ident.clone(), arguments, output: Output::read(signature, error)? })
    }

    /// The arguments that make the key.
    pub fn keys(&self) -> impl Iterator<Item = (&Ident, &Form)> {
        self.arguments.iter().filter_map(|argument| match &argument.role {
            Role::Key(form) => Some((&argument.name, form)),
            _ => None,
        })
    }

    /// The type of the job's state, at the place of the first.
    pub fn state(&self) -> TokenStream {
        let states = self.arguments.iter().filter_map(|argument| match &argument.role {
            Role::State(form) => Some((argument.span, form.kept_type())),
            _ => None,
        });
        let (spans, types): (Vec<Span>, Vec<TokenStream>) = states.unzip();
        let span = spans.first().copied().unwrap_or_else(Span::call_site);
        quote_spanned!(span=> (#(#types,)*))
    }

    /// What the function is called with in a load.
    pub fn lent(&self, root: &Path, load: &Ident) -> Vec<TokenStream> {
        let mut states = 0;
        self.arguments.iter().map(|argument| argument.lend(root, load, &mut states)).collect()
    }

    /// What a function for many jobs is called with, besides the jobs: states and the cache, in their order.
    pub fn lent_to_batch(&self, root: &Path, load: &Ident) -> Vec<TokenStream> {
        let mut states = 0;
        let besides = self.arguments.iter().filter(|one| matches!(one.role, Role::State(_) | Role::Cache));
        besides.map(|argument| argument.lend_besides(root, load, &mut states)).collect()
    }
}

fn check(signature: &syn::Signature) -> Result<()> {
    if signature.asyncness.is_none() {
        return Err(Error::new(signature.fn_token.span, "a cached function is async: write `async fn`"));
    }
    if let Some(parameter) = signature.generics.params.first() {
        let message = match parameter {
            GenericParam::Lifetime(_) => "leave the lifetimes out: the job keeps a copy of what is borrowed",
            _ => "a cached function has no generics, because a job is one type: cache a function for each type",
        };
        return Err(Error::new(parameter.span(), message));
    }
    match &signature.generics.where_clause {
        Some(clause) => Err(Error::new(clause.span(), "a cached function has no generics, and so no `where`")),
        None => Ok(()),
    }
}
