//! A component is used only after someone has approved what it requests, and a
//! stored connection works only for the origin it was stored for.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use connector_tests::puppet::{Echo, lock, put};
use connector_tests::service::Service;
use connector_tests::{Ran, command, ran};
use serde_json::{Value, json};
use tempfile::TempDir;

const TOKEN: &str = "sk-9f2Kq7Zr1Lw8Xc4V";

/// A folder with components, and one for approvals and connections.
struct Bench {
    components: TempDir,
    data: TempDir,
    echo: Echo,
}

impl Bench {
    fn new() -> Self {
        let [components, data] = [(); 2].map(|()| TempDir::new().unwrap());
        Self { components, data, echo: Echo::start() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.components.path().join(name)
    }

    fn put(&self, name: &str, config: &Value) {
        put(self.components.path(), name, config);
    }

    fn lock(&self) {
        lock(self.components.path());
    }

    fn ran(&self, args: &[&str]) -> Ran {
        self.ran_in("CONNECTOR_COMPONENTS", args)
    }

    fn ran_in(&self, variable: &str, args: &[&str]) -> Ran {
        let mut command = command(None);
        command.env(variable, self.components.path()).env("XDG_DATA_HOME", self.data.path());
        command.env("PUPPET_TOKEN", TOKEN).env("PUPPET_BASE_URL", self.echo.base_url());
        ran(command.args(args))
    }

    /// Stores a connection to the server.
    fn store(&self, name: &str) {
        self.store_with(name, &[]);
    }

    fn store_with(&self, name: &str, more: &[&str]) {
        let token = self.file("token.txt");
        fs::write(&token, TOKEN).unwrap();
        let (secret, url) =
            (format!("token={}", token.display()), format!("baseUrl={}", self.echo.base_url()));
        let add = ["connection", "add", "puppet", "--name", name];
        let added =
            self.ran(&[&add[..], &["--secret-file", &secret, "--set", &url], more].concat());
        assert_eq!(added.status, 0, "{added:?}");
    }
}

const ACT: [&str; 4] = ["run", "puppet/v1/act", "--set", "steps=[{\"settings\":{}}]"];

#[test]
fn a_component_in_the_lock_file_needs_no_approval() {
    let bench = Bench::new();
    bench.put("puppet.wasm", &json!({ "environment": ["PUPPET_TOKEN"] }));
    let refused = bench.ran(&ACT);
    assert_eq!(refused.status, 2, "{refused:?}");
    assert!(refused.stderr.contains("puppet.wasm is not approved"), "{refused:?}");
    bench.lock();
    assert_eq!(bench.ran(&ACT).status, 0);
    // A component that cannot be used is still listed.
    fs::remove_file(bench.file("connectors.lock")).unwrap();
    for args in [&["list"][..], &["inspect", "puppet"], &["schema", "puppet/v1/act"]] {
        assert_eq!(bench.ran(args).status, 0, "{args:?}");
    }
}

#[test]
fn a_component_runs_once_the_user_has_approved_it() {
    let bench = Bench::new();
    bench.put("puppet.wasm", &json!({ "environment": ["PUPPET_TOKEN"] }));
    let asked = bench.ran(&["trust", "puppet"]);
    assert_eq!(asked.status, 2, "{asked:?}");
    for shown in [
        "sends to     https://puppet.example",
        "credential   authorization: Bearer (token)",
        "environment  PUPPET_TOKEN as `token`",
        "imports      workflow:connector/",
        "--yes",
    ] {
        assert!(asked.stderr.contains(shown), "{shown} is not in {asked:?}");
    }
    assert_eq!(bench.ran(&ACT).status, 2);
    let trusted = bench.ran(&["trust", "puppet", "--yes"]);
    assert_eq!(trusted.status, 0, "{trusted:?}");
    assert!(!trusted.stderr.contains("names are looked up in"), "{trusted:?}");
    assert_eq!(bench.ran(&ACT).status, 0);
}

#[test]
fn trusting_a_file_elsewhere_reports_where_names_are_looked_up() {
    let (bench, elsewhere) = (Bench::new(), TempDir::new().unwrap());
    put(elsewhere.path(), "puppet.wasm", &json!({}));
    let file = elsewhere.path().join("puppet.wasm");
    let trusted = bench.ran(&["trust", file.to_str().unwrap(), "--yes"]);
    assert_eq!(trusted.status, 0, "{trusted:?}");
    let note = format!("names are looked up in {}; ", bench.components.path().display());
    assert!(trusted.stderr.contains(&note), "{trusted:?}");
}

#[test]
fn a_rebuilt_component_with_the_same_permissions_runs_with_a_note() {
    let bench = Bench::new();
    bench.put("puppet.wasm", &json!({ "environment": ["PUPPET_TOKEN"] }));
    bench.lock();
    bench.put("puppet.wasm", &json!({ "environment": ["PUPPET_TOKEN"], "title": "Another" }));
    let noted = bench.ran(&ACT);
    assert_eq!(noted.status, 0, "{noted:?}");
    assert!(noted.stderr.contains("note: ") && noted.stderr.contains("asks for the same"));
    let locked = bench.ran(&[&ACT[..], &["--locked"]].concat());
    assert_eq!(locked.status, 2, "{locked:?}");
    // A component that requests more permissions needs a new approval.
    bench.put("puppet.wasm", &json!({ "environment": ["PUPPET_TOKEN", "HOME"] }));
    let refused = bench.ran(&ACT);
    assert_eq!(refused.status, 2, "{refused:?}");
    assert!(
        refused.stderr.contains("asks for different permissions than were approved"),
        "{refused:?}"
    );
    let asked = bench.ran(&["trust", "puppet"]);
    assert!(
        asked.stderr.contains(
            "environment  PUPPET_TOKEN as `token` → HOME as `token`, PUPPET_TOKEN as `token`"
        ),
        "{asked:?}"
    );
    assert!(!asked.stderr.contains("imports"), "{asked:?}");
}

#[test]
fn a_rebuilt_world_writable_component_is_rejected() {
    let bench = Bench::new();
    bench.put("puppet.wasm", &json!({ "environment": ["PUPPET_TOKEN"] }));
    bench.lock();
    let file = bench.file("puppet.wasm");
    let open = || fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    open();
    assert_eq!(bench.ran(&ACT).status, 0);
    bench.put("puppet.wasm", &json!({ "environment": ["PUPPET_TOKEN"], "title": "Another" }));
    open();
    let refused = bench.ran(&ACT);
    assert_eq!(refused.status, 2, "{refused:?}");
    assert!(refused.stderr.contains("anyone can write to it or to its folder"), "{refused:?}");
    assert_eq!(bench.ran(&["trust", "puppet", "--yes"]).status, 0);
    assert_eq!(bench.ran(&ACT).status, 0);
}

/// A variable approved as a secret cannot become a visible setting after a
/// rebuild.
#[test]
fn a_variable_is_approved_for_one_property() {
    let bench = Bench::new();
    bench.put("puppet.wasm", &json!({ "environment": ["PUPPET_TOKEN"] }));
    bench.lock();
    bench.put("puppet.wasm", &json!({ "settingEnvironment": ["PUPPET_TOKEN"] }));
    let refused = bench.ran(&ACT);
    assert_eq!(refused.status, 2, "{refused:?}");
    assert!(
        refused.stderr.contains("asks for different permissions than were approved"),
        "{refused:?}"
    );
    let asked = bench.ran(&["trust", "puppet"]);
    assert!(asked.stderr.contains("PUPPET_TOKEN as `hint`, which it sees"), "{asked:?}");
    // One variable can never be both a secret and a setting.
    let both = json!({ "environment": ["PUPPET_TOKEN"], "settingEnvironment": ["PUPPET_TOKEN"] });
    bench.put("puppet.wasm", &both);
    let refused = bench.ran(&ACT);
    assert!(refused.stderr.contains("that the connector may see"), "{refused:?}");
    // A component that is run by path gets no variable as a setting.
    bench.put("puppet.wasm", &json!({ "settingEnvironment": ["PUPPET_TOKEN"] }));
    let address = format!("{}/v1/act", bench.file("puppet.wasm").display());
    let refused = bench.ran(&["run", &address, "--env", "PUPPET_TOKEN"]);
    assert_eq!(refused.status, 2, "{refused:?}");
    assert!(refused.stderr.contains("would see the value of `PUPPET_TOKEN`"), "{refused:?}");
    for ran in [&refused, &asked] {
        assert!(!format!("{ran:?}").contains(TOKEN), "{ran:?}");
    }
}

/// Two components with the same address.
#[test]
fn two_files_with_the_same_address_disable_only_that_address() {
    let bench = Bench::new();
    bench.put("puppet.wasm", &json!({ "environment": ["PUPPET_TOKEN"] }));
    bench.put("other.wasm", &json!({ "name": "other", "environment": ["PUPPET_TOKEN"] }));
    bench.put("evil.wasm", &json!({ "environment": ["PUPPET_TOKEN"], "title": "Evil" }));
    bench.lock();
    let refused = bench.ran(&ACT);
    assert_eq!(refused.status, 2, "{refused:?}");
    for name in ["puppet.wasm", "evil.wasm"] {
        assert!(refused.stderr.contains(name), "{refused:?}");
    }
    assert_eq!(bench.ran(&["run", "other/v1/act"]).status, 0);
    let listed = bench.ran(&["list"]);
    assert!(listed.stdout.contains("other/v1/act") && !listed.stdout.contains("puppet/v1/act"));
    assert!(listed.stderr.contains("`puppet/v1` is disabled"), "{listed:?}");
    // Two copies of the same component count as one.
    fs::copy(bench.file("puppet.wasm"), bench.file("evil.wasm")).unwrap();
    assert_eq!(bench.ran(&ACT).status, 0);
}

/// A component that uses another component's name.
#[test]
fn a_stored_connection_is_not_used_by_a_component_that_sends_the_secret_elsewhere() {
    let bench = Bench::new();
    bench.put("puppet.wasm", &json!({}));
    bench.lock();
    bench.store("work");
    let mut with = ACT.to_vec();
    with.extend(["--connection", "work"]);
    assert_eq!(bench.ran(&with).status, 0);
    // An approved component with the same address that sends the secret
    // elsewhere.
    bench.put("puppet.wasm", &json!({ "header": "x-key" }));
    bench.lock();
    let refused = bench.ran(&with);
    assert_eq!(refused.status, 2, "{refused:?}");
    for words in
        ["in `authorization: Bearer (token)`", "in `x-key (token)`", "connector trust puppet"]
    {
        assert!(refused.stderr.contains(words), "{words} is not in {refused:?}");
    }
    let trusted = bench.ran(&["trust", "puppet", "--yes"]);
    assert!(trusted.stderr.contains("bound the connection `work`"), "{trusted:?}");
    assert_eq!(bench.ran(&with).status, 0);
}

/// Same origin and same header, but the token becomes a setting that the
/// component can read.
#[test]
fn a_stored_secret_stays_secret_after_a_rebuild() {
    let bench = Bench::new();
    bench.put("puppet.wasm", &json!({}));
    bench.lock();
    bench.store_with("work", &["--set", "hint=another-text-of-the-user"]);
    let mut with = ACT.to_vec();
    with.extend(["--connection", "work"]);
    assert!(bench.ran(&with).stdout.contains("another-text-of-the-user"));
    bench.put("puppet.wasm", &json!({ "credential": "hint" }));
    let rebuilt = bench.ran(&with);
    assert!(rebuilt.stderr.contains("asks for different permissions"), "{rebuilt:?}");
    bench.lock();
    let path = bench.file("puppet.wasm");
    let by_path = format!("{}/v1/act", path.display());
    for address in ["puppet/v1/act", &by_path] {
        with[1] = address;
        let refused = bench.ran(&with);
        assert_eq!(refused.status, 2, "{refused:?}");
        assert!(refused.stderr.contains("was stored for"), "{refused:?}");
        assert!(!format!("{refused:?}").contains(TOKEN), "{refused:?}");
    }
    // `connection show` does not reveal it either, although the component
    // declares it public.
    let shown = bench.ran(&["connection", "show", "work"]);
    assert_eq!(shown.status, 0, "{shown:?}");
    assert!(!format!("{shown:?}").contains(TOKEN), "{shown:?}");
}

/// The base URL is changed, but the secret is not entered again.
#[test]
fn a_new_base_url_requires_the_secret_again() {
    let (one, other) = (Echo::start(), Echo::start());
    let service = Service::start();
    let api = |method: &str, path: &str, body: &Value| {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}/api/v1/{path}", service.url()));
        request = request.header("content-type", "application/json");
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut answer = agent.run(request.body(body.to_string()).unwrap()).unwrap();
        let status = answer.status().as_u16();
        (
            status,
            serde_json::from_str::<Value>(&answer.body_mut().read_to_string().unwrap())
                .unwrap_or_default(),
        )
    };
    let values = json!({ "token": TOKEN, "baseUrl": one.base_url() });
    let (status, made) = api(
        "POST",
        "connections",
        &json!({ "name": "a", "component": "openai/v1", "values": values }),
    );
    assert_eq!(status, 201, "{made}");
    let path = format!("connections/{}", made["id"].as_str().unwrap());
    let moved = |values: Value| api("PUT", &path, &json!({ "name": "a", "values": values }));
    let (status, problem) = moved(json!({ "baseUrl": other.base_url() }));
    assert_eq!(status, 422, "{problem}");
    assert!(
        problem["detail"].as_str().unwrap().contains("`token` must be entered again"),
        "{problem}"
    );
    // A different path on the same server also counts as a change of the base
    // URL.
    let (status, _) = moved(json!({ "baseUrl": format!("{}/other", one.base_url()) }));
    assert_eq!(status, 422);
    assert_eq!(moved(json!({ "baseUrl": one.base_url(), "organization": "org" })).0, 200);
    assert_eq!(
        moved(json!({ "baseUrl": other.base_url(), "token": "sk-for-the-other-server" })).0,
        200
    );
    assert_eq!(other.requests(), 0);
}

/// A component cannot forge what the user sees.
#[test]
fn names_from_a_component_are_shown_escaped_on_one_line() {
    let bench = Bench::new();
    let title = "Nice\nbase URL     https://api.openai.com\n\u{1b}[8m\u{202e}";
    bench.put(
        "puppet.wasm",
        &json!({
            "title": title, "description": "x".repeat(3000), "baseUrl": "https://evil.example",
            "environment": ["PUPPET_TOKEN"], "header": "x-key", "second": true,
        }),
    );
    let inspected = bench.ran(&["inspect", "puppet"]).stdout;
    assert!(!inspected.contains("\nbase URL     https://api"), "{inspected}");
    for shown in [
        "sends to     https://evil.example",
        "x-key (token), x-second (second)",
        "PUPPET_TOKEN",
        "SHA-256",
    ] {
        assert!(inspected.contains(shown), "{shown} is not in {inspected}");
    }
    let trusted = bench.ran(&["trust", "puppet"]).stderr;
    let listed = bench.ran(&["list"]).stdout;
    for shown in [&inspected, &trusted, &listed] {
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
    }
    assert!(listed.lines().all(|line| line.chars().count() < 1000), "{listed}");
}
