//! Ask: `POST /chat/completions` or `POST /responses`.
//!
//! [`messages`], [`attachments`] and [`extra`] read the input. [`format`] determines
//! the shape of the answer, [`functions`] what the model may call, and [`rules`] what
//! each model accepts. [`conversation`] sends requests until there is an [`answer`].
//! [`chat`] and [`responses`] write the requests and read the responses of the two
//! APIs; [`exchange`] contains what they share.

mod answer;
mod attachments;
mod batch;
mod chat;
mod conversation;
mod exchange;
mod extra;
mod format;
mod functions;
mod json_in_text;
mod messages;
mod responses;
mod rules;
mod schema;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use connector_sdk::property::{Condition, Control, Literal, Property, Type};
use connector_sdk::{
    Choices, Effects, Example, Failure, FileEntry, Options, OptionsRequest, Outcome, Output,
    Properties, Result, Run, Settings, Shape,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value, json};
use serde_with::skip_serializing_none;

use self::attachments::Sources;
use self::chat::Chat;
use self::conversation::{Conversation, Ending};
use self::exchange::Api;
use self::format::Format;
use self::functions::Functions;
use self::messages::Message;
use self::responses::{Asked, Responses};
use crate::citations::Citation;
use crate::connection::ConnectionSettings;
use crate::rules::check;
use crate::usage::Usage;
use crate::{metadata, models, parameters};

