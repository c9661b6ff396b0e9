//! Stored connections: private to the user, usable without environment
//! variables, and never shown.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use connector_tests::{CANARY, Ran, command, ran, sandbox};
use serde_json::json;

/// A folder for a store, and the commands that use it.
struct Store {
    dir: tempfile::TempDir,
}

impl Store {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("store")
    }

    /// The command with verbose logs, which could reveal a token.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(None);
        command.args(arguments).arg("--data-dir").arg(self.path()).env("RUST_LOG", "trace");
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        free_of_token(ran(&mut self.command(arguments)))
    }

    /// Runs a command that reads the token from standard input.
    fn run_with_token(&self, arguments: &[&str]) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // The command may end without reading.
        let _ = writeln!(child.stdin.take().unwrap(), "{CANARY}");
        let output = child.wait_with_output().unwrap();
        free_of_token(Ran {
            status: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        })
    }

    /// Adds a connection and returns its id.
    #[track_caller]
    fn add(&self, name: &str, base_url: &str) -> String {
        let set = format!("baseUrl={base_url}");
        let ran =
            self.run_with_token(&["connection", "add", "openai", "--name", name, "--set", &set]);
        assert_eq!(ran.status, 0, "{ran:?}");
        ran.stdout.trim().to_owned()
    }

    fn names(&self) -> Vec<String> {
        let listed = self.run(&["connection", "list", "--json"]);
        assert_eq!(listed.status, 0, "{listed:?}");
        let listed = listed.json();
        let names = listed.as_array().unwrap().iter().map(|record| &record["name"]);
        names.map(|name| name.as_str().unwrap().to_owned()).collect()
    }

    /// Asserts that no file contains the token or a part of it.
    #[track_caller]
    fn assert_sealed(&self) {
        let part = &CANARY.as_bytes()[..14];
        for file in fs::read_dir(self.path()).unwrap() {
            let path = file.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            let found = bytes.windows(part.len()).any(|window| window == part);
            assert!(!found, "{} contains the token", path.display());
        }
    }
}

#[track_caller]
fn free_of_token(ran: Ran) -> Ran {
    for shown in [&ran.stdout, &ran.stderr] {
        assert!(!shown.contains(&CANARY[..14]), "the token is shown: {ran:?}");
    }
    ran
}

/// Asserts that the command failed with this message.
#[track_caller]
fn refused(ran: &Ran, status: i32, sentence: &str) {
    let is_reported = ran.stderr.lines().any(|line| line.strip_prefix("error: ") == Some(sentence));
    assert!(is_reported && ran.status == status, "{sentence:?} ({status}): {ran:?}");
    assert_eq!(ran.stdout, "");
}

const ASK: [&str; 7] = [
    "run",
    "openai/v1/ask",
    "--raw",
    "--set",
    "messages[0].role=user",
    "--set",
    "messages[0].content=Hi",
];

#[test]
fn a_stored_connection_replaces_the_environment() {
    let (store, sandbox) = (Store::new(), sandbox());
    let id = store.add("work", sandbox.base_url().as_str());
    for wanted in ["work", &id] {
        for call in [
            &ASK[..],
            &["test", "openai"],
            &["options", "openai/v1/ask", "model", "--search", "whisper"],
        ] {
            sandbox.clear();
            let ran = store.run(&[call, &["--connection", wanted]].concat());
            assert_eq!(ran.status, 0, "{call:?}: {ran:?}");
            let request = sandbox.requests().pop().unwrap();
            let bearer = format!("Bearer {CANARY}");
            assert_eq!(request.header("authorization"), Some(bearer.as_str()));
        }
    }
    store.assert_sealed();
}

