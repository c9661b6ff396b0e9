//! `#[derive(Properties)]`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Field, Fields, Ident, Type};

use crate::attributes::{self, Choices, Entry, Name, Strings, Value, When};
use crate::literal::{Kind, Literal, number};
use crate::names::{Case, paragraphs, title, unraw};
use crate::serde::Serde;

pub fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let fields = named_fields(input)?;
    if let Some(parameter) = input.generics.type_params().next() {
        let message = "`Properties` cannot be derived for a struct with type parameters";
        return Err(syn::Error::new(parameter.span(), message));
    }
    let mut errors = Errors::default();
    let container = errors.take(Container::of(input)).unwrap_or_default();
    let mut parts = vec![Part::Rows(Vec::new())];
    for field in fields {
        match errors.take(container.expand_field(field, fields)) {
            Some(Part::Rows(rows)) => match parts.last_mut() {
                Some(Part::Rows(before)) => before.extend(rows),
                _ => parts.push(Part::Rows(rows)),
            },
            Some(table) => parts.push(table),
            None => {}
        }
    }
    // An empty table avoids follow-up errors where it is used.
    let (table, errors) = match errors.0 {
        None => (table(&parts), None),
        Some(errors) => (quote!(&[]), Some(errors.into_compile_error())),
    };
    let name = &input.ident;
    let (action, title) = (Case::Camel.variant(&unraw(name)), title(name));
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    let label = container.label.unwrap_or_else(|| quote!(""));
    // The struct of a connection is never constructed. This avoids warnings
    // about fields that are never read.
    let read = container.connection.then(|| {
        let names = fields.iter().filter_map(|field| field.ident.as_ref());
        quote! {
            const _: () = {
                #[allow(dead_code, reason = "only the table is used, not the struct")]
                fn read(table: &#name) {
                    let _ = (#(&table.#names,)*);
                }
            };
        }
    });
    let description = paragraphs(&input.attrs).into_iter().next().unwrap_or_default();
    Ok(quote! {
        #errors
        #read

        #[automatically_derived]
        impl #impl_generics ::connector_sdk::property::Properties for #name #type_generics #where_clause {
            const PROPERTIES: &'static [::connector_sdk::property::Property] = #table;
            const NAME: &'static str = #action;
            const TITLE: &'static str = #title;
            const DESCRIPTION: &'static str = #description;
        }

        #[automatically_derived]
        impl #impl_generics ::connector_sdk::property::Shape for #name #type_generics #where_clause {
            const SHAPE: ::connector_sdk::property::Property = ::connector_sdk::property::Property {
                label: #label,
                description: #description,
                children: <Self as ::connector_sdk::property::Properties>::PROPERTIES,
                ..::connector_sdk::property::Property::of(
                    ::connector_sdk::property::Type::Object,
                    ::connector_sdk::property::Control::ObjectBuilder,
                )
            };
        }
    })
}

/// The errors so far. They are reported together.
#[derive(Default)]
struct Errors(Option<syn::Error>);

impl Errors {
    fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        match (result, &mut self.0) {
            (Ok(value), _) => return Some(value),
            (Err(error), Some(errors)) => errors.combine(error),
            (Err(error), errors) => *errors = Some(error),
        }
        None
    }
}

fn named_fields(input: &DeriveInput) -> syn::Result<&Fields> {
    match &input.data {
        Data::Struct(data) if matches!(data.fields, Fields::Named(_) | Fields::Unit) => {
            Ok(&data.fields)
        }
        Data::Enum(_) => Err(syn::Error::new(
            input.ident.span(),
            "`Properties` can only be derived for structs; use `Choices` for enums",
        )),
        _ => {
            let message = "`Properties` can only be derived for structs with named fields";
            Err(syn::Error::new(input.ident.span(), message))
        }
    }
}

/// A part of a table: rows of this struct, or the table of another struct.
enum Part {
    Rows(Vec<TokenStream>),
    Table(TokenStream),
}