/// Asks a chat model and returns its answer as text, an object or a list.
#[skip_serializing_none]
#[derive(Deserialize, Serialize, Properties)]
#[serde(rename_all(deserialize = "camelCase", serialize = "snake_case"))]
pub struct Ask {
    /// The chat model to use. You can enter any model the server supports.
    #[property(
        default = "gpt-5.4",
        live,
        open_choices(
            "gpt-5.4",
            "gpt-5.4-mini",
            "gpt-5.4-nano",
            "gpt-5.5",
            "gpt-4.1",
            "gpt-4.1-mini",
            "gpt-4o",
            "gpt-4o-mini",
        )
    )]
    model: String,

    /// The conversation so far, oldest message first. The model answers the last message.
    #[serde(skip_serializing)]
    #[property(min_items = 1)]
    messages: Vec<Message>,

    /// The form of the answer. Object and List return parsed JSON instead of text. Add a
    /// Response Schema to guarantee its structure.
    #[serde(default, skip_serializing)]
    #[property(default = 0, choices(
        0 as "Text": "The answer as plain text.",
        1 as "Object": "A JSON object.",
        2 as "List": "A JSON array.",
    ))]
    response_format: u64,

    /// The JSON Schema of the object, or of each list item. Leave empty to let the model
    /// choose the structure.
    #[serde(skip_serializing)]
    #[property(when(not response_format = 0), control = text_area)]
    #[property(placeholder = "{\"type\": \"object\", …}", media_type = "application/schema+json")]
    response_schema: Option<String>,

    /// The maximum number of tokens in an answer, including reasoning tokens. Leave empty
    /// to use the model's own limit.
    #[serde(skip_serializing)]
    #[property(advanced, group = "Output", minimum = 1)]
    max_tokens: Option<u64>,

    /// The number of answers to generate. With more than one, the output is a list. Each
    /// answer is charged.
    #[property(label = "Number of Chat Completion Choices", advanced, group = "Output")]
    #[property(minimum = 1, maximum = 128, provider_default = 1)]
    #[property(when(api = "chat_completions"))]
    n: Option<u64>,

    /// Controls randomness: 0 is nearly deterministic, higher values are more varied. Set
    /// this or Top P, not both. Leave empty for reasoning models, most of which reject it.
    #[property(advanced, group = "Sampling", minimum = 0, maximum = 2, provider_default = 1)]
    temperature: Option<Number>,

    /// Samples only from the most likely tokens that together reach this probability: 0.1
    /// means the top 10%. Set this or Temperature, not both.
    #[property(advanced, group = "Sampling", minimum = 0, maximum = 1, provider_default = 1)]
    top_p: Option<Number>,

    /// Positive values make a token less likely each time it occurs, which reduces
    /// repetition. Negative values make it more likely.
    #[property(advanced, group = "Sampling", minimum = -2, maximum = 2, provider_default = 0)]
    #[property(when(api = "chat_completions"))]
    frequency_penalty: Option<Number>,

    /// Positive values make tokens that have already occurred less likely, which encourages
    /// new topics. Negative values make them more likely.
    #[property(advanced, group = "Sampling", minimum = -2, maximum = 2, provider_default = 0)]
    #[property(when(api = "chat_completions"))]
    presence_penalty: Option<Number>,

    /// Makes individual tokens more or less likely. The key is a token ID, the value a whole
    /// number from -100 (never used) to 100 (always used).
    #[property(advanced, group = "Sampling", pattern = "[0-9]+")]
    #[property(item(minimum = -100, maximum = 100))]
    #[property(when(api = "chat_completions"))]
    logit_bias: Option<BTreeMap<String, i64>>,

    /// Sequences that end the answer and are not included in it. Leave empty for reasoning
    /// models.
    #[property(advanced, group = "Output", max_items = 4)]
    #[property(when(api = "chat_completions"))]
    stop: Option<Vec<String>>,

    /// The names of functions that the model may call before it answers, such as
    /// openai/v1/createImage. They run on your side, not at the provider.
    #[serde(default, skip_serializing)]
    #[property(advanced, group = "Tools")]
    functions: Vec<String>,

    /// A random or hashed ID for your end user, which helps OpenAI detect abuse. Never use
    /// a name or an email address.
    #[property(advanced, group = "Metadata")]
    user: Option<String>,

    /// How many times to ask the model to correct an answer that does not match the Response
    /// Schema. Each attempt is charged.
    #[serde(skip_serializing)]
    #[property(advanced, group = "Output", when(not response_format = 0))]
    #[property(minimum = 0, maximum = 5, provider_default = 1)]
    repair_attempts: Option<u64>,

    /// How much a reasoning model thinks before it answers. The supported values depend on
    /// the model.
    #[property(advanced, group = "Output")]
    #[property(open_choices("none", "minimal", "low", "medium", "high", "xhigh", "max"))]
    reasoning_effort: Option<String>,

    /// How detailed the answer should be.
    #[property(advanced, group = "Output", provider_default = "medium")]
    #[property(choices("low", "medium", "high"))]
    verbosity: Option<String>,

    /// Makes answers more reproducible: with the same seed, the same request usually gets the
    /// same answer.
    #[property(advanced, group = "Sampling")]
    #[property(when(api = "chat_completions"))]
    seed: Option<i64>,

    /// The processing tier, which determines speed and price.
    #[property(advanced, group = "Metadata", provider_default = "auto")]
    #[property(open_choices("auto", "default", "flex", "scale", "priority"))]
    service_tier: Option<String>,

    /// Whether the provider stores the answer, so that you can view it later. If empty,
    /// Responses stores it, and Chat Completions does not.
    #[property(advanced, group = "Metadata", provider_default = false)]
    store: Option<bool>,

    /// Your own key-value pairs, which the provider keeps with a stored answer.
    #[property(advanced, group = "Metadata", max_items = 16, item(max_length = 512))]
    metadata: Option<BTreeMap<String, String>>,

    /// Whether the run's metadata includes the log probability of each token in the answer.
    #[property(label = "Log Probabilities", advanced, group = "Output", provider_default = false)]
    logprobs: Option<bool>,

    /// The number of most likely tokens to return at each position.
    #[property(label = "Top Log Probabilities", advanced, group = "Output")]
    #[property(when(logprobs = true), minimum = 0, maximum = 20)]
    top_logprobs: Option<u64>,

    /// Whether the model may call several functions at once.
    #[serde(skip_serializing)]
    #[property(advanced, group = "Tools", provider_default = true)]
    parallel_function_calls: Option<bool>,

    /// The maximum number of rounds of function calls. The run fails if the model requests
    /// more.
    #[serde(skip_serializing)]
    #[property(advanced, group = "Tools", minimum = 1, maximum = 50, provider_default = 10)]
    max_function_rounds: Option<u64>,

    /// OpenAI's replacement for User: a random or hashed ID for your end user.
    #[property(advanced, group = "Metadata", max_length = 64)]
    safety_identifier: Option<String>,

    /// A key shared by requests that begin with the same text. It helps OpenAI reuse cached
    /// prompts, which is faster and cheaper.
    #[property(advanced, group = "Metadata")]
    prompt_cache_key: Option<String>,

    /// Files to send with the last user message: images (png, jpeg, webp, gif), audio (wav,
    /// mp3), PDFs and text.
    #[serde(default, skip_serializing)]
    #[property(advanced, group = "Attachments", item(max_bytes = 20 << 20))]
    attachments: Vec<FileEntry>,

    /// How closely the model examines attached images. High detail uses more tokens.
    #[serde(skip_serializing)]
    #[property(advanced, group = "Attachments", provider_default = "auto", choices(
        "auto",
        "low",
        "high",
        "original": "Without scaling. Requires the Responses API.",
    ))]
    image_detail: Option<String>,

    /// The API to use. Responses adds the provider's tools, stored conversations and answers in
    /// the background, but many other servers support only Chat Completions.
    #[serde(skip_serializing)]
    #[property(label = "API", advanced, group = "API", default = "chat_completions")]
    api: ApiChoice,

    /// What the model must call before it answers: any function or tool (required), nothing
    /// (none), or the function or tool with this name. With auto, the model decides.
    #[serde(skip_serializing)]
    #[property(advanced, group = "Tools", provider_default = "auto")]
    #[property(open_choices("auto", "none", "required"))]
    tool_choice: Option<String>,

    /// Checks the messages and the answer for harmful content. The run's metadata contains the
    /// results.
    #[serde(skip_serializing)]
    #[property(advanced, group = "Moderation")]
    moderation: Option<Moderation>,

    /// How the provider caches the beginning of prompts. Supported by gpt-5.6 and later models.
    #[property(advanced, group = "Metadata")]
    prompt_cache_options: Option<PromptCacheOptions>,

    /// The maximum time that cached prompts are kept. OpenAI recommends Prompt Cache Options
    /// instead, for models that support them.
    #[property(advanced, group = "Metadata")]
    #[property(choices("in_memory" as "In Memory", "24h" as "24 Hours"))]
    prompt_cache_retention: Option<String>,

    #[serde(flatten, skip_serializing)]
    responses: responses::Options,

    /// The URLs of images to send with the last user message. The provider fetches them.
    #[serde(default, skip_serializing)]
    #[property(label = "Image URLs", advanced, group = "Attachments")]
    #[property(item(control = url, placeholder = "https://example.com/photo.jpg"))]
    image_urls: Vec<String>,

    /// The IDs of images that you uploaded to the provider, to send with the last user
    /// message.
    #[serde(default, skip_serializing)]
    #[property(label = "Image File IDs", advanced, group = "Attachments")]
    #[property(when(api = "responses"), item(placeholder = "file-…"))]
    image_file_ids: Vec<String>,

    /// The URLs of files, such as PDFs, to send with the last user message. The provider
    /// fetches them.
    #[serde(default, skip_serializing)]
    #[property(label = "File URLs", advanced, group = "Attachments", when(api = "responses"))]
    #[property(item(control = url, placeholder = "https://example.com/report.pdf"))]
    file_urls: Vec<String>,

    /// The IDs of files, such as PDFs, that you uploaded to the provider, to send with the
    /// last user message.
    #[serde(default, skip_serializing)]
    #[property(label = "File IDs", advanced, group = "Attachments")]
    #[property(item(placeholder = "file-…"))]
    file_ids: Vec<String>,

    /// Parameters that have no property here, such as those of another server. They are added
    /// to the request unchanged.
    #[serde(skip_serializing)]
    #[property(advanced, group = "API")]
    extra_parameters: Option<Map<String, Value>>,
}

