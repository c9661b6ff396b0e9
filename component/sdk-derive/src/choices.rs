//! `#[derive(Choices)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, Variant};

use crate::attributes::{self, Value};
use crate::names::{Case, paragraphs, title, unraw};
use crate::serde::Serde;

pub fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let Data::Enum(data) = &input.data else {
        let message = "`Choices` can only be derived for enums; use `Properties` for structs";
        return Err(syn::Error::new(input.ident.span(), message));
    };
    let case = Serde::of(&input.attrs)?.rename_all.read.unwrap_or(Case::Pascal);
    let mut choices = Vec::new();
    for variant in &data.variants {
        choices.extend(choice(variant, case)?);
    }
    let name = &input.ident;
    Ok(quote! {
        #[automatically_derived]
        impl ::connector_sdk::property::Shape for #name {
            const SHAPE: ::connector_sdk::property::Property = ::connector_sdk::property::Property {
                choices: ::core::option::Option::Some(::connector_sdk::property::ChoiceList {
                    known: &[#(#choices),*],
                    open: false,
                    live: ::core::option::Option::None,
                }),
                ..::connector_sdk::property::Property::of(
                    ::connector_sdk::property::Type::String,
                    ::connector_sdk::property::Control::Select,
                )
            };
        }
    })
}

/// Returns the choice of a variant, or `None` if serde does not read it.
fn choice(variant: &Variant, case: Case) -> syn::Result<Option<TokenStream>> {
    if !matches!(variant.fields, Fields::Unit) {
        let message = "`Choices` requires variants without data";
        return Err(syn::Error::new_spanned(&variant.fields, message));
    }
    let serde = Serde::of(&variant.attrs)?;
    let entries = attributes::read(&variant.attrs, "choice", attributes::CHOICE)?;
    if serde.skip.read {
        return Ok(None);
    }
    let value = serde.rename.read.unwrap_or_else(|| case.variant(&unraw(&variant.ident)));
    let title = title(&variant.ident);
    let label = match entries.first().map(|entry| &entry.value) {
        Some(Value::Text(label)) => quote!(#label),
        _ => quote!(#title),
    };
    let description = paragraphs(&variant.attrs).join(" ");
    Ok(Some(quote!(::connector_sdk::property::Choice {
        label: #label,
        value: ::connector_sdk::property::Literal::String(#value),
        description: #description,
    })))
}
