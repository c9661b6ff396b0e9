//! Self-hosted servers: which addresses `http` may reach, how to allow more in
//! each interface, and how an invalid base URL is reported.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, ToSocketAddrs};
use std::process::{Child, Command, Stdio};
use std::thread::spawn;

use connector_host::{AddressPolicy, FailureKind, Host, HostOptions};
use connector_tests::tls::{Authority, Close, Validity, serve};
use connector_tests::{CANARY, Ran, command, component, connection_values, ran, sandbox};
use openai_sandbox::Sandbox;
use serde_json::{Value, json};
use tempfile::TempDir;

const FLAG: &str = "--allow-private-addresses";
const VARIABLE: &str = "CONNECTOR_ALLOW_PRIVATE_ADDRESSES";
/// A name that does not exist. It is rejected before it is looked up.
const ELSEWHERE: &str = "http://ollama.invalid:11434/v1";

/// A name of this machine other than `localhost`, from its `/etc/hosts`; if
/// there is none, an unusual spelling of its address.
fn name() -> String {
    let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
    let is_ours = |name: &&str| {
        let found = (*name, 1).to_socket_addrs().map(Vec::from_iter).unwrap_or_default();
        !found.is_empty() && found.iter().all(|address| address.ip() == Ipv4Addr::LOCALHOST)
    };
    let lines = hosts.lines().map(|line| line.split('#').next().unwrap_or_default());
    let names = lines.flat_map(|line| line.split_whitespace().skip(1));
    names.filter(|name| *name != "localhost").find(is_ours).unwrap_or("0x7f.1").to_owned()
}

fn by_name(sandbox: &Sandbox) -> String {
    sandbox.base_url().replace("127.0.0.1", &name())
}

fn with_connection(base_url: &str) -> Command {
    let mut command = command(None);
    command.env("OPENAI_API_KEY", CANARY).env("OPENAI_BASE_URL", base_url);
    command
}

#[test]
fn c09b_every_command_reaches_a_self_hosted_server_if_allowed() {
    let commands: [&[&str]; 3] = [
        &["test", "openai"],
        &["options", "openai/v1/ask", "model"],
        &[
            "run",
            "openai/v1/ask",
            "--set",
            "messages[0].role=user",
            "--set",
            "messages[0].content=Hi",
        ],
    ];
    for arguments in commands {
        let sandbox = sandbox();
        let refused = ran(with_connection(ELSEWHERE).args(arguments));
        assert_eq!(refused.status, 2, "{refused:?}");
        assert!(refused.stderr.contains(FLAG), "{refused:?}");
        let allowed = ran(with_connection(&by_name(&sandbox)).args(arguments).arg(FLAG));
        assert_eq!(allowed.status, 0, "{allowed:?}");
        for value in ["true", "1"] {
            let mut command = with_connection(&by_name(&sandbox));
            let ran = ran(command.env(VARIABLE, value).args(arguments));
            assert_eq!(ran.status, 0, "{ran:?}");
        }
        assert_eq!(sandbox.requests().len(), 3);
        for value in ["false", "0", ""] {
            let ran = ran(with_connection(ELSEWHERE).env(VARIABLE, value).args(arguments));
            assert!(ran.status == 2 && ran.stderr.contains("is not allowed: "), "{ran:?}");
        }
    }
}

#[test]
fn c09b_a_connection_to_a_self_hosted_server_can_be_stored() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    let token = folder.path().join("token");
    std::fs::write(&token, CANARY).unwrap();
    let data = folder.path().join("data");
    let connection = |arguments: &[&str], flag: Option<&str>| -> Ran {
        ran(command(None).args(arguments).args(flag).arg("--data-dir").arg(&data))
    };
    let (secret, base_url) =
        (format!("token={}", token.display()), format!("baseUrl={}", by_name(&sandbox)));
    let add = |base_url: &str, flag| {
        let set = ["--set", base_url, "--secret-file", &secret];
        connection(&[&["connection", "add", "openai", "--name", "own"], &set[..]].concat(), flag)
    };
    let refused = add(&format!("baseUrl={ELSEWHERE}"), None);
    assert!(refused.status == 2 && refused.stderr.contains(FLAG), "{refused:?}");
    assert_eq!(add(&base_url, Some(FLAG)).status, 0);
    let test = connection(&["test", "openai", "--connection", "own"], Some(FLAG));
    assert_eq!(test.status, 0, "{test:?}");
}

/// A service that ends when its standard input closes, and the address it
/// listens on.
fn start_service(data: &TempDir, allowed: bool) -> (Child, String) {
    let mut command = command(None);
    command.args(["serve", "--until-stdin-closes", "--listen", "127.0.0.1:0", "--data-dir"]);
    command.arg(data.path().join("data")).env("RUST_LOG", "connector=error");
    if allowed {
        command.env(VARIABLE, "true");
    }
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim_end().strip_prefix("listening on ").unwrap().to_owned();
    (child, url)
}

