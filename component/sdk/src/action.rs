//! Actions (`wit/describe.wit`, `wit/actions.wit`).

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::property::{Properties, Property, Shape};
use crate::{Failure, FailureKind, Result};

/// An action. Implement this trait for the type of its input.
///
/// The host validates the input against the property table before it calls
/// [`run`](Self::run): required members are present, every value has the right
/// type and is within its limits, and unset or hidden members are absent.
///
/// The names and the description default to those of the struct, and
/// [`OUTPUT`](Self::OUTPUT) to the shape of the output's type. All other constants
/// default to none.
pub trait Run: DeserializeOwned + Properties {
    /// The name in addresses such as `openai/v1/createImage`. By default, the
    /// struct's name in camel case.
    const NAME: &'static str = <Self as Properties>::NAME;
    /// The display name. By default, the struct's name in title case.
    const TITLE: &'static str = <Self as Properties>::TITLE;
    /// One sentence. By default, the first paragraph of the struct's doc
    /// comment.
    const DESCRIPTION: &'static str = <Self as Properties>::DESCRIPTION;
    /// Documentation in Markdown.
    const HELP: &'static str = "";
    /// The heading under which the action is listed, such as `Tickets`. If empty,
    /// the action has no group.
    const GROUP: &'static str = "";
    /// Whether the action is kept only for existing workflows. The description
    /// names the replacement.
    const DEPRECATED: bool = false;
    /// The path of the property to fill when the caller provides only text,
    /// such as `messages[0].content`. If empty, there is no text property.
    const TEXT_PROPERTY: &'static str = "";
    /// What a run does at the provider.
    const EFFECTS: Effects = Effects::NONE;
    /// How long a run may take, in milliseconds, if the usual few minutes are
    /// not enough.
    const DURATION_MS: Option<u64> = None;
    /// Example inputs to start from.
    const EXAMPLES: &'static [Example] = &[];

    /// What a run returns. A member that is an `Option` and `None` is absent from
    /// the caller's output: the host removes optional members that are `null`. If
    /// the output is `Output::Dynamic`, only you know what `null` means, and the
    /// host removes nothing; use
    /// `#[serde(skip_serializing_if = "Option::is_none")]`.
    type Output: Serialize + Shape;
    /// The shape of the output. By default, the shape of its type. If `Output`
    /// is a [`Value`] whose shape varies, use `Output::Dynamic` and implement
    /// [`output_schema`](Self::output_schema).
    const OUTPUT: Output = Output::Fixed(&Self::Output::SHAPE);

    /// Runs the action.
    fn run(self, settings: &Settings) -> Result<Outcome<Self::Output>>;

    /// Returns the current choices of a `live` property. If the provider fails,
    /// the form shows a disabled list with the reason.
    fn options(request: &OptionsRequest) -> Result<Options> {
        Err(no_options(request.property))
    }

    /// Returns the JSON Schema of the output for this input, which the host has
    /// validated as for a run. Must not send requests to the provider.
    fn output_schema(_input: Value, _settings: &Settings) -> Result<Value> {
        Err(Failure::internal("the output always has the same shape"))
    }
}

/// The failure of an action that returns no choices for a property.
pub(crate) fn no_options(property: &str) -> Failure {
    Failure::invalid_input(property, format!("`{property}` has no dynamic options"))
}