#[derive(Clone, Copy, Deserialize, Choices)]
#[serde(rename_all = "snake_case")]
enum ApiChoice {
    /// Supported by OpenAI and by compatible servers.
    ChatCompletions,
    /// OpenAI's newer API.
    Responses,
}

impl ApiChoice {
    /// The value of the property `api`.
    fn name(self) -> &'static str {
        match self {
            Self::ChatCompletions => "chat_completions",
            Self::Responses => "responses",
        }
    }
}

/// The moderation model if the input names none. A default in the table would make
/// every form send `moderation`.
const MODERATION_MODEL: &str = "omni-moderation-latest";

#[derive(Deserialize, Properties)]
#[serde(rename_all = "camelCase")]
struct Moderation {
    /// The moderation model.
    #[property(provider_default = MODERATION_MODEL, open_choices("omni-moderation-latest"))]
    model: Option<String>,
    /// What to do with harmful messages.
    #[property(choices("score": "Only report.", "block": "Reject harmful messages."))]
    input: Option<String>,
    /// What to do with a harmful answer.
    #[property(choices("score": "Only report.", "block": "Withhold a harmful answer."))]
    output: Option<String>,
}

impl Moderation {
    fn parameter(&self) -> Value {
        let mode = |mode: &Option<String>| mode.as_ref().map(|mode| json!({ "mode": mode }));
        let policy =
            parameters::object([("input", mode(&self.input)), ("output", mode(&self.output))]);
        let policy = (!policy.is_empty()).then(|| policy.into());
        let model = self.model.as_deref().unwrap_or(MODERATION_MODEL).into();
        parameters::object([("model", Some(model)), ("policy", policy)]).into()
    }
}

