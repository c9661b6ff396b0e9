//! Derive macros for `connector-sdk`. Use them through its re-exports.

mod attributes;
mod choices;
mod literal;
mod names;
mod properties;
mod serde;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Derives a property table from a struct with named fields.
///
/// The doc comment of a field becomes the property's description, and the field
/// name in title case becomes its label. The key is the one that serde reads:
/// `rename`, `rename_all`, `flatten`, `skip` and `default` of `#[serde(…)]`
/// apply here too. A field is required unless it is an `Option` or has a serde
/// default.
///
/// The doc comment of the struct becomes the description of an action with this
/// input, or of an output or an item with this shape.
///
/// | `#[property(…)]` on a field | |
/// |---|---|
/// | `label = "Max Tokens"` | the label next to the control |
/// | `placeholder = "Ada"` | the text in the empty control |
/// | `control = text_area` | the control, if not the default for the type |
/// | `group = "Sampling"` | the heading under which a form shows it |
/// | `advanced` | a form initially hides it in a collapsed section |
/// | `deprecated` | it is kept only for existing workflows and connections |
/// | `secret` | it is a credential; allowed only in a connection |
/// | `required`, `optional` | whether a value is required |
/// | `default = 4096` | the value to use if none is set |
/// | `provider_default = 1` | the value that the provider uses if none is set |
/// | `minimum = 0`, `maximum = 2` | limits of a number |
/// | `min_length = 0`, `max_length = 64` | limits of a string |
/// | `min_items = 1`, `max_items = 4` | limits of an array or a map |
/// | `pattern = "[0-9]+"` | the pattern of a string or of the keys of a map |
/// | `max_bytes = 25 << 20`, `accept("mp3", "wav")` | limits of a file |
/// | `choices(…)` | the allowed values, see below |
/// | `open_choices(…)` | suggested values; others are allowed too |
/// | `live`, `live("model")` | `Run::options` returns the current choices, which depend on these properties |
/// | `when(…)` | when the property applies, see below |
/// | `media_type = "application/schema+json"` | the media type of the document in a string |
/// | `display = "markdown"` | how to display a value |
/// | `item(…)` | any of these for the items of an array or the values of a map |
///
/// A string may also be a constant: `provider_default = BASE_URL`.
///
/// A choice is a value, optionally followed by a label and a description:
/// `choices("mp3", "flac": "Lossless.", 0 as "Text", 1 as "Object": "A JSON
/// object.")`. The list may also be a constant: `choices = LANGUAGES`.
///
/// A condition names another field of the struct: `when(format = "text")`,
/// `when(format in ["text", "html"])`, `when(not format = "text")`,
/// `when(present(file))`, `when(absent(file))`. To name a property of a
/// flattened struct, use its key: `when("format" = "text")`.
///
/// | `#[property(…)]` on the struct | |
/// |---|---|
/// | `label = "Message"` | what to call an item or an output of this shape |
/// | `output` | use the keys that serde writes instead of those it reads |
/// | `connection` | these are properties of a connection: secrets are allowed, and only the host reads the fields |
#[proc_macro_derive(Properties, attributes(property, serde))]
pub fn derive_properties(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    properties::expand(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Derives the choices of a string property from an enum without data. Other
/// values are not allowed.
///
/// The value of a variant is the one that serde reads. Its label is its name in
/// title case or `#[choice(label = "…")]`, and its doc comment is its
/// description.
#[proc_macro_derive(Choices, attributes(choice, serde))]
pub fn derive_choices(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    choices::expand(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
