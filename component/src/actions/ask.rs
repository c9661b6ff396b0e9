//! Ask: `POST /chat/completions`.
//!
//! [`format`] decides the shape of the answer, [`functions`] what the model may
//! call, [`conversation`] asks until there is an answer, and [`stream`] puts an
//! answer together that arrives in pieces.

mod conversation;
mod format;
mod functions;
mod stream;

use std::result;

use self::conversation::{Answer, Call, Outside, Reply, Stopped, Terms, said, stopped};
use self::format::Format;
use self::functions::Functions;
use self::stream::Stream;
use super::{Action, Output, parse};
use crate::bindings::exports::workflow::connector::actions::Outcome;
use crate::bindings::workflow::connector::{events, functions as registry, json_schema};
use crate::connection::{MaxTokensParameter, Settings};
use crate::failure::{Failure, Result};
use crate::json::input::{FromJson, Members, members};
use crate::json::{Json, Number, Object, Value};
use crate::openai::models::has_any;
use crate::openai::param;
use crate::openai::request::{post, send};
use crate::table::{
    Choice, Choices, Comparison, Condition, ControlType, Limits, Literal, Property,
};

/// The action.
pub const ACTION: Action = Action {
    name: "ask",
    title: "Ask",
    description: "Asks a chat model and returns its answer as text, as an object or as a list.",
    help: include_str!("ask.md"),
    properties: PROPERTIES,
    output: Output::Dynamic(output_schema),
    run,
    suits: |id| !has_any(id, OTHER_MODELS),
};

/// Parts of the names of models that do not chat.
const OTHER_MODELS: &[&str] = &[
    "audio",
    "babbage",
    "dall-e",
    "davinci",
    "diffusion",
    "embed",
    "flux",
    "image",
    "moderation",
    "realtime",
    "rerank",
    "sora",
    "speech",
    "transcribe",
    "tts",
    "whisper",
];

