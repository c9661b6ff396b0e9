//! Asking the model until it answers: as long as it wants functions called,
//! they are called and it is asked again, and so it is when its answer does not
//! fit the schema.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::result;

use super::format::{self, Format};
use super::functions::Functions;
use crate::allocator::free_text;
use crate::bindings::workflow::connector::events::{Event, FunctionCall, FunctionResult};
pub use crate::bindings::workflow::connector::functions::Invocation;
use crate::bindings::workflow::connector::json_schema::{Invalid, Violation};
pub use crate::bindings::workflow::connector::lifecycle::StopReason as Stopped;
use crate::failure::{Failure, FailureKind, Result, shortened};
use crate::json::{Json, Object, Value, decimal};
use crate::openai::{error, usage::Usage};

/// As many violations as a message names.
const VIOLATIONS: usize = 5;
/// The longest description of one, in bytes: it may hold the whole value.
const VIOLATION: usize = 200;

/// What a conversation needs from outside.
pub trait Outside {
    /// Sends a request body and takes the answer.
    fn complete(&mut self, body: Json) -> Result<Reply>;
    /// Calls functions of the registry at the same time. The results are in
    /// the order of the calls.
    fn call(&mut self, calls: &[Invocation]) -> Vec<result::Result<String, Failure>>;
    /// Validates JSON text against a JSON Schema.
    fn validate(&mut self, schema: &str, instance: &str) -> result::Result<(), Invalid>;
    /// Tells the caller what happens.
    fn tell(&mut self, event: &Event) -> result::Result<(), Stopped>;
}

/// How a conversation is held.
pub struct Terms<'a> {
    /// Makes a request of messages.
    pub body: &'a dyn Fn(&[Json]) -> Json,
    /// The functions that the model may call.
    pub functions: &'a Functions,
    /// How often functions are called at most. A model that still wants more
    /// is going in circles.
    pub rounds: u64,
    /// The shape of the answer.
    pub format: &'a Format,
    /// How often the model is asked to correct an answer that does not fit the
    /// format's schema.
    pub repairs: u64,
}

/// The provider's answer to one request.
pub struct Reply {
    /// The body, JSON text.
    pub text: String,
    /// The provider's id of the request.
    pub request_id: Option<String>,
}

/// The model's answer.
#[derive(Debug)]
pub struct Answer {
    /// The model that answered.
    pub model: Option<String>,
    /// What it says; at least one.
    pub choices: Vec<Choice>,
    /// The output of each choice.
    pub outputs: Vec<Json>,
    /// How often it was asked to correct its answer.
    pub repairs: u64,
    /// The counts of all requests together.
    pub usage: Usage,
    /// The provider's id of the last request.
    pub request_id: Option<String>,
}

/// One of several answers to the same messages.
#[derive(Debug)]
pub struct Choice {
    /// The text, if there is one.
    pub content: Option<String>,
    /// Why the model declines.
    pub refusal: Option<String>,
    /// Why the answer ends.
    pub finish_reason: Option<String>,
    /// How probable its tokens were, as the provider tells it.
    pub logprobs: Option<Json>,
    /// What went wrong at the provider while it answered.
    pub error: Option<Failure>,
    /// The functions that the model wants called.
    calls: Vec<Call>,
}

/// A function that the model wants called.
#[derive(Debug)]
pub struct Call {
    id: String,
    name: String,
    arguments: String,
}

impl Choice {
    /// Reads an item of `choices`, as far as servers fill it in.
    pub fn of(choice: &Value) -> Self {
        let text = |path| text(choice, path);
        let failed = error::has_error(choice);
        let error = failed.then(|| *error::inside(&Json::of(choice).text(), &|_| None));
        Self {
            content: choice.at("message/content").and_then(content),
            refusal: text("message/refusal"),
            finish_reason: text("finish_reason"),
            logprobs: choice.get("logprobs").filter(|told| **told != Value::Null).map(Json::of),
            error,
            calls: with_distinct_ids(calls(choice.get("message")).map(Call::of).collect()),
        }
    }

    /// Whether a function is to be called.
    pub fn calls_functions(&self) -> bool {
        !self.calls.is_empty()
    }
}

