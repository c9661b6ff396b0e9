//! The network between the host and a provider: a connection's own proxy and
//! certificate authorities.

use std::net::{SocketAddr, TcpListener};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use connector_host::{
    ConnectionValues, Connector, Failure, FailureKind, Host, HostOptions, Outcome, Retries,
};
use connector_tests::service::Service;
use connector_tests::tls::{Authority, Close, Validity, serve};
use connector_tests::tunnel::{Behavior, ForwardProxy};
use connector_tests::{CANARY, HANG, component, openai, sandbox, target_dir};
use openai_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::service::{API, answer, post, send};

static OURS: LazyLock<Authority> = LazyLock::new(Authority::new);

/// The sandbox with TLS, at `https://localhost:PORT/v1`.
struct Provider {
    sandbox: Sandbox,
    port: u16,
}

impl Provider {
    fn start() -> Self {
        let sandbox = sandbox();
        let base_url = sandbox.base_url();
        let behind: SocketAddr =
            base_url.trim_start_matches("http://").trim_end_matches("/v1").parse().unwrap();
        let port = serve(OURS.sign("localhost", Validity::Current), behind, Close::Orderly);
        Self { sandbox, port }
    }

    fn origin(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// The values of a connection that trusts its certificate.
    fn values(&self) -> Value {
        json!({
            "token": CANARY,
            "baseUrl": format!("{}/v1", self.origin()),
            "certificateAuthorities": OURS.pem(),
        })
    }

    fn through(&self, proxy: &str) -> Value {
        with(self.values(), json!({ "proxy": proxy }))
    }
}

/// The values with others added or replaced.
fn with(mut values: Value, others: Value) -> Value {
    for (name, value) in others.as_object().unwrap() {
        values[name] = value.clone();
    }
    values
}

fn ask(connector: &Connector, values: &Value) -> Result<Outcome, Failure> {
    let values = ConnectionValues::from(values.as_object().unwrap().clone());
    let connection = connector.connection(values)?;
    let input = json!({ "messages": [{ "role": "user", "content": "Hi" }] });
    connector.run("ask", input).connection(&connection).retries(Retries::none()).start()
}

#[test]
fn requests_go_through_the_connections_proxy() {
    let (provider, proxy) = (Provider::start(), ForwardProxy::start(Behavior::Open));
    let connector = openai();
    let values = provider.through(&proxy.url());
    assert!(ask(&connector, &values).unwrap().output.is_string());
    assert_eq!(provider.sandbox.requests().len(), 1);
    let heads = proxy.heads();
    assert_eq!(heads.len(), 1, "{heads:?}");
    let target = format!("CONNECT localhost:{} HTTP/1.1\r\n", provider.port);
    assert!(heads[0].starts_with(&target), "{heads:?}");

    // Queries use it too.
    let values = ConnectionValues::from(values.as_object().unwrap().clone());
    let connection = connector.connection(values).unwrap();
    connector.test(&connection).unwrap();
    connector.options(&connection, "ask", "model", &json!({}), None).unwrap();
    assert!(proxy.heads().len() > 1);

    // The proxy sees only encrypted bytes.
    let seen = [proxy.heads().concat().into_bytes(), proxy.bytes()].concat();
    assert!(seen.len() > 1_000, "{}", seen.len());
    for part in [&CANARY[..14], "chat/completions", "gpt-5.4"] {
        assert!(seen.windows(part.len()).all(|window| window != part.as_bytes()), "{part}");
    }
}

#[test]
fn a_proxy_may_require_a_password() {
    let provider = Provider::start();
    let expected = BASE64_STANDARD.encode("ada:p@ss:wörd%41");
    let proxy = ForwardProxy::start(Behavior::Require(format!("Basic {expected}")));
    let connector = openai();
    let through = provider.through(&proxy.url());
    let as_ada = |password: &str| {
        with(through.clone(), json!({ "proxyUsername": "ada", "proxyPassword": password }))
    };
    ask(&connector, &as_ada("p@ss:wörd%41")).unwrap();
    let requests = provider.sandbox.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].header("proxy-authorization"), None);

    let start = format!("the proxy {} did not connect to {}: ", proxy.url(), provider.origin());
    for (values, why) in [
        (through.clone(), "it requires a user name and a password"),
        (as_ada("another"), "it rejected the user name or password"),
    ] {
        let failure = ask(&connector, &values).unwrap_err();
        assert_eq!(failure.message, format!("{start}{why}"));
        assert_eq!(failure.kind, FailureKind::Unauthorized);
        assert!(!failure.request_sent && !format!("{failure:?}").contains("another"));
    }
    assert_eq!(provider.sandbox.requests().len(), 1);
}