/// The actions that a model calls use the stored connection too.
#[test]
fn functions_use_the_stored_connection_too() {
    let (store, sandbox) = (Store::new(), sandbox());
    store.add("work", sandbox.base_url().as_str());
    let functions = ["--set", r#"functions=["openai/v1/createImage"]"#];
    let out = ["--output-dir", store.dir.path().to_str().unwrap()];
    let ran = store.run(&[&ASK[..], &functions, &out, &["--connection", "work"]].concat());
    assert_eq!(ran.status, 0, "{ran:?}");
    let offered = sandbox.requests()[0].json().unwrap()["tools"].clone();
    assert_eq!(offered.as_array().map(Vec::len), Some(1), "{offered}");
}

#[test]
fn shows_no_secret_of_a_connection() {
    let store = Store::new();
    let id = store.add("work", "https://api.test/v1");
    let shown = store.run(&["connection", "show", "work"]).stdout;
    let lines: Vec<&str> = shown.lines().collect();
    for line in [
        &format!("id             {id}"),
        "token          set",
        "baseUrl        https://api.test/v1",
        "authorization  bearer",
    ] {
        assert!(lines.contains(&line), "{line:?}: {shown}");
    }
    let json = store.run(&["connection", "show", &id, "--json"]).json();
    let values = json!({ "authorization": "bearer", "baseUrl": "https://api.test/v1" });
    assert_eq!(json["values"], values);
    assert_eq!(json["secrets"], json!(["token"]));
    assert_eq!((&json["name"], &json["component"]), (&json!("work"), &json!("openai/v1")));

    // Without the connector, it is unknown which values are secret.
    let mut without = store.command(&["connection", "show", "work", "--json"]);
    let without = free_of_token(ran(without.env("CONNECTOR_COMPONENTS", store.dir.path()))).json();
    assert_eq!(without["values"], json!({}));
    assert_eq!(without["secrets"].as_array().unwrap().len(), 3);

    let listed = store.run(&["connection", "list"]).stdout;
    assert!(listed.starts_with(&format!("openai/v1  work  {id}  ")), "{listed}");
    assert_eq!(store.run(&["connection", "remove", "work"]).status, 0);
    assert_eq!(store.names(), [""; 0]);
}

#[test]
fn rejects_a_secret_as_an_argument() {
    let store = Store::new();
    let add = ["connection", "add", "openai", "--name", "work"];
    let token = format!("token={CANARY}");
    let ran = store.run(&[&add[..], &["--set", &token]].concat());
    let sentence = "`token` is a secret and cannot be an argument: other users can see arguments \
                    in the process list, and shells store them in their history";
    refused(&ran, 2, sentence);
    assert!(ran.stderr.contains("--secret-file token=FILE"), "{ran:?}");
    // The argument may be a secret that was passed without its name and
    // happens to contain `=`.
    for odd in [CANARY, &CANARY[..20]] {
        let ran = store.run(&[&add[..], &["--set", odd]].concat());
        refused(&ran, 2, "unknown connection property in --set");
    }
}

#[test]
fn reads_a_secret_from_a_file_or_from_standard_input() {
    let (store, sandbox) = (Store::new(), sandbox());
    let file = store.dir.path().join("token.txt");
    fs::write(&file, format!("  {CANARY}\n")).unwrap();
    let base_url = format!("baseUrl={}", sandbox.base_url());
    let add = ["connection", "add", "openai", "--set", &base_url, "--name"];
    let from = |file: &Path| format!("token={}", file.display());
    let ran = store.run(&[&add[..], &["file", "--secret-file", &from(&file)]].concat());
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_eq!(store.run(&["test", "openai", "--connection", "file"]).status, 0);

    refused(&store.run(&[&add[..], &["none"]].concat()), 2, "`token` (Token) is empty");
    let gone = store.dir.path().join("gone");
    let ran = store.run(&[&add[..], &["none", "--secret-file", &from(&gone)]].concat());
    let why = "No such file or directory (os error 2)";
    refused(&ran, 2, &format!("cannot read a secret from {}: {why}", gone.display()));
    fs::write(&gone, "\n").unwrap();
    let ran = store.run(&[&add[..], &["none", "--secret-file", &from(&gone)]].concat());
    refused(&ran, 2, &format!("cannot read a secret from {}: it is empty", gone.display()));
    let ran = store.run(&[&add[..], &["none", "--secret-file", "baseUrl=x"]].concat());
    refused(&ran, 2, "`baseUrl` is not a secret of the connection");
    let wrong = format!("toekn={}", file.display());
    let ran = store.run(&[&add[..], &["none", "--secret-file", &wrong]].concat());
    refused(&ran, 2, "unknown connection secret `toekn` in --secret-file");
    assert!(ran.stderr.contains("with one of: token, apiKey, headers, proxyPassword"), "{ran:?}");
    assert_eq!(store.names(), ["file"]);
}

#[test]
fn invalid_connections_are_not_stored() {
    let store = Store::new();
    store.add("work", "https://api.test/v1");
    let add = ["connection", "add", "openai", "--name"];
    for (more, sentence) in [
        (&["work"][..], "a connection named `work` already exists for openai/v1"),
        (&["  "], "the connection's name is empty"),
        (&["a", "--set", "baseURL=x"], "unknown connection property in --set"),
        (
            &["a", "--set", "maxTokensParameter=x"],
            "`maxTokensParameter` must be one of: `max_completion_tokens`, `max_tokens` (got \"x\")",
        ),
    ] {
        refused(&store.run_with_token(&[&add[..], more].concat()), 2, sentence);
    }
    let ran = store.run(&["test", "openai", "--connection", "nobody"]);
    refused(&ran, 2, "no stored connection `nobody` for openai/v1");
    assert_eq!(store.names(), ["work"]);
}

#[test]
fn the_key_can_come_from_the_environment_and_be_rotated() {
    let (store, sandbox) = (Store::new(), sandbox());
    store.add("work", sandbox.base_url().as_str());
    let [one, two] = [
        "MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=",
        "MjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjI=",
    ];
    let with = |key: &str, new: &str, arguments: &[&str]| {
        let mut command = store.command(arguments);
        command.env("CONNECTOR_STORE_KEY", key).env("CONNECTOR_NEW_STORE_KEY", new);
        free_of_token(ran(&mut command))
    };
    let rotate = ["connection", "rotate-key"];
    let test = ["test", "openai", "--connection", "work"];
    let folder = store.path().canonicalize().unwrap();
    let wrong = format!(
        "the key in $CONNECTOR_STORE_KEY is not the key of the store in {}",
        folder.display()
    );
    assert_eq!(with("", "", &rotate).status, 0);
    assert_eq!(with("", "", &test).status, 0);
    refused(&with(one, "", &test), 2, &wrong);
    assert_eq!(with("", one, &rotate).status, 0);
    assert_eq!(with(one, "", &test).status, 0);
    refused(
        &with(one, "", &rotate),
        2,
        "the key is in $CONNECTOR_STORE_KEY, but $CONNECTOR_NEW_STORE_KEY is not set",
    );
    assert_eq!(with(one, two, &rotate).status, 0);
    refused(&with(one, "", &test), 2, &wrong);
    assert_eq!(with(two, "", &test).status, 0);
    let no_key = "invalid key in $CONNECTOR_STORE_KEY: expected 32 bytes in base64";
    refused(&with(CANARY, "", &test), 2, no_key);
    let files: Vec<_> = fs::read_dir(folder).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert!(files.iter().all(|name| !name.to_str().unwrap().starts_with("key-")), "{files:?}");
    store.assert_sealed();
}

/// A connection that was reported as stored survives a kill at any time.
#[test]
fn the_store_survives_a_kill_at_any_time() {
    let store = Store::new();
    let mut added: Vec<String> = Vec::new();
    for round in 0..20_u64 {
        let name = format!("round {round:02}");
        added.push({
            store.add(&name, "https://api.test/v1");
            name
        });
        let arguments: &[&str] = match round % 2 {
            0 => &["connection", "rotate-key"],
            _ => &["connection", "add", "openai", "--name", "killed"],
        };
        let mut command = store.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let _ = writeln!(child.stdin.take().unwrap(), "{CANARY}");
        thread::sleep(Duration::from_millis(round * 2));
        child.kill().unwrap();
        child.wait().unwrap();
        store.run(&["connection", "remove", "killed"]);
        assert_eq!(store.names(), added, "after round {round}");
        assert_eq!(store.run(&["connection", "show", &added[0]]).status, 0);
    }
    store.assert_sealed();
}

#[test]
fn reports_an_unusable_folder() {
    let store = Store::new();
    fs::write(store.path(), "a file").unwrap();
    let ran = store.run(&["connection", "list"]);
    assert_eq!(ran.status, 2, "{ran:?}");
    assert!(ran.stderr.contains(&format!("error: cannot use {}: ", store.path().display())));

    // Nobody can write there, not even root.
    let mut read_only = command(None);
    read_only.args(["connection", "list", "--data-dir", "/proc/store"]);
    let sentence = "cannot use /proc/store: No such file or directory (os error 2)";
    refused(&ran_clean(&mut read_only), 2, sentence);
}

fn ran_clean(command: &mut Command) -> Ran {
    free_of_token(ran(command))
}

#[cfg(unix)]
#[test]
fn rejects_a_folder_that_others_can_access() {
    use std::os::unix::fs::PermissionsExt;
    let store = Store::new();
    store.add("work", "https://api.test/v1");
    fs::set_permissions(store.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let ran = store.run(&["connection", "list"]);
    let path = store.path().canonicalize().unwrap();
    let path = path.display();
    refused(&ran, 2, &format!("{path} is accessible to others (mode 0755)"));
    assert!(ran.stderr.contains(&format!("hint: `chmod 700 {path}` makes it private")), "{ran:?}");
}

/// Files cannot grow, as on a full disk.
#[cfg(unix)]
#[test]
fn a_full_disk_is_reported_and_loses_nothing() {
    let store = Store::new();
    store.add("work", "https://api.test/v1");
    let rotate = store.command(&["connection", "rotate-key"]);
    let mut limited = Command::new("sh");
    limited.args(["-c", r#"trap "" XFSZ; ulimit -f 1; exec "$@""#, "sh"]);
    limited.arg(rotate.get_program()).args(rotate.get_args()).env_clear();
    let ran = free_of_token(ran(&mut limited));
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""), "{ran:?}");
    let path = store.path().canonicalize().unwrap().join("store.sqlite");
    assert!(ran.stderr.starts_with("error: "), "{ran:?}");
    assert!(ran.stderr.contains(&path.display().to_string()), "{ran:?}");
    assert_eq!(store.names(), ["work"]);
}
