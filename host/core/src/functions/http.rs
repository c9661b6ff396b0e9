//! HTTP calls as functions, declared in a file. They use the same egress path and
//! policy as a connector's requests.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use ureq::http::Method;

use crate::contract::{AddressPolicy, BaseUrl, Failure, FailureKind};
use crate::egress::{
    self, Credential, Destination, RequestContent, Route, Secret, Terms, header_name,
};
use crate::host::Host;
use crate::runtime::functions::{Context, Function, Functions};

/// The maximum size of a response that is passed to a model.
const MAX_RESPONSE: u64 = 1 << 20;
const MAX_REQUEST: u64 = 16 << 20;
/// The maximum wait for a response to begin, and the maximum pause within it.
const FIRST_BYTE: Duration = Duration::from_secs(600);
const SILENCE: Duration = Duration::from_secs(60);

/// The declaration of an HTTP function.
///
/// For GET and DELETE, the arguments become the query; for other methods, a JSON
/// body. The function's result is the response body, as JSON if it is JSON,
/// otherwise as text.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, expecting = "a function")]
pub struct HttpFunction {
    /// The name by which an input lists the function.
    pub name: String,
    /// Describes the function to the model.
    pub description: String,
    /// A JSON Schema of the arguments.
    pub parameters: Value,
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// An absolute URL without a query. The address policy of the host's connections
    /// applies ([`AddressPolicy`]).
    pub url: String,
    /// A header with a secret value.
    pub header: Option<SecretHeader>,
}

/// A header whose value comes from an environment variable.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretHeader {
    /// The header's name, such as `X-Api-Key`.
    pub name: String,
    /// The variable's name.
    pub environment: String,
}

impl Functions {
    /// Adds an HTTP function, which may connect to the same addresses as the host's
    /// connections. `lookup` reads environment variables.
    ///
    /// # Errors
    /// `invalid-input` if the declaration is not valid.
    pub fn with_http(
        self,
        declaration: HttpFunction,
        host: &Host,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        let name = declaration.name.clone();
        let invalid = |what: String| {
            let message = format!("the function `{}` {what}", name.escape_debug());
            Failure { property: None, ..Failure::invalid_input("", message) }
        };
        let method = method(&declaration.method).map_err(invalid)?;
        let (base, path) = target(&declaration.url, host.options.addresses).map_err(invalid)?;
        let credential = declaration
            .header
            .map(|header| credential(&header, lookup))
            .transpose()
            .map_err(invalid)?;
        let destination = Destination {
            base,
            credential,
            headers: Vec::new(),
            query: Vec::new(),
            lasting_errors: Vec::new(),
        };
        let route = Route::new(destination, &host.options.route());
        let parameters = parameters(declaration.parameters).map_err(invalid)?;
        let function = Function {
            description: declaration.description,
            parameters: Box::new(move || parameters.clone()),
            call: Box::new(move |arguments, context| {
                call(&route, &method, &path, &arguments, context)
            }),
        };
        Ok(self.with_function(declaration.name, function))
    }
}

fn method(text: &str) -> Result<Method, String> {
    match text {
        "GET" => Ok(Method::GET),
        "POST" => Ok(Method::POST),
        "PUT" => Ok(Method::PUT),
        "PATCH" => Ok(Method::PATCH),
        "DELETE" => Ok(Method::DELETE),
        other => Err(format!(
            "has the method `{}`; expected GET, POST, PUT, PATCH or DELETE",
            other.escape_debug()
        )),
    }
}

/// Checks that providers accept the parameters. They reject the whole request if it
/// contains a single function whose parameters they do not accept.
fn parameters(mut schema: Value) -> Result<Value, String> {
    const REJECTED: [&str; 6] = ["allOf", "anyOf", "enum", "if", "not", "oneOf"];
    let members = schema
        .as_object_mut()
        .filter(|members| members.get("type").and_then(Value::as_str) == Some("object"));
    let Some(members) = members else {
        return Err("needs `parameters` with a schema of type `object`".to_owned());
    };
    if let Some(keyword) = REJECTED.iter().find(|keyword| members.contains_key(**keyword)) {
        return Err(format!(
            "has `{keyword}` at the root of its `parameters`, which providers reject"
        ));
    }
    members.entry("properties").or_insert_with(|| json!({}));
    Ok(schema)
}

/// Splits a URL into its origin and its path.
fn target(url: &str, addresses: AddressPolicy) -> Result<(BaseUrl, String), String> {
    let whole = BaseUrl::parse(url).map_err(|error| format!("has a `url` that {error}"))?;
    addresses
        .check_url(&whole)
        .map_err(|error| format!("has a `url` that is not allowed: {error}"))?;
    let origin = whole.origin();
    let path = whole.as_str().strip_prefix(&origin).unwrap_or_default().to_owned();
    let origin = BaseUrl::parse(&origin).map_err(|error| format!("has a `url` that {error}"))?;
    match path.as_str() {
        "" => Err("has a `url` without a path".to_owned()),
        _ => Ok((origin, path)),
    }
}