#[test]
fn a_proxy_that_opens_no_tunnel_is_named_in_the_failure() {
    let provider = Provider::start();
    let connector = openai();
    for (answer, kind, why) in [
        (
            "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n",
            FailureKind::Forbidden,
            "it responded with HTTP 403",
        ),
        (
            "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n",
            FailureKind::Network,
            "it responded with HTTP 502",
        ),
        ("", FailureKind::Network, "proxy server did not respond"),
    ] {
        let proxy = ForwardProxy::start(Behavior::Respond(answer));
        let failure = ask(&connector, &provider.through(&proxy.url())).unwrap_err();
        let start = format!("the proxy {} did not connect to {}: ", proxy.url(), provider.origin());
        assert_eq!((failure.kind, failure.message), (kind, format!("{start}{why}")));
        assert!(!failure.request_sent);
    }
    // Not HTTP at all.
    let proxy = ForwardProxy::start(Behavior::Respond("220 mail.example ESMTP\r\n\r\n"));
    let failure = ask(&connector, &provider.through(&proxy.url())).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Network, "{failure:?}");
    assert!(!failure.request_sent, "{failure:?}");
    // Nothing listens there.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let failure = ask(&connector, &provider.through(&format!("http://{free}"))).unwrap_err();
    assert_eq!(
        failure.message,
        format!("could not connect to the proxy http://{free}: connection refused")
    );
    assert!(provider.sandbox.requests().is_empty());
}

#[test]
fn a_silent_proxy_counts_as_a_connection_that_times_out() {
    let provider = Provider::start();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://{}", silent.local_addr().unwrap());
    let options = HostOptions {
        connect_timeout: Duration::from_millis(300),
        cache_dir: Some(target_dir().join("test-cache")),
        ..HostOptions::default()
    };
    let connector = Host::new(options).unwrap().load_file(component()).unwrap();
    let started = Instant::now();
    let failure = ask(&connector, &provider.through(&proxy)).unwrap_err();
    assert_eq!(failure.message, format!("connecting to the proxy {proxy} timed out"));
    assert!(!failure.request_sent && started.elapsed() < HANG);
}

/// The certificates of the proxy and of the provider behind it are checked
/// separately.
#[test]
fn a_proxy_may_use_tls() {
    let (provider, proxy) = (Provider::start(), ForwardProxy::start(Behavior::Open));
    let behind = proxy.url().trim_start_matches("http://").parse().unwrap();
    let port = connector_tests::tls::wrap(OURS.sign("localhost", Validity::Current), behind);
    let values = provider.through(&format!("https://localhost:{port}"));
    let connector = openai();
    ask(&connector, &values).unwrap();
    assert_eq!(proxy.heads().len(), 1);
    let other = with(values, json!({ "certificateAuthorities": Authority::new().pem() }));
    let failure = ask(&connector, &other).unwrap_err();
    assert!(failure.message.ends_with("BadSignature"), "{failure:?}");
    assert_eq!(proxy.heads().len(), 1);
}

