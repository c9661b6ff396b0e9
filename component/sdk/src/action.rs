//! What an action is and does (`wit/describe.wit`, `wit/actions.wit`).

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::property::{Properties, Property, Shape};
use crate::{Failure, FailureKind, Result};

/// An action, implemented by the type of its input.
///
/// The host has checked the input against the table before it calls
/// [`run`](Self::run): required members are there, every value is of its type
/// and within its limits, unset and hidden members are absent.
///
/// The names and the description have defaults from the struct, all else has
/// one that means none.
pub trait Run: DeserializeOwned + Properties {
    /// The name in addresses such as `openai/v1/createImage`; that of the
    /// struct.
    const NAME: &'static str = <Self as Properties>::NAME;
    /// The name that people see; that of the struct.
    const TITLE: &'static str = <Self as Properties>::TITLE;
    /// One sentence; the first paragraph of the input's doc comment.
    const DESCRIPTION: &'static str = <Self as Properties>::DESCRIPTION;
    /// More for the documentation, Markdown.
    const HELP: &'static str = "";
    /// The heading under which actions are listed, such as `Tickets`; none if
    /// it is empty.
    const GROUP: &'static str = "";
    /// Whether the action is only there for stored workflows. The description
    /// names what to use instead.
    const DEPRECATED: bool = false;
    /// The path of the property that a single text fills, such as
    /// `messages[0].content`; none if it is empty.
    const TEXT_PROPERTY: &'static str = "";
    /// What a run does at the provider.
    const EFFECTS: Effects = Effects::NONE;
    /// How long a run may well take, in milliseconds, if that is longer than
    /// the usual minutes.
    const DURATION_MS: Option<u64> = None;
    /// Inputs that people start from.
    const EXAMPLES: &'static [Example] = &[];

    /// What a run returns. A member that is an `Option` is `null` when there is
    /// none; with `#[serde(skip_serializing_if = "Option::is_none")]` it is
    /// absent. Either is fine: workflows read both alike.
    type Output: Serialize + Shape;
    /// The shape of it, if that is not the shape of its type. An action whose
    /// `Output` is a [`Value`] of another shape each time has
    /// `Output::Dynamic` and an [`output_schema`](Self::output_schema).
    const OUTPUT: Output = Output::Fixed(&Self::Output::SHAPE);

    /// Runs the action.
    fn run(self, settings: &Settings) -> Result<Outcome<Self::Output>>;

    /// The current choices of a property that is `live`. A failure of the
    /// provider becomes a list that is disabled and gives the reason.
    fn options(request: &OptionsRequest) -> Result<Options> {
        let message = format!("`{}` has no list of choices to ask for", request.property);
        Err(Failure::invalid_input(request.property, message))
    }

    /// The shape of the output for this input, which may be incomplete, as a
    /// JSON Schema. Without requests to the provider.
    fn output_schema(_input: Value, _settings: &Settings) -> Result<Value> {
        Err(Failure::internal("the output always has the same shape"))
    }
}

