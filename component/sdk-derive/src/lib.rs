//! The derive macros of `connector-sdk`, which re-exports and documents them.

mod attributes;
mod choices;
mod literal;
mod names;
mod properties;
mod serde;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a property table of a struct with named fields.
///
/// A field's doc comment is its description, its name in title case its label.
/// Its key is the one that serde reads: `rename`, `rename_all`, `flatten`,
/// `skip` and `default` of `#[serde(…)]` count here too. A field is required
/// unless it is an `Option` or has a default of serde.
///
/// The struct's doc comment is the description of an action with this input,
/// and of an output or an item of this shape.
///
/// | `#[property(…)]` of a field | |
/// |---|---|
/// | `label = "Max Tokens"` | what a form shows beside the control |
/// | `placeholder = "Ada"` | text in the empty control |
/// | `control = text_area` | the control, if not the usual one of the type |
/// | `group = "Sampling"` | the heading under which a form shows it |
/// | `advanced` | a form folds it away at first |
/// | `deprecated` | it is only there for what was stored earlier |
/// | `secret` | it is a credential; only in a connection |
/// | `required`, `optional` | whether a value must be given |
/// | `default = 4096` | the value that holds when none is given |
/// | `provider_default = 1` | what the provider takes when none is given |
/// | `minimum = 0`, `maximum = 2` | of a number |
/// | `min_length = 0`, `max_length = 64` | of a string |
/// | `min_items = 1`, `max_items = 4` | of an array or a map |
/// | `pattern = "[0-9]+"` | of a string, or of a map's keys |
/// | `max_bytes = 25 << 20`, `accept("mp3", "wav")` | of a file |
/// | `choices(…)` | the values that are taken, see below |
/// | `open_choices(…)` | values that are offered; others are taken too |
/// | `live`, `live("model")` | `Run::options` has a current list, which depends on these properties |
/// | `when(…)` | when the property counts, see below |
/// | `media_type = "application/schema+json"` | of the document that a string holds |
/// | `display = "markdown"` | what a value is to those who look at it |
/// | `item(…)` | any of these for the items of an array or the values of a map |
///
/// A text may also be a constant: `provider_default = BASE_URL`.
///
/// A choice is a value, its label if it is another, and a sentence about it:
/// `choices("mp3", "flac": "Lossless.", 0 as "Text", 1 as "Object": "A JSON
/// object.")`. A constant list is `choices = LANGUAGES`.
///
/// A condition names another field of the struct: `when(format = "text")`,
/// `when(format in ["text", "html"])`, `when(not format = "text")`,
/// `when(present(file))`, `when(absent(file))`. A property of a flattened
/// struct is named by its key: `when("format" = "text")`.
///
/// | `#[property(…)]` of the struct | |
/// |---|---|
/// | `label = "Message"` | what an item or an output of this shape is called |
/// | `output` | the keys are those that serde writes, not those that it reads |
/// | `connection` | a table of a connection: it may have secrets, and the host reads its fields |
#[proc_macro_derive(Properties, attributes(property, serde))]
pub fn derive_properties(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    properties::expand(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes the closed choices of a string property of an enum without data.
///
/// A variant's value is the one that serde reads. Its label is its name in
/// title case, or `#[choice(label = "…")]`; its doc comment is its description.
#[proc_macro_derive(Choices, attributes(choice, serde))]
pub fn derive_choices(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    choices::expand(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
