//! The connection: what a user fills in, and how the host authorizes requests.

use alloc::string::String;

use crate::bindings::exports::workflow::connector::connection::{
    Authorization, BaseUrl, Binding, Definition, Scheme,
};
use crate::failure::{Failure, FailureKind, Result};
use crate::json::{Value, decimal};
use crate::openai::error::OUT_OF_CREDIT;
use crate::openai::models;
use crate::table::read::Reader;
use crate::table::{Choices, ControlType, Known, Literal, Property};

const BASE_URL: &str = "https://api.openai.com/v1";

/// What a user fills in. The token comes first; the rest is for accounts with
/// several organizations and for other servers that speak OpenAI's protocol.
pub const PROPERTIES: &[Property] = &[
    Property {
        required: true,
        secret: true,
        ..Property::string(
            "token",
            "Token",
            "The secret API key. It is sent to the base URL and nowhere else.",
        )
    },
    Property {
        advanced: true,
        control: ControlType::Url,
        provider_default: Some(&Literal::Text(BASE_URL)),
        ..Property::string(
            "baseUrl",
            "Base URL",
            "Where requests go, for another server that speaks OpenAI's protocol. Give it with \
             its path, such as /v1. Left empty, requests go to OpenAI.",
        )
    },
    Property {
        advanced: true,
        placeholder: Some("org-…"),
        ..Property::string(
            "organization",
            "Organization",
            "The id of the organization that pays, for a key that belongs to several. Left \
             empty, the key's default organization pays.",
        )
    },
    Property {
        advanced: true,
        placeholder: Some("proj_…"),
        ..Property::string(
            "project",
            "Project",
            "The id of the project that requests count towards. Left empty, it is the key's own \
             project.",
        )
    },
    Property {
        advanced: true,
        default: Some(&Literal::Text("max_completion_tokens")),
        ..Property::string(
            "maxTokensParameter",
            "Max Tokens Parameter",
            "Under which name Ask sends Max Tokens. OpenAI's current models take only the first; \
             some other servers know only the older one.",
        )
        .select(&Choices::closed(Known::Texts(&["max_completion_tokens", "max_tokens"])))
    },
];

/// The properties of the connection that actions see.
#[derive(Debug, Default)]
pub struct Settings {
    /// The name under which Ask sends `maxTokens`.
    pub max_tokens_parameter: MaxTokensParameter,
}

/// The names under which chat servers take a limit of tokens.
#[derive(Debug, Clone, Copy, Default)]
pub enum MaxTokensParameter {
    /// OpenAI's current name.
    #[default]
    MaxCompletionTokens,
    /// The older name, which reasoning models refuse.
    MaxTokens,
}

impl MaxTokensParameter {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::MaxCompletionTokens => "max_completion_tokens",
            Self::MaxTokens => "max_tokens",
        }
    }
}

impl Settings {
    /// Reads the settings that the host hands over.
    pub fn parse(settings: &str) -> Result<Self> {
        let settings = Value::parse(settings).ok_or_else(|| {
            Failure::new(FailureKind::InvalidInput, "the connection's settings are not JSON")
        })?;
        let max_tokens_parameter = match settings.text("maxTokensParameter") {
            Some("max_tokens") => MaxTokensParameter::MaxTokens,
            _ => MaxTokensParameter::MaxCompletionTokens,
        };
        Ok(Self { max_tokens_parameter })
    }
}

/// What [`define`] reads.
pub const HELP: &str = include_str!("connection.md");

/// The definition, its help and its table being what is read next.
pub fn define(reader: &mut Reader) -> Definition {
    let binding =
        |(property, name): (&str, &str)| Binding { property: property.into(), name: name.into() };
    let help = reader.text();
    let mut properties = reader.rows();
    let others = properties.split_off(1.min(properties.len()));
    Definition {
        version: 1,
        help,
        authorizations: vec![Authorization {
            name: "token".into(),
            title: "Bearer Token".into(),
            help: String::new(),
            properties,
            scheme: Scheme::Bearer("token".into()),
        }],
        properties: others,
        base_url: BaseUrl { default: BASE_URL.into(), property: Some("baseUrl".into()) },
        headers: [("organization", "OpenAI-Organization"), ("project", "OpenAI-Project")]
            .map(binding)
            .into(),
        query: Vec::new(),
        user_headers: None,
        lasting_errors: OUT_OF_CREDIT.iter().map(|code| (*code).into()).collect(),
        environment: [
            ("token", "OPENAI_API_KEY"),
            ("baseUrl", "OPENAI_BASE_URL"),
            // The names of older clients. Whoever has set one does not want the
            // key to go elsewhere.
            ("baseUrl", "OPENAI_API_BASE"),
            ("organization", "OPENAI_ORG_ID"),
            ("organization", "OPENAI_ORGANIZATION"),
            ("project", "OPENAI_PROJECT_ID"),
        ]
        .map(binding)
        .into(),
    }
}

/// Lists the models: the one authorized call that costs nothing.
pub fn test() -> Result<String> {
    models::list().map(|models| reached(models.len()))
}

fn reached(models: usize) -> String {
    let noun = if models == 1 { "model" } else { "models" };
    format!("reached the API, {} {noun} available", decimal(models as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_the_only_secret_and_the_only_must() {
        for property in PROPERTIES {
            assert_eq!(property.secret, property.name == "token");
            assert_eq!(property.required, property.name == "token");
        }
    }

    #[test]
    fn every_binding_names_a_property() {
        let definition = define(&mut Reader::new(&[]));
        let bindings = definition.headers.iter().chain(&definition.environment);
        for name in bindings.map(|binding| &binding.property).chain(&definition.base_url.property) {
            assert!(PROPERTIES.iter().any(|property| property.name == name), "{name}");
        }
    }

    #[test]
    fn the_name_of_the_token_limit_is_a_setting() {
        let name = |settings| Settings::parse(settings).unwrap().max_tokens_parameter.name();
        assert_eq!(name("{}"), "max_completion_tokens");
        assert_eq!(
            name(r#"{"maxTokensParameter":"max_completion_tokens"}"#),
            "max_completion_tokens"
        );
        assert_eq!(name(r#"{"maxTokensParameter":"max_tokens","other":1}"#), "max_tokens");
        let odd = Settings::parse("{").unwrap_err();
        assert_eq!(odd.kind, FailureKind::InvalidInput);
    }

    #[test]
    fn a_test_says_what_was_reached() {
        assert_eq!(reached(12), "reached the API, 12 models available");
        assert_eq!(reached(1), "reached the API, 1 model available");
    }
}