/// What a user fills in.
pub const PROPERTIES: &[Property] = &[
    Property {
        required: true,
        default: Some(Literal::Text("gpt-5.4")),
        ..Property::string(
            "model",
            "Model",
            "The model that answers. Any name that the server knows can be typed.",
        )
        .select(Choices::live(&[
            Choice::text("gpt-5.4"),
            Choice::text("gpt-5.4-mini"),
            Choice::text("gpt-5.4-nano"),
            Choice::text("gpt-5.5"),
            Choice::text("gpt-4.1"),
            Choice::text("gpt-4.1-mini"),
            Choice::text("gpt-4o"),
            Choice::text("gpt-4o-mini"),
            Choice::text("o4-mini"),
        ]))
    },
    Property {
        required: true,
        limits: &Limits::NOT_EMPTY,
        ..Property::array(
            "messages",
            "Messages",
            "The conversation so far, the oldest message first. The model answers the last one.",
            &[Property::object("", "", "", MESSAGE)],
        )
    },
    Property {
        default: Some(Literal::Integer(0)),
        ..Property::integer(
            "responseFormat",
            "Response Format",
            "The shape of the answer. Object and List return parsed JSON instead of text; a \
             Response Schema makes their shape certain.",
        )
        .select(Choices::closed(&[
            Choice::labelled("Text", Literal::Integer(0)).described("The answer as it is."),
            Choice::labelled("Object", Literal::Integer(1)).described("A JSON object."),
            Choice::labelled("List", Literal::Integer(2)).described("A JSON array."),
        ]))
    },
    Property {
        control: ControlType::TextArea,
        condition: Some(NOT_TEXT),
        placeholder: Some("{\"type\": \"object\", …}"),
        ..Property::string(
            "responseSchema",
            "Response Schema",
            "A JSON Schema of the object, or of the list's items. Left empty, the model chooses \
             the members itself.",
        )
    },
    Property {
        advanced: true,
        limits: &Limits { minimum: Some(1.0), ..Limits::NONE },
        ..Property::integer(
            "maxTokens",
            "Max Tokens",
            "The most tokens that an answer may take, what the model thinks to itself included. \
             Left empty, only the model's own limit holds.",
        )
    },
    Property {
        advanced: true,
        provider_default: Some(Literal::Integer(1)),
        limits: &Limits::range(1.0, 128.0),
        ..Property::integer(
            "n",
            "Number of Chat Completion Choices",
            "How many answers to give. Above 1 the output is a list of them, and each is charged.",
        )
    },
    Property {
        advanced: true,
        provider_default: Some(Literal::Integer(1)),
        limits: &Limits::range(0.0, 2.0),
        ..Property::number(
            "temperature",
            "Temperature",
            "How much chance there is in the choice of words: at 0 the answer is nearly always the \
             same. Change this or Top P, not both. Leave it empty for reasoning models, which \
             mostly refuse it.",
        )
    },
    Property {
        advanced: true,
        provider_default: Some(Literal::Integer(1)),
        limits: &Limits::range(0.0, 1.0),
        ..Property::number(
            "topP",
            "Top P",
            "From how much of the probability words are chosen: at 0.1 only the most probable \
             tenth counts. Change this or Temperature, not both.",
        )
    },
    Property {
        advanced: true,
        provider_default: Some(Literal::Integer(0)),
        limits: &Limits::range(-2.0, 2.0),
        ..Property::number(
            "frequencyPenalty",
            "Frequency Penalty",
            "Above 0, a word becomes less likely each time it occurs, which avoids repeated \
             phrases; below 0, more likely.",
        )
    },
    Property {
        advanced: true,
        provider_default: Some(Literal::Integer(0)),
        limits: &Limits::range(-2.0, 2.0),
        ..Property::number(
            "presencePenalty",
            "Presence Penalty",
            "Above 0, a word that has occurred at all becomes less likely, which leads to new \
             topics; below 0, more likely.",
        )
    },
    Property {
        advanced: true,
        limits: &Limits { pattern: Some("[0-9]+"), ..Limits::NONE },
        ..Property::map(
            "logitBias",
            "Logit Bias",
            "Makes single tokens more or less likely: the token's number, and a whole number. The \
             lowest means never, the highest always.",
            &Property { limits: &Limits::range(-100.0, 100.0), ..Property::number("", "", "") },
        )
    },
    Property {
        advanced: true,
        limits: &Limits { max_items: Some(4), ..Limits::NONE },
        ..Property::array(
            "stop",
            "Stop",
            "Texts at which the answer ends; they do not become part of it. Leave it \
             empty for reasoning models.",
            &[Property::string("", "", "")],
        )
    },
    Property {
        advanced: true,
        ..Property::array(
            "functions",
            "Functions",
            "The names of functions that the model may call before it answers, such as \
             openai/v1/createImage. They run on your side.",
            &[Property::string("", "", "")],
        )
    },
    Property {
        advanced: true,
        ..Property::string(
            "user",
            "User",
            "An id of the person on whose behalf the model is asked, so that OpenAI can trace \
             abuse. Send a random or hashed id, never a name or address.",
        )
    },
    Property {
        advanced: true,
        condition: Some(NOT_TEXT),
        provider_default: Some(Literal::Integer(1)),
        limits: &Limits::range(0.0, 5.0),
        ..Property::integer(
            "repairAttempts",
            "Repair Attempts",
            "How often the model is asked to correct an answer that does not fit the Response \
             Schema. Each time is charged.",
        )
    },
    Property {
        advanced: true,
        ..Property::string(
            "reasoningEffort",
            "Reasoning Effort",
            "How much a reasoning model thinks before it answers. Which values there are depends \
             on the model.",
        )
        .select(Choices::open(&[
            Choice::text("none"),
            Choice::text("minimal"),
            LOW,
            MEDIUM,
            HIGH,
            Choice::text("xhigh"),
            Choice::text("max"),
        ]))
    },
    Property {
        advanced: true,
        provider_default: Some(MEDIUM.value),
        ..Property::string("verbosity", "Verbosity", "How long the answer is to be.")
            .select(Choices::closed(&[LOW, MEDIUM, HIGH]))
    },
    Property {
        advanced: true,
        ..Property::integer(
            "seed",
            "Seed",
            "With the same number, the same request mostly has the same answer.",
        )
    },
    Property {
        advanced: true,
        provider_default: Some(Literal::Text("auto")),
        ..Property::string(
            "serviceTier",
            "Service Tier",
            "How fast, and at what price, the request is processed.",
        )
        .select(Choices::open(&[
            Choice::text("auto"),
            Choice::text("default"),
            Choice::text("flex"),
            Choice::text("scale"),
            Choice::text("priority"),
        ]))
    },
    Property {
        advanced: true,
        provider_default: Some(Literal::Boolean(false)),
        ..Property::boolean(
            "store",
            "Store",
            "Whether the provider keeps the answer, so that it can be looked at later.",
        )
    },
    Property {
        advanced: true,
        limits: &Limits { max_items: Some(16), ..Limits::NONE },
        ..Property::map(
            "metadata",
            "Metadata",
            "Texts of your own that the provider keeps with a stored answer.",
            &Property {
                limits: &Limits { max_length: Some(512), ..Limits::NONE },
                ..Property::string("", "", "")
            },
        )
    },
    Property {
        advanced: true,
        provider_default: Some(Literal::Boolean(false)),
        ..Property::boolean(
            "logprobs",
            "Log Probabilities",
            "Whether the run's metadata tells how probable each token of the answer was.",
        )
    },
    Property {
        advanced: true,
        condition: Some(Condition {
            property: "logprobs",
            matches: Comparison::OneOf,
            values: &[Literal::Boolean(true)],
        }),
        limits: &Limits::range(0.0, 20.0),
        ..Property::integer(
            "topLogprobs",
            "Top Log Probabilities",
            "For how many of the likeliest tokens at each place it is told.",
        )
    },
    Property {
        advanced: true,
        provider_default: Some(Literal::Boolean(true)),
        ..Property::boolean(
            "parallelFunctionCalls",
            "Parallel Function Calls",
            "Whether the model may ask for several function calls at once.",
        )
    },
    Property {
        advanced: true,
        provider_default: Some(Literal::Integer(ROUNDS)),
        limits: &Limits::range(1.0, 50.0),
        ..Property::integer(
            "maxFunctionRounds",
            "Max Function Rounds",
            "How often functions are called and the model asked again before the run fails.",
        )
    },
    Property {
        advanced: true,
        limits: &Limits { max_length: Some(64), ..Limits::NONE },
        ..Property::string(
            "safetyIdentifier",
            "Safety Identifier",
            "What User is for, under its newer name.",
        )
    },
    Property {
        advanced: true,
        ..Property::string(
            "promptCacheKey",
            "Prompt Cache Key",
            "A name for requests that begin alike, so that OpenAI can answer them faster and \
             cheaper.",
        )
    },
];

