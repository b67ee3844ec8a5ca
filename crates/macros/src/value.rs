//! The value of an argument: written out, and so known when the user's code is compiled, or an expression.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprLit, Lit, Result};

use freshen_text::duration;

/// A value, as tokens and as itself.
pub struct Value<T> {
    pub tokens: TokenStream,
    /// `None` where an expression decides.
    pub known: Option<T>,
    pub span: Span,
}

/// Reads a duration: a text with units, or an expression of type `Duration`.
pub fn duration(name: &str, expression: &Expr) -> Result<Value<Duration>> {
    let span = expression.span();
    let known = match literal(expression) {
        Some(Lit::Str(text)) => duration::parse(&text.value()).map_err(|reason| Error::new(span, reason))?,
        Some(Lit::Int(number)) => {
            let number = number.base10_digits();
            return Err(Error::new(span, format!("a duration needs its unit: {name} = \"{number}s\"")));
        }
        Some(_) => return Err(Error::new(span, format!("a duration is a text with units: {name} = \"15m\""))),
        None => return Ok(Value { tokens: expression.to_token_stream(), known: None, span }),
    };
    let (seconds, nanos) = (known.as_secs(), known.subsec_nanos());
    let tokens = match nanos {
        0 => quote!(::core::time::Duration::from_secs(#seconds)),
        _ => quote!(::core::time::Duration::new(#seconds, #nanos)),
    };
    Ok(Value { tokens, known: Some(known), span })
}

/// Reads a number, with a fraction or without.
pub fn float(name: &str, input: ParseStream) -> Result<Value<f64>> {
    let expression: Expr = input.parse()?;
    let (sign, number) = match &expression {
        Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Neg(_)) => (-1.0, &*unary.expr),
        expression => (1.0, expression),
    };
    let known: Option<f64> = match literal(number) {
        Some(Lit::Float(number)) => Some(number.base10_parse()?),
        Some(Lit::Int(number)) => Some(number.base10_parse()?),
        Some(_) => return Err(Error::new(expression.span(), format!("`{name}` is a number, such as 0.1"))),
        None => None,
    };
    let known = known.map(|known| sign * known);
    let tokens = match known {
        Some(known) if !known.is_finite() => {
            return Err(Error::new(expression.span(), format!("`{name}` is too large")));
        }
        Some(known) => known.to_token_stream(),
        None => expression.to_token_stream(),
    };
    Ok(Value { tokens, known, span: expression.span() })
}

/// Reads a count.
pub fn count<T: std::str::FromStr<Err: std::fmt::Display>>(name: &str, input: ParseStream) -> Result<Value<T>> {
    let expression: Expr = input.parse()?;
    let known = match literal(&expression) {
        Some(Lit::Int(number)) => Some(number.base10_parse()?),
        Some(_) => return Err(Error::new(expression.span(), format!("`{name}` is a whole number, such as 10"))),
        None => None,
    };
    Ok(Value { tokens: expression.to_token_stream(), known, span: expression.span() })
}

fn literal(expression: &Expr) -> Option<&Lit> {
    match expression {
        Expr::Lit(ExprLit { lit, .. }) => Some(lit),
        Expr::Group(group) => literal(&group.expr),
        _ => None,
    }
}
