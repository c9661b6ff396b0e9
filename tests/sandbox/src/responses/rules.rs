//! Rules that the API documents only in prose.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::data_url;
use crate::error::ApiError;
use crate::models;
use crate::models::Family;
use crate::parameters::check_cache;
use crate::parameters::check_sampling;
use crate::parameters::is_reasoning;
use crate::parameters::refuse_if;
use crate::responses::answer::ENCRYPTED;
use crate::responses::input::Item;
use crate::responses::input::Other;
use crate::responses::request::Container;
use crate::responses::request::Format;
use crate::responses::request::ImageTool;
use crate::responses::request::McpTool;
use crate::responses::request::NewContainer;
use crate::responses::request::Request;
use crate::responses::request::Tool;
use crate::strict;

/// Checks every rule, in order. `known_calls` are the calls in the response or
/// conversation that the request continues.
pub(crate) fn check(
    request: &Request,
    input: &[Item],
    known_calls: &HashSet<String>,
) -> Result<(), ApiError> {
    models::check(&request.model, Family::Chat)?;
    fields_together(request)?;
    reasoning(request)?;
    check_cache(
        &request.model,
        request.prompt_cache_options.as_ref(),
        request.prompt_cache_retention.as_deref(),
    )?;
    format(request, input)?;
    request.tools.iter().try_for_each(|tool| self::tool(request, tool))?;
    messages(input)?;
    calls_are_answered(input, known_calls)?;
    reasoning_can_be_read(request, input)
}

fn fields_together(request: &Request) -> Result<(), ApiError> {
    refuse_if(
        request.previous_response_id.is_some() && request.conversation.is_some(),
        "previous_response_id",
        "Mutually exclusive parameters: 'previous_response_id' cannot be used with 'conversation'.",
    )?;
    refuse_if(
        request.background && !request.store,
        "background",
        "Background mode requires 'store' to be true.",
    )?;
    refuse_if(
        request.tool_choice.is_some() && request.tools.is_empty(),
        "tool_choice",
        "Tool choice can only be specified if 'tools' are specified.",
    )
}

fn reasoning(request: &Request) -> Result<(), ApiError> {
    let is_reasoning = is_reasoning(&request.model);
    refuse_if(
        request.reasoning.is_some() && !is_reasoning,
        "reasoning",
        "Unsupported parameter: 'reasoning' is not supported with this model.",
    )?;
    refuse_if(
        request.includes(ENCRYPTED) && !is_reasoning,
        "include",
        "Encrypted content is not supported with this model.",
    )?;
    let effort = request.reasoning.as_ref().and_then(|reasoning| reasoning.effort.as_deref());
    check_sampling(&request.model, effort, &request.sampling())
}

fn format(request: &Request, input: &[Item]) -> Result<(), ApiError> {
    let mentions = |item: &Item| item.text().to_ascii_lowercase().contains("json");
    match &request.text.format {
        Format::Text => Ok(()),
        Format::JsonObject => refuse_if(
            !input.iter().any(mentions),
            "input",
            "Response input messages must contain the word 'json' in some form to use \
             'text.format' of type 'json_object'.",
        ),
        Format::JsonSchema { name, schema, strict } => {
            strict::check(schema, *strict).map_err(|problem| {
                let message = format!("Invalid schema for response_format '{name}': {problem}");
                ApiError::at("text.format.schema", message)
            })
        }
    }
}

fn tool(request: &Request, tool: &Tool) -> Result<(), ApiError> {
    match tool {
        Tool::Function { name, parameters, strict, .. } => {
            strict::check(parameters, strict.unwrap_or(true)).map_err(|problem| {
                ApiError::at("tools", format!("Invalid schema for function '{name}': {problem}"))
            })
        }
        Tool::WebSearch { .. } => Ok(()),
        Tool::FileSearch { vector_store_ids, max_num_results, .. } => {
            vector_store_ids.iter().try_for_each(|id| has_prefix(id, "vs", "tools"))?;
            refuse_if(
                max_num_results.is_some_and(|results| !(1..=50).contains(&results)),
                "tools",
                "'max_num_results' must be between 1 and 50.",
            )
        }
        Tool::CodeInterpreter { container } => match container {
            Container::Existing(id) => has_prefix(id, "cntr", "tools"),
            Container::New(NewContainer::Auto { file_ids, .. }) => {
                file_ids.iter().try_for_each(|id| has_prefix(id, "file", "tools"))
            }
        },
        Tool::ImageGeneration(tool) => image_tool(request, tool),
        Tool::Mcp(tool) => mcp_tool(tool),
    }
}

