//! Ask: `POST /chat/completions`.
//!
//! [`messages`] and [`attachments`] make the question, [`format`] decides the
//! shape of the answer, [`functions`] what the model may call, [`conversation`]
//! asks until there is an answer, and [`stream`] and [`calls`] put an answer
//! together that arrives in pieces.

mod attachments;
pub(crate) mod calls;
mod conversation;
mod format;
mod functions;
mod json_in_text;
mod messages;
mod properties;
mod schema;
pub(crate) mod stream;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::result;

use self::attachments::Attachments;
use self::conversation::{Answer, Outside, Reply, Stopped, Terms};
use self::format::Format;
use self::functions::Functions;
use self::messages::{Message, wire_messages};
pub use self::properties::PROPERTIES;
use self::properties::ROUNDS;
use super::{Action, Output, parse};
use crate::allocator::free_text;
use crate::bindings::exports::workflow::connector::actions::Outcome;
use crate::bindings::workflow::connector::{events, files, functions as registry, json_schema};
use crate::connection::Settings;
use crate::describe::Table;
use crate::failure::{Failure, Result, item};
use crate::file_entry::FileEntry;
use crate::json::input::{FromJson, members};
use crate::json::{Json, Object, Value};
use crate::openai::models::has_any;
use crate::openai::parameters;
use crate::openai::request::{Answer as Response, free_request, post_with_files, send};
use crate::openai::rules::{self, Rule, Takes, rule};
use crate::table::{count_sent, sent};

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

/// What only some chat models take.
const RULES: &[Rule] = &[rule(
    &["o3", "o4-mini"],
    "stop",
    Takes::Nothing("this model cannot end at a text; leave it empty"),
)];

/// What is sent as it was given.
const SENT: [&str; count_sent(PROPERTIES)] = sent(PROPERTIES);

members! {
    /// What the action makes something of. All else is sent as it was given.
    pub struct Input<'a> {
        model: &'a str = "model",
        messages: Vec<Message<'a>> = "messages",
        response_format: Option<u64> = "responseFormat",
        response_schema: Option<&'a str> = "responseSchema",
        max_tokens: Option<u64> = "maxTokens",
        n: Option<u64> = "n",
        functions: Option<Vec<&'a str>> = "functions",
        repair_attempts: Option<u64> = "repairAttempts",
        parallel_function_calls: Option<bool> = "parallelFunctionCalls",
        max_function_rounds: Option<u64> = "maxFunctionRounds",
        attachments: Option<Vec<FileEntry<'a>>> = "attachments",
        image_detail: Option<&'a str> = "imageDetail",
    }
}

