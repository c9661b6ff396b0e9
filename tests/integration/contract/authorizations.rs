//! Where each authorization scheme puts the credential of a connection, and
//! what else is added to each request.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use connector_tests::guest::component;

use super::*;

const SECRET: &str = "s3cret-of-sixteen-bytes";

/// Answers one request, and returns the head it received.
fn echo(server: &TcpListener) -> JoinHandle<String> {
    let serving = server.try_clone().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = serving.accept().unwrap();
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        let answer = "HTTP/1.1 200 X\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(head).unwrap()
    })
}

/// A connector that requests `/a?q=1`, with additional connection properties
/// and an edited definition.
fn asking(rows: &[Value], edit: impl FnOnce(&mut Value)) -> Connector {
    let mut component = component();
    let properties = component["properties"].as_array_mut().unwrap();
    properties.extend(rows.iter().cloned());
    edit(&mut component["connection"]);
    let query = json!([["q", "1"]]);
    load(&sending(json!({ "method": "get", "path": "/a", "query": query, "body": "none" })).value(
        "component",
        "describe.component",
        component,
    ))
}

/// The head of the request that a run makes.
fn head(connector: &Connector, values: ConnectionValues) -> String {
    let server = listener();
    let served = echo(&server);
    let base_url = format!("http://{}/v1", server.local_addr().unwrap());
    let connection = connector.connection(values.set("baseUrl", base_url)).unwrap();
    connector.run("act", json!({})).connection(&connection).start().unwrap();
    served.join().unwrap()
}

fn text(name: &str) -> Value {
    json!({ "name": name, "type": "string" })
}

fn secret(name: &str) -> Value {
    json!({ "name": name, "type": "string", "secret": true, "required": true })
}

/// A connector with one authorization scheme that uses properties 5 and 6.
fn authorizing(scheme: Value, rows: [Value; 2]) -> Connector {
    asking(&rows, |definition| {
        definition["authorizations"][0]["scheme"] = scheme;
        definition["authorizations"][0]["properties"] = json!([0, 5, 6]);
    })
}

#[test]
fn the_scheme_decides_where_the_credential_goes() {
    let header = |prefix: &str| json!({ "header": { "header": "X-Key", "prefix": prefix, "property": "key" } });
    let basic = |password: Value| json!({ "basic": { "username": "user", "password": password } });
    for (scheme, line) in [
        (json!({ "bearer": "key" }), format!("authorization: Bearer {SECRET}")),
        (header(""), format!("x-key: {SECRET}")),
        (header("Token "), format!("x-key: Token {SECRET}")),
        // The base64 encoding of `ada:` and the secret.
        (
            basic(json!("key")),
            "authorization: Basic YWRhOnMzY3JldC1vZi1zaXh0ZWVuLWJ5dGVz".to_owned(),
        ),
    ] {
        let connector = authorizing(scheme.clone(), [secret("key"), text("user")]);
        let values = ConnectionValues::new().set("token", "t").set("key", SECRET);
        let head = head(&connector, values.set("user", "ada"));
        assert!(head.contains(&format!("\r\n{line}\r\n")), "{scheme}: {head}");
        assert!(head.starts_with("GET /v1/a?q=1 HTTP/1.1\r\n"), "{head}");
        assert_eq!(head.matches(SECRET).count(), usize::from(line.contains(SECRET)), "{head}");
    }
}

#[test]
fn basic_authorization_works_without_a_password() {
    let scheme = json!({ "basic": { "username": "key" } });
    let connector = authorizing(scheme, [secret("key"), text("user")]);
    let head = head(&connector, ConnectionValues::new().set("token", "t").set("key", "sk_live"));
    // `sk_live:`
    assert!(head.contains("\r\nauthorization: Basic c2tfbGl2ZTo=\r\n"), "{head}");
}

#[test]
fn a_credential_in_the_query_is_encoded_and_cannot_be_set_by_a_request() {
    let scheme =
        |parameter: &str| json!({ "query": { "parameter": parameter, "property": "key" } });
    let connector = authorizing(scheme("api_key"), [secret("key"), text("user")]);
    let values = || ConnectionValues::new().set("token", "t").set("key", "s3cret&of=sixteen/bytes");
    let head = head(&connector, values());
    let line = "GET /v1/a?q=1&api_key=s3cret%26of%3Dsixteen%2Fbytes HTTP/1.1\r\n";
    assert!(head.starts_with(line), "{head}");

    let connector = authorizing(scheme("q"), [secret("key"), text("user")]);
    let connection = connection_of(&connector, values());
    let failure = connector.run("act", json!({})).connection(&connection).start().unwrap_err();
    assert_failure(
        &failure,
        FailureKind::InvalidInput,
        "parameter `q` can only be set by the host",
    );
    assert!(!failure.request_sent);
}

fn connection_of(connector: &Connector, values: ConnectionValues) -> Connection {
    connector.connection(values.set("baseUrl", "http://127.0.0.1:9/v1")).unwrap()
}

/// A connector that takes a bearer token or a key; the user chooses one.
fn two_schemes() -> Connector {
    asking(&[secret("key"), text("region")], |definition| {
        let ways = definition["authorizations"].as_array_mut().unwrap();
        ways.push(json!({
            "name": "key", "title": "Key", "properties": [5],
            "scheme": { "header": { "header": "x-key", "property": "key" } },
        }));
        definition["properties"] = json!([1, 6]);
    })
}