/// The calls in a message.
fn calls(message: Option<&Value>) -> impl Iterator<Item = &Value> {
    let calls = message.map(|message| message.items("tool_calls")).unwrap_or_default();
    calls.iter().filter(|call| call.get("function").is_some() || text(call, "id").is_some())
}

/// Gives each call an id that no other has, where the provider did not.
fn with_distinct_ids(mut calls: Vec<Call>) -> Vec<Call> {
    let mut ids: Vec<String> = Vec::new();
    let given: Vec<String> = calls.iter().map(|call| call.id.clone()).collect();
    for call in &mut calls {
        let mut number = 1;
        while call.id.is_empty() || ids.contains(&call.id) {
            let id = format!("call_{}", decimal(number));
            if !given.contains(&id) {
                call.id = id;
            }
            number += 1;
        }
        ids.push(call.id.clone());
    }
    calls
}

impl Call {
    fn of(call: &Value) -> Self {
        // The API sends the arguments as a text, which is empty for none; some
        // servers send the object itself.
        let arguments = match call.at("function/arguments") {
            None | Some(Value::Null) => "{}".into(),
            Some(Value::Text(text)) if text.trim_ascii().is_empty() => "{}".into(),
            Some(Value::Text(text)) => text.clone(),
            Some(value) => Json::of(value).text(),
        };
        let text = |path| text(call, path).unwrap_or_default();
        Self { id: text("id"), name: text("function/name"), arguments }
    }

    /// The call as it goes back, with all that was `given` besides.
    fn wire(&self, given: &Value) -> Json {
        let mut function = Object::new();
        function.set("name", &self.name).set("arguments", &self.arguments);
        for (name, value) in given.members("function") {
            if !matches!(name.as_str(), "name" | "arguments") {
                function.set(name, value);
            }
        }
        let mut call = Object::new();
        call.set("id", &self.id).set("type", "function").set("function", function.done());
        for (name, value) in given.as_object().unwrap_or_default() {
            if !matches!(name.as_str(), "id" | "type" | "function") {
                call.set(name, value);
            }
        }
        call.done()
    }
}

/// The text of a message, which some servers send in parts. What the model
/// thinks to itself is in parts of other types.
pub fn content(content: &Value) -> Option<String> {
    let parts = match content {
        Value::Text(text) => return Some(text.clone()),
        Value::List(parts) => parts,
        _ => return None,
    };
    let text = |part: &Value| match part.text("type") {
        None | Some("text" | "output_text") => {
            part.as_str().or_else(|| part.text("text")).map(String::from)
        }
        Some(_) => None,
    };
    let texts: Vec<_> = parts.iter().filter_map(text).collect();
    (!texts.is_empty()).then(|| texts.concat())
}

/// A text that is there and not empty.
fn text(value: &Value, path: &str) -> Option<String> {
    value.text(path).filter(|text| !text.is_empty()).map(Into::into)
}