const LOW: Choice = Choice::text("low");
const MEDIUM: Choice = Choice::text("medium");
const HIGH: Choice = Choice::text("high");

/// How often functions are called if the user does not say.
const ROUNDS: i32 = 10;

/// That the answer is to be JSON.
const NOT_TEXT: Condition = Condition {
    property: "responseFormat",
    matches: Comparison::NoneOf,
    values: &[Literal::Integer(0)],
};

/// One item of `messages`.
const MESSAGE: &[Property] = &[
    Property {
        required: true,
        placeholder: Some("Why is the sky blue?"),
        ..Property::string("content", "Content", "What is said.")
    },
    Property {
        required: true,
        ..Property::string("role", "Role", "Who says it.").select(Choices::closed(&[
            Choice::text("system").described("Instructions for the model."),
            Choice::text("user").described("The person who asks."),
            Choice::text("assistant").described("The model, in an earlier answer."),
            Choice::text("tool").described("The result of a function."),
            Choice::text("developer").described("Instructions for reasoning models."),
        ]))
    },
];

members! {
    /// The input.
    pub struct Input<'a> {
        model: &'a str = "model",
        messages: Vec<Message<'a>> = "messages",
        response_format: Option<u64> = "responseFormat",
        response_schema: Option<&'a str> = "responseSchema",
        max_tokens: Option<u64> = "maxTokens",
        n: Option<u64> = "n",
        temperature: Option<&'a Number> = "temperature",
        top_p: Option<&'a Number> = "topP",
        frequency_penalty: Option<&'a Number> = "frequencyPenalty",
        presence_penalty: Option<&'a Number> = "presencePenalty",
        logit_bias: Option<Members<'a, &'a Number>> = "logitBias",
        stop: Option<Vec<&'a str>> = "stop",
        functions: Option<Vec<&'a str>> = "functions",
        user: Option<&'a str> = "user",
        repair_attempts: Option<u64> = "repairAttempts",
        reasoning_effort: Option<&'a str> = "reasoningEffort",
        verbosity: Option<&'a str> = "verbosity",
        seed: Option<i64> = "seed",
        service_tier: Option<&'a str> = "serviceTier",
        store: Option<bool> = "store",
        metadata: Option<Members<'a, &'a str>> = "metadata",
        logprobs: Option<bool> = "logprobs",
        top_logprobs: Option<u64> = "topLogprobs",
        parallel_function_calls: Option<bool> = "parallelFunctionCalls",
        max_function_rounds: Option<u64> = "maxFunctionRounds",
        safety_identifier: Option<&'a str> = "safetyIdentifier",
        prompt_cache_key: Option<&'a str> = "promptCacheKey",
    }
}

members! {
    /// A message of the conversation.
    pub struct Message<'a> {
        content: &'a str = "content",
        role: Role = "role",
    }
}

/// Who says a message.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum Role {
    System,
    User,
    Assistant,
    Tool,
    Developer,
}

