//! Parses `#[property(…)]` and `#[choice(…)]`.

use proc_macro2::{Span, TokenStream};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, ExprPath, Ident, LitStr, Token, bracketed, parenthesized, token};

use crate::literal::{self, Literal};

/// The attributes of a field.
pub const FIELD: &[&str] = &[
    "label",
    "placeholder",
    "control",
    "group",
    "advanced",
    "deprecated",
    "secret",
    "required",
    "optional",
    "default",
    "provider_default",
    "minimum",
    "maximum",
    "min_length",
    "max_length",
    "min_items",
    "max_items",
    "pattern",
    "max_bytes",
    "accept",
    "choices",
    "open_choices",
    "live",
    "when",
    "media_type",
    "display",
    "item",
];

/// The attributes in `item(…)`.
pub const ITEM: &[&str] = &[
    "label",
    "placeholder",
    "control",
    "minimum",
    "maximum",
    "min_length",
    "max_length",
    "min_items",
    "max_items",
    "pattern",
    "max_bytes",
    "accept",
    "choices",
    "open_choices",
    "media_type",
    "display",
];

/// The attributes of a struct.
pub const CONTAINER: &[&str] = &["label", "output", "connection"];

/// The attributes of a variant.
pub const CHOICE: &[&str] = &["label"];

/// The controls of the contract.
const CONTROLS: &[&str] = &[
    "text",
    "text_area",
    "rich_text",
    "code_editor",
    "json_schema_builder",
    "email",
    "phone",
    "url",
    "password",
    "date",
    "date_time",
    "time",
    "integer",
    "number",
    "select",
    "multi_select",
    "array_builder",
    "object_builder",
    "file_entry",
    "none",
];

/// An attribute: its name and value.
pub struct Entry {
    pub name: Ident,
    pub value: Value,
}

pub enum Value {
    Flag,
    Text(Expr),
    Control(Ident),
    Literal(Literal),
    Limit(Expr),
    Accept(Strings),
    Choices(Choices),
    Live(Vec<Name>),
    When(Box<When>),
    Item(Vec<Entry>),
}

/// A list of strings, or a constant that holds one.
pub enum Strings {
    Listed(Vec<LitStr>),
    Constant(ExprPath),
}

pub enum Choices {
    Listed(Vec<Choice>),
    Constant(ExprPath),
}

pub struct Choice {
    pub value: Literal,
    pub label: Option<LitStr>,
    pub description: Option<LitStr>,
}

/// The name of a field, or the key of a property.
pub enum Name {
    Field(Ident),
    Key(LitStr),
}

/// A condition.
pub struct When {
    pub property: Name,
    /// The name of the comparison in the contract.
    pub comparison: &'static str,
    pub values: Vec<Literal>,
}

/// Reads all attributes with this path.
pub fn read(attributes: &[Attribute], path: &str, allowed: &[&str]) -> syn::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for attribute in attributes.iter().filter(|one| one.path().is_ident(path)) {
        entries.extend(attribute.parse_args_with(|input: ParseStream| read_list(input, allowed))?);
    }
    for (index, entry) in entries.iter().enumerate() {
        if entries.iter().take(index).any(|other| other.name == entry.name) {
            let message = format!("duplicate attribute `{}`", entry.name);
            return Err(syn::Error::new(entry.name.span(), message));
        }
    }
    Ok(entries)
}

fn read_list(input: ParseStream, allowed: &[&str]) -> syn::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    while !input.is_empty() {
        entries.push(read_entry(input, allowed)?);
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(entries)
}

fn read_entry(input: ParseStream, allowed: &[&str]) -> syn::Result<Entry> {
    let name: Ident = input.call(syn::ext::IdentExt::parse_any)?;
    let word = name.to_string();
    if !allowed.contains(&word.as_str()) {
        return Err(unknown("attribute", &name, allowed));
    }
    let value = match word.as_str() {
        "advanced" | "deprecated" | "secret" | "required" | "optional" | "output"
        | "connection" => Value::Flag,
        "label" | "placeholder" | "group" | "pattern" | "media_type" | "display" => {
            Value::Text(text(input, &name)?)
        }
        "control" => {
            input.parse::<Token![=]>()?;
            let control: Ident = input.parse()?;
            if !CONTROLS.contains(&control.to_string().as_str()) {
                return Err(unknown("control", &control, CONTROLS));
            }
            Value::Control(control)
        }
        "default" | "provider_default" => {
            input.parse::<Token![=]>()?;
            Value::Literal(input.parse()?)
        }
        "accept" if input.peek(Token![=]) => Value::Accept(Strings::Constant(constant(input)?)),
        "accept" => Value::Accept(Strings::Listed(listed(input)?)),
        "choices" | "open_choices" if input.peek(Token![=]) => {
            Value::Choices(Choices::Constant(constant(input)?))
        }
        "choices" | "open_choices" => Value::Choices(Choices::Listed(listed(input)?)),
        "live" if input.peek(token::Paren) => Value::Live(listed(input)?),
        "live" => Value::Live(Vec::new()),
        "when" => {
            let content;
            parenthesized!(content in input);
            Value::When(content.parse()?)
        }
        "item" => {
            let content;
            parenthesized!(content in input);
            Value::Item(read_list(&content, ITEM)?)
        }
        _ => {
            input.parse::<Token![=]>()?;
            let limit: Expr = input.parse()?;
            if !literal::is_number(&limit) {
                let message = format!("`{name}` must be a number");
                return Err(syn::Error::new_spanned(limit, message));
            }
            Value::Limit(limit)
        }
    };
    Ok(Entry { name, value })
}