/// Asks until there is an answer.
pub fn hold(outside: &mut dyn Outside, terms: &Terms, mut messages: Vec<Json>) -> Result<Answer> {
    let Terms { functions, format, .. } = terms;
    let schema = format.schema();
    let schema = schema.as_ref().map(Json::as_str);
    require_schema(outside, schema)?;

    let mut usage = Usage::default();
    let (mut rounds, mut repairs) = (0, 0);
    loop {
        let reply = outside.complete((terms.body)(&messages)).map_err(|failure| {
            match rounds + repairs {
                0 => failure,
                // An earlier request was sent, whatever became of this one.
                _ => failure.sent(),
            }
        })?;
        let told = |failure: Box<Failure>| failure.answered(200, reply.request_id.as_deref());
        let completion = Value::parse(&reply.text).unwrap_or(Value::Null);
        let choices: Vec<_> = completion.items("choices").iter().map(Choice::of).collect();
        let Some(first) = choices.first() else {
            return Err(told(error::instead("the provider returned no answer", &reply.text)));
        };
        usage.add(&completion);

        let message = completion.items("choices").first().and_then(|choice| choice.get("message"));
        if !functions.is_empty() && first.calls_functions() {
            if rounds == terms.rounds {
                break;
            }
            rounds += 1;
            format::require_end(first).map_err(told)?;
            messages.push(sent_back(message, &first.calls));
            let results = answered(outside, functions, &first.calls).map_err(Failure::sent)?;
            messages.extend(results);
            completion.free();
            free_text(reply.text);
            continue;
        }

        let mut contents = Vec::new();
        for choice in &choices {
            contents.push(format.content(choice).map_err(told)?);
        }
        match (outputs(outside, format, schema, &contents), &contents[..]) {
            (Ok(outputs), _) => {
                let model = text(&completion, "model");
                let request_id = reply.request_id;
                return Ok(Answer { model, choices, outputs, repairs, usage, request_id });
            }
            (Err(unfit), [_]) if schema.is_some() && repairs < terms.repairs => {
                repairs += 1;
                messages.push(sent_back(message, &[]));
                messages.push(said("user", &correction(&unfit)));
                completion.free();
                free_text(reply.text);
            }
            (Err(unfit), _) => return Err(told(unfit)),
        }
    }
    let rounds = decimal(rounds);
    let message = format!("the model still wanted functions called after {rounds} rounds of them");
    Err(Failure::invalid_output(message, "").at("functions"))
}

/// Refuses a schema that is none, before it costs a request.
fn require_schema(outside: &mut dyn Outside, schema: Option<&str>) -> Result<()> {
    match schema.map(|schema| outside.validate(schema, "null")) {
        Some(Err(Invalid::Schema(reason))) => {
            let message = format!("the schema is not a JSON Schema: {reason}");
            Err(Failure::invalid_input("responseSchema", message))
        }
        _ => Ok(()),
    }
}

/// The output of each text, which fits the schema.
fn outputs(
    outside: &mut dyn Outside,
    format: &Format,
    schema: Option<&str>,
    contents: &[&str],
) -> Result<Vec<Json>> {
    let mut outputs = Vec::new();
    for content in contents {
        let output = format.output(content)?;
        if let Some(schema) = schema
            && let Some(violations) = violations(outside, schema, output.as_str())
        {
            let message = format!("the answer does not fit the Response Schema: {violations}");
            return Err(Failure::invalid_output(message, content));
        }
        outputs.push(output);
    }
    Ok(outputs)
}

/// How a value breaks its schema, in words; none if it does not.
fn violations(outside: &mut dyn Outside, schema: &str, instance: &str) -> Option<String> {
    let Err(Invalid::Instance(violations)) = outside.validate(schema, instance) else {
        return None;
    };
    let mut words = String::new();
    for Violation { path, message } in violations.iter().take(VIOLATIONS) {
        if !words.is_empty() {
            words.push_str("; ");
        }
        if !path.is_empty() {
            words.push_str(path);
            words.push_str(": ");
        }
        words.push_str(&shortened(message, VIOLATION));
    }
    Some(words)
}

/// What the model is told after an answer that does not fit.
fn correction(unfit: &Failure) -> String {
    format!(
        "{}. Answer again with the whole of it, corrected: JSON and nothing else.",
        unfit.message
    )
}

/// A message in words.
pub fn said(role: &str, content: &str) -> Json {
    Object::new().set("role", role).set("content", content).done()
}

/// A message of the model as it came, so that the model finds in it what its
/// provider put there. It holds these calls, with the ids that their results
/// refer to; others go without a result, which the API refuses. What is null or
/// an empty list says nothing, and servers do not take in a request all that
/// they put into answers.
fn sent_back(message: Option<&Value>, wanted: &[Call]) -> Json {
    let members = message.and_then(Value::as_object).unwrap_or_default();
    let mut object = Object::new();
    if message.is_none_or(|message| message.text("role").is_none()) {
        object.set("role", "assistant");
    }
    for (name, value) in members {
        let says_nothing = match value {
            Value::Null => name != "content",
            Value::List(items) => items.is_empty(),
            _ => false,
        };
        if name != "tool_calls" && !says_nothing {
            object.set(name, value);
        }
    }
    if message.is_none_or(|message| message.get("content").is_none()) {
        object.set("content", Json::raw("null"));
    }
    if !wanted.is_empty() {
        let calls = calls(message).zip(wanted).map(|(given, call)| call.wire(given));
        object.set("tool_calls", Json::list(&calls.collect::<Vec<_>>()));
    }
    object.done()
}