#[test]
fn c09b_a_service_reaches_a_self_hosted_server_if_allowed() {
    let (sandbox, data) = (sandbox(), TempDir::new().unwrap());
    for (allowed, base_url, status) in [
        (false, ELSEWHERE.to_owned(), 422),
        (false, sandbox.base_url(), 422),
        (true, by_name(&sandbox), 200),
        (true, sandbox.base_url(), 200),
    ] {
        let (mut service, url) = start_service(&data, allowed);
        let body = json!({
            "connection": {"token": CANARY, "baseUrl": base_url},
            "input": {"messages": [{"role": "user", "content": "Hi"}]},
        });
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build();
        let agent = ureq::Agent::from(agent);
        let mut answer = agent
            .post(format!("{url}/api/v1/components/openai/v1/actions/ask/run"))
            .header("content-type", "application/json")
            .send(body.to_string())
            .unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        drop(service.stdin.take());
        service.wait().unwrap();
        assert_eq!(answer.status().as_u16(), status, "{base_url}: {text}");
        assert_eq!(text.contains(FLAG), !allowed, "{text}");
    }
    assert_eq!(sandbox.requests().len(), 2);
}

/// The result of a tool over standard input and output.
fn called(base_url: &str, flag: Option<&str>) -> Value {
    let data = TempDir::new().unwrap();
    let mut command = with_connection(base_url);
    command.arg("mcp").args(flag).arg("--data-dir").arg(data.path().join("data"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let client = json!({
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    });
    let arguments = json!({"messages": [{"role": "user", "content": "Hi"}]});
    let call = json!({"name": "openai_v1_ask", "arguments": arguments});
    for message in [
        json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": client}),
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call}),
    ] {
        writeln!(input, "{message}").unwrap();
    }
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut messages = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let answer = messages.find(|message| message["id"] == 2).unwrap();
    drop(input);
    child.wait().unwrap();
    answer["result"].clone()
}

#[test]
fn c09b_tools_reach_a_self_hosted_server_if_allowed() {
    let sandbox = sandbox();
    let refused = called(ELSEWHERE, None);
    assert!(refused["isError"] == true && refused.to_string().contains(FLAG), "{refused}");
    let allowed = called(&by_name(&sandbox), Some(FLAG));
    assert!(allowed["isError"] != true && sandbox.requests().len() == 1, "{allowed}");
}

#[test]
fn c09b_every_command_that_connects_has_the_option() {
    for command_line in ["run", "test", "options", "serve", "mcp", "worker", "connection add"] {
        let mut command = command(None);
        let help = ran(command.args(command_line.split(' ')).arg("--help")).stdout;
        assert!(help.contains(FLAG) && help.contains(VARIABLE), "{command_line}: {help}");
    }
}

/// The name is not looked up.
#[test]
fn c09b_the_rejection_of_a_base_url_states_what_is_allowed() {
    for (addresses, base_url, words) in [
        (AddressPolicy::Any, "http://10.0.0.5:11434/v1", FLAG),
        (AddressPolicy::Any, "http://studio.local:1234/v1", FLAG),
        (AddressPolicy::Any, "http://host.docker.internal:11434/v1", FLAG),
        (AddressPolicy::Any, "http://api.example.com/v1", "a public address needs https://"),
        (AddressPolicy::Any, "http://169.254.169.254/v1", "metadata service"),
        (AddressPolicy::PrivateHttp, "http://8.8.8.8/v1", "a public address needs https://"),
        (AddressPolicy::PrivateHttp, "http://169.254.169.254/v1", "metadata service"),
        (AddressPolicy::PrivateHttp, "http://168.63.129.16/v1", "metadata service"),
        (AddressPolicy::PrivateHttp, "http://[fd00:ec2::254]/v1", "metadata service"),
        (AddressPolicy::PrivateHttp, "http://0.0.0.0:11434/v1", "use 127.0.0.1"),
        (AddressPolicy::Public, "http://127.0.0.1:11434/v1", FLAG),
        (AddressPolicy::Public, "https://192.168.1.5/v1", FLAG),
        (AddressPolicy::Public, "https://168.63.129.16/v1", "metadata service"),
    ] {
        let options = HostOptions { addresses, ..HostOptions::default() };
        let connector = Host::new(options).unwrap().load_file(component()).unwrap();
        let failure = connector.connection(connection_values(base_url)).unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidInput);
        assert_eq!(failure.property.as_deref(), Some("baseUrl"));
        let named = failure.message.starts_with(&format!("`baseUrl` {base_url} is not allowed: "));
        assert!(named && failure.message.contains(words), "{addresses:?}: {failure:?}");
    }
}