fn run(input: &str, settings: &Settings) -> Result<Outcome> {
    let given = parse(input)?;
    let input = Input::from_json(&given)?;
    let format = Format::of(input.response_format, input.response_schema)?;
    check(&input)?;
    rules::check(RULES, input.model, &given)?;
    let functions = look_up(input.functions.as_deref().unwrap_or_default())?;
    let parameters = Parameters {
        tools: functions.tools(),
        is_streamed: events::streaming(),
        ..Parameters::of(&given, &input, &format, settings)
    };

    let attached = input.attachments.as_deref().unwrap_or_default();
    let Attachments { parts, files } = Attachments::open(attached, input.image_detail)?;
    let (messages, origins) = wire_messages(&input.messages, format.instruction(), &parts)?;
    let is_streamed = parameters.is_streamed;
    let mut outside =
        Host { input: &input, format: &format, origins, files, is_streamed, refuses_usage: false };
    let terms = Terms {
        body: &|messages| parameters.body(messages),
        functions: &functions,
        rounds: input.max_function_rounds.unwrap_or(ROUNDS.into()),
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

/// What a request says besides the messages.
struct Parameters<'a> {
    given: Vec<(String, &'a Value)>,
    format: Option<Json>,
    tools: Option<Json>,
    parallel_calls: Option<bool>,
    max_tokens: Option<(&'static str, u64)>,
    is_streamed: bool,
}

/// The end of the body of a streamed request: it asks for the token counts.
const USAGE: &str = r#","stream_options":{"include_usage":true}}"#;

impl<'a> Parameters<'a> {
    /// What follows from the input and the settings.
    fn of(given: &'a Value, input: &Input, format: &Format, settings: &Settings) -> Self {
        Self {
            given: parameters::given(&SENT, given),
            format: format.wire(),
            tools: None,
            parallel_calls: input.parallel_function_calls,
            max_tokens: input.max_tokens.map(|most| (settings.max_tokens_parameter.name(), most)),
            is_streamed: false,
        }
    }

    /// The request's body.
    fn body(&self, messages: &[Json]) -> Json {
        let messages = Json::list(messages);
        let mut body = Object::new();
        body.set_all(&self.given)
            .set("messages", &messages)
            .set_some("response_format", self.format.as_ref());
        if let Some((name, most)) = self.max_tokens {
            body.set(name, most);
        }
        if let Some(tools) = &self.tools {
            body.set("tools", tools).set_some("parallel_tool_calls", self.parallel_calls);
        }
        if self.is_streamed {
            body.set("stream", true);
            // The last member, which `without_usage` takes out again.
            body.set("stream_options", Json::raw(r#"{"include_usage":true}"#));
        }
        free_text(messages.text());
        body.done()
    }
}

/// The body without the wish for token counts, if there is one in it.
fn without_usage(body: &Json) -> Option<Json> {
    let begun = body.as_str().strip_suffix(USAGE)?;
    Some(Json::raw(format!("{begun}}}")))
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
    let path = parameters::property(param, &Table::of("ask"), &aliases)?;

    let Some((index, rest)) = path.strip_prefix("messages[").and_then(|path| path.split_once(']'))
    else {
        return Some(path);
    };
    let origin = index.parse().ok().and_then(|index: usize| *origins.get(index)?);
    Some(match origin {
        Some(index) => item("messages", index) + rest,
        None => "messages".into(),
    })
}

/// The host behind the connector's imports.
struct Host<'a> {
    input: &'a Input<'a>,
    format: &'a Format,
    origins: Vec<Option<usize>>,
    files: Vec<files::File>,
    is_streamed: bool,
    /// Whether the server has refused to tell token counts in a stream.
    refuses_usage: bool,
}

impl Host<'_> {
    fn send(&self, body: &Json) -> Result<Response> {
        let blame = |param: &str| blame(self.input, &self.origins, param);
        let request = post_with_files("/chat/completions", body.as_str(), &self.files);
        let answer = send(&request, &blame).map_err(|failure| self.format.advised(failure));
        free_request(request);
        answer
    }
}

/// Whether a server has refused a request because it does not know
/// `stream_options`, as Mistral's does not. Nothing of it was processed then.
fn refuses_usage(failure: &Failure) -> bool {
    let texts = [Some(&failure.message), failure.detail.as_ref()];
    matches!(failure.status, Some(400..=499))
        && texts.into_iter().flatten().any(|text| text.contains("stream_options"))
}

impl Outside for Host<'_> {
    fn complete(&mut self, body: Json) -> Result<Reply> {
        let body = match without_usage(&body) {
            Some(plain) if self.refuses_usage => plain,
            _ => body,
        };
        let answer = match (self.send(&body), without_usage(&body)) {
            (Err(failure), Some(plain)) if refuses_usage(&failure) => {
                self.refuses_usage = true;
                self.send(&plain)
            }
            (answer, _) => answer,
        }?;
        free_text(body.text());
        let blame = |param: &str| blame(self.input, &self.origins, param);
        // Some servers answer in one piece all the same, some with a stream
        // that nobody asked for.
        let text = if self.is_streamed && !answer.has_type("application/json") {
            answer.collect(None, &blame, stream::collect)?
        } else {
            answer.json_or_events(&blame, stream::collect)?
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
    use crate::connection::MaxTokensParameter;
    use crate::drift;
    use crate::json::leaked;
    use crate::openai::usage::Usage;

    /// All that is given, with what a test is about.
    fn given(members: serde_json::Value) -> &'static Value {
        let mut input =
            json!({ "model": "gpt-5.4", "messages": [{ "content": "Hi", "role": "user" }] });
        for (name, value) in members.as_object().unwrap() {
            input[name] = value.clone();
        }
        leaked(input)
    }

    fn input(members: serde_json::Value) -> Input<'static> {
        Input::from_json(given(members)).unwrap()
    }

    /// What a request of an input says besides the messages.
    fn parameters(members: serde_json::Value, settings: &Settings) -> Parameters<'static> {
        let given = given(members);
        let input = Input::from_json(given).unwrap();
        let format = Format::of(input.response_format, input.response_schema).unwrap();
        Parameters::of(given, &input, &format, settings)
    }

    /// The request of an input.
    fn request(members: serde_json::Value) -> Json {
        parameters(members, &Settings::default()).body(&[])
    }

    /// An answer with these outputs.
    fn answer(outputs: &[&str]) -> Answer {
        let choice = |_: &&str| {
            conversation::Choice::of(&json!({ "message": {}, "finish_reason": "stop" }).into())
        };
        let mut usage = Usage::default();
        usage.add(&json!({ "usage": { "total_tokens": 3 } }).into());
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
        assert_eq!(request(json!({})), json!({ "model": "gpt-5.4", "messages": [] }));
    }

    #[test]
    fn everything_that_is_set_is_sent() {
        let request = request(json!({
            "responseFormat": 0, "maxTokens": 100, "n": 2, "temperature": 0, "topP": 0.5,
            "frequencyPenalty": -1.5, "presencePenalty": 2, "logitBias": { "50256": -100 },
            "stop": ["END"], "user": "u1",
            "reasoningEffort": "high", "verbosity": "low", "seed": -7, "serviceTier": "flex",
            "store": false, "metadata": { "run": "\"1\"", "step": "" }, "logprobs": true,
            "topLogprobs": 0, "safetyIdentifier": "s1", "promptCacheKey": "k1",
            "maxFunctionRounds": 5, "repairAttempts": 0,
        }));
        assert_eq!(
            request,
            json!({
                "model": "gpt-5.4", "messages": [],
                "max_completion_tokens": 100, "n": 2, "temperature": 0, "top_p": 0.5,
                "frequency_penalty": -1.5, "presence_penalty": 2,
                "logit_bias": { "50256": -100 }, "stop": ["END"], "user": "u1",
                "reasoning_effort": "high", "verbosity": "low", "seed": -7, "service_tier": "flex",
                "store": false, "metadata": { "run": "\"1\"", "step": "" }, "logprobs": true,
                "top_logprobs": 0, "safety_identifier": "s1", "prompt_cache_key": "k1",
            })
        );
    }

    #[test]
    fn parallel_calls_need_functions() {
        let mut parameters =
            parameters(json!({ "parallelFunctionCalls": false }), &Settings::default());
        assert!(!parameters.body(&[]).text().contains("parallel"));
        parameters.tools = Some(Json::raw("[]"));
        assert!(parameters.body(&[]).text().ends_with(r#","parallel_tool_calls":false}"#));
    }

    #[test]
    fn a_stream_is_asked_for_with_its_usage() {
        let mut parameters = parameters(json!({}), &Settings::default());
        assert!(!parameters.body(&[]).text().contains("stream"));
        parameters.is_streamed = true;
        let streamed = parameters.body(&[]).text();
        assert!(streamed.ends_with(r#","stream":true,"stream_options":{"include_usage":true}}"#));
    }

    #[test]
    fn older_servers_are_told_the_older_name() {
        let settings = Settings { max_tokens_parameter: MaxTokensParameter::MaxTokens };
        let request = parameters(json!({ "maxTokens": 5 }), &settings).body(&[]);
        assert!(request.text().contains(r#""max_tokens":5"#));
    }

    #[test]
    fn a_json_object_is_asked_for() {
        let request = request(json!({ "responseFormat": 1 }));
        assert!(request.text().contains(r#""response_format":{"type":"json_object"}"#));
    }

    #[test]
    fn models_that_cannot_stop_at_a_text_are_not_told_one() {
        let refusal = |model: &str, stop: &[&str]| {
            let given = given(json!({ "model": model, "stop": stop }));
            rules::check(RULES, model, given).err()
        };
        assert_eq!(refusal("o4-mini", &["END"]).unwrap().property.as_deref(), Some("stop"));
        assert!(refusal("gpt-5.4", &["END"]).is_none());
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