/// A message of the model that calls a function without arguments.
pub fn called(id: &str, name: &str) -> Json {
    let call = Call { id: id.into(), name: name.into(), arguments: "{}".into() };
    let calls = Json::list(&[call.wire(&Value::Null)]);
    Object::new()
        .set("role", "assistant")
        .set("content", Json::raw("null"))
        .set("tool_calls", calls)
        .done()
}

/// A message with the result of a call.
pub fn result(id: &str, content: &str) -> Json {
    Object::new().set("role", "tool").set("tool_call_id", id).set("content", content).done()
}

/// Calls functions at the same time, and gives the messages with their results
/// for the next request. The model is handed a call's error, from which it
/// often recovers; what ends the run ends it.
fn answered(outside: &mut dyn Outside, functions: &Functions, calls: &[Call]) -> Result<Vec<Json>> {
    let mut names = Vec::new();
    for call in calls {
        names.push(checked(outside, functions, call));
    }
    let mut wanted = Vec::new();
    for (call, name) in calls.iter().zip(&names) {
        if let Ok(name) = *name {
            let (id, arguments) = (call.id.clone(), call.arguments.clone());
            let told = FunctionCall { id, name: name.into(), arguments: arguments.clone() };
            outside.tell(&Event::FunctionCall(told)).map_err(Failure::stopped)?;
            wanted.push(Invocation { name: name.into(), arguments });
        }
    }
    let mut results = outside.call(&wanted).into_iter();
    let mut messages = Vec::new();
    for (call, name) in calls.iter().zip(names) {
        let content = match name {
            Err(error) => failed(&error),
            Ok(name) => {
                // The host gives as many results as there are calls.
                let Some(given) = results.next() else { break };
                let (content, result) = match given {
                    Ok(text) => (text.clone(), Ok(text)),
                    Err(failure) if failure.kind == FailureKind::Cancelled => {
                        return Err(Box::new(failure));
                    }
                    Err(failure) => (failed(&failure.message), Err(failure.message)),
                };
                let (id, name) = (call.id.clone(), name.into());
                let told = Event::FunctionResult(FunctionResult { id, name, result });
                outside.tell(&told).map_err(Failure::stopped)?;
                content
            }
        };
        messages.push(result(&call.id, &content));
    }
    Ok(messages)
}

/// What the model is handed instead of a result.
fn failed(error: &str) -> String {
    Object::new().set("error", error).done().text()
}

/// The name under which the function of a call was registered, or what is
/// wrong with the call.
fn checked<'a>(
    outside: &mut dyn Outside,
    functions: &'a Functions,
    call: &Call,
) -> result::Result<&'a str, String> {
    if call.name.is_empty() {
        return Err("the call does not say which function it is for".into());
    }
    let Some((name, parameters)) = functions.registered(&call.name) else {
        return Err(format!("there is no function `{}`", call.name));
    };
    if !is_object(&call.arguments) {
        return Err("the arguments are not a JSON object".into());
    }
    match violations(outside, parameters, &call.arguments) {
        Some(violations) => Err(format!("the arguments do not fit: {violations}")),
        None => Ok(name),
    }
}

