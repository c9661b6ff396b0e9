//! Values in attributes, and the types they must match.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, ExprPath, ExprUnary, GenericArgument, Lit, PathArguments, Type, UnOp};

/// The kind of a type, inferred from its name.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    String,
    Boolean,
    Integer,
    Number,
    File,
    Any,
    Array,
    Map,
    /// A type that the author defined.
    Other,
}

impl Kind {
    /// Returns the kind of a type. `Option<T>` has the kind of `T`.
    pub fn of(ty: &Type) -> Self {
        let Some((name, argument)) = last_segment(ty) else { return Self::Other };
        match (name.as_str(), argument) {
            ("Option" | "Box", Some(inner)) => Self::of(inner),
            ("String" | "Date" | "DateTime" | "Time", _) => Self::String,
            ("bool", _) => Self::Boolean,
            (
                "i8" | "i16" | "i32" | "i64" | "isize" | "u8" | "u16" | "u32" | "u64" | "usize",
                _,
            ) => Self::Integer,
            ("f32" | "f64" | "Number", _) => Self::Number,
            ("FileEntry", _) => Self::File,
            ("Value", _) => Self::Any,
            ("Vec", _) => Self::Array,
            ("BTreeMap" | "HashMap" | "Map", _) => Self::Map,
            _ => Self::Other,
        }
    }

    /// Returns the kind of the items of an array or the values of a map.
    pub fn of_items(ty: &Type) -> Self {
        match last_segment(ty) {
            Some((name, Some(inner))) if name == "Option" || name == "Box" => Self::of_items(inner),
            Some((_, Some(last))) => Self::of(last),
            _ => Self::Other,
        }
    }

    /// Describes the kind in an error message.
    pub fn noun(self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::Boolean => "a boolean",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::File => "a file",
            Self::Any => "any JSON value",
            Self::Array => "an array",
            Self::Map => "a map",
            Self::Other => "a custom type",
        }
    }
}

/// Returns the last segment of a path and its last type argument.
fn last_segment(ty: &Type) -> Option<(String, Option<&Type>)> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last()?;
    let argument = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => {
            arguments.args.iter().rev().find_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
        }
        _ => None,
    };
    Some((segment.ident.to_string(), argument))
}

/// A JSON value in an attribute.
#[derive(Clone)]
pub struct Literal {
    span: Span,
    value: Value,
}

#[derive(Clone)]
enum Value {
    Boolean(bool),
    Integer(i64),
    Number(f64),
    String(String),
    Constant(ExprPath),
}

impl Parse for Literal {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        // In a choice, `as` and `:` follow the value. An expression would
        // consume them.
        let negative = input.parse::<Option<syn::Token![-]>>()?;
        if negative.is_none() && !input.peek(Lit) {
            let path: ExprPath = input.parse()?;
            return Ok(Self { span: path.span(), value: Value::Constant(path) });
        }
        let lit: Lit = input.parse()?;
        let sign = if negative.is_some() { -1 } else { 1 };
        let value = match &lit {
            Lit::Bool(flag) if sign == 1 => Value::Boolean(flag.value),
            Lit::Int(number) => Value::Integer(number.base10_parse::<i64>()? * sign),
            Lit::Float(number) => Value::Number(number.base10_parse::<f64>()? * sign as f64),
            Lit::Str(text) if sign == 1 => Value::String(text.value()),
            _ => {
                return Err(syn::Error::new(
                    lit.span(),
                    "expected a string, a number, a boolean or a constant",
                ));
            }
        };
        Ok(Self { span: lit.span(), value })
    }
}

impl Literal {
    pub fn span(&self) -> Span {
        self.span
    }

    /// Returns the value, if it is a number.
    pub fn number(&self) -> Option<f64> {
        match self.value {
            Value::Integer(number) => Some(number as f64),
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Whether the values are known to differ. The value of a constant is unknown.
    pub fn differs(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            (Value::Constant(_), _) | (_, Value::Constant(_)) => false,
            (Value::String(one), Value::String(other)) => one != other,
            (Value::Boolean(one), Value::Boolean(other)) => one != other,
            _ => self.number() != other.number(),
        }
    }

    /// Rejects a value whose type does not match the property. `what` is the
    /// subject of the message.
    pub fn check(&self, what: &str, kind: Kind) -> syn::Result<()> {
        let matches_kind = match (kind, &self.value) {
            // A custom type can accept anything.
            (Kind::Any | Kind::Other, _) => true,
            (Kind::String | Kind::Integer | Kind::Number | Kind::Boolean, Value::Constant(_)) => {
                true
            }
            (_, Value::Constant(_)) => {
                let message = "a constant is supported only for a string, a number or a boolean";
                return Err(syn::Error::new(self.span, message));
            }
            (Kind::String, Value::String(_)) => true,
            (Kind::Boolean, Value::Boolean(_)) => true,
            (Kind::Integer | Kind::Number, Value::Integer(_)) => true,
            (Kind::Number, Value::Number(_)) => true,
            _ => false,
        };
        if matches_kind {
            return Ok(());
        }
        let message = match kind {
            Kind::File | Kind::Array | Kind::Map => {
                format!("{what} is not supported for {}", kind.noun())
            }
            kind => format!("{what} must be {}, like the property", kind.noun()),
        };
        Err(syn::Error::new(self.span, message))
    }

    /// Returns the literal as a constant of the SDK.
    pub fn tokens(&self, kind: Kind) -> TokenStream {
        let value = match &self.value {
            Value::Boolean(flag) => quote!(Boolean(#flag)),
            Value::Integer(number) => quote!(Integer(#number)),
            Value::Number(number) => quote!(Number(#number)),
            Value::String(text) => quote!(String(#text)),
            Value::Constant(path) => match kind {
                Kind::Integer => quote!(Integer(#path as i64)),
                Kind::Number => quote!(Number(#path as f64)),
                Kind::Boolean => quote!(Boolean(#path)),
                _ => quote!(String(#path)),
            },
        };
        quote!(::connector_sdk::property::Literal::#value)
    }
}

/// Returns the number in a literal expression.
pub fn number(expression: &Expr) -> Option<f64> {
    match expression {
        Expr::Lit(ExprLit { lit, .. }) => match lit {
            Lit::Int(number) => number.base10_parse().ok(),
            Lit::Float(number) => number.base10_parse().ok(),
            _ => None,
        },
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => Some(-number(expr)?),
        _ => None,
    }
}

/// Whether an expression can be a string: a literal, a constant or a macro.
pub fn is_text(expression: &Expr) -> bool {
    match expression {
        Expr::Lit(literal) => matches!(literal.lit, Lit::Str(_)),
        Expr::Path(_) | Expr::Macro(_) => true,
        _ => false,
    }
}

/// Whether an expression can be a number.
pub fn is_number(expression: &Expr) -> bool {
    match expression {
        Expr::Lit(literal) => matches!(literal.lit, Lit::Int(_) | Lit::Float(_)),
        other => !other.to_token_stream().is_empty(),
    }
}