#[test]
fn certificate_authorities_belong_to_one_connection() {
    let provider = Provider::start();
    let connector = openai();
    ask(&connector, &provider.values()).unwrap();
    // The second has the same name and a different key.
    for (pem, why) in [("", "UnknownIssuer"), (Authority::new().pem(), "BadSignature")] {
        let values = with(provider.values(), json!({ "certificateAuthorities": pem }));
        let failure = ask(&connector, &values).unwrap_err();
        assert!(failure.message.ends_with(why), "{failure:?}");
    }
    // They add to the host's own.
    let options = HostOptions {
        authorities: Some(OURS.pem().parse().unwrap()),
        cache_dir: Some(target_dir().join("test-cache")),
        ..HostOptions::default()
    };
    let trusting = Host::new(options).unwrap().load_file(component()).unwrap();
    let other = json!({ "certificateAuthorities": Authority::new().pem() });
    ask(&trusting, &with(provider.values(), other)).unwrap();
    assert_eq!(provider.sandbox.requests().len(), 2);
}

#[test]
fn no_connector_sees_the_network() {
    let connector = openai();
    let definition = &connector.descriptor().connection;
    for name in ["proxy", "proxyUsername", "proxyPassword", "certificateAuthorities"] {
        assert!(definition.properties.get(name).is_some_and(|row| row.advanced), "{name}");
        assert!(!definition.shows(name), "{name}");
    }
}

/// Anyone who may edit a connection could otherwise read its secrets with a server
/// of their own.
#[test]
fn a_stored_secret_is_kept_only_if_it_goes_to_the_same_place() {
    let (service, provider) = (Service::start(), Provider::start());
    let proxies = [(); 2].map(|()| ForwardProxy::start(Behavior::Open));
    let path = format!("{API}/connections");
    let secret = json!({ "proxyUsername": "ada", "proxyPassword": CANARY });
    let values = with(provider.through(&proxies[0].url()), secret);
    let new = json!({ "name": "Ours", "component": "openai/v1", "values": values });
    let shown = post(&service, &path, &new).expect(201).json();
    assert_eq!(shown["secrets"], json!(["token", "proxyPassword"]));
    assert!(!shown.to_string().contains(CANARY));
    let id = shown["id"].as_str().unwrap();

    let run = || {
        let input = json!({ "messages": [{ "role": "user", "content": "Hi" }] });
        let body = json!({ "input": input, "connection": id });
        post(&service, "/api/v1/components/openai/v1/actions/ask/run", &body).expect(200);
    };
    run();
    let kept = shown["values"].clone();
    let replace = |values: Value| {
        let body = json!({ "name": "Ours", "values": values }).to_string();
        let json = ("content-type", "application/json");
        answer(send(&service, "PUT", &format!("{path}/{id}"), &[json], body))
    };
    replace(kept.clone()).expect(200);
    run();
    for (change, secret, what) in [
        (json!({ "proxy": proxies[1].url() }), "proxyPassword", "the proxy"),
        (
            json!({ "certificateAuthorities": Authority::new().pem() }),
            "token",
            "the list of certificate authorities",
        ),
        (json!({ "baseUrl": "https://localhost/v1" }), "token", "the base URL"),
    ] {
        let refused = replace(with(kept.clone(), change)).expect(422).json();
        assert_eq!(refused["failure"]["property"], secret, "{refused}");
        assert_eq!(
            refused["failure"]["message"],
            format!("`{secret}` must be entered again, because {what} has changed")
        );
    }
    run();
    assert_eq!(proxies[1].heads().len(), 0);
    // With its password, another proxy may be used. Without a proxy, the password
    // has no effect.
    let other = json!({ "proxy": proxies[1].url(), "proxyPassword": "another" });
    replace(with(kept.clone(), other)).expect(200);
    run();
    assert_eq!(proxies[1].heads().len(), 1);
    let mut direct = kept;
    direct.as_object_mut().unwrap().remove("proxy");
    replace(with(direct, json!({ "proxyPassword": "" }))).expect(200);
    run();
    assert_eq!(proxies[1].heads().len(), 1);
}
