//! What depends on more than one field of a chat request.

use serde_json::Value;

use crate::chat::messages;
use crate::chat::request::Request;
use crate::chat::request::Tool;
use crate::error::ApiError;
use crate::models;
use crate::models::Family;
use crate::strict;

type Rule = fn(&Request) -> Result<(), ApiError>;

const RULES: &[Rule] = &[
    known_model,
    one_token_limit,
    token_limit_of_reasoning_models,
    fixed_sampling_of_o_series,
    no_stop_for_latest_o_series,
    effort_only_when_reasoning,
    cache_options_only_for_newer_models,
    alternatives_need_logprobs,
    stream_options_need_stream,
    audio_needs_both_halves,
    json_must_be_mentioned,
    response_schema,
    tool_schemas,
    tools_before_choice,
    chosen_tools_exist,
    functions_before_choice,
    assistants_say_something,
    tool_calls_are_answered,
];

/// Checks every rule, in order.
pub(crate) fn check(request: &Request) -> Result<(), ApiError> {
    RULES.iter().try_for_each(|rule| rule(request))
}

fn refuse_if(condition: bool, error: impl FnOnce() -> ApiError) -> Result<(), ApiError> {
    if condition { Err(error()) } else { Ok(()) }
}

fn known_model(request: &Request) -> Result<(), ApiError> {
    models::check(&request.model, Family::Chat, "v1/chat/completions")
}

fn one_token_limit(request: &Request) -> Result<(), ApiError> {
    refuse_if(request.max_tokens.is_some() && request.max_completion_tokens.is_some(), || {
        ApiError::invalid(
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
        )
        .param("max_tokens")
    })
}

fn token_limit_of_reasoning_models(request: &Request) -> Result<(), ApiError> {
    refuse_if(request.is_reasoning() && request.max_tokens.is_some(), || {
        ApiError::unsupported(
            "max_tokens",
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use \
             'max_completion_tokens' instead.",
        )
    })
}

fn fixed_sampling_of_o_series(request: &Request) -> Result<(), ApiError> {
    if !request.is_o_series() {
        return Ok(());
    }
    for (name, value, fixed) in [
        ("temperature", request.temperature, 1.0),
        ("top_p", request.top_p, 1.0),
        ("presence_penalty", request.presence_penalty, 0.0),
        ("frequency_penalty", request.frequency_penalty, 0.0),
    ] {
        if let Some(value) = value.filter(|value| *value != fixed) {
            return Err(ApiError::unsupported_value(
                name,
                format!(
                    "Unsupported value: '{name}' does not support {value} with this model. Only \
                     the default ({fixed}) value is supported."
                ),
            ));
        }
    }
    let given = [
        ("logit_bias", request.logit_bias.is_some()),
        ("logprobs", request.logprobs),
        ("top_logprobs", request.top_logprobs.is_some()),
    ];
    given.into_iter().try_for_each(|(name, given)| refuse_if(given, || no_such_knob(name)))
}

fn no_stop_for_latest_o_series(request: &Request) -> Result<(), ApiError> {
    let latest = ["o3", "o4-mini"].iter().any(|model| request.model.starts_with(model));
    refuse_if(latest && request.stop.is_some(), || no_such_knob("stop"))
}

fn no_such_knob(name: &str) -> ApiError {
    ApiError::unsupported(
        name,
        format!("Unsupported parameter: '{name}' is not supported with this model."),
    )
}

fn effort_only_when_reasoning(request: &Request) -> Result<(), ApiError> {
    let plain = ["gpt-3.5", "gpt-4"].iter().any(|model| request.model.starts_with(model));
    refuse_if(plain && request.reasoning_effort.is_some(), || {
        crate::fields::unrecognized("reasoning_effort")
    })
}