impl FromJson<'_> for Role {
    fn from_json(value: &Value) -> Result<Self> {
        let roles = [Self::System, Self::User, Self::Assistant, Self::Tool, Self::Developer];
        let named = roles.into_iter().find(|role| value.as_str() == Some(role.name()));
        named.ok_or_else(|| {
            let message = "the role is one of system, user, assistant, tool and developer";
            Failure::invalid_input("", message)
        })
    }
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
            Self::Developer => "developer",
        }
    }

    fn instructs(self) -> bool {
        matches!(self, Self::System | Self::Developer)
    }
}

fn run(input: &str, settings: &Settings) -> Result<Outcome> {
    let input = parse(input)?;
    let input = Input::from_json(&input)?;
    let format = Format::of(input.response_format, input.response_schema)?;
    check(&input)?;
    let functions = look_up(input.functions.as_deref().unwrap_or_default())?;
    let parameters = Parameters {
        format: format.wire(),
        tools: functions.tools(),
        logit_bias: logit_bias(&input)?,
        max_tokens: settings.max_tokens_parameter,
        is_streamed: events::streaming(),
    };

    let (messages, origins) = wire_messages(&input.messages, format.instruction());
    let is_streamed = parameters.is_streamed;
    let mut outside = Host { input: &input, origins, is_streamed };
    let body = |messages: &[Json]| body(&input, &parameters, messages);
    let terms = Terms {
        body: &body,
        functions: &functions,
        rounds: input.max_function_rounds.unwrap_or(ROUNDS as u64),
        format: &format,
        repairs: input.repair_attempts.unwrap_or(1),
    };
    let answer = conversation::hold(&mut outside, &terms, messages)?;
    Ok(outcome(&input, &format, answer))
}

/// Refuses what the API would take and this action could not return.
fn check(input: &Input) -> Result<()> {
    let has_functions = input.functions.as_ref().is_some_and(|names| !names.is_empty());
    if has_functions && 1 < answers(input.n) {
        let message = "with functions there is one answer: set the number of choices to 1";
        return Err(Failure::invalid_input("n", message));
    }
    Ok(())
}

fn answers(n: Option<u64>) -> u64 {
    n.unwrap_or(1)
}

fn look_up(names: &[&str]) -> Result<Functions> {
    if names.is_empty() {
        return Functions::new(Vec::new());
    }
    let names: Vec<_> = names.iter().map(|name| (*name).into()).collect();
    let functions = registry::describe(&names);
    Functions::new(functions.map_err(|failure| Box::new(failure).at("functions"))?)
}

/// The messages as the API wants them, and for each the position of the
/// form's message that it comes from.
///
/// An instruction of our own stands behind the leading instructions, because
/// many servers refuse one anywhere else. In front of a message with the role
/// `tool` stands a call for it to answer: the API takes a result only behind
/// the call that it belongs to, and the form has none.
fn wire_messages(
    messages: &[Message],
    instruction: Option<&str>,
) -> (Vec<Json>, Vec<Option<usize>>) {
    let mut wire = Vec::new();
    let mut results = 0;
    for (index, message) in messages.iter().enumerate() {
        let origin = Some(index);
        if message.role == Role::Tool {
            let id = format!("call_{results}");
            results += 1;
            wire.push((conversation::calls("", &[Call::new(&id, "tool")]), origin));
            wire.push((conversation::result(&id, message.content), origin));
        } else {
            wire.push((said(message.role.name(), message.content), origin));
        }
    }
    if let Some(instruction) = instruction {
        let leading = messages.iter().take_while(|message| message.role.instructs()).count();
        wire.insert(leading, (said(Role::System.name(), instruction), None));
    }
    wire.into_iter().unzip()
}

/// The biases as the whole numbers that the API takes.
fn logit_bias(input: &Input) -> Result<Option<Json>> {
    let Some(biases) = &input.logit_bias else { return Ok(None) };
    let mut whole = Object::new();
    for (token, bias) in &biases.0 {
        let Some(bias) = bias.as_i64() else {
            let message = "a bias is a whole number from -100 to 100";
            return Err(Failure::invalid_input(format!("logitBias.{token}"), message));
        };
        whole.set(token, bias);
    }
    Ok(Some(whole.done()))
}

/// What a request says besides the messages and what is sent as it was given.
struct Parameters {
    format: Option<Json>,
    tools: Option<Json>,
    logit_bias: Option<Json>,
    max_tokens: MaxTokensParameter,
    is_streamed: bool,
}