/// What an action returns.
#[derive(Debug, Clone, Copy)]
pub enum Output {
    /// Always this shape.
    Fixed(&'static Property),
    /// One of these shapes.
    OneOf(&'static [Property]),
    /// A shape that depends on the input: [`Run::output_schema`] returns it.
    /// These are the ones that are known beforehand.
    Dynamic(&'static [Property]),
}

/// What a run does, for people and models that decide whether to run it.
///
/// | an action that | |
/// |---|---|
/// | lists, searches or fetches | [`Effects::READ_ONLY`] |
/// | creates or sends something | [`Effects::NONE`] |
/// | sets something to a value | `Effects { idempotent: true, ..Effects::NONE }` |
/// | deletes or overwrites | `Effects { destructive: true, ..Effects::NONE }` |
/// | asks a model or buys something | [`Effects::BILLED`] |
#[derive(Debug, Clone, Copy, Default)]
pub struct Effects {
    /// It changes nothing at the provider.
    pub read_only: bool,
    /// It may delete or overwrite something at the provider.
    pub destructive: bool,
    /// The same input again changes nothing further.
    pub idempotent: bool,
    /// The provider charges for it.
    pub billed: bool,
}

impl Effects {
    /// None of them.
    pub const NONE: Self =
        Self { read_only: false, destructive: false, idempotent: false, billed: false };
    /// It only reads.
    pub const READ_ONLY: Self = Self { read_only: true, idempotent: true, ..Self::NONE };
    /// The provider charges for it.
    pub const BILLED: Self = Self { billed: true, ..Self::NONE };
}

/// An input that people start from.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// What it shows, in a few words.
    pub title: &'static str,
    /// The input: a JSON object, as text.
    pub input: &'static str,
}

/// An action of which only the declaration and the functions are left.
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
    /// The action of this input.
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

/// An outcome as the host takes it: two JSON texts.
pub(crate) struct OutcomeText {
    pub output: String,
    pub metadata: String,
}

fn run<T: Run>(input: &str, settings: &Settings) -> Result<OutcomeText> {
    let input: T = parse("the input", input)?;
    let outcome = input.run(settings)?;
    let output = serde_json::to_string(&outcome.output).map_err(|error| {
        Failure::internal(format!("the output cannot be written as JSON: {error}"))
    })?;
    Ok(OutcomeText { output, metadata: outcome.metadata })
}

/// Reads JSON that the host handed over. It has checked it: what does not fit
/// all the same is a fault of the caller or of the table.
pub(crate) fn parse<T: DeserializeOwned>(what: &str, json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| {
        Failure::new(
            FailureKind::InvalidInput,
            format!("{what} is not what the connector describes: {error}"),
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
    /// An outcome without metadata.
    pub fn new(output: T) -> Self {
        Self { output, metadata: "{}".to_owned() }
    }

    /// The same outcome with the members of this object as metadata: `usage`,
    /// `model`, `requestId` and the like. The host leaves out those that are
    /// `null`.
    pub fn with_metadata(self, metadata: &impl Serialize) -> Result<Self> {
        match serde_json::to_string(metadata) {
            Ok(metadata) if metadata.starts_with('{') => Ok(Self { metadata, ..self }),
            Ok(other) => Err(Failure::internal(format!("metadata must be an object, not {other}"))),
            Err(error) => {
                Err(Failure::internal(format!("the metadata cannot be written as JSON: {error}")))
            }
        }
    }
}

impl<T> From<T> for Outcome<T> {
    fn from(output: T) -> Self {
        Self::new(output)
    }
}

/// The settings of the connection: its properties that are neither secret nor
/// sent as headers nor the base URL.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'a>(pub(crate) &'a str);

impl Settings<'_> {
    /// The settings as a struct.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T> {
        parse("the connection", self.0)
    }
}

/// What a form asks when it needs the choices of a property.
#[derive(Debug)]
pub struct OptionsRequest<'a> {
    /// The path of the property, such as `model`.
    pub property: &'a str,
    /// What is filled in so far, unchecked: a JSON object.
    pub input: Value,
    /// What was typed.
    pub search: Option<&'a str>,
    /// The connection's settings.
    pub settings: &'a Settings<'a>,
}

impl OptionsRequest<'_> {
    /// The text that is filled in for a property; none if the box is empty,
    /// blank or of another type.
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
    /// Whether there is no list. The property can still be typed.
    pub disabled: bool,
    /// What a form shows in the empty box: if disabled, why.
    pub placeholder: Option<String>,
    /// The choices.
    pub options: Vec<OptionItem>,
    /// Whether there are more than those, which a search finds.
    pub more: bool,
}

/// One of the current choices.
#[derive(Debug, Clone, PartialEq)]
pub struct OptionItem {
    /// What a form shows.
    pub label: String,
    /// The value.
    pub value: Value,
    /// A sentence about it.
    pub description: Option<String>,
}

/// The most choices that the host takes at once.
const MAX_OPTIONS: usize = 10_000;

impl Options {
    /// These choices: texts, pairs of a label and a text, or [`OptionItem`]s.
    pub fn from_list<T: Into<OptionItem>>(items: impl IntoIterator<Item = T>) -> Self {
        Self { options: items.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// No list, and why.
    pub fn disabled(reason: impl Into<String>) -> Self {
        Self { disabled: true, placeholder: Some(reason.into()), ..Self::default() }
    }

    /// The choices whose label or value contains what was typed, in upper or
    /// lower case.
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