#[skip_serializing_none]
#[derive(Deserialize, Serialize, Properties)]
struct PromptCacheOptions {
    /// The minimum time that a cached prompt is kept.
    #[property(label = "TTL", provider_default = "30m", open_choices("30m"))]
    ttl: Option<String>,
    /// Implicit lets the provider choose what to cache. With explicit, nothing is cached.
    #[property(provider_default = "implicit", choices("implicit", "explicit"))]
    mode: Option<String>,
}

impl Run for Ask {
    const HELP: &str = include_str!("ask.md");
    const GROUP: &str = "Text";
    const TEXT_PROPERTY: &str = "messages[0].content";
    const EFFECTS: Effects = Effects::BILLED;
    const EXAMPLES: &[Example] = &[
        Example {
            title: "Categorize an email",
            input: concat!(
                r#"{"model": "gpt-5.4-mini", "messages": [{"role": "developer", "#,
                r#""content": "You categorize emails to an online shop."}, {"role": "user", "#,
                r#""content": "My order 4711 arrived with a broken lid. Can I get a new one "#,
                r#"before Friday?"}], "responseFormat": 1, "responseSchema": "#,
                r#""{\"type\": \"object\", \"properties\": {\"category\": "#,
                r#"{\"type\": \"string\", \"enum\": [\"complaint\", \"question\", \"other\"]}, "#,
                r#"\"order\": {\"type\": [\"string\", \"null\"]}, "#,
                r#"\"urgent\": {\"type\": \"boolean\"}}, "#,
                r#"\"required\": [\"category\", \"order\", \"urgent\"], "#,
                r#"\"additionalProperties\": false}"}"#,
            ),
        },
        Example {
            title: "Read a receipt in a photo",
            input: r#"{
                "messages": [
                    {"content": "Which shop is this receipt from, and what is the total?"}
                ],
                "imageUrls": ["https://example.com/receipts/2026-11-03.jpg"],
                "imageDetail": "high",
                "maxTokens": 500
            }"#,
        },
        Example {
            title: "Search the web and cite the sources",
            input: r#"{
                "api": "responses",
                "messages": [
                    {"content": "What changed in the latest stable release of Rust?"}
                ],
                "reasoningEffort": "low",
                "webSearch": true,
                "webSearchOptions": {"allowedDomains": ["rust-lang.org"], "contextSize": "low"},
                "maxToolCalls": 3
            }"#,
        },
    ];

    type Output = Value;
    const OUTPUT: Output = Output::Dynamic(&[
        Property { label: "Text", display: Some("markdown"), ..String::SHAPE },
        Property { label: "Object", ..Property::of(Type::Object, Control::ObjectBuilder) },
        Property { label: "List", ..<Vec<Value>>::SHAPE },
    ]);

    fn run(self, settings: &Settings) -> Result<Outcome<Value>> {
        let format = Format::of(self.response_format, self.response_schema.as_deref())?;
        let (mut api, functions) = self.begin(&format, settings)?;
        let mut conversation = Conversation {
            api: &mut *api,
            format: &format,
            functions: &functions,
            max_rounds: self.max_function_rounds.unwrap_or(10),
            max_repairs: self.repair_attempts.unwrap_or(1),
        };
        let ending = conversation.hold()?;
        outcome(ending, &format, self.n > Some(1), Some(self.model))
    }

    fn options(request: &OptionsRequest) -> Result<Options> {
        models::options(request, Self::PROPERTIES, |id| !models::has_any(id, OTHER_MODELS))
    }

    fn output_schema(input: Value, _: &Settings) -> Result<Value> {
        let shape: OutputShape = serde_json::from_value(input)
            .map_err(|error| Failure::invalid_input("", format!("invalid input: {error}")))?;
        let number = shape.response_format.unwrap_or_default();
        let format = Format::of(number, shape.response_schema.as_deref())?;
        Ok(format.output_schema(shape.n > Some(1)))
    }
}