/// The request's body.
fn body(input: &Input, parameters: &Parameters, messages: &[Json]) -> Json {
    let is_streamed = parameters.is_streamed.then_some(true);
    let parallel_calls = input.parallel_function_calls.filter(|_| parameters.tools.is_some());
    let usage = is_streamed.map(|_| Json::raw(r#"{"include_usage":true}"#));
    Object::new()
        .set("model", input.model)
        .set("messages", Json::list(messages))
        .set_some("response_format", parameters.format.as_ref())
        .set_some(parameters.max_tokens.name(), input.max_tokens)
        .set_some("n", input.n)
        .set_some("temperature", input.temperature)
        .set_some("top_p", input.top_p)
        .set_some("frequency_penalty", input.frequency_penalty)
        .set_some("presence_penalty", input.presence_penalty)
        .set_some("logit_bias", parameters.logit_bias.as_ref())
        .set_some("stop", texts(input.stop.as_deref().unwrap_or_default()))
        .set_some("tools", parameters.tools.as_ref())
        .set_some("user", input.user)
        .set_some("reasoning_effort", input.reasoning_effort)
        .set_some("verbosity", input.verbosity)
        .set_some("seed", input.seed)
        .set_some("service_tier", input.service_tier)
        .set_some("store", input.store)
        .set_some("metadata", metadata(input))
        .set_some("logprobs", input.logprobs)
        .set_some("top_logprobs", input.top_logprobs)
        .set_some("parallel_tool_calls", parallel_calls)
        .set_some("safety_identifier", input.safety_identifier)
        .set_some("prompt_cache_key", input.prompt_cache_key)
        .set_some("stream", is_streamed)
        .set_some("stream_options", usage)
        .done()
}

/// The user's own texts.
fn metadata(input: &Input) -> Option<Json> {
    let mut metadata = Object::new();
    for (name, text) in &input.metadata.as_ref()?.0 {
        metadata.set(name, *text);
    }
    Some(metadata.done())
}

/// A list of texts; none if it is empty.
fn texts(texts: &[&str]) -> Option<Json> {
    let texts: Vec<_> = texts.iter().map(|text| Json::of(*text)).collect();
    (!texts.is_empty()).then(|| Json::list(&texts))
}

/// The property that an error's `param` means. `origins` tells which of the
/// form's messages the messages on the wire come from.
fn blame(input: &Input, origins: &[Option<usize>], param: &str) -> Option<String> {
    let format = match input.response_schema {
        Some(_) => "responseSchema",
        None => "responseFormat",
    };
    let aliases = [
        ("max_completion_tokens", "maxTokens"),
        ("response_format", format),
        ("tools", "functions"),
        ("parallel_tool_calls", "parallelFunctionCalls"),
    ];
    let path = param::property(param, PROPERTIES, &aliases)?;

    let Some((index, rest)) = path.strip_prefix("messages[").and_then(|path| path.split_once(']'))
    else {
        return Some(path);
    };
    let origin = index.parse().ok().and_then(|index: usize| *origins.get(index)?);
    Some(match origin {
        Some(index) => format!("messages[{index}]{rest}"),
        None => "messages".into(),
    })
}

/// The host behind the connector's imports.
struct Host<'a> {
    input: &'a Input<'a>,
    origins: Vec<Option<usize>>,
    is_streamed: bool,
}

impl Outside for Host<'_> {
    fn complete(&mut self, body: Json) -> Result<Reply> {
        let blame = |param: &str| blame(self.input, &self.origins, param);
        let answer = send(&post("/chat/completions", body), &blame)?;
        // Some servers answer in one piece all the same.
        let text = if self.is_streamed && !answer.is_json() {
            let tell = |delta| events::emit(&events::Event::TextDelta(delta)).map_err(stopped);
            let next = || answer.next_event();
            let mut stream = Stream { next: &mut { next }, tell: &mut { tell }, blame: &blame };
            stream.collect().map_err(|failure| answer.told(failure))?
        } else {
            answer.json(None)?
        };
        Ok(Reply { text, request_id: answer.request_id })
    }

    fn call(&mut self, calls: &[registry::Invocation]) -> Vec<result::Result<String, Failure>> {
        registry::call(calls)
    }

    fn validate(
        &mut self,
        schema: &str,
        instance: &str,
    ) -> result::Result<(), json_schema::Invalid> {
        json_schema::validate(schema, instance)
    }

    fn tell(&mut self, event: &events::Event) -> result::Result<(), Stopped> {
        events::emit(event)
    }
}

