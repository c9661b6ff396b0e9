//! Concurrent runs with different credentials. Each token is sent only with its
//! own questions and over its own connections, and each answer reaches its own
//! run.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::thread;

use connector_host::ConnectionValues;
use connector_tests::openai;
use connector_tests::service::Service;
use openai_sandbox::{Options, Recorded, Sandbox};
use serde_json::{Value, json};

const TOKENS: [&str; 2] = ["sk-token-of-alice-0123456789", "sk-token-of-bob-9876543210"];
const OWNERS: [&str; 2] = ["Alice", "Bob"];
const RUNS: usize = 1_000;
const THREADS: usize = 16;

/// A question that only the owner of this token asks.
fn question(who: usize, run: usize) -> String {
    format!("{} asks {run}.", OWNERS[who])
}

/// Asks all questions on many threads, with alternating tokens. Each answer
/// must contain the question.
fn ask_all(ask: impl Fn(usize, Value, bool) -> Value + Sync) {
    thread::scope(|scope| {
        for first in 0..THREADS {
            let ask = &ask;
            scope.spawn(move || {
                for run in (first..RUNS).step_by(THREADS) {
                    let who = (run / THREADS + first) % TOKENS.len();
                    let asked = question(who, run);
                    let input = json!({ "messages": [{ "role": "user", "content": asked }] });
                    let output = ask(who, input, run.is_multiple_of(3));
                    let answer = output.as_str().unwrap();
                    assert!(answer.contains(&asked), "{asked:?} was answered with {answer:?}");
                }
            });
        }
    });
}

/// Asserts that the provider never saw a question with the wrong token.
fn assert_not_mixed(requests: &[Recorded]) {
    assert_eq!(requests.len(), RUNS);
    let mut sockets = [HashSet::<SocketAddr>::new(), HashSet::new()];
    for request in requests {
        let asked = request.json().unwrap()["messages"][0]["content"].as_str().unwrap();
        let who = OWNERS.iter().position(|owner| asked.starts_with(owner)).unwrap();
        let authorization = format!("Bearer {}", TOKENS[who]);
        assert_eq!(request.header_values("authorization").collect::<Vec<_>>(), [authorization]);
        sockets[who].insert(request.peer);
    }
    let [alice, bob] = sockets;
    assert!(!alice.is_empty() && !bob.is_empty());
    assert!(alice.is_disjoint(&bob), "a connection carried both tokens");
    assert!(
        alice.len() + bob.len() < RUNS,
        "no connection was reused, so this test proves nothing"
    );
}

fn provider() -> Sandbox {
    Sandbox::start(Options { token: None, ..Options::default() }).unwrap()
}

#[test]
fn each_token_is_sent_only_with_its_own_questions() {
    let (provider, connector) = (provider(), openai());
    let connections = TOKENS.map(|token| {
        let values = ConnectionValues::new().set("token", token);
        connector.connection(values.set("baseUrl", provider.base_url())).unwrap()
    });
    ask_all(|who, input, streaming| {
        let run = connector.run("ask", input).connection(&connections[who]);
        run.streaming(streaming).start().unwrap().output
    });
    assert_not_mixed(&provider.requests());
}

#[test]
fn each_stored_connection_is_used_only_for_its_own_questions() {
    let (provider, service) = (provider(), Service::start());
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let post = |path: &str, body: Value| {
        let url = format!("{}/api/v1/{path}", service.url());
        let request = agent.post(url).header("content-type", "application/json");
        let mut answer = request.send(body.to_string()).unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        assert!(answer.status().is_success(), "{text}");
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let connections = [0, 1].map(|who| {
        let values = json!({ "token": TOKENS[who], "baseUrl": provider.base_url() });
        let new = json!({ "name": OWNERS[who], "component": "openai/v1", "values": values });
        post("connections", new)["id"].clone()
    });
    ask_all(|who, input, _| {
        let body = json!({ "input": input, "connection": connections[who] });
        post("components/openai/v1/actions/ask/run", body)["output"].clone()
    });
    assert_not_mixed(&provider.requests());
}