fn table(parts: &[Part]) -> TokenStream {
    let tables: Vec<_> = parts
        .iter()
        .map(|part| match part {
            Part::Rows(rows) => quote!(&[#(#rows),*]),
            Part::Table(table) => table.clone(),
        })
        .collect();
    match tables.as_slice() {
        [table] => table.clone(),
        tables => quote!({
            const __TABLES: &[&[::connector_sdk::property::Property]] = &[#(#tables),*];
            const __LENGTH: usize = ::connector_sdk::property::length(__TABLES);
            &::connector_sdk::property::concatenated::<__LENGTH>(__TABLES)
        }),
    }
}

/// The attributes of the struct, which apply to all fields.
#[derive(Default)]
struct Container {
    serde: Serde,
    /// The label of an item or an output of this shape.
    label: Option<TokenStream>,
    /// Whether to use the keys that serde writes.
    output: bool,
    /// Whether these are properties of a connection.
    connection: bool,
}

impl Container {
    fn of(input: &DeriveInput) -> syn::Result<Self> {
        let serde = Serde::of(&input.attrs)?;
        let mut container = Self { serde, ..Self::default() };
        for entry in attributes::read(&input.attrs, "property", attributes::CONTAINER)? {
            match entry.value {
                Value::Text(label) => container.label = Some(quote!(#label)),
                _ if entry.name == "connection" => container.connection = true,
                _ => container.output = true,
            }
        }
        Ok(container)
    }

    fn key(&self, field: &Ident, serde: &Serde) -> String {
        self.key_if(self.output, field, serde)
    }

    /// Returns the key that serde writes or, if it is not the key of an `output`, reads.
    fn key_if(&self, output: bool, field: &Ident, serde: &Serde) -> String {
        let renamed = if output { &serde.rename.written } else { &serde.rename.read };
        let case = self.serde.rename_all.get(output).unwrap_or(Case::Snake);
        renamed.clone().unwrap_or_else(|| case.field(&unraw(field)))
    }

    fn expand_field(&self, field: &Field, fields: &Fields) -> syn::Result<Part> {
        let serde = Serde::of(&field.attrs)?;
        let entries = attributes::read(&field.attrs, "property", attributes::FIELD)?;
        let ty = &field.ty;
        if serde.skip.get(self.output) {
            return match entries.first() {
                None => Ok(Part::Rows(Vec::new())),
                Some(entry) => Err(error(entry, "serde skips this field, so it has no property")),
            };
        }
        if serde.flatten {
            return match entries.first() {
                None => Ok(Part::Table(quote_spanned! {ty.span()=>
                    <#ty as ::connector_sdk::property::Properties>::PROPERTIES
                })),
                Some(entry) => {
                    let message =
                        "a flattened field cannot have attributes; set them in its struct";
                    Err(error(entry, message))
                }
            };
        }
        let Some(ident) = &field.ident else { return Ok(Part::Rows(Vec::new())) };
        let mut row = Row::of(ty, Kind::of(ty), shape(ty));
        for entry in &entries {
            match &entry.value {
                Value::When(when) => {
                    let condition = self.condition(when, ident, fields)?;
                    row.set(quote!(condition: ::core::option::Option::Some(#condition)));
                }
                Value::Live(depends_on) => {
                    let keys = depends_on.iter().map(|name| self.key_of(name, fields));
                    row.live = Some((entry.name.span(), keys.collect::<syn::Result<_>>()?));
                }
                Value::Flag if entry.name == "secret" && !self.connection => {
                    let message = "`secret` requires a struct marked `#[property(connection)]`";
                    return Err(error(entry, message));
                }
                _ => row.read(entry)?,
            }
        }
        let key = self.key(ident, &serde);
        let written = self.key_if(true, ident, &serde);
        if written != key {
            row.set(quote!(written: ::core::option::Option::Some(#written)));
        }
        let is_optional = serde.optional.get(self.output) || self.serde.optional.get(self.output);
        let row =
            row.finish(&key, &title(ident), &paragraphs(&field.attrs).join(" "), is_optional)?;
        Ok(Part::Rows(vec![row]))
    }

    fn condition(&self, when: &When, own: &Ident, fields: &Fields) -> syn::Result<TokenStream> {
        let key = self.key_of(&when.property, fields)?;
        let mut kind = Kind::Any;
        if let Name::Field(name) = &when.property {
            if unraw(name) == unraw(own) {
                let message = "a property cannot depend on itself";
                return Err(syn::Error::new(name.span(), message));
            }
            let field = field_of(name, fields);
            kind = field.map_or(Kind::Any, |field| Kind::of(&field.ty));
        }
        for value in &when.values {
            value.check("the value in `when`", kind)?;
        }
        let comparison = Ident::new(when.comparison, Span::call_site());
        let values = when.values.iter().map(|value| value.tokens(kind));
        Ok(quote!(::connector_sdk::property::Condition {
            property: #key,
            matches: ::connector_sdk::property::Comparison::#comparison,
            values: &[#(#values),*],
        }))
    }

    /// Returns the key of a field of this struct.
    fn key_of(&self, name: &Name, fields: &Fields) -> syn::Result<String> {
        let name = match name {
            Name::Key(key) => return Ok(key.value()),
            Name::Field(name) => name,
        };
        match field_of(name, fields) {
            Some(field) => Ok(self.key(name, &Serde::of(&field.attrs)?)),
            None => {
                let names = fields.iter().filter_map(|field| field.ident.as_ref()).map(unraw);
                let names = names.collect::<Vec<_>>().join(", ");
                let message = format!("unknown field `{name}`\nexpected one of: {names}");
                Err(syn::Error::new(name.span(), message))
            }
        }
    }
}

/// Returns the field with this name. `type` is also the field `r#type`.
fn field_of<'a>(name: &Ident, fields: &'a Fields) -> Option<&'a Field> {
    fields.iter().find(|field| field.ident.as_ref().map(unraw) == Some(unraw(name)))
}

fn shape(ty: &Type) -> TokenStream {
    quote_spanned!(ty.span()=> <#ty as ::connector_sdk::property::Shape>::SHAPE)
}

fn error(entry: &Entry, message: impl std::fmt::Display) -> syn::Error {
    syn::Error::new(entry.name.span(), message)
}

/// A row under construction.
struct Row<'a> {
    ty: &'a Type,
    kind: Kind,
    /// The row that the type alone defines.
    shape: TokenStream,
    /// The members that differ from those of the type.
    members: Vec<TokenStream>,
    limits: Vec<TokenStream>,
    label: Option<TokenStream>,
    control: Option<TokenStream>,
    required: Option<TokenStream>,
    choices: Option<(bool, TokenStream)>,
    live: Option<(Span, Vec<String>)>,
    item: Option<TokenStream>,
    checks: Checks,
}

/// Numbers and values to compare once all attributes are known.
#[derive(Default)]
struct Checks {
    limits: Vec<(String, Span, f64)>,
    default: Option<Literal>,
    closed_choices: Vec<Literal>,
}

impl<'a> Row<'a> {
    fn of(ty: &'a Type, kind: Kind, shape: TokenStream) -> Self {
        Self {
            ty,
            kind,
            shape,
            members: Vec::new(),
            limits: Vec::new(),
            label: None,
            control: None,
            required: None,
            choices: None,
            live: None,
            item: None,
            checks: Checks::default(),
        }
    }

    fn set(&mut self, member: TokenStream) {
        self.members.push(member);
    }

    fn read(&mut self, entry: &Entry) -> syn::Result<()> {
        let name = &entry.name;
        let word = name.to_string();
        self.check_kind(entry, &word)?;
        match &entry.value {
            Value::Flag => match word.as_str() {
                "required" => self.required = Some(quote!(true)),
                "optional" => self.required = Some(quote!(false)),
                _ => self.set(quote!(#name: true)),
            },
            Value::Text(text) => match word.as_str() {
                "label" => self.label = Some(quote!(#text)),
                "pattern" => self.limits.push(quote!(pattern: ::core::option::Option::Some(#text))),
                _ => self.set(quote!(#name: ::core::option::Option::Some(#text))),
            },
            Value::Control(control) => self.control = Some(attributes::control(control)),
            Value::Literal(literal) => {
                literal.check(&format!("`{word}`"), self.kind)?;
                let value = literal.tokens(self.kind);
                self.set(quote!(#name: ::core::option::Option::Some(#value)));
                if word == "default" {
                    self.checks.default = Some(literal.clone());
                }
            }
            Value::Limit(limit) => {
                if let Some(number) = number(limit) {
                    self.checks.limits.push((word.clone(), limit.span(), number));
                }
                let value = match word.as_str() {
                    "minimum" | "maximum" => quote!((#limit) as f64),
                    _ => quote!(#limit),
                };
                self.limits.push(quote!(#name: ::core::option::Option::Some(#value)));
            }
            Value::Accept(Strings::Constant(path)) => self.limits.push(quote!(accept: #path)),
            Value::Accept(Strings::Listed(texts)) => {
                self.limits.push(quote!(accept: &[#(#texts),*]));
            }
            Value::Choices(choices) => self.read_choices(word == "open_choices", choices)?,
            Value::Item(entries) => {
                let kind = Kind::of_items(self.ty);
                let mut item = Row::of(self.ty, kind, {
                    let shape = &self.shape;
                    quote!(#shape.item())
                });
                for entry in entries {
                    item.read(entry)?;
                }
                self.item = Some(item.finish_item()?);
            }
            // The caller handles these, because they refer to other fields.
            Value::When(_) | Value::Live(_) => {}
        }
        Ok(())
    }

    /// Rejects an attribute that does not apply to this kind of property.
    fn check_kind(&self, entry: &Entry, word: &str) -> syn::Result<()> {
        use Kind::{Array, File, Integer, Map, Number, String};

        let (kinds, words): (&[Kind], _) = match word {
            "minimum" | "maximum" => (&[Integer, Number], "numbers"),
            "min_length" | "max_length" | "media_type" => (&[String], "strings"),
            "pattern" => (&[String, Map], "strings and the keys of maps"),
            "min_items" | "max_items" | "item" => (&[Array, Map], "arrays and maps"),
            "max_bytes" | "accept" => (&[File], "files"),
            "secret" if !matches!(self.kind, String | Map | Kind::Other) => {
                return Err(error(entry, "a `secret` property must be a string"));
            }
            _ => return Ok(()),
        };
        if kinds.contains(&self.kind) || self.kind == Kind::Other {
            return Ok(());
        }
        let hint = match self.kind {
            Array | Map => format!("; use `item({word} = …)` for its items"),
            _ => std::string::String::new(),
        };
        let kind = self.kind.noun();
        let message = format!("`{word}` applies to {words}, but this is {kind}{hint}");
        Err(error(entry, message))
    }

    fn read_choices(&mut self, is_open: bool, choices: &Choices) -> syn::Result<()> {
        let kind = if self.kind == Kind::Array { Kind::of_items(self.ty) } else { self.kind };
        let known = match choices {
            Choices::Constant(path) => quote!(#path),
            Choices::Listed(listed) => {
                let mut known = Vec::new();
                for choice in listed {
                    choice.value.check("a choice", kind)?;
                    let value = choice.value.tokens(kind);
                    let text = |text: &Option<syn::LitStr>| {
                        text.as_ref().map(syn::LitStr::value).unwrap_or_default()
                    };
                    let (label, description) = (text(&choice.label), text(&choice.description));
                    known.push(quote!(::connector_sdk::property::Choice {
                        label: #label,
                        value: #value,
                        description: #description,
                    }));
                    if !is_open {
                        self.checks.closed_choices.push(choice.value.clone());
                    }
                }
                quote!(&[#(#known),*])
            }
        };
        self.choices = Some((is_open, known));
        Ok(())
    }

    fn finish(
        mut self,
        key: &str,
        title: &str,
        description: &str,
        is_optional: bool,
    ) -> syn::Result<TokenStream> {
        let label = self.label.take().unwrap_or_else(|| quote!(#title));
        let ty = self.ty;
        let required = self.required.take().unwrap_or_else(|| {
            if is_optional {
                quote!(false)
            } else {
                quote!(!<#ty as ::connector_sdk::property::Shape>::OPTIONAL)
            }
        });
        self.set(quote!(name: #key, label: #label, required: #required));
        if !description.is_empty() {
            self.set(quote!(description: #description));
        }
        self.into_tokens()
    }

    fn finish_item(mut self) -> syn::Result<TokenStream> {
        if let Some(label) = self.label.take() {
            self.set(quote!(label: #label));
        }
        self.into_tokens()
    }

    fn into_tokens(mut self) -> syn::Result<TokenStream> {
        self.checks.check()?;
        self.add_choices()?;
        if let Some(control) = self.control.take() {
            self.set(quote!(control: #control));
        }
        if !self.limits.is_empty() {
            let limits = std::mem::take(&mut self.limits);
            let shape = &self.shape;
            self.set(quote!(limits: ::connector_sdk::property::Limits {
                #(#limits,)*
                ..#shape.limits
            }));
        }
        let Self { members, shape, item, .. } = self;
        let row = quote!(::connector_sdk::property::Property { #(#members,)* ..#shape });
        Ok(match item {
            None => row,
            Some(item) => quote!({
                const __ITEM: ::connector_sdk::property::Property = #item;
                #row.with_item(&__ITEM)
            }),
        })
    }

    fn add_choices(&mut self) -> syn::Result<()> {
        let is_live = self.live.is_some();
        let (is_open, known) = match (self.choices.take(), &self.live) {
            (None, None) => return Ok(()),
            (Some((false, _)), Some((span, _))) => {
                let message = "`live` cannot be combined with `choices`; use `open_choices`";
                return Err(syn::Error::new(*span, message));
            }
            (Some(choices), _) => choices,
            (None, Some(_)) => (true, quote!(&[])),
        };
        if !is_open && self.limits.is_empty() {
            // The choices are stricter than the bounds of the type.
            self.set(quote!(limits: ::connector_sdk::property::Limits::NONE));
        }
        let keys = self.live.take().map(|(_, keys)| keys).unwrap_or_default();
        let live = if is_live {
            quote!(::core::option::Option::Some(&[#(#keys),*]))
        } else {
            quote!(::core::option::Option::None)
        };
        self.set(
            quote!(choices: ::core::option::Option::Some(::connector_sdk::property::ChoiceList {
                known: #known,
                open: #is_open,
                live: #live,
            })),
        );
        if self.control.is_none() {
            let control = if self.kind == Kind::Array { "multi_select" } else { "select" };
            self.control = Some(attributes::control(&Ident::new(control, Span::call_site())));
        }
        Ok(())
    }
}

impl Checks {
    /// Rejects attributes that contradict each other.
    fn check(&self) -> syn::Result<()> {
        let limit = |name: &str| self.limits.iter().find(|(other, ..)| other == name);
        for (least, most) in
            [("minimum", "maximum"), ("min_length", "max_length"), ("min_items", "max_items")]
        {
            if let (Some((_, span, low)), Some((_, _, high))) = (limit(least), limit(most))
                && low > high
            {
                return Err(syn::Error::new(*span, format!("`{least}` is greater than `{most}`")));
            }
        }
        let Some(default) = &self.default else { return Ok(()) };
        if let Some(number) = default.number() {
            if limit("minimum").is_some_and(|(.., low)| number < *low) {
                return Err(syn::Error::new(default.span(), "`default` is less than `minimum`"));
            }
            if limit("maximum").is_some_and(|(.., high)| number > *high) {
                return Err(syn::Error::new(default.span(), "`default` is greater than `maximum`"));
            }
        }
        let choices = &self.closed_choices;
        if !choices.is_empty() && choices.iter().all(|choice| choice.differs(default)) {
            return Err(syn::Error::new(default.span(), "`default` is not one of the `choices`"));
        }
        Ok(())
    }
}
