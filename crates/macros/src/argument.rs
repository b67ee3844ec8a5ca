//! One argument of a cached function: part of the key, or something that the load gets besides.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, FnArg, Meta, Pat, PatType, Path, Result, Type};

use crate::form::{Form, bare};
use crate::scan;

/// The attributes that say what an argument is for.
const ROLES: [&str; 4] = ["state", "skip", "cache", "previous"];

/// An argument.
pub struct Argument {
    pub name: Ident,
    pub role: Role,
    pub span: Span,
}

/// What an argument is for.
pub enum Role {
    Key(Form),
    State(Form),
    Skip(Form, Option<Expr>),
    Cache,
    Previous,
}

impl Argument {
    /// Reads an argument of a function.
    pub fn read(argument: &FnArg) -> Result<Argument> {
        match argument {
            FnArg::Receiver(receiver) => Err(Error::new(
                receiver.self_token.span,
                "a job has no `self`: give what the load needs as `#[state]` arguments",
            )),
            FnArg::Typed(typed) => {
                let role = role(typed)?;
                check(&role, &typed.ty)?;
                Ok(Argument { name: name(&typed.pat)?, role, span: typed.ty.span() })
            }
        }
    }

    /// What the function is given in a load; `states` counts the states so far.
    pub fn lend(&self, root: &Path, load: &Ident, states: &mut usize) -> TokenStream {
        let name = &self.name;
        match &self.role {
            Role::Key(form) => form.lend(root, &quote!(self.#name)),
            Role::Skip(_, Some(value)) => quote!(#value),
            Role::Skip(form, None) => form.default(),
            Role::State(_) | Role::Cache | Role::Previous => self.lend_besides(root, load, states),
        }
    }

    /// The same for what is no part of the key.
    pub fn lend_besides(&self, root: &Path, load: &Ident, states: &mut usize) -> TokenStream {
        let span = Span::mixed_site().located_at(self.span);
        match &self.role {
            Role::State(form) => {
                let at = syn::Index::from(*states);
                *states += 1;
                form.lend(root, &quote_spanned!(span=> #load.state().#at))
            }
            Role::Cache => quote_spanned!(span=> #load.cache()),
            _ => quote_spanned!(span=> #load.previous()),
        }
    }
}

/// Takes the attributes away that only we understand.
pub fn strip(argument: &mut FnArg) {
    if let FnArg::Typed(typed) = argument {
        typed.attrs.retain(|attribute| !is_role(attribute));
    }
}

fn is_role(attribute: &Attribute) -> bool {
    ROLES.iter().any(|role| attribute.path().is_ident(role))
}

fn name(pattern: &Pat) -> Result<Ident> {
    match pattern {
        Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => Ok(name.ident.clone()),
        _ => {
            Err(Error::new(pattern.span(), "an argument of a cached function needs a plain name, for the job's field"))
        }
    }
}

fn role(typed: &PatType) -> Result<Role> {
    let mut roles = typed.attrs.iter().filter(|attribute| is_role(attribute));
    let form = Form::of_argument(&typed.ty);
    let Some(attribute) = roles.next() else { return Ok(Role::Key(form)) };
    if let Some(second) = roles.next() {
        let message = "an argument has one role: `#[state]`, `#[skip]`, `#[cache]`, `#[previous]`, or none in the key";
        return Err(Error::new(second.span(), message));
    }
    if attribute.path().is_ident("skip") {
        let value = if matches!(attribute.meta, Meta::Path(_)) { None } else { Some(attribute.parse_args()?) };
        return Ok(Role::Skip(form, value));
    }
    if !matches!(attribute.meta, Meta::Path(_)) {
        return Err(Error::new(attribute.meta.span(), "only `#[skip(…)]` takes a value, which is given by the cache"));
    }
    Ok(match attribute.path().get_ident() {
        Some(name) if name == "state" => Role::State(form),
        Some(name) if name == "cache" => Role::Cache,
        _ => Role::Previous,
    })
}

fn check(role: &Role, ty: &Type) -> Result<()> {
    if let Some(span) = scan::word(ty, &["impl"]) {
        let message = "a cached function takes no `impl Trait`: a job is one type, so name the argument's type";
        return Err(Error::new(span, message));
    }
    if let Type::Reference(reference) = bare(ty)
        && let Some(mutable) = reference.mutability
    {
        let message = "a load cannot change its arguments: take `&T`, or a `#[state]` that is shared and locks itself";
        return Err(Error::new(mutable.span(), message));
    }
    match role {
        Role::Key(form) => check_kept(ty, form).and_then(|()| check_key(form)),
        Role::State(form) => check_kept(ty, form),
        _ => Ok(()),
    }
}

/// What is kept owns itself.
fn check_kept(ty: &Type, form: &Form) -> Result<()> {
    let lifetime = match bare(ty) {
        Type::Reference(reference) => reference.lifetime.as_ref(),
        _ => None,
    };
    if let Some(lifetime) = lifetime {
        let message = "leave the lifetime out: the job keeps a copy of what is borrowed here";
        return Err(Error::new(lifetime.span(), message));
    }
    if let Type::TraitObject(object) = form.inner() {
        let message = "a job cannot keep a `dyn Trait` itself: take `&Arc<dyn Trait>`, which can be cloned";
        return Err(Error::new(object.span(), message));
    }
    match scan::reference(form.inner()) {
        Some(span) => Err(Error::new(
            span,
            "a job cannot keep this borrowed part: take the type by value, or as `&str`, `&[T]`, `&T`, \
             `Option<&str>`, `Option<&[T]>` or `Option<&T>`",
        )),
        None => Ok(()),
    }
}

fn check_key(form: &Form) -> Result<()> {
    match scan::word(form.inner(), &["f32", "f64"]) {
        Some(span) => Err(Error::new(
            span,
            "a floating-point number cannot be part of a key, because it has no `Eq`: take a whole number (cents, \
             microdegrees), or mark the argument `#[skip]`",
        )),
        None => Ok(()),
    }
}

/// The name as text, without `r#`.
pub fn plain(name: &Ident) -> String {
    name.unraw().to_string()
}