/// The address of a name is checked when connecting.
#[test]
fn c09b_the_address_of_a_name_is_checked_too() {
    let sandbox = sandbox();
    let options = HostOptions { addresses: AddressPolicy::Public, ..HostOptions::default() };
    let connector = Host::new(options).unwrap().load_file(component()).unwrap();
    let base_url = by_name(&sandbox).replace("http:", "https:");
    let connection = connector.connection(connection_values(&base_url));
    let failure = connection.and_then(|connection| connector.test(&connection)).unwrap_err();
    let observed = (failure.kind, failure.request_sent);
    assert_eq!(observed, (FailureKind::InvalidInput, false), "{failure:?}");
    assert!(failure.message.contains(FLAG), "{failure:?}");
}

#[test]
fn c02_a_query_in_the_base_url_is_explained() {
    for base_url in ["https://own.example/v1?api-version=2024-10-21", "https://own.example/v1#x"] {
        let ran = ran(with_connection(base_url).args(["test", "openai"]));
        assert_eq!(ran.status, 2, "{ran:?}");
        assert!(
            ran.stderr.contains("`baseUrl` must end with its path: remove the query"),
            "{ran:?}"
        );
    }
}

/// A server that sends this to every client, once it has received something.
fn responding(answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    spawn(move || {
        for mut client in listener.incoming().flatten() {
            spawn(move || -> std::io::Result<()> {
                let _ = client.read(&mut [0; 64 * 1024])?;
                client.write_all(answer)?;
                client.shutdown(std::net::Shutdown::Write)?;
                std::io::copy(&mut client, &mut std::io::sink()).map(drop)
            });
        }
    });
    port
}

fn tested(base_url: &str) -> Ran {
    ran(with_connection(base_url).args(["test", "openai"]))
}

#[test]
fn c20b_a_plain_http_server_is_distinguished_from_a_bad_certificate() {
    for answer in [
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".as_slice(),
        b"<!DOCTYPE HTML><title>Error response</title>",
    ] {
        let ran = tested(&format!("https://127.0.0.1:{}/v1", responding(answer)));
        assert_eq!(ran.status, 6, "{ran:?}");
        let words = "the server does not support TLS; if it expects plain HTTP, use an http:// URL";
        assert!(ran.stderr.contains(words), "{ran:?}");
    }
}

#[test]
fn c20b_a_tls_server_is_distinguished_from_a_rejection() {
    // The responses of nginx, Apache and Go.
    for page in [
        b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<title>400 The plain HTTP request was sent to HTTPS port</title>".as_slice(),
        b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nConnection: close\r\n\r\nYou're speaking plain HTTP to an SSL-enabled server port.<br />\n Instead use the HTTPS scheme to access this URL, please.",
        b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
    ] {
        let ran = tested(&format!("http://127.0.0.1:{}/v1", responding(page)));
        assert_eq!(ran.status, 6, "{ran:?}");
        assert!(ran.stderr.contains("expects TLS; use an https:// URL"), "{ran:?}");
    }
    let sandbox = sandbox();
    let behind = sandbox.base_url();
    let behind = behind.trim_start_matches("http://").trim_end_matches("/v1").parse().unwrap();
    let identity = Authority::new().sign("127.0.0.1", Validity::Current);
    let ran = tested(&format!("http://127.0.0.1:{}/v1", serve(identity, behind, Close::Orderly)));
    assert_eq!(ran.status, 6, "{ran:?}");
    // A provider's own error is not mistaken for such a response.
    let own = b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"error\":{\"message\":\"only HTTPS images\"}}";
    let ran = tested(&format!("http://127.0.0.1:{}/v1", responding(own)));
    assert!(ran.status == 4 && ran.stderr.contains("only HTTPS images"), "{ran:?}");
}

#[test]
fn c20b_a_response_that_is_not_http_may_be_tls() {
    // A TLS alert.
    let ran = tested(&format!("http://127.0.0.1:{}/v1", responding(b"\x15\x03\x03\0\x02\x02\x0a")));
    assert_eq!(ran.status, 6, "{ran:?}");
    assert!(ran.stderr.contains("if the server expects TLS, use an https:// URL"), "{ran:?}");
}

/// The older name of the variable, which clients of many servers still read. A
/// user who set it does not want the key to go to OpenAI.
#[test]
fn c21_the_older_variable_is_read_too() {
    let sandbox = sandbox();
    let tested = |variables: &[(&str, &str)]| {
        let mut command = command(None);
        command.env("OPENAI_API_KEY", CANARY).envs(variables.iter().copied());
        ran(command.args(["test", "openai"]))
    };
    let own = sandbox.base_url();
    for variables in [
        [("OPENAI_API_BASE", own.as_str()), ("OPENAI_ORGANIZATION", "org-1")],
        [("OPENAI_API_BASE", "http://127.0.0.1:1/v1"), ("OPENAI_BASE_URL", own.as_str())],
        [("OPENAI_API_BASE", own.as_str()), ("OPENAI_BASE_URL", " ")],
    ] {
        let ran = tested(&variables);
        assert_eq!(ran.status, 0, "{variables:?}: {ran:?}");
    }
    let requests = sandbox.requests();
    assert_eq!(requests.len(), 3);
    assert_eq!(requests[0].header("openai-organization"), Some("org-1"));
}
