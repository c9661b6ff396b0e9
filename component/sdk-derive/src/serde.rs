//! The effect of `#[serde(…)]` on a table. Serde itself reports invalid
//! attributes.

use proc_macro2::TokenStream;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Expr, LitStr, Token};

use crate::names::Case;

/// A value for each direction.
#[derive(Clone, Copy, Default)]
pub struct Both<T> {
    pub read: T,
    pub written: T,
}

impl<T> Both<T> {
    /// Returns the value for outputs or the one for inputs.
    pub fn get(self, output: bool) -> T {
        if output { self.written } else { self.read }
    }
}

/// The attributes of a container, a field or a variant.
#[derive(Default)]
pub struct Serde {
    pub rename: Both<Option<String>>,
    pub rename_all: Both<Option<Case>>,
    pub skip: Both<bool>,
    /// Whether the member may be absent.
    pub optional: Both<bool>,
    pub flatten: bool,
}

impl Serde {
    pub fn of(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut serde = Self::default();
        for attribute in attributes.iter().filter(|one| one.path().is_ident("serde")) {
            attribute.parse_nested_meta(|meta| serde.read(&meta))?;
        }
        Ok(serde)
    }

    fn read(&mut self, meta: &ParseNestedMeta) -> syn::Result<()> {
        let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        match name.as_str() {
            "rename" => {
                let Both { read, written } = strings(meta)?;
                self.rename = Both {
                    read: read.or(self.rename.read.take()),
                    written: written.or(self.rename.written.take()),
                };
            }
            "rename_all" => {
                let Both { read, written } = strings(meta)?;
                let case = |name: Option<String>| name.as_deref().and_then(Case::of);
                self.rename_all = Both {
                    read: case(read).or(self.rename_all.read),
                    written: case(written).or(self.rename_all.written),
                };
            }
            "skip" => self.skip = Both { read: true, written: true },
            "skip_deserializing" => self.skip.read = true,
            "skip_serializing" => self.skip.written = true,
            "skip_serializing_if" => {
                self.optional.written = true;
                ignore_value(meta)?;
            }
            "default" => {
                self.optional.read = true;
                ignore_value(meta)?;
            }
            "flatten" => self.flatten = true,
            _ => ignore_value(meta)?,
        }
        Ok(())
    }
}

/// `= "both"` or `(deserialize = "one", serialize = "other")`.
fn strings(meta: &ParseNestedMeta) -> syn::Result<Both<Option<String>>> {
    if meta.input.peek(Token![=]) {
        let text = Some(meta.value()?.parse::<LitStr>()?.value());
        return Ok(Both { read: text.clone(), written: text });
    }
    let mut strings = Both::default();
    meta.parse_nested_meta(|meta| {
        let text = Some(meta.value()?.parse::<LitStr>()?.value());
        if meta.path.is_ident("deserialize") {
            strings.read = text;
        } else {
            strings.written = text;
        }
        Ok(())
    })?;
    Ok(strings)
}

fn ignore_value(meta: &ParseNestedMeta) -> syn::Result<()> {
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<Expr>()?;
    } else if meta.input.peek(syn::token::Paren) {
        let content;
        syn::parenthesized!(content in meta.input);
        content.parse::<TokenStream>()?;
    }
    Ok(())
}