impl Ask {
    /// Checks the input, and returns the conversation before its first request, with
    /// the functions that the model may call.
    fn begin<'a>(
        &self,
        format: &'a Format,
        settings: &Settings,
    ) -> Result<(Box<dyn Api + 'a>, Functions)> {
        self.check_choices()?;
        if let Some(pairs) = &self.metadata {
            metadata::check_keys(pairs)?;
        }
        format.check_schema()?;
        let mut parameters = parameters::given(self)?;
        if let Some(moderation) = &self.moderation {
            parameters.insert("moderation".to_owned(), moderation.parameter());
        }
        self.check_api(&parameters)?;
        check(rules::RULES, &self.model, &parameters)?;
        check(rules::RULES, &self.model, &parameters::given(&self.responses)?)?;
        if let Some(extra) = &self.extra_parameters {
            extra::check(extra, self.api)?;
            parameters.extend(extra.clone());
        }
        let functions = Functions::named(&self.functions)?;
        let turns = messages::turns(&self.messages, format.instruction(), &self.sources())?;

        let api: Box<dyn Api> = match self.api {
            ApiChoice::ChatCompletions => {
                let settings = ConnectionSettings::of(settings)?;
                let parameters = self.for_chat(parameters, format, &functions, settings)?;
                Box::new(Chat::new(parameters, format, turns, self.image_detail.as_deref())?)
            }
            ApiChoice::Responses => {
                let asked = Asked {
                    parameters,
                    format,
                    functions: &functions,
                    max_tokens: self.max_tokens,
                    parallel_calls: self.parallel_function_calls,
                    tool_choice: self.tool_choice.as_deref(),
                    image_detail: self.image_detail.as_deref(),
                };
                Box::new(Responses::new(asked, &self.responses, turns)?)
            }
        };
        Ok((api, functions))
    }

    /// What is attached to the last user message.
    fn sources(&self) -> Sources<'_> {
        Sources {
            attachments: &self.attachments,
            image_urls: &self.image_urls,
            image_file_ids: &self.image_file_ids,
            file_urls: &self.file_urls,
            file_ids: &self.file_ids,
        }
    }

    /// Rejects input that the API would accept, but whose result this action could not
    /// return.
    fn check_choices(&self) -> Result<()> {
        if self.n > Some(1) && !self.functions.is_empty() {
            let message = "`n` must be 1 when `functions` are given";
            return Err(Failure::invalid_input("n", message));
        }
        Ok(())
    }

    /// Rejects properties that the chosen API does not have. The table hides them, so
    /// a form that still contains them does not send them.
    fn check_api(&self, parameters: &Map<String, Value>) -> Result<()> {
        if let (ApiChoice::ChatCompletions, Some("original")) =
            (self.api, self.image_detail.as_deref())
        {
            let message = "`imageDetail` can be original only with the Responses API: choose \
                           another value, or set `api` to Responses";
            return Err(Failure::invalid_input("imageDetail", message));
        }
        let api = self.api.name();
        let other = match self.api {
            ApiChoice::ChatCompletions => "Responses",
            ApiChoice::Responses => "Chat Completions",
        };
        let options = parameters::given(&self.responses)?;
        for row in Self::PROPERTIES {
            let name = parameters::parameter(row.name);
            let given = parameters.get(&name).or(options.get(&name));
            if let Some(Condition { property: "api", values, .. }) = row.condition
                && !values.contains(&Literal::String(api))
                && given.is_some_and(|value| *value != Value::Bool(false))
            {
                let message = format!(
                    "only {other} supports `{name}`: leave it empty, or set `api` to {other}",
                    name = row.name,
                );
                return Err(Failure::invalid_input(row.name, message));
            }
        }
        Ok(())
    }

    /// The parameters of all requests over Chat Completions: those that are sent
    /// unchanged, and those that are derived from properties.
    fn for_chat(
        &self,
        mut parameters: Map<String, Value>,
        format: &Format,
        functions: &Functions,
        settings: ConnectionSettings,
    ) -> Result<Map<String, Value>> {
        parameters.extend(parameters::object([
            ("response_format", chat::response_format(format)),
            (settings.max_tokens_parameter.as_str(), self.max_tokens.map(Value::from)),
        ]));
        let choice = self.tool_choice.as_deref();
        parameters.extend(chat::tools(functions, choice, self.parallel_function_calls)?);
        Ok(parameters)
    }
}