/// The shape of an action's output.
#[derive(Debug, Clone, Copy)]
pub enum Output {
    /// Always this shape.
    Fixed(&'static Property),
    /// One of these shapes.
    OneOf(&'static [Property]),
    /// A shape that depends on the input: [`Run::output_schema`] returns it.
    /// The list contains the shapes known in advance.
    Dynamic(&'static [Property]),
}

/// What a run does, for people and models that decide whether to run it.
///
/// | an action that … | has |
/// |---|---|
/// | lists, searches or fetches | [`Effects::READ_ONLY`] |
/// | creates or sends something | [`Effects::NONE`] |
/// | sets something to a value | `Effects { idempotent: true, ..Effects::NONE }` |
/// | deletes or overwrites | `Effects { destructive: true, ..Effects::NONE }` |
/// | calls a model or buys something | [`Effects::BILLED`] |
#[derive(Debug, Clone, Copy, Default)]
pub struct Effects {
    /// It changes nothing at the provider.
    pub read_only: bool,
    /// It may delete or overwrite something at the provider.
    pub destructive: bool,
    /// Running it again with the same input has no further effect.
    pub idempotent: bool,
    /// The provider charges for it.
    pub billed: bool,
}

impl Effects {
    /// No effects set.
    pub const NONE: Self =
        Self { read_only: false, destructive: false, idempotent: false, billed: false };
    /// It only reads.
    pub const READ_ONLY: Self = Self { read_only: true, idempotent: true, ..Self::NONE };
    /// The provider charges for it.
    pub const BILLED: Self = Self { billed: true, ..Self::NONE };
}

/// An example input to start from.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// What it shows, in a few words.
    pub title: &'static str,
    /// The input: a JSON object, as text.
    pub input: &'static str,
}

/// A type-erased action: its declaration and its functions.
#[derive(Clone, Copy)]
pub struct Action {
    /// As in [`Run`].
    pub name: &'static str,
    /// As in [`Run`].
    pub title: &'static str,
    /// As in [`Run`].
    pub description: &'static str,
    /// As in [`Run`].
    pub help: &'static str,
    /// As in [`Run`].
    pub group: &'static str,
    /// As in [`Run`].
    pub deprecated: bool,
    /// The input.
    pub properties: &'static [Property],
    /// As in [`Run`].
    pub text_property: &'static str,
    /// As in [`Run`].
    pub output: Output,
    /// As in [`Run`].
    pub effects: Effects,
    /// As in [`Run`].
    pub duration_ms: Option<u64>,
    /// As in [`Run`].
    pub examples: &'static [Example],
    pub(crate) run: fn(&str, &Settings) -> Result<OutcomeText>,
    pub(crate) options: fn(&OptionsRequest) -> Result<Options>,
    pub(crate) output_schema: fn(Value, &Settings) -> Result<Value>,
}

impl Action {
    /// Returns the action whose input has this type.
    pub const fn of<T: Run>() -> Self {
        Self {
            name: <T as Run>::NAME,
            title: <T as Run>::TITLE,
            description: <T as Run>::DESCRIPTION,
            help: T::HELP,
            group: T::GROUP,
            deprecated: T::DEPRECATED,
            properties: T::PROPERTIES,
            text_property: T::TEXT_PROPERTY,
            output: T::OUTPUT,
            effects: T::EFFECTS,
            duration_ms: T::DURATION_MS,
            examples: T::EXAMPLES,
            run: run::<T>,
            options: T::options,
            output_schema: T::output_schema,
        }
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Action({})", self.name)
    }
}

/// An outcome as the host expects it: two strings of JSON.
pub(crate) struct OutcomeText {
    pub output: String,
    pub metadata: String,
}

fn run<T: Run>(input: &str, settings: &Settings) -> Result<OutcomeText> {
    let input: T = parse("the input", input)?;
    let outcome = input.run(settings)?;
    let output = serde_json::to_string(&outcome.output)
        .map_err(|error| Failure::internal(format!("could not serialize the output: {error}")))?;
    Ok(OutcomeText { output, metadata: outcome.metadata })
}

/// Parses JSON from the host, which has already validated it. If it still does
/// not match the type, the caller or the table is wrong.
pub(crate) fn parse<T: DeserializeOwned>(what: &str, json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| {
        Failure::new(
            FailureKind::InvalidInput,
            format!("{what} does not match the connector's description: {error}"),
        )
    })
}

/// What a run returned.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome<T> {
    /// The output.
    pub output: T,
    /// A JSON object, as text.
    metadata: String,
}

impl<T> Outcome<T> {
    /// Creates an outcome without metadata.
    pub fn new(output: T) -> Self {
        Self { output, metadata: "{}".to_owned() }
    }

    /// Sets the metadata to the members of this object, such as `usage`,
    /// `model` and `requestId`. The host omits those that are `null`.
    pub fn with_metadata(self, metadata: &impl Serialize) -> Result<Self> {
        match serde_json::to_string(metadata) {
            Ok(metadata) if metadata.starts_with('{') => Ok(Self { metadata, ..self }),
            Ok(other) => Err(Failure::internal(format!("metadata must be an object, not {other}"))),
            Err(error) => {
                Err(Failure::internal(format!("could not serialize the metadata: {error}")))
            }
        }
    }
}