fn text(input: ParseStream, name: &Ident) -> syn::Result<Expr> {
    input.parse::<Token![=]>()?;
    let text: Expr = input.parse()?;
    if literal::is_text(&text) {
        Ok(text)
    } else {
        Err(syn::Error::new_spanned(text, format!("`{name}` must be a string")))
    }
}

fn constant(input: ParseStream) -> syn::Result<ExprPath> {
    input.parse::<Token![=]>()?;
    input.parse()
}

fn listed<T: Parse>(input: ParseStream) -> syn::Result<Vec<T>> {
    let content;
    parenthesized!(content in input);
    Ok(content.parse_terminated(T::parse, Token![,])?.into_iter().collect())
}

/// Returns the error for an unknown word.
pub fn unknown(what: &str, word: &Ident, possible: &[&str]) -> syn::Error {
    let name = word.to_string();
    let likeness = |other: &str| strsim::jaro_winkler(&name, other);
    let nearest = possible.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let hint = match nearest.filter(|nearest| likeness(nearest) > 0.8) {
        Some(nearest) => format!("; did you mean `{nearest}`?"),
        None => String::new(),
    };
    let possible = possible.join(", ");
    let message = format!("unknown {what} `{name}`{hint}\nexpected one of: {possible}");
    syn::Error::new(word.span(), message)
}

impl Parse for Choice {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let value = input.parse()?;
        let label = input.parse::<Option<Token![as]>>()?.map(|_| input.parse()).transpose()?;
        let description = input.parse::<Option<Token![:]>>()?.map(|_| input.parse()).transpose()?;
        Ok(Self { value, label, description })
    }
}

impl Name {
    pub fn span(&self) -> Span {
        match self {
            Self::Field(name) => name.span(),
            Self::Key(key) => key.span(),
        }
    }
}

impl Parse for Name {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        if input.peek(LitStr) {
            Ok(Self::Key(input.parse()?))
        } else {
            // The name of a field may be a keyword: `type`.
            input.call(syn::ext::IdentExt::parse_any).map(Self::Field)
        }
    }
}

impl Parse for When {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let first: Name = input.parse()?;
        let word = match &first {
            Name::Field(name) => name.to_string(),
            Name::Key(_) => String::new(),
        };
        if input.peek(token::Paren) {
            let comparison = match word.as_str() {
                "present" => "Present",
                "absent" => "Absent",
                _ => return Err(syn::Error::new(first.span(), EXPECTED_CONDITION)),
            };
            let content;
            parenthesized!(content in input);
            return Ok(Self { property: content.parse()?, comparison, values: Vec::new() });
        }
        let (property, comparison) = match word.as_str() {
            "not" if !input.peek(Token![=]) => (input.parse()?, "NoneOf"),
            _ => (first, "OneOf"),
        };
        let values = if input.parse::<Option<Token![=]>>()?.is_some() {
            vec![input.parse()?]
        } else if input.parse::<Option<Token![in]>>()?.is_some() {
            let content;
            bracketed!(content in input);
            content.parse_terminated(Literal::parse, Token![,])?.into_iter().collect()
        } else {
            return Err(input.error(EXPECTED_CONDITION));
        };
        Ok(Self { property, comparison, values })
    }
}

const EXPECTED_CONDITION: &str = "expected `field = value`, `field in [value, …]`, `not field = \
                                  value`, `present(field)` or `absent(field)`";

/// Returns the Rust variant of a control.
pub fn control(name: &Ident) -> TokenStream {
    let name = crate::names::Case::Pascal.field(&name.to_string());
    let name = Ident::new(&name, Span::call_site());
    quote::quote!(::connector_sdk::property::Control::#name)
}
