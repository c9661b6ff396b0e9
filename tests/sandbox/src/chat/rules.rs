//! Rules that the API documents only in prose. Its machine-readable
//! description, which the wire tests use, does not contain them.

use crate::chat::messages::Message;
use crate::chat::messages::Part;
use crate::chat::messages::ToolCall;
use crate::chat::request::Request;
use crate::chat::request::ResponseFormat;
use crate::error::ApiError;
use crate::models;
use crate::models::Family;
use crate::parameters::check_cache;
use crate::parameters::check_sampling;
use crate::parameters::is_reasoning;
use crate::parameters::refuse_if;
use crate::strict;

/// Checks every rule, in order.
pub(crate) fn check(request: &Request) -> Result<(), ApiError> {
    models::check(&request.model, Family::Chat)?;
    token_limit(request)?;
    fields_that_need_others(request)?;
    refuse_if(
        request.reasoning_effort.is_some() && !is_reasoning(&request.model),
        "reasoning_effort",
        "Unrecognized request argument supplied: reasoning_effort",
    )?;
    check_sampling(&request.model, request.reasoning_effort.as_deref(), &request.sampling())?;
    check_cache(
        &request.model,
        request.prompt_cache_options.as_ref(),
        request.prompt_cache_retention.as_deref(),
    )?;
    json_is_mentioned(request)?;
    schemas(request)?;
    attachments_can_be_read(request)?;
    tool_calls_are_answered(&request.messages)
}

fn token_limit(request: &Request) -> Result<(), ApiError> {
    let has_old = request.max_tokens.is_some();
    refuse_if(
        has_old && request.max_completion_tokens.is_some(),
        "max_tokens",
        "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
    )?;
    refuse_if(
        has_old && is_reasoning(&request.model),
        "max_tokens",
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use \
         'max_completion_tokens' instead.",
    )
}

fn fields_that_need_others(request: &Request) -> Result<(), ApiError> {
    refuse_if(
        request.top_logprobs.is_some() && !request.logprobs,
        "top_logprobs",
        "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.",
    )?;
    refuse_if(
        request.stream_options.is_some() && !request.stream,
        "stream_options",
        "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
    )?;
    refuse_if(
        request.parallel_tool_calls.is_some() && request.tools.is_empty(),
        "parallel_tool_calls",
        "'parallel_tool_calls' is only allowed when 'tools' are specified.",
    )?;
    refuse_if(
        request.tool_choice.is_some() && request.tools.is_empty(),
        "tool_choice",
        "'tool_choice' is only allowed when 'tools' are specified.",
    )
}

fn json_is_mentioned(request: &Request) -> Result<(), ApiError> {
    let mentions = |message: &Message| message.text().to_ascii_lowercase().contains("json");
    let is_object = matches!(request.response_format, ResponseFormat::JsonObject);
    refuse_if(
        is_object && !request.messages.iter().any(mentions),
        "messages",
        "'messages' must contain the word 'json' in some form, to use 'response_format' of type \
         'json_object'.",
    )
}

fn schemas(request: &Request) -> Result<(), ApiError> {
    if let ResponseFormat::JsonSchema { json_schema } = &request.response_format {
        strict::check(&json_schema.schema, json_schema.strict).map_err(|problem| {
            let name = &json_schema.name;
            let message = format!("Invalid schema for response_format '{name}': {problem}");
            ApiError::at("response_format", message)
        })?;
    }
    for function in request.functions() {
        strict::check(&function.parameters, false).map_err(|problem| {
            let message = format!("Invalid schema for function '{}': {problem}", function.name);
            ApiError::at("tools", message)
        })?;
    }
    Ok(())
}

fn attachments_can_be_read(request: &Request) -> Result<(), ApiError> {
    let others = request.messages.iter().filter(|message| !message.is_from_user());
    refuse_if(
        others.flat_map(Message::attachments).next().is_some(),
        "messages",
        "Images, audio and files are only allowed in messages with the role 'user'.",
    )?;
    let mut attachments = request.messages.iter().flat_map(Message::attachments);
    refuse_if(
        attachments.any(|part| Part::text(part).is_none()),
        "messages",
        "Expected base64-encoded data, in a data URL or alone, the URL of an image, or the ID of \
         a file.",
    )
}

/// Tool calls and their results must be adjacent: an assistant message with
/// tool calls, then one message for each call, in any order.
fn tool_calls_are_answered(messages: &[Message]) -> Result<(), ApiError> {
    let mut waiting: Vec<&str> = Vec::new();
    for message in messages {
        if let Message::Tool { tool_call_id, .. } = message {
            let call = waiting.iter().position(|call| call == tool_call_id);
            let call = call.ok_or_else(|| {
                let message = "Messages with role 'tool' must be a response to a preceding \
                               message with 'tool_calls'.";
                ApiError::at("messages", message)
            })?;
            waiting.swap_remove(call);
            continue;
        }
        all_are_answered(&waiting)?;
        if let Message::Assistant { tool_calls, .. } = message {
            waiting = tool_calls.iter().map(|ToolCall::Function { id, .. }| id.as_str()).collect();
        }
    }
    all_are_answered(&waiting)
}

fn all_are_answered(waiting: &[&str]) -> Result<(), ApiError> {
    refuse_if(
        !waiting.is_empty(),
        "messages",
        "An assistant message with 'tool_calls' must be followed by tool messages responding to \
         each 'tool_call_id'.",
    )
}
