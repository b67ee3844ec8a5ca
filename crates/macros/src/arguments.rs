//! The arguments of an attribute: `name = value`, in any order, each once.

use freshen_text::nearest;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprLit, ExprPath, Lit, LitStr, Path, Result, Token, Type};

use crate::hooks::{self, Hooks};
use crate::policy::{self, Policy};
use crate::rules::{self, NAME_BYTES_MAX, NAMESPACE_BYTES_MAX};
use crate::value::{self, Value};

/// What every job may be told, besides its policy and its hooks.
const COMMON: [&str; 7] = ["name", "namespace", "queue", "batch", "batch_max", "error", "crate"];

/// Those whose value is a name or a type.
const CODE: [&str; 11] =
    ["batch", "crate", "error", "job", "load", "output", "state", "validate", "value_tags", "weigh", "windows"];

/// Everything that an attribute was told.
#[derive(Default)]
pub struct Arguments {
    pub root: Option<Path>,
    pub job: Option<Ident>,
    pub output: Option<Type>,
    pub state: Option<Type>,
    pub load: Option<ExprPath>,
    pub error: Option<Type>,
    pub name: Option<Expr>,
    pub namespace: Option<Expr>,
    pub queue: Option<Expr>,
    pub batch: Option<ExprPath>,
    pub batch_max: Option<Value<usize>>,
    pub policy: Policy,
    pub hooks: Hooks,
    given: Vec<Ident>,
}

impl Arguments {
    /// Reads arguments; `own` names those that only this attribute has.
    pub fn read(tokens: TokenStream, own: &[&'static str]) -> Result<Arguments> {
        let mut arguments = Arguments::default();
        let parser = |input: ParseStream| {
            arguments.root = root(&input.fork());
            while !input.is_empty() {
                arguments.one(input, own)?;
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            arguments.check()
        };
        parser.parse2(tokens)?;
        Ok(arguments)
    }

    /// The crate that the expansion names, `::freshen` unless told otherwise.
    pub fn root(&self) -> Path {
        self.root.clone().unwrap_or_else(|| syn::parse_quote!(::freshen))
    }

    /// Where an argument was given.
    pub fn span(&self, name: &str) -> Option<Span> {
        self.given.iter().find(|given| *given == name).map(Ident::span)
    }

    fn one(&mut self, input: ParseStream, own: &[&'static str]) -> Result<()> {
        let name = input.call(Ident::parse_any)?;
        let text = name.to_string();
        let known: Vec<&str> = own.iter().chain(&policy::FIELDS).chain(&hooks::NAMES).chain(&COMMON).copied().collect();
        if !known.contains(&text.as_str()) {
            return Err(Error::new(name.span(), unknown(&text, &known)));
        }
        if self.given.contains(&name) {
            return Err(Error::new(name.span(), format!("`{name}` is given twice: leave one out")));
        }
        self.given.push(name.clone());
        if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
        } else if text != "renewing_lease" {
            return Err(Error::new(name.span(), format!("`{name}` needs a value: `{name} = …`")));
        }
        if CODE.contains(&text.as_str()) && input.peek(LitStr) {
            return Err(input.error(format!("`{name}` names something in the code: write it without quotes")));
        }
        if policy::FIELDS.contains(&text.as_str()) {
            let root = self.root().into_token_stream();
            return self.policy.take(&root, &name, input);
        }
        if hooks::NAMES.contains(&text.as_str()) {
            return self.hooks.take(&name, input);
        }
        self.other(&text, input)
    }

    fn other(&mut self, name: &str, input: ParseStream) -> Result<()> {
        match name {
            "crate" => drop(Path::parse_mod_style(input)?),
            "job" => self.job = Some(input.parse()?),
            "output" => self.output = Some(input.parse()?),
            "state" => self.state = Some(input.parse()?),
            "load" => self.load = Some(input.parse()?),
            "error" => self.error = Some(input.parse()?),
            "name" => {
                let fault = |name: &str| rules::name_fault("job name", name.len(), NAME_BYTES_MAX);
                self.name = Some(text("job name", fault, input)?);
            }
            "namespace" => {
                let fault = |name: &str| rules::name_fault("namespace", name.len(), NAMESPACE_BYTES_MAX);
                self.namespace = Some(text("namespace", fault, input)?);
            }
            "queue" => self.queue = Some(text("name of a queue", rules::queue_fault, input)?),
            "batch" => self.batch = Some(input.parse()?),
            _ => self.batch_max = Some(value::count(name, input)?),
        }
        Ok(())
    }

    /// Refuses arguments that do not go together.
    fn check(&self) -> Result<()> {
        self.policy.check()?;
        let refuse = |span: Option<Span>, wrong: bool, message| match span {
            Some(span) if wrong => Err(Error::new(span, message)),
            _ => Ok(()),
        };
        let empty = self.hooks.empty.is_some();
        let answers_empty = self.policy.answers_empty();
        refuse(answers_empty, !empty, "`on_miss = empty` needs what is answered then: add `empty = …`")?;
        refuse(
            self.span("empty"),
            answers_empty.is_none(),
            "`empty` is only answered with `on_miss = empty`: add that, or leave this out",
        )?;
        refuse(
            self.span("negative_ttl"),
            self.hooks.absent.is_none(),
            "`negative_ttl` is the ttl of absent values: say which these are with `absent = …`, such as `absent = None`",
        )?;
        refuse(
            self.span("batch_max"),
            self.batch.is_none(),
            "`batch_max` needs the function that loads a batch: add `batch = …`",
        )?;
        let small = self.batch_max.as_ref().filter(|most| most.known.is_some_and(|most| most < 2));
        refuse(small.map(|most| most.span), true, "a batch holds more than one key: `batch_max` must be at least 2")
    }

    /// How many keys one batch takes.
    pub fn batch_size(&self) -> TokenStream {
        self.batch_max.as_ref().map_or_else(|| quote!(100), |most| most.tokens.clone())
    }
}

/// The path after `crate =`, wherever it stands: what stands before it needs it already.
fn root(input: ParseStream) -> Option<Path> {
    while !input.is_empty() {
        if input.peek(Token![crate]) && input.peek2(Token![=]) {
            input.parse::<Token![crate]>().ok()?;
            input.parse::<Token![=]>().ok()?;
            return Path::parse_mod_style(input).ok();
        }
        input.parse::<proc_macro2::TokenTree>().ok()?;
    }
    None
}

/// A text that is checked, or an expression.
fn text(what: &str, fault: impl Fn(&str) -> Option<String>, input: ParseStream) -> Result<Expr> {
    let expression: Expr = input.parse()?;
    let fault = match &expression {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => fault(&text.value()),
        Expr::Lit(_) => Some(format!("the {what} is a text in quotes")),
        _ => None,
    };
    match fault {
        Some(fault) => Err(Error::new(expression.span(), fault)),
        None => Ok(expression),
    }
}

fn unknown(name: &str, known: &[&str]) -> String {
    match nearest(name, known) {
        Some(near) => format!("unknown argument `{name}`: did you mean `{near}`?"),
        None => format!("unknown argument `{name}`: there are {}", known.join(", ")),
    }
}