/// The outcome of an answer.
fn outcome(input: &Input, format: &Format, answer: Answer) -> Outcome {
    let output = match answer.outputs.first() {
        Some(first) if answers(input.n) <= 1 => first.clone(),
        _ => Json::list(&answer.outputs),
    };

    let reasons = answer.choices.iter().filter_map(|choice| choice.finish_reason.as_deref());
    let metadata = Object::new()
        .set("model", answer.model.as_deref().unwrap_or(input.model))
        .set_some("usage", answer.usage.json())
        .set_some("finishReasons", texts(&reasons.collect::<Vec<_>>()))
        .set_some("logprobs", logprobs(&answer.choices))
        .set_some("strict", format.is_loose().then_some(false))
        .set_some("repairs", (0 < answer.repairs).then_some(answer.repairs))
        .set_some("requestId", answer.request_id.as_deref())
        .done();
    Outcome { output: output.text(), metadata: metadata.text() }
}

/// The probabilities of each choice; none if the provider told none.
fn logprobs(choices: &[conversation::Choice]) -> Option<Json> {
    let told = |choice: &conversation::Choice| {
        choice.logprobs.clone().unwrap_or_else(|| Json::raw("null"))
    };
    let is_told = choices.iter().any(|choice| choice.logprobs.is_some());
    is_told.then(|| Json::list(&choices.iter().map(told).collect::<Vec<_>>()))
}

members! {
    /// The part of the input that decides the shape of the output. A form asks
    /// for it before the rest is filled in.
    struct Shape<'a> {
        response_format: Option<u64> = "responseFormat",
        response_schema: Option<&'a str> = "responseSchema",
        n: Option<u64> = "n",
    }
}