fn is_object(text: &str) -> bool {
    Value::parse(text).is_some_and(|value| value.as_object().is_some())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::functions::tests::function;
    use super::*;

    const ROUNDS: u64 = 3;

    /// A provider that gives these answers, and a caller who notes what
    /// happens.
    #[derive(Default)]
    struct Script {
        answers: Vec<serde_json::Value>,
        requests: Vec<serde_json::Value>,
        happened: Vec<String>,
        stop: Option<Stopped>,
        /// What a validation finds wrong, from the first on; then nothing.
        verdicts: Vec<Invalid>,
        repairs: u64,
        schema: Option<&'static str>,
    }

    impl Outside for Script {
        fn complete(&mut self, body: Json) -> Result<Reply> {
            self.requests.push(serde_json::from_str(&body.text()).unwrap());
            if self.answers.is_empty() {
                return Err(Failure::new(FailureKind::Network, "the connection broke"));
            }
            let text = self.answers.remove(0).to_string();
            Ok(Reply { text, request_id: Some(format!("req_{}", self.requests.len())) })
        }

        fn call(&mut self, calls: &[Invocation]) -> Vec<result::Result<String, Failure>> {
            let failed = |kind, message: &str| Err(*Failure::new(kind, message));
            let call = |Invocation { name, arguments }: &Invocation| {
                self.happened.push(format!("{name} is called with {arguments}"));
                match name.as_str() {
                    "a/broken" => failed(FailureKind::NotFound, "there is no such city"),
                    "a/endless" => failed(FailureKind::Cancelled, "cancelled"),
                    _ => Ok(r#"{"sunny":true}"#.into()),
                }
            };
            calls.iter().map(call).collect()
        }

        fn validate(&mut self, _: &str, instance: &str) -> result::Result<(), Invalid> {
            match self.verdicts.is_empty() || instance == "null" {
                true => Ok(()),
                false => Err(self.verdicts.remove(0)),
            }
        }

        fn tell(&mut self, event: &Event) -> result::Result<(), Stopped> {
            self.happened.push(match event {
                Event::FunctionCall(call) => format!("{}: {} is wanted", call.id, call.name),
                Event::FunctionResult(told) => format!("{}: {:?}", told.id, told.result),
                _ => panic!("no other event is told"),
            });
            self.stop.map_or(Ok(()), Err)
        }
    }

    /// An answer in words.
    fn words(text: &str) -> serde_json::Value {
        json!({
            "model": "gpt-x",
            "choices": [{ "message": { "content": text }, "finish_reason": "stop" }],
            "usage": { "total_tokens": 5 },
        })
    }

    /// An answer that wants a function called.
    fn wants(name: &str, arguments: &str) -> serde_json::Value {
        wants_all(&[(name, arguments)])
    }

    /// An answer that wants functions called, `call_1` and so on.
    fn wants_all(calls: &[(&str, &str)]) -> serde_json::Value {
        let call = |(index, (name, arguments)): (usize, &(&str, &str))| {
            let function = json!({ "name": name, "arguments": arguments });
            json!({ "id": format!("call_{}", index + 1), "type": "function", "function": function })
        };
        let calls: Vec<_> = calls.iter().enumerate().map(call).collect();
        json!({
            "choices": [{
                "message": { "content": null, "tool_calls": calls },
                "finish_reason": "tool_calls",
            }],
            "usage": { "total_tokens": 7 },
        })
    }

    fn talk(script: &mut Script, names: &[&str]) -> Result<Answer> {
        let functions = names.iter().map(|name| function(name)).collect();
        let body = |messages: &[Json]| Object::new().set("messages", Json::list(messages)).done();
        let terms = Terms {
            body: &body,
            functions: &Functions::new(functions).unwrap(),
            rounds: ROUNDS,
            format: &Format::of(script.schema.map(|_| 1), script.schema).unwrap(),
            repairs: script.repairs,
        };
        hold(script, &terms, vec![Json::of("the question")])
    }

    #[test]
    fn an_answer_in_words_ends_the_conversation() {
        let mut script = Script { answers: vec![words("Hi")], ..Script::default() };
        let answer = talk(&mut script, &[]).unwrap();
        assert_eq!(answer.choices[0].content.as_deref(), Some("Hi"));
        assert_eq!(answer.choices[0].finish_reason.as_deref(), Some("stop"));
        assert_eq!(answer.model.as_deref(), Some("gpt-x"));
        assert_eq!(answer.request_id.as_deref(), Some("req_1"));
        assert_eq!(script.requests, [json!({ "messages": ["the question"] })]);
        assert!(script.happened.is_empty());
    }

    #[test]
    fn a_function_is_called_and_the_model_asked_again() {
        let answers = vec![wants("a_weather", r#"{"city":"Rome"}"#), words("Sunny")];
        let mut script = Script { answers, ..Script::default() };
        let answer = talk(&mut script, &["a/weather"]).unwrap();
        assert_eq!(answer.choices[0].content.as_deref(), Some("Sunny"));
        assert_eq!(answer.request_id.as_deref(), Some("req_2"));
        assert_eq!(answer.usage.json().unwrap(), json!({ "totalTokens": 12 }));
        assert_eq!(
            script.happened,
            [
                "call_1: a/weather is wanted",
                r#"a/weather is called with {"city":"Rome"}"#,
                r#"call_1: Ok("{\"sunny\":true}")"#,
            ]
        );
        assert_eq!(
            script.requests[1]["messages"],
            json!([
                "the question",
                {
                    "role": "assistant",
                    "content": null,
                    "tool_calls": [{
                        "id": "call_1",
                        "type": "function",
                        "function": { "name": "a_weather", "arguments": r#"{"city":"Rome"}"# },
                    }],
                },
                { "role": "tool", "tool_call_id": "call_1", "content": r#"{"sunny":true}"# },
            ])
        );
    }

    #[test]
    fn functions_are_called_together_and_told_in_order() {
        let calls = [("a_weather", "{}"), ("made_up", "{}"), ("a_broken", "{}"), ("a_weather", "")];
        let answers = vec![wants_all(&calls), words("Well")];
        let mut script = Script { answers, ..Script::default() };
        talk(&mut script, &["a/weather", "a/broken"]).unwrap();
        assert_eq!(
            script.happened,
            [
                "call_1: a/weather is wanted",
                "call_3: a/broken is wanted",
                "call_4: a/weather is wanted",
                "a/weather is called with {}",
                "a/broken is called with {}",
                "a/weather is called with {}",
                r#"call_1: Ok("{\"sunny\":true}")"#,
                r#"call_3: Err("there is no such city")"#,
                r#"call_4: Ok("{\"sunny\":true}")"#,
            ]
        );
        let told = |index: usize| {
            let message = &script.requests[1]["messages"][index + 1];
            assert_eq!(message["tool_call_id"], format!("call_{index}"));
            message["content"].as_str().unwrap()
        };
        assert_eq!(told(1), r#"{"sunny":true}"#);
        assert_eq!(told(2), r#"{"error":"there is no function `made_up`"}"#);
        assert_eq!(told(3), r#"{"error":"there is no such city"}"#);
        assert_eq!(told(4), r#"{"sunny":true}"#);
    }

    #[test]
    fn one_cancelled_call_of_several_ends_the_run() {
        let answers = vec![wants_all(&[("a_weather", "{}"), ("a_endless", "{}")])];
        let mut script = Script { answers, ..Script::default() };
        let failure = talk(&mut script, &["a/weather", "a/endless"]).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Cancelled);
        assert!(failure.request_sent);
    }

    /// What the model is told after it wanted this call.
    #[track_caller]
    fn check_told(name: &str, arguments: &str, expected: &str) {
        let answers = vec![wants(name, arguments), words("Well")];
        let mut script = Script { answers, ..Script::default() };
        talk(&mut script, &["a/weather", "a/broken"]).unwrap();
        assert_eq!(script.requests[1]["messages"][2]["content"], expected);
    }

    #[test]
    fn the_model_is_told_of_every_error() {
        check_told("a_broken", "{}", r#"{"error":"there is no such city"}"#);
        check_told("made_up", "{}", r#"{"error":"there is no function `made_up`"}"#);
        check_told("a_weather", "{", r#"{"error":"the arguments are not a JSON object"}"#);
        check_told("a_weather", "[1]", r#"{"error":"the arguments are not a JSON object"}"#);
        check_told("a_weather", "", r#"{"sunny":true}"#);
    }

    #[test]
    fn a_model_in_circles_is_stopped() {
        let rounds = ROUNDS as usize;
        let answers = vec![wants("a_weather", "{}"); rounds + 1];
        let mut script = Script { answers, ..Script::default() };
        let failure = talk(&mut script, &["a/weather"]).unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidOutput);
        assert_eq!(failure.property.as_deref(), Some("functions"));
        assert_eq!(script.requests.len(), rounds + 1);
        assert_eq!(script.happened.len(), 3 * rounds);
    }

    #[test]
    fn calls_without_functions_are_no_calls() {
        let mut script = Script { answers: vec![wants("f", "{}")], ..Script::default() };
        assert_eq!(
            talk(&mut script, &[]).unwrap_err().message,
            "the provider's answer holds no text"
        );
    }

    fn violation(path: &str, message: &str) -> Violation {
        Violation { path: path.into(), message: message.into() }
    }

    /// A conversation about an object with a schema.
    fn about_an_object(answers: &[&str], verdicts: Vec<Invalid>, repairs: u64) -> Script {
        Script {
            answers: answers.iter().map(|answer| words(answer)).collect(),
            verdicts,
            repairs,
            schema: Some(r#"{"type":"object"}"#),
            ..Script::default()
        }
    }

    #[test]
    fn an_answer_that_does_not_fit_is_corrected() {
        let wrong = Invalid::Instance(vec![
            violation("/a", "\"x\" is not of type \"integer\""),
            violation("", "\"b\" is a required property"),
        ]);
        let mut script = about_an_object(&[r#"{"a":"x"}"#, r#"{"a":1,"b":2}"#], vec![wrong], 1);
        let answer = talk(&mut script, &[]).unwrap();
        assert_eq!(answer.outputs[0], json!({ "a": 1, "b": 2 }));
        assert_eq!(answer.repairs, 1);
        assert_eq!(answer.usage.json().unwrap(), json!({ "totalTokens": 10 }));
        assert_eq!(
            script.requests[1]["messages"],
            json!([
                "the question",
                { "role": "assistant", "content": r#"{"a":"x"}"# },
                {
                    "role": "user",
                    "content": "the answer does not fit the Response Schema: /a: \"x\" is not of \
                                type \"integer\"; \"b\" is a required property. Answer again with \
                                the whole of it, corrected: JSON and nothing else.",
                },
            ])
        );
    }

    #[test]
    fn an_answer_that_is_no_json_is_corrected_if_there_is_a_schema() {
        let mut script = about_an_object(&["Sure!", "{}"], Vec::new(), 1);
        assert_eq!(talk(&mut script, &[]).unwrap().repairs, 1);
        script = about_an_object(&["[]", "{}"], Vec::new(), 0);
        assert_eq!(talk(&mut script, &[]).unwrap_err().detail.as_deref(), Some("[]"));
    }

    #[test]
    fn an_answer_that_never_fits_is_a_failure() {
        let many = (0..9).map(|item| violation(&format!("/{item}"), &"x".repeat(999))).collect();
        let verdicts = || vec![Invalid::Instance(vec![violation("/a", "no")])];
        let mut script = about_an_object(&["{}", "{ }"], verdicts(), 1);
        script.verdicts.push(Invalid::Instance(many));
        let failure = talk(&mut script, &[]).unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidOutput);
        assert!(failure.message.starts_with("the answer does not fit the Response Schema: /0: x"));
        assert!(failure.message.contains("; /4: x") && !failure.message.contains("/5"));
        assert_eq!(failure.detail.as_deref(), Some("{ }"));
        assert_eq!(failure.status, Some(200));
        assert_eq!(failure.request_id.as_deref(), Some("req_2"));

        let mut script = about_an_object(&["{}", "{}"], verdicts(), 0);
        assert!(talk(&mut script, &[]).is_err());
        assert_eq!(script.requests.len(), 1);

        let mut two = words("{}");
        two["choices"] = json!([two["choices"][0], two["choices"][0]]);
        let mut script = Script { answers: vec![two], ..about_an_object(&[], verdicts(), 5) };
        assert!(talk(&mut script, &[]).is_err());
        assert_eq!(script.requests.len(), 1);
    }

    #[test]
    fn what_is_no_schema_costs_no_request() {
        struct Strict(bool);
        impl Outside for Strict {
            fn complete(&mut self, _: Json) -> Result<Reply> {
                self.0 = true;
                Ok(Reply { text: words("{}").to_string(), request_id: None })
            }
            fn call(&mut self, _: &[Invocation]) -> Vec<result::Result<String, Failure>> {
                panic!("nothing is called")
            }
            fn validate(&mut self, schema: &str, _: &str) -> result::Result<(), Invalid> {
                Err(Invalid::Schema(format!("{schema} is bad")))
            }
            fn tell(&mut self, _: &Event) -> result::Result<(), Stopped> {
                panic!("nothing is told")
            }
        }
        let ask = |schema: Option<&str>| {
            let mut outside = Strict(false);
            let terms = Terms {
                body: &|messages| Json::list(messages),
                functions: &Functions::default(),
                rounds: 0,
                format: &Format::of(Some(1), schema).unwrap(),
                repairs: 0,
            };
            (hold(&mut outside, &terms, Vec::new()), outside.0)
        };
        let (failed, was_sent) = ask(Some(r#"{"type":"object","properties":1}"#));
        let failure = failed.unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidInput);
        assert_eq!(failure.property.as_deref(), Some("responseSchema"));
        assert!(failure.message.ends_with("is bad"));
        assert!(!failure.request_sent && !was_sent);
        assert!(ask(None).0.is_ok());
    }

    #[test]
    fn a_refusal_is_not_corrected() {
        let refusal = json!({ "choices": [{ "message": { "content": null, "refusal": "no" } }] });
        let mut script = Script { answers: vec![refusal], ..about_an_object(&[], Vec::new(), 5) };
        assert_eq!(talk(&mut script, &[]).unwrap_err().kind, FailureKind::Refused);
    }

    #[test]
    fn arguments_that_do_not_fit_are_the_models_to_correct() {
        let answers = vec![wants("a_weather", "{}"), words("Well")];
        let verdicts = vec![Invalid::Instance(vec![violation("", "\"city\" is missing")])];
        let mut script = Script { answers, verdicts, ..Script::default() };
        talk(&mut script, &["a/weather"]).unwrap();
        assert_eq!(
            script.requests[1]["messages"][2]["content"],
            r#"{"error":"the arguments do not fit: \"city\" is missing"}"#
        );
        assert!(script.happened.is_empty());
    }

    #[test]
    fn what_ends_the_run_ends_the_conversation() {
        for (stop, kind) in [
            (Stopped::Cancelled, FailureKind::Cancelled),
            (Stopped::Deadline, FailureKind::Timeout),
        ] {
            let answers = vec![wants("a_weather", "{}")];
            let mut script = Script { answers, stop: Some(stop), ..Script::default() };
            let failure = talk(&mut script, &["a/weather"]).unwrap_err();
            assert_eq!(failure.kind, kind);
            assert!(failure.request_sent);
        }
        let mut script = Script { answers: vec![wants("a_endless", "{}")], ..Script::default() };
        let failure = talk(&mut script, &["a/endless"]).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Cancelled);
    }

    #[test]
    fn a_failure_in_a_later_round_tells_that_something_was_sent() {
        let failure = talk(&mut Script::default(), &["a/weather"]).unwrap_err();
        assert!(!failure.request_sent);
        let answers = vec![wants("a_weather", "{}")];
        let failure =
            talk(&mut Script { answers, ..Script::default() }, &["a/weather"]).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Network);
        assert!(failure.request_sent);
    }

    #[test]
    fn an_answer_without_choices_is_a_failure() {
        for answer in [json!({ "choices": [] }), json!({}), json!("text"), json!(null)] {
            let mut script = Script { answers: vec![answer.clone()], ..Script::default() };
            let failure = talk(&mut script, &[]).unwrap_err();
            assert_eq!(failure.kind, FailureKind::InvalidOutput);
            assert_eq!(failure.detail, Some(answer.to_string()));
            assert_eq!(failure.status, Some(200));
            assert_eq!(failure.request_id.as_deref(), Some("req_1"));
        }
    }

    #[test]
    fn a_text_in_parts_is_one_text() {
        let parts = json!([{ "type": "text", "text": "a" }, { "type": "x" }, { "text": "b" }]);
        let choice = Choice::of(&json!({ "message": { "content": parts } }).into());
        assert_eq!(choice.content.as_deref(), Some("ab"));
        assert_eq!(choice.finish_reason, None);
    }
}