/// The outcome of a conversation. If the provider does not name the model, it is the
/// requested one.
fn outcome(
    ending: Ending,
    format: &Format,
    has_several: bool,
    requested_model: Option<String>,
) -> Result<Outcome<Value>> {
    let Ending { answer, outputs, repairs, usage, report, request_id } = ending;
    let (mut finish_reasons, mut logprobs, mut citations) = (vec![], vec![], vec![]);
    for choice in answer.choices {
        finish_reasons.push(choice.finish_reason);
        logprobs.push(choice.logprobs);
        citations.extend(choice.citations);
    }
    finish_reasons.retain(|reason| !reason.is_empty());
    Outcome::new(one_or_all(outputs, has_several)).with_metadata(&Metadata {
        model: answer.model.or(requested_model),
        usage: Some(usage).filter(|usage| !usage.is_empty()),
        finish_reasons: given(finish_reasons),
        logprobs: Some(logprobs).filter(|all| all.iter().any(|one| !one.is_null())),
        strict: format.is_loose().then_some(false),
        repairs: Some(repairs).filter(|repairs| *repairs > 0),
        citations: given(citations),
        response_id: report.response_id,
        tool_calls: given(report.tool_calls),
        approval_requests: given(report.approval_requests),
        reasoning_summary: given(report.reasoning).map(|parts| parts.join("\n\n")),
        files: given(report.files),
        moderation: report.moderation,
        request_id,
    })
}

/// A list, if it has items.
fn given<T>(items: Vec<T>) -> Option<Vec<T>> {
    (!items.is_empty()).then_some(items)
}

/// The only output, or the list of outputs if several were requested.
fn one_or_all(mut outputs: Vec<Value>, has_several: bool) -> Value {
    if has_several || outputs.is_empty() { outputs.into() } else { outputs.swap_remove(0) }
}

/// The metadata of a run.
#[skip_serializing_none]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    model: Option<String>,
    usage: Option<Usage>,
    finish_reasons: Option<Vec<String>>,
    logprobs: Option<Vec<Value>>,
    /// `false` if the API could not enforce the schema strictly.
    strict: Option<bool>,
    repairs: Option<u64>,
    /// The sources that the answer cites.
    citations: Option<Vec<Citation>>,
    /// The ID under which the provider stores the answer.
    response_id: Option<String>,
    /// The calls of the provider's tools.
    tool_calls: Option<Vec<Value>>,
    /// The calls that wait for the user's approval.
    approval_requests: Option<Vec<Value>>,
    reasoning_summary: Option<String>,
    /// The generated images.
    files: Option<Vec<FileEntry>>,
    moderation: Option<Value>,
    request_id: Option<String>,
}

/// The part of an input that determines the shape of the output. A form asks
/// for the shape before the rest is filled in.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OutputShape {
    response_format: Option<u64>,
    response_schema: Option<String>,
    n: Option<u64>,
}

/// Substrings in the names of models that are not chat models.
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