fn output_schema(input: &str) -> Result<String> {
    let input = parse(input)?;
    let shape = Shape::from_json(&input)?;
    let format = Format::of(shape.response_format, shape.response_schema)?;
    Ok(format.output_schema(1 < answers(shape.n)).text())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::drift;
    use crate::failure::FailureKind;
    use crate::json::leaked;
    use crate::openai::usage::Usage;

    /// An input with what a test is about.
    fn input(members: serde_json::Value) -> Input<'static> {
        let mut input =
            json!({ "model": "gpt-5.4", "messages": [{ "content": "Hi", "role": "user" }] });
        for (name, value) in members.as_object().unwrap() {
            input[name] = value.clone();
        }
        Input::from_json(leaked(input)).unwrap()
    }

    /// The request of an input, as `run` makes it.
    fn request(input: &Input, max_tokens: MaxTokensParameter) -> Json {
        let format = Format::of(input.response_format, input.response_schema).unwrap();
        let parameters = Parameters {
            format: format.wire(),
            tools: None,
            logit_bias: logit_bias(input).unwrap(),
            max_tokens,
            is_streamed: false,
        };
        let (messages, _) = wire_messages(&input.messages, format.instruction());
        body(input, &parameters, &messages)
    }

    /// The messages on the wire, and where they come from.
    fn wire(messages: serde_json::Value, instruction: Option<&str>) -> (Json, Vec<Option<usize>>) {
        let input = input(json!({ "messages": messages }));
        let (messages, origins) = wire_messages(&input.messages, instruction);
        (Json::list(&messages), origins)
    }

    /// An answer with these outputs.
    fn answer(outputs: &[&str]) -> Answer {
        let choice = |_: &&str| {
            conversation::Choice::of(&json!({ "message": {}, "finish_reason": "stop" }).into())
        };
        let mut usage = Usage::default();
        usage.add(&json!({ "total_tokens": 3 }).into());
        Answer {
            model: Some("gpt-5.4-2026-03-05".into()),
            choices: outputs.iter().map(choice).collect(),
            outputs: outputs.iter().map(|output| Json::raw(*output)).collect(),
            repairs: 0,
            usage,
            request_id: Some("req_1".into()),
        }
    }

    #[test]
    fn the_table_and_the_input_agree() {
        drift::check::<Input>(PROPERTIES);
    }

    #[test]
    fn only_what_is_set_is_sent() {
        assert_eq!(
            request(&input(json!({})), MaxTokensParameter::default()),
            json!({ "model": "gpt-5.4", "messages": [{ "role": "user", "content": "Hi" }] })
        );
    }

    #[test]
    fn everything_that_is_set_is_sent() {
        let input = input(json!({
            "responseFormat": 0, "maxTokens": 100, "n": 2, "temperature": 0, "topP": 0.5,
            "frequencyPenalty": -1.5, "presencePenalty": 2, "logitBias": { "50256": -100.0 },
            "stop": ["END"], "user": "u1",
            "reasoningEffort": "high", "verbosity": "low", "seed": -7, "serviceTier": "flex",
            "store": false, "metadata": { "run": "\"1\"", "step": "" }, "logprobs": true,
            "topLogprobs": 0, "safetyIdentifier": "s1", "promptCacheKey": "k1",
            "maxFunctionRounds": 5, "repairAttempts": 0,
        }));
        assert_eq!(
            request(&input, MaxTokensParameter::default()),
            json!({
                "model": "gpt-5.4", "messages": [{ "role": "user", "content": "Hi" }],
                "max_completion_tokens": 100, "n": 2, "temperature": 0, "top_p": 0.5,
                "frequency_penalty": -1.5, "presence_penalty": 2,
                "logit_bias": { "50256": -100 }, "stop": ["END"], "user": "u1",
                "reasoning_effort": "high", "verbosity": "low", "seed": -7, "service_tier": "flex",
                "store": false, "metadata": { "run": "\"1\"", "step": "" }, "logprobs": true,
                "top_logprobs": 0, "safety_identifier": "s1", "prompt_cache_key": "k1",
            })
        );
    }

    /// What a request without anything special says.
    fn plain() -> Parameters {
        Parameters {
            format: None,
            tools: None,
            logit_bias: None,
            max_tokens: MaxTokensParameter::default(),
            is_streamed: false,
        }
    }

    #[test]
    fn parallel_calls_need_functions() {
        let input = input(json!({ "parallelFunctionCalls": false, "functions": ["f"] }));
        assert!(!body(&input, &plain(), &[]).text().contains("parallel"));
        let parameters = Parameters { tools: Some(Json::raw("[]")), ..plain() };
        let body = body(&input, &parameters, &[]).text();
        assert!(body.ends_with(r#""parallel_tool_calls":false}"#));
    }

    #[test]
    fn a_stream_is_asked_for_with_its_usage() {
        let mut parameters = Parameters { is_streamed: true, ..plain() };
        let streamed = body(&input(json!({})), &parameters, &[]).text();
        assert!(streamed.ends_with(r#","stream":true,"stream_options":{"include_usage":true}}"#));
        parameters.is_streamed = false;
        assert!(!body(&input(json!({})), &parameters, &[]).text().contains("stream"));
    }

    #[test]
    fn older_servers_are_told_the_older_name() {
        let request = request(&input(json!({ "maxTokens": 5 })), MaxTokensParameter::MaxTokens);
        assert!(request.text().contains(r#""max_tokens":5"#));
    }

    #[test]
    fn an_object_is_asked_for_in_the_format_and_in_words() {
        let request =
            request(&input(json!({ "responseFormat": 1 })), MaxTokensParameter::default());
        let instruction = "Answer with one JSON object and nothing else.";
        assert_eq!(
            request,
            json!({
                "model": "gpt-5.4",
                "messages": [
                    { "role": "system", "content": instruction },
                    { "role": "user", "content": "Hi" },
                ],
                "response_format": { "type": "json_object" },
            })
        );
    }

    #[test]
    fn biases_are_whole_numbers() {
        let failure = logit_bias(&input(json!({ "logitBias": { "1": 1, "2": 0.5 } }))).unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidInput);
        assert_eq!(failure.property.as_deref(), Some("logitBias.2"));
    }

    #[test]
    fn every_role_is_sent_by_its_name() {
        for role in ["system", "user", "assistant", "developer"] {
            let (messages, origins) = wire(json!([{ "content": "x", "role": role }]), None);
            assert_eq!(messages, json!([{ "role": role, "content": "x" }]));
            assert_eq!(origins, [Some(0)]);
        }
        let odd = json!({ "model": "m", "messages": [{ "content": "x", "role": "robot" }] });
        let failure = Input::from_json(leaked(odd)).unwrap_err();
        assert_eq!(failure.property.as_deref(), Some("messages[0].role"));
    }

    #[test]
    fn a_result_stands_behind_a_call_that_it_answers() {
        let call = |id: &str| {
            let function = json!({ "name": "tool", "arguments": "{}" });
            let call = json!({ "id": id, "type": "function", "function": function });
            json!({ "role": "assistant", "content": null, "tool_calls": [call] })
        };
        let messages = json!([
            { "content": "Rome?", "role": "user" },
            { "content": "sunny", "role": "tool" },
            { "content": "warm", "role": "tool" },
        ]);
        let (messages, origins) = wire(messages, None);
        assert_eq!(
            messages,
            json!([
                { "role": "user", "content": "Rome?" },
                call("call_0"),
                { "role": "tool", "tool_call_id": "call_0", "content": "sunny" },
                call("call_1"),
                { "role": "tool", "tool_call_id": "call_1", "content": "warm" },
            ])
        );
        assert_eq!(origins, [Some(0), Some(1), Some(1), Some(2), Some(2)]);
    }

    #[test]
    fn our_instruction_stands_behind_the_leading_ones() {
        let place = |roles: &[&str]| {
            let messages: Vec<_> =
                roles.iter().map(|role| json!({ "content": "x", "role": role })).collect();
            let (_, origins) = wire(messages.into(), Some("JSON"));
            origins.iter().position(Option::is_none)
        };
        assert_eq!(place(&["user"]), Some(0));
        assert_eq!(place(&["system", "developer", "user", "system"]), Some(2));
        assert_eq!(place(&["system"]), Some(1));
    }

    #[test]
    fn errors_name_the_property_of_the_form() {
        let origins = [Some(0), None, Some(1), Some(1)];
        let check = |input: &Input, param: &str, expected: &str| {
            assert_eq!(blame(input, &origins, param).as_deref(), Some(expected), "{param}");
        };
        let text = input(json!({}));
        check(&text, "max_completion_tokens", "maxTokens");
        check(&text, "max_tokens", "maxTokens");
        check(&text, "top_p", "topP");
        check(&text, "tools[0].function.parameters", "functions[0]");
        check(&text, "response_format", "responseFormat");
        check(&input(json!({ "responseSchema": "{}" })), "response_format", "responseSchema");
        check(&text, "messages.[3].content", "messages[1].content");
        check(&text, "messages[1].content", "messages");
        check(&text, "messages[9]", "messages");
        check(&text, "messages", "messages");
        check(&text, "reasoning_effort", "reasoningEffort");
        check(&text, "parallel_tool_calls", "parallelFunctionCalls");
        check(&text, "metadata.run", "metadata.run");
        assert_eq!(blame(&text, &origins, "modalities"), None);
    }

    #[test]
    fn functions_give_one_answer() {
        let failure = check(&input(json!({ "n": 2, "functions": ["f"] }))).unwrap_err();
        assert_eq!(failure.property.as_deref(), Some("n"));
        assert!(check(&input(json!({ "n": 1, "functions": ["f"] }))).is_ok());
        assert!(check(&input(json!({ "n": 2, "functions": [] }))).is_ok());
    }

    #[test]
    fn one_answer_is_the_output() {
        let outcome = outcome(&input(json!({})), &Format::Text, answer(&[r#""Hello""#]));
        assert_eq!(outcome.output, r#""Hello""#);
        assert_eq!(
            Json::raw(outcome.metadata),
            json!({
                "model": "gpt-5.4-2026-03-05", "usage": { "totalTokens": 3 },
                "finishReasons": ["stop"], "requestId": "req_1",
            })
        );
    }

    #[test]
    fn several_answers_are_a_list() {
        let two = answer(&[r#"{"a":1}"#, r#"{"a":2}"#]);
        let outcome = outcome(&input(json!({ "n": 2 })), &Format::Object(None), two);
        assert_eq!(outcome.output, r#"[{"a":1},{"a":2}]"#);
        assert!(outcome.metadata.contains(r#""finishReasons":["stop","stop"]"#));
    }

    #[test]
    fn a_loose_schema_is_told() {
        let format = Format::of(Some(1), Some(r#"{"type":"object"}"#)).unwrap();
        let outcome = outcome(&input(json!({})), &format, answer(&["{}"]));
        assert!(outcome.metadata.contains(r#""strict":false"#));
    }

    #[test]
    fn probabilities_are_told_as_they_came() {
        let mut two = answer(&["1", "2"]);
        two.choices[1].logprobs = Some(Json::raw(r#"{"content":[{"logprob":-0.10}]}"#));
        let outcome = outcome(&input(json!({ "n": 2 })), &Format::Text, two);
        let expected = r#""logprobs":[null,{"content":[{"logprob":-0.10}]}]"#;
        assert!(outcome.metadata.contains(expected));
    }

    #[test]
    fn repairs_are_told() {
        let answer = Answer { repairs: 2, ..answer(&["{}"]) };
        let outcome = outcome(&input(json!({})), &Format::Object(None), answer);
        assert!(outcome.metadata.contains(r#""repairs":2"#));
    }

    #[test]
    fn an_unfinished_form_has_an_output() {
        let schema = |input: &str| Json::raw(output_schema(input).unwrap());
        assert_eq!(schema("{}"), json!({ "type": "string" }));
        assert_eq!(
            schema(r#"{"responseFormat":2,"n":2}"#),
            json!({ "type": "array", "items": { "type": "array" } })
        );
    }

    #[test]
    fn models_for_other_work_come_last() {
        for other in ["text-embedding-3-small", "gpt-image-1", "tts-1", "whisper-1", "DALL-E-3"] {
            assert!(!(ACTION.suits)(other), "{other}");
        }
        for chat in ["gpt-5.4", "o4-mini", "llama3.2:3b", "mistral-large-latest"] {
            assert!((ACTION.suits)(chat), "{chat}");
        }
    }
}