impl<T: Serialize> Outcome<T> {
    /// Returns the output and the metadata without members that are `null`, for
    /// an action that returns the outcomes of others.
    pub fn into_values(self) -> Result<(Value, Map<String, Value>)> {
        // As text, a 32-bit number has fewer digits than as a value, as in a run.
        let text = serde_json::to_string(&self.output).map_err(|error| {
            Failure::internal(format!("could not serialize the output: {error}"))
        })?;
        drop(self.output);
        let output = serde_json::from_str(&text)?;
        let mut metadata: Map<String, Value> = serde_json::from_str(&self.metadata)?;
        metadata.retain(|_, value| !value.is_null());
        Ok((output, metadata))
    }
}

impl<T> From<T> for Outcome<T> {
    fn from(output: T) -> Self {
        Self::new(output)
    }
}

/// The settings of the connection: its properties, except secrets, properties
/// sent as headers, and the base URL.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'a>(pub(crate) &'a str);

impl Settings<'_> {
    /// Deserializes the settings.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T> {
        parse("the connection", self.0)
    }
}

/// A form's request for the current choices of a property.
#[derive(Debug)]
pub struct OptionsRequest<'a> {
    /// The path of the property, such as `model`.
    pub property: &'a str,
    /// The values entered so far, not validated: a JSON object.
    pub input: Value,
    /// The text that the user typed.
    pub search: Option<&'a str>,
    /// The settings of the connection.
    pub settings: &'a Settings<'a>,
}

impl OptionsRequest<'_> {
    /// Returns the text entered for a property, or `None` if it is empty, blank
    /// or not a string.
    ///
    /// ```
    /// use connector_sdk::{Options, OptionsRequest, Result};
    ///
    /// fn categories(request: &OptionsRequest) -> Result<Options> {
    ///     match request.text("project") {
    ///         None => Ok(Options::disabled("choose a project first")),
    ///         Some(project) => Ok(Options::from_list([format!("{project}/bugs")])),
    ///     }
    /// }
    /// ```
    pub fn text(&self, property: &str) -> Option<&str> {
        let text = self.input.get(property)?.as_str()?.trim();
        (!text.is_empty()).then_some(text)
    }
}

/// The current choices of a property.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Whether the list is unavailable. The user can still enter a value.
    pub disabled: bool,
    /// The text that a form shows in the empty field. For a disabled list, the
    /// reason.
    pub placeholder: Option<String>,
    /// The choices.
    pub options: Vec<OptionItem>,
    /// Whether more choices exist. A search finds them.
    pub more: bool,
}

/// One of the current choices.
#[derive(Debug, Clone, PartialEq)]
pub struct OptionItem {
    /// The text that a form shows.
    pub label: String,
    /// The value.
    pub value: Value,
    /// A sentence of explanation.
    pub description: Option<String>,
}

/// The maximum number of choices that the host accepts.
const MAX_OPTIONS: usize = 10_000;

impl Options {
    /// Creates a list of choices from strings, pairs of a label and a value, or
    /// [`OptionItem`]s.
    pub fn from_list<T: Into<OptionItem>>(items: impl IntoIterator<Item = T>) -> Self {
        Self { options: items.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// Creates a disabled list with a reason.
    pub fn disabled(reason: impl Into<String>) -> Self {
        Self { disabled: true, placeholder: Some(reason.into()), ..Self::default() }
    }

    /// Keeps only the choices whose label or value contains the typed text,
    /// ignoring case.
    pub fn matching(mut self, request: &OptionsRequest) -> Self {
        let search = request.search.unwrap_or_default().trim().to_lowercase();
        let has = |text: &str| text.to_lowercase().contains(&search);
        self.options.retain(|item| has(&item.label) || item.value.as_str().is_some_and(has));
        self
    }

    pub(crate) fn within_limits(mut self) -> Self {
        self.more |= self.options.len() > MAX_OPTIONS;
        self.options.truncate(MAX_OPTIONS);
        self
    }
}

impl From<String> for OptionItem {
    fn from(text: String) -> Self {
        (text.clone(), text).into()
    }
}

impl From<&str> for OptionItem {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl<L: Into<String>, V: Into<Value>> From<(L, V)> for OptionItem {
    fn from((label, value): (L, V)) -> Self {
        Self { label: label.into(), value: value.into(), description: None }
    }
}
