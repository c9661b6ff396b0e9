//! Where the credential of a connection goes, in each of the ways to
//! authorize, and what comes with it in each request.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use connector_tests::guest::component;

use super::*;

const SECRET: &str = "s3cret-of-sixteen-bytes";

/// Answers one request with its own head.
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

/// A connector that asks for `/a?q=1`, with rows of its connection and another
/// definition.
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

/// A connector that authorizes in one way, with the rows 5 and 6.
fn authorizing(scheme: Value, rows: [Value; 2]) -> Connector {
    asking(&rows, |definition| {
        definition["authorizations"][0]["scheme"] = scheme;
        definition["authorizations"][0]["properties"] = json!([0, 5, 6]);
    })
}

#[test]
fn the_credential_goes_where_the_scheme_says() {
    let header = |prefix: &str| json!({ "header": { "header": "X-Key", "prefix": prefix, "property": "key" } });
    let basic = |password: Value| json!({ "basic": { "username": "user", "password": password } });
    for (scheme, line) in [
        (json!({ "bearer": "key" }), format!("authorization: Bearer {SECRET}")),
        (header(""), format!("x-key: {SECRET}")),
        (header("Token "), format!("x-key: Token {SECRET}")),
        // `ada:` and the secret, by `base64`.
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
fn a_key_can_be_the_user_name_alone() {
    let scheme = json!({ "basic": { "username": "key" } });
    let connector = authorizing(scheme, [secret("key"), text("user")]);
    let head = head(&connector, ConnectionValues::new().set("token", "t").set("key", "sk_live"));
    // `sk_live:`
    assert!(head.contains("\r\nauthorization: Basic c2tfbGl2ZTo=\r\n"), "{head}");
}

#[test]
fn a_credential_in_the_query_is_encoded_and_no_request_may_name_it() {
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
    assert_failure(&failure, FailureKind::InvalidInput, "parameter `q` is the host's to set");
    assert!(!failure.request_sent);
}

fn connection_of(connector: &Connector, values: ConnectionValues) -> Connection {
    connector.connection(values.set("baseUrl", "http://127.0.0.1:9/v1")).unwrap()
}

/// A connector that takes a bearer token or a key, of which the user picks one.
fn two_ways() -> Connector {
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
fn of_several_ways_the_picked_one_counts() {
    let connector = two_ways();
    let both = || ConnectionValues::new().set("token", TOKEN).set("key", SECRET);
    for (values, expected) in [
        (both().set("authorization", "key"), format!("x-key: {SECRET}")),
        (both().set("authorization", "token"), format!("authorization: Bearer {TOKEN}")),
        // Not picked: the first one that is there.
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
fn what_is_missing_is_a_property_of_the_picked_way() {
    let connector = two_ways();
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
fn a_form_shows_the_properties_of_the_picked_way() {
    let connector = two_ways();
    let table = &connector.descriptor().connection.properties;
    let names: Vec<&str> = table.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["authorization", "token", "key", "baseUrl", "region"]);
    let condition = |name: &str| json!(table.get(name).unwrap().condition);
    let picked =
        |name: &str| json!({ "property": "authorization", "matches": "one-of", "values": [name] });
    assert_eq!(condition("token"), picked("token"));
    assert_eq!(condition("key"), picked("key"));
    assert_eq!(condition("region"), Value::Null);
}

#[test]
fn parameters_of_the_connection_go_with_each_request() {
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

/// A connector whose users may name headers.
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
fn headers_that_the_user_names_are_sent_and_secret() {
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
fn a_user_names_no_header_of_the_hosts() {
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