/// Only models before 5.6 are known not to have them; a name that says
/// nothing of its age is given the benefit of the doubt.
fn cache_options_only_for_newer_models(request: &Request) -> Result<(), ApiError> {
    let model = request.model.as_str();
    let older = request.is_o_series()
        || ["gpt-3.5", "gpt-4"].iter().any(|prefix| model.starts_with(prefix))
        || model.strip_prefix("gpt-5").is_some_and(|rest| minor_version(rest) < 6);
    refuse_if(older && request.prompt_cache_options.is_some(), || {
        no_such_knob("prompt_cache_options")
    })
}

/// The number in `.6-sol`, or 0.
fn minor_version(rest: &str) -> u32 {
    let digits = rest.strip_prefix('.').unwrap_or("");
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits.get(..end).and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

fn alternatives_need_logprobs(request: &Request) -> Result<(), ApiError> {
    refuse_if(request.top_logprobs.is_some() && !request.logprobs, || {
        ApiError::invalid_value(
            "top_logprobs",
            "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.",
        )
    })
}

fn stream_options_need_stream(request: &Request) -> Result<(), ApiError> {
    refuse_if(request.stream_options.is_some() && !request.stream, || {
        ApiError::invalid(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
        )
        .param("stream_options")
    })
}

fn audio_needs_both_halves(request: &Request) -> Result<(), ApiError> {
    match (request.wants_audio(), &request.audio) {
        (true, None) => Err(ApiError::missing("audio")),
        (false, Some(_)) => Err(ApiError::invalid_value(
            "audio",
            "The 'audio' parameter is only allowed when 'modalities' includes 'audio'.",
        )),
        (true, Some(audio)) if request.stream && audio.format != "pcm16" => {
            Err(ApiError::unsupported_value(
                "audio.format",
                format!(
                    "Unsupported value: 'audio.format' does not support '{}' when stream=true. \
                     Supported values are: 'pcm16'.",
                    audio.format
                ),
            ))
        }
        _ => Ok(()),
    }
}

fn json_must_be_mentioned(request: &Request) -> Result<(), ApiError> {
    let mentioned = || {
        request
            .messages
            .iter()
            .any(|message| messages::text(message).to_ascii_lowercase().contains("json"))
    };
    refuse_if(request.format() == "json_object" && !mentioned(), || {
        ApiError::invalid(
            "'messages' must contain the word 'json' in some form, to use 'response_format' of \
             type 'json_object'.",
        )
        .param("messages")
    })
}

fn response_schema(request: &Request) -> Result<(), ApiError> {
    let Some(format) = request.json_schema() else { return Ok(()) };
    let name = format.get("name").and_then(Value::as_str).unwrap_or("");
    let is_strict = format.get("strict").and_then(Value::as_bool).unwrap_or(false);
    let Some(schema) = format.get("schema") else { return Ok(()) };
    strict::check(schema, is_strict).map_err(|problem| {
        ApiError::invalid(format!("Invalid schema for response_format '{name}': {problem}"))
            .param("response_format")
    })
}

fn tool_schemas(request: &Request) -> Result<(), ApiError> {
    let tools = request.tools.iter().enumerate().filter_map(|(index, tool)| match tool {
        Tool::Function { function } => {
            Some((format!("tools[{index}].function.parameters"), function))
        }
        Tool::Custom { .. } => None,
    });
    let functions = request
        .functions
        .iter()
        .enumerate()
        .map(|(index, function)| (format!("functions[{index}].parameters"), function));
    for (place, function) in tools.chain(functions) {
        let Some(parameters) = &function.parameters else { continue };
        strict::check(parameters, function.strict.unwrap_or(false)).map_err(|problem| {
            ApiError::invalid(format!("Invalid schema for function '{}': {problem}", function.name))
                .param(place)
                .code("invalid_function_parameters")
        })?;
    }
    Ok(())
}

fn tools_before_choice(request: &Request) -> Result<(), ApiError> {
    if !request.tools.is_empty() {
        return Ok(());
    }
    let given = [
        ("tool_choice", request.tool_choice.is_some()),
        ("parallel_tool_calls", request.parallel_tool_calls.is_some()),
    ];
    given.into_iter().try_for_each(|(name, given)| {
        refuse_if(given, || {
            ApiError::invalid_value(
                name,
                format!(
                    "Invalid value for '{name}': '{name}' is only allowed when 'tools' are \
                     specified."
                ),
            )
        })
    })
}

fn chosen_tools_exist(request: &Request) -> Result<(), ApiError> {
    let Some(choice) = &request.tool_choice else { return Ok(()) };
    let unknown = chosen_names(choice)
        .into_iter()
        .find(|name| !request.tools.iter().any(|tool| tool.name() == *name));
    match unknown {
        Some(name) => Err(ApiError::invalid_value(
            "tool_choice",
            format!("Tool choice '{name}' not found in 'tools' parameter."),
        )),
        None => Ok(()),
    }
}

/// The names of the tools that a choice mentions.
pub(crate) fn chosen_names(choice: &Value) -> Vec<&str> {
    match choice.get("allowed_tools").and_then(|allowed| allowed.get("tools")) {
        Some(Value::Array(tools)) => tools.iter().filter_map(chosen_name).collect(),
        _ => chosen_name(choice).into_iter().collect(),
    }
}

fn chosen_name(tool: &Value) -> Option<&str> {
    tool.get("function").or(tool.get("custom"))?.get("name")?.as_str()
}

fn functions_before_choice(request: &Request) -> Result<(), ApiError> {
    let Some(choice) = &request.function_call else { return Ok(()) };
    let name = choice.get("name").and_then(Value::as_str);
    let exists = match name {
        Some(name) => request.functions.iter().any(|function| function.name == name),
        None => !request.functions.is_empty(),
    };
    refuse_if(!exists, || {
        ApiError::invalid_value(
            "function_call",
            "Invalid value for 'function_call': no such function was specified in the \
             'functions' parameter.",
        )
    })
}

fn assistants_say_something(request: &Request) -> Result<(), ApiError> {
    let is_there = |message: &Value, name| message.get(name).is_some_and(|value| !value.is_null());
    let silent = request.messages.iter().position(|message| {
        messages::role(message) == "assistant"
            && !["content", "refusal", "audio", "tool_calls", "function_call"]
                .iter()
                .any(|name| is_there(message, name))
    });
    match silent {
        Some(index) => {
            Err(ApiError::invalid("Invalid value for 'content': expected a string, got null.")
                .param(format!("messages[{index}].content")))
        }
        None => Ok(()),
    }
}

/// Tool calls and their results are neighbours: an assistant message that
/// calls tools, then one message for each call, in any order.
fn tool_calls_are_answered(request: &Request) -> Result<(), ApiError> {
    let mut waiting: Vec<&str> = Vec::new();
    for (index, message) in request.messages.iter().enumerate() {
        if messages::role(message) == "tool" {
            let id = message.get("tool_call_id").and_then(Value::as_str).unwrap_or("");
            let position = waiting.iter().position(|call| *call == id);
            let Some(position) = position else { return Err(unasked_result(index)) };
            waiting.swap_remove(position);
            continue;
        }
        refuse_if(!waiting.is_empty(), || unanswered_calls(index, &waiting))?;
        let calls = message.get("tool_calls").and_then(Value::as_array).into_iter().flatten();
        waiting = calls.filter_map(|call| call.get("id")?.as_str()).collect();
    }
    refuse_if(!waiting.is_empty(), || unanswered_calls(request.messages.len(), &waiting))
}

fn unasked_result(index: usize) -> ApiError {
    ApiError::invalid(
        "Invalid parameter: messages with role 'tool' must be a response to a preceeding message \
         with 'tool_calls'.",
    )
    .param(format!("messages[{index}].role"))
}

fn unanswered_calls(index: usize, waiting: &[&str]) -> ApiError {
    ApiError::invalid(format!(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to \
         each 'tool_call_id'. The following tool_call_ids did not have response messages: {}",
        waiting.join(", ")
    ))
    .param(format!("messages[{index}].role"))
}