fn credential(
    header: &SecretHeader,
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<Credential, String> {
    let name = header_name(&header.name)
        .ok_or_else(|| format!("cannot set the header `{}`", header.name.escape_debug()))?;
    let variable = &header.environment;
    let text = lookup(variable).ok_or_else(|| format!("needs ${variable}, which is not set"))?;
    let secret = Secret::new(&text).map_err(|error| format!("needs ${variable}, which {error}"))?;
    Ok(Credential::Header { name, prefix: String::new(), secret, parts: Vec::new() })
}

fn call(
    route: &Route,
    method: &Method,
    path: &str,
    arguments: &Value,
    context: &Context,
) -> Result<Value, Failure> {
    let in_query = matches!(*method, Method::GET | Method::DELETE);
    let request = egress::Request {
        method: method.clone(),
        path: path.to_owned(),
        query: if in_query { query(arguments) } else { Vec::new() },
        headers: vec![(
            "accept".to_owned(),
            "application/json, text/*;q=0.9, */*;q=0.1".to_owned(),
        )],
        content: if in_query {
            RequestContent::None
        } else {
            RequestContent::Bytes {
                mime_type: "application/json".to_owned(),
                bytes: arguments.to_string().into_bytes(),
            }
        },
    };
    let terms = Terms {
        max_body: MAX_REQUEST,
        deadline: context.deadline,
        first_byte: FIRST_BYTE.min(context.limits.first_byte),
        silence: SILENCE.min(context.limits.silence),
        retries: &context.retries,
        account: &context.account,
        cancellation: &context.cancellation,
        on_event: None,
        record_mode: None,
    };
    let sent = egress::send(route, request, &terms);
    context.account.sent(sent.request_sent, sent.processed);
    let mut response = sent.result?;
    let text = response.text(MAX_RESPONSE);
    if response.take_had_secret() {
        context.account.response_with_secret()?;
    }
    let text = text?;
    let status = response.status();
    if !(200..300).contains(&status) {
        let start: String = text.chars().take(500).collect();
        let message = format!("the function returned HTTP {status}: {start}");
        let failure =
            Failure { status: Some(status), ..Failure::new(FailureKind::Refused, message) };
        return Err(failure.after_request(true));
    }
    let parsed = context.account.parse(&text).map(|(value, _)| value);
    Ok(parsed.unwrap_or(Value::String(text)))
}

/// The arguments as a query: strings unchanged, all other values as JSON.
fn query(arguments: &Value) -> Vec<(String, String)> {
    let members = arguments.as_object().into_iter().flatten();
    let sorted: BTreeMap<&String, &Value> = members.filter(|(_, value)| !value.is_null()).collect();
    sorted
        .into_iter()
        .map(|(name, value)| match value {
            Value::String(text) => (name.clone(), text.clone()),
            other => (name.clone(), other.to_string()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::HostOptions;

    fn declared(change: impl FnOnce(&mut Value)) -> Result<Functions, String> {
        let mut declaration = json!({
            "name": "weather",
            "description": "Returns the weather in a city.",
            "parameters": {"type": "object"},
            "method": "GET",
            "url": "https://example.test/weather",
            "header": {"name": "X-Api-Key", "environment": "WEATHER_KEY"},
        });
        change(&mut declaration);
        let declaration = serde_json::from_value(declaration).map_err(|error| error.to_string())?;
        let lookup = |name: &str| (name == "WEATHER_KEY").then(|| "k-secret".to_owned());
        let host = Host::new(HostOptions::default()).unwrap();
        let functions = Functions::new().with_http(declaration, &host, lookup);
        functions.map_err(|failure| failure.message)
    }

    #[track_caller]
    fn refused(change: impl FnOnce(&mut Value), message: &str) {
        let refused = declared(change).unwrap_err();
        assert!(refused.contains(message), "{refused}");
    }

    #[test]
    fn rejects_an_invalid_declaration() {
        assert!(declared(|_| ()).unwrap().get("weather").is_ok());
        refused(|d| d["method"] = json!("get"), "expected GET, POST, PUT, PATCH or DELETE");
        refused(|d| d["url"] = json!("http://example.test/x"), "--allow-private-addresses");
        refused(|d| d["url"] = json!("ftp://example.test/x"), "must begin with https://");
        refused(|d| d["url"] = json!("https://example.test"), "without a path");
        refused(|d| d["url"] = json!("https://a@example.test/x"), "user name");
        refused(|d| d["header"]["environment"] = json!("OTHER"), "needs $OTHER, which is not set");
        refused(|d| d["header"]["name"] = json!("Host"), "cannot set the header `Host`");
        refused(|d| d["body"] = json!(1), "unknown field `body`");
        refused(|d| d["parameters"] = json!({}), "a schema of type `object`");
        refused(|d| d["parameters"]["not"] = json!({}), "has `not` at the root");
    }

    #[test]
    fn arguments_become_a_query() {
        let pairs = query(&json!({"q": "a b", "n": 2, "list": [1], "none": null}));
        let expected = [("list", "[1]"), ("n", "2"), ("q", "a b")];
        assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
