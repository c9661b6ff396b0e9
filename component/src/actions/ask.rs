//! Ask: `POST /chat/completions`.
//!
//! [`format`] decides the shape of the answer, [`functions`] what the model may
//! call, and [`conversation`] asks until there is an answer.

mod conversation;
mod format;
mod functions;

use std::result;

use self::conversation::{Answer, Call, Outside, Reply, Stopped};
use self::format::Format;
use self::functions::Functions;
use super::{Action, Output, parse};
use crate::bindings::exports::workflow::connector::actions::Outcome;
use crate::bindings::workflow::connector::{events, functions as registry};
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
        limits: Limits::NOT_EMPTY,
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
        condition: Some(Condition {
            property: "responseFormat",
            matches: Comparison::NoneOf,
            values: &[Literal::Integer(0)],
        }),
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
        limits: Limits { minimum: Some(1.0), ..Limits::NONE },
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
        limits: Limits::range(1.0, 128.0),
        ..Property::integer(
            "n",
            "Number of Chat Completion Choices",
            "How many answers to give, from 1 to 128. Above 1 the output is a list of them, and \
             each is charged. Left empty, it is one.",
        )
    },
    Property {
        advanced: true,
        provider_default: Some(Literal::Integer(1)),
        limits: Limits::range(0.0, 2.0),
        ..Property::number(
            "temperature",
            "Temperature",
            "How much chance there is in the choice of words, from 0 (nearly always the same) to \
             2. Change this or Top P, not both. Leave it empty for reasoning models, which \
             mostly refuse it.",
        )
    },
    Property {
        advanced: true,
        provider_default: Some(Literal::Integer(1)),
        limits: Limits::range(0.0, 1.0),
        ..Property::number(
            "topP",
            "Top P",
            "From how much of the probability words are chosen, from 0 to 1: at 0.1 only the \
             most probable tenth counts. Change this or Temperature, not both.",
        )
    },
    Property {
        advanced: true,
        provider_default: Some(Literal::Integer(0)),
        limits: Limits::range(-2.0, 2.0),
        ..Property::number(
            "frequencyPenalty",
            "Frequency Penalty",
            "Above 0, a word becomes less likely each time it occurs, which avoids repeated \
             phrases; below 0, more likely. From -2 to 2.",
        )
    },
    Property {
        advanced: true,
        provider_default: Some(Literal::Integer(0)),
        limits: Limits::range(-2.0, 2.0),
        ..Property::number(
            "presencePenalty",
            "Presence Penalty",
            "Above 0, a word that has occurred at all becomes less likely, which leads to new \
             topics; below 0, more likely. From -2 to 2.",
        )
    },
    Property {
        advanced: true,
        limits: Limits { pattern: Some("[0-9]+"), ..Limits::NONE },
        ..Property::map(
            "logitBias",
            "Logit Bias",
            "Makes single tokens more or less likely: the token's number, and a whole number \
             from -100 (never) to 100 (always).",
            &Property { limits: Limits::range(-100.0, 100.0), ..Property::number("", "", "") },
        )
    },
    Property {
        advanced: true,
        limits: Limits { max_items: Some(4), ..Limits::NONE },
        ..Property::array(
            "stop",
            "Stop",
            "Up to 4 texts at which the answer ends; they do not become part of it. Leave it \
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
             openai/v1/createImage. They run on your side, at most 10 rounds of them.",
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
];

/// One item of `messages`.
const MESSAGE: &[Property] = &[
    Property { required: true, ..Property::string("content", "Content", "What is said.") },
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
    pub struct Input {
        model: String = "model",
        messages: Vec<Message> = "messages",
        response_format: Option<u64> = "responseFormat",
        response_schema: Option<String> = "responseSchema",
        max_tokens: Option<u64> = "maxTokens",
        n: Option<u64> = "n",
        temperature: Option<Number> = "temperature",
        top_p: Option<Number> = "topP",
        frequency_penalty: Option<Number> = "frequencyPenalty",
        presence_penalty: Option<Number> = "presencePenalty",
        logit_bias: Option<Members<Number>> = "logitBias",
        stop: Option<Vec<String>> = "stop",
        functions: Option<Vec<String>> = "functions",
        user: Option<String> = "user",
    }
}

members! {
    /// A message of the conversation.
    pub struct Message {
        content: String = "content",
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

impl FromJson for Role {
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
    let input: Input = parse(input)?;
    let format = Format::of(input.response_format, input.response_schema.as_deref())?;
    check(&input)?;
    let functions = look_up(input.functions.as_deref().unwrap_or_default())?;
    let parameters = Parameters {
        format: format.wire(),
        tools: functions.tools(),
        logit_bias: logit_bias(&input)?.map(Json::from),
        max_tokens: settings.max_tokens_parameter,
    };

    let (messages, origins) = wire_messages(&input.messages, format.instruction());
    let mut outside = Host { input: &input, origins };
    let body = |messages: &[Json]| body(&input, &parameters, messages);
    let answer = conversation::hold(&mut outside, &functions, messages, &body)?;
    outcome(&input, &format, answer)
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

fn look_up(names: &[String]) -> Result<Functions> {
    if names.is_empty() {
        return Functions::new(Vec::new());
    }
    let functions = registry::describe(names);
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
    let leading = messages.iter().take_while(|message| message.role.instructs()).count();
    let (head, tail) = messages.split_at(leading);

    let mut wire: Vec<_> = head.iter().enumerate().map(|(i, m)| (said(m), Some(i))).collect();
    if let Some(instruction) = instruction {
        wire.push((text_message(Role::System, instruction), None));
    }
    for (index, message) in tail.iter().enumerate() {
        let origin = Some(leading + index);
        if message.role == Role::Tool {
            let id = format!("call_{}", wire.len());
            wire.push((conversation::calls("", &[Call::new(&id, "tool")]), origin));
            wire.push((conversation::result(&id, &message.content), origin));
        } else {
            wire.push((said(message), origin));
        }
    }
    wire.into_iter().unzip()
}

fn said(message: &Message) -> Json {
    text_message(message.role, &message.content)
}

fn text_message(role: Role, content: &str) -> Json {
    Object::new().set("role", role.name()).set("content", content).into()
}

/// The biases as the whole numbers that the API takes.
fn logit_bias(input: &Input) -> Result<Option<Object>> {
    let Some(biases) = &input.logit_bias else { return Ok(None) };
    let mut whole = Object::new();
    for (token, bias) in &biases.0 {
        let Some(bias) = bias.as_i64() else {
            let message = "a bias is a whole number from -100 to 100";
            return Err(Failure::invalid_input(format!("logitBias.{token}"), message));
        };
        whole = whole.set(token, bias);
    }
    Ok(Some(whole))
}

/// What a request says besides the messages and what is sent as it was given.
struct Parameters {
    format: Option<Json>,
    tools: Option<Json>,
    logit_bias: Option<Json>,
    max_tokens: MaxTokensParameter,
}

/// The request's body.
fn body(input: &Input, parameters: &Parameters, messages: &[Json]) -> Object {
    Object::new()
        .set("model", input.model.as_str())
        .set("messages", Json::list(messages))
        .set_some("response_format", parameters.format.clone())
        .set_some(parameters.max_tokens.name(), input.max_tokens)
        .set_some("n", input.n)
        .set_some("temperature", input.temperature.as_ref())
        .set_some("top_p", input.top_p.as_ref())
        .set_some("frequency_penalty", input.frequency_penalty.as_ref())
        .set_some("presence_penalty", input.presence_penalty.as_ref())
        .set_some("logit_bias", parameters.logit_bias.clone())
        .set_some("stop", texts(input.stop.as_deref().unwrap_or_default()))
        .set_some("tools", parameters.tools.clone())
        .set_some("user", input.user.as_deref())
}

/// A list of texts; none if it is empty.
fn texts(texts: &[String]) -> Option<Json> {
    let texts: Vec<_> = texts.iter().map(|text| Json::from(text.as_str())).collect();
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
    input: &'a Input,
    origins: Vec<Option<usize>>,
}

impl Outside for Host<'_> {
    fn complete(&mut self, body: Object) -> Result<Reply> {
        let blame = |param: &str| blame(self.input, &self.origins, param);
        let answer = send(&post("/chat/completions", body), &blame)?;
        Ok(Reply { text: answer.json(None)?, request_id: answer.request_id })
    }

    fn call(&mut self, name: &str, arguments: &str) -> Result<String> {
        registry::call(name, arguments).map_err(Box::new)
    }

    fn tell(&mut self, event: &events::Event) -> result::Result<(), Stopped> {
        events::emit(event)
    }
}

/// The outcome of an answer.
fn outcome(input: &Input, format: &Format, answer: Answer) -> Result<Outcome> {
    let request_id = answer.request_id.as_deref();
    let outputs = answer.choices.iter().map(|choice| format.read(choice));
    let outputs = outputs.collect::<Result<Vec<_>>>();
    let outputs = outputs.map_err(|failure| failure.answered(200, request_id))?;
    let output = match outputs.first() {
        Some(first) if answers(input.n) <= 1 => first.clone(),
        _ => Json::list(&outputs),
    };

    let reasons = answer.choices.iter().filter_map(|choice| choice.finish_reason.clone());
    let metadata = Object::new()
        .set("model", answer.model.as_deref().unwrap_or(&input.model))
        .set_some("usage", answer.usage.json())
        .set_some("finishReasons", texts(&reasons.collect::<Vec<_>>()))
        .set_some("strict", format.is_loose().then_some(false))
        .set_some("requestId", request_id);
    Ok(Outcome { output: output.text(), metadata: metadata.text() })
}

members! {
    /// The part of the input that decides the shape of the output. A form asks
    /// for it before the rest is filled in.
    struct Shape {
        response_format: Option<u64> = "responseFormat",
        response_schema: Option<String> = "responseSchema",
        n: Option<u64> = "n",
    }
}

fn output_schema(input: &str) -> Result<String> {
    let shape: Shape = parse(input)?;
    let format = Format::of(shape.response_format, shape.response_schema.as_deref())?;
    let schema = match answers(shape.n) {
        0 | 1 => format.output_schema(),
        _ => format::list_of(format.output_schema()),
    };
    Ok(Json::from(&schema).text())
}