#[test]
fn the_chosen_authorization_is_used() {
    let connector = two_schemes();
    let both = || ConnectionValues::new().set("token", TOKEN).set("key", SECRET);
    for (values, expected) in [
        (both().set("authorization", "key"), format!("x-key: {SECRET}")),
        (both().set("authorization", "token"), format!("authorization: Bearer {TOKEN}")),
        // Without a choice: the first one that has a value.
        (both(), format!("authorization: Bearer {TOKEN}")),
        (ConnectionValues::new().set("key", SECRET), format!("x-key: {SECRET}")),
    ] {
        let head = head(&connector, values);
        assert!(head.contains(&format!("\r\n{expected}\r\n")), "{expected}: {head}");
        let other = if expected.contains(TOKEN) { SECRET } else { TOKEN };
        assert!(!head.contains(other), "{head}");
    }
}

#[test]
fn the_chosen_authorization_determines_which_property_is_missing() {
    let connector = two_schemes();
    let failure = connector.connection(ConnectionValues::new()).unwrap_err();
    assert_failure(&failure, FailureKind::Unauthorized, "has no `token`");
    let picked = ConnectionValues::new().set("authorization", "key").set("token", TOKEN);
    let failure = connector.connection(picked).unwrap_err();
    assert_failure(&failure, FailureKind::Unauthorized, "has no `key`");
    let unknown = ConnectionValues::new().set("authorization", "none").set("token", TOKEN);
    let failure = connector.connection(unknown).unwrap_err();
    assert_failure(&failure, FailureKind::InvalidInput, "authorization");
}

#[test]
fn a_form_shows_the_properties_of_the_chosen_authorization() {
    let connector = two_schemes();
    let table = &connector.descriptor().connection.properties;
    let names: Vec<&str> = table.iter().map(|row| row.name.as_str()).collect();
    let own = ["authorization", "token", "key", "baseUrl", "region"];
    assert_eq!(names, [&own[..], &Definition::HOST_PROPERTIES].concat());
    let condition = |name: &str| json!(table.get(name).unwrap().condition);
    let picked =
        |name: &str| json!({ "property": "authorization", "matches": "one-of", "values": [name] });
    assert_eq!(condition("token"), picked("token"));
    assert_eq!(condition("key"), picked("key"));
    assert_eq!(condition("region"), Value::Null);
}

#[test]
fn query_parameters_of_the_connection_are_added_to_each_request() {
    let connector = asking(&[text("version"), text("region")], |definition| {
        definition["properties"] = json!([1, 5, 6]);
        definition["query"] = json!([{ "property": "version", "name": "api-version" }]);
    });
    let values = || ConnectionValues::new().set("token", TOKEN);
    let head_with = head(&connector, values().set("version", "2026-01 a"));
    assert!(
        head_with.starts_with("GET /v1/a?q=1&api-version=2026-01+a HTTP/1.1\r\n"),
        "{head_with}"
    );
    let without = head(&connector, values());
    assert!(without.starts_with("GET /v1/a?q=1 HTTP/1.1\r\n"), "{without}");
}

/// A connector whose users may set headers.
fn with_user_headers() -> Connector {
    let map = json!({
        "name": "headers", "type": "object", "control": "object-builder", "secret": true,
        "values": 6,
    });
    asking(&[map, json!({ "type": "string" })], |definition| {
        definition["properties"] = json!([1, 5]);
        definition["user-headers"] = json!("headers");
    })
}

#[test]
fn headers_set_by_the_user_are_sent_and_kept_secret() {
    let connector = with_user_headers();
    let headers = json!({ "X-Gateway": SECRET, "cf-access-client-id": "a b" });
    let values = ConnectionValues::new().set("token", TOKEN).set("headers", headers);
    let head = head(&connector, values);
    assert!(head.contains(&format!("\r\nx-gateway: {SECRET}\r\n")), "{head}");
    assert!(head.contains("\r\ncf-access-client-id: a b\r\n"), "{head}");
    let schema =
        connector_host::render::schema("", "", &connector.descriptor().connection.properties);
    let schema = json!(schema);
    assert_eq!(schema["properties"]["headers"]["writeOnly"], true);
    assert_eq!(schema["properties"]["headers"]["additionalProperties"]["format"], "password");
}

#[test]
fn a_user_cannot_set_headers_reserved_for_the_host() {
    let connector = with_user_headers();
    for name in ["Authorization", "Host", "content-length", "x-forwarded-for", "a b", ""] {
        let values = ConnectionValues::new().set("token", TOKEN);
        let failure =
            connector.connection(values.set("headers", json!({ name: "x" }))).unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidInput, "{name}: {failure:?}");
        assert_eq!(failure.property, Some(format!("headers.{name}")), "{failure:?}");
    }
    let values = ConnectionValues::new().set("token", TOKEN);
    let failure =
        connector.connection(values.set("headers", json!({ "x": "a\r\nb: c" }))).unwrap_err();
    assert_failure(&failure, FailureKind::InvalidInput, "visible ASCII");
}