fn image_tool(request: &Request, tool: &ImageTool) -> Result<(), ApiError> {
    let is = |value: &Option<String>, expected: &str| value.as_deref() == Some(expected);
    refuse_if(
        is(&tool.background, "transparent") && is(&tool.output_format, "jpeg"),
        "tools",
        "Transparent background is not supported for the jpeg format.",
    )?;
    refuse_if(
        tool.input_fidelity.is_some() && is(&tool.model, "gpt-image-1-mini"),
        "tools",
        "'input_fidelity' is not supported with 'gpt-image-1-mini'.",
    )?;
    refuse_if(
        tool.partial_images.unwrap_or(0) > 0 && !request.stream,
        "tools",
        "Partial images are only generated in streaming mode.",
    )?;
    let mask = tool.input_image_mask.as_ref();
    refuse_if(
        mask.is_some_and(|mask| data_url::read(&mask.image_url).is_none()),
        "tools",
        "The mask must be a base64-encoded image.",
    )
}

fn mcp_tool(tool: &McpTool) -> Result<(), ApiError> {
    refuse_if(
        tool.server_url.is_some() == tool.tunnel_id.is_some(),
        "tools",
        "Provide exactly one of 'server_url', 'connector_id' and 'tunnel_id'.",
    )
}

fn messages(input: &[Item]) -> Result<(), ApiError> {
    for item in input {
        let Item::Message(message) = item else { continue };
        refuse_if(
            !message.has_parts_of_its_role(),
            "input",
            "Invalid value: input parts belong to the user, output parts to the assistant.",
        )?;
        refuse_if(
            message.has_unreadable_part(),
            "input",
            "Expected exactly one of base64-encoded data in a data URL, a URL, and the ID of a file.",
        )?;
    }
    Ok(())
}

/// Every call has an output, and every output a call.
fn calls_are_answered(input: &[Item], known_calls: &HashSet<String>) -> Result<(), ApiError> {
    let (mut calls, mut outputs) = (HashSet::new(), HashSet::new());
    for item in input {
        match item {
            Item::Other(Other::FunctionCall { call_id, .. }) => {
                calls.insert(call_id);
            }
            Item::Other(Other::FunctionCallOutput { call_id, .. }) => {
                if !calls.contains(call_id) && !known_calls.contains(call_id) {
                    let message = format!(
                        "No tool call found for function call output with call_id {call_id}."
                    );
                    return Err(ApiError::at("input", message));
                }
                outputs.insert(call_id);
            }
            _ => {}
        }
    }
    match calls.difference(&outputs).next() {
        None => Ok(()),
        Some(call) => {
            let message = format!("No tool output found for function call {call}.");
            Err(ApiError::at("input", message))
        }
    }
}

/// Reasoning that is not stored must be sent back encrypted, and unchanged.
fn reasoning_can_be_read(request: &Request, input: &[Item]) -> Result<(), ApiError> {
    for item in input {
        let Item::Other(Other::Reasoning { id, encrypted_content, .. }) = item else { continue };
        let Some(encrypted) = encrypted_content else {
            let message = format!(
                "Item with id '{id}' not found. Items are not persisted when `store` is set to \
                 false."
            );
            refuse_if(!request.store, "input", &message)?;
            continue;
        };
        let content = STANDARD.decode(encrypted).unwrap_or_default();
        refuse_if(
            !content.starts_with(b"sandbox reasoning"),
            "input",
            "The encrypted content could not be verified.",
        )?;
    }
    Ok(())
}

/// Checks that an ID has the prefix of its kind.
pub(crate) fn has_prefix(id: &str, prefix: &str, param: &'static str) -> Result<(), ApiError> {
    let message = format!("Invalid '{param}': '{id}'. Expected an ID that begins with '{prefix}'.");
    refuse_if(!id.starts_with(prefix), param, &message)
}
