//! Clients that public generators create from `/openapi.json`: they cover every
//! operation, type-check, and can run every action.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use connector_tests::service::Service;
use connector_tests::{CANARY, in_repository, ran, sandbox, target_dir};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::get;

/// The path of an installed generator.
fn installed(program: &str) -> PathBuf {
    let program = target_dir().join("openapi").join(program);
    assert!(program.is_file(), "{} is missing; `make test` installs it", program.display());
    program
}

/// A folder in which the clients find their libraries, with the description and
/// files from `tests/openapi/clients`.
struct Workspace {
    folder: TempDir,
    document: Value,
    service: Service,
}

impl Workspace {
    fn open() -> Self {
        let service = Service::start();
        let document = get(&service, "/openapi.json").expect(200).json();
        let folder = TempDir::with_prefix_in("clients-", target_dir().join("openapi")).unwrap();
        fs::write(folder.path().join("openapi.json"), document.to_string()).unwrap();
        // The programs are not ECMAScript modules.
        fs::write(folder.path().join("package.json"), "{}").unwrap();
        Self { folder, document, service }
    }

    /// Copies a file from the repository into the folder.
    fn copy(&self, name: &str, as_name: &str) {
        let from = in_repository("tests/openapi/clients").join(name);
        fs::copy(from, self.folder.path().join(as_name)).unwrap();
    }

    /// Runs a program in the folder, which must succeed, and returns its
    /// output.
    #[track_caller]
    fn run(&self, program: &str, args: &[&str]) -> String {
        let mut command = Command::new(installed(program));
        let ran = ran(command.current_dir(self.folder.path()).args(args));
        assert_eq!(ran.status, 0, "{program}: {}\n{}", ran.stdout, ran.stderr);
        ran.stdout + &ran.stderr
    }

    fn read(&self, path: impl AsRef<Path>) -> String {
        fs::read_to_string(self.folder.path().join(path)).unwrap()
    }

    /// The methods and paths of the description.
    fn operations(&self) -> BTreeSet<String> {
        let paths = self.document["paths"].as_object().unwrap().iter();
        let operations = paths.flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(move |method| format!("{method} {path}"))
        });
        operations.collect()
    }

    /// Runs the client's program, and checks its output and the requests that
    /// reached the provider.
    fn try_client(&self, program: &mut Command) -> Value {
        let sandbox = sandbox();
        let speech = in_repository("tests/sandbox/samples/speech.mp3");
        program.args([self.service.url(), &sandbox.base_url(), CANARY]).arg(&speech);
        let ran = ran(program.current_dir(self.folder.path()));
        assert_eq!(ran.status, 0, "{ran:?}");
        let printed = ran.json();
        assert!(printed["ask"].as_str().unwrap().contains("Hello!"), "{printed}");
        assert!(printed["object"]["a"].is_i64(), "{printed}");
        assert_eq!(printed["image"]["files"][0]["mimeType"], "image/png", "{printed}");
        assert_eq!(printed["speech"]["extension"], "mp3", "{printed}");
        assert!(!printed["transcription"].to_string().is_empty(), "{printed}");
        assert_eq!(printed["kind"], "invalid-input", "{printed}");
        let requests = sandbox.requests();
        let heard = requests.iter().find(|request| !request.parts().is_empty()).unwrap();
        let file = heard.parts().iter().find(|part| part.name == "file").unwrap();
        assert_eq!(file.bytes, fs::read(speech).unwrap());
        let schema = requests
            .iter()
            .filter_map(|request| request.json())
            .find_map(|body| body["response_format"].get("json_schema").cloned());
        assert_eq!(schema.unwrap()["schema"]["properties"], json!({ "a": { "type": "integer" } }));
        printed
    }
}

/// Every string between two delimiters.
fn between<'a>(text: &'a str, start: &'a str, end: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(start).skip(1).filter_map(move |rest| rest.split(end).next())
}

#[test]
fn python() {
    let workspace = Workspace::open();
    workspace.copy("client.py", "client.py");
    workspace.copy("python.yml", "config.yml");
    let generate = ["generate", "--path", "openapi.json", "--output-path", "generated"];
    let printed = workspace.run(
        "python/bin/openapi-python-client",
        &[&generate[..], &["--meta", "none", "--config", "config.yml", "--fail-on-warning"]]
            .concat(),
    );
    assert!(!printed.to_lowercase().contains("warning"), "{printed}");
    let mut made = BTreeSet::new();
    for group in fs::read_dir(workspace.folder.path().join("generated/api")).unwrap() {
        let group = group.unwrap().path();
        for module in fs::read_dir(&group).into_iter().flatten() {
            let module = workspace.read(module.unwrap().path());
            for method in between(&module, "\"method\": \"", "\"") {
                let path = between(&module, "\"url\": \"", "\"").next().unwrap();
                made.insert(format!("{method} {path}"));
            }
        }
    }
    assert_eq!(made, workspace.operations());
    workspace.run("python/bin/mypy", &["client.py"]);
    workspace.try_client(Command::new(installed("python/bin/python")).arg("client.py"));
}

#[test]
fn openapi_typescript_and_openapi_fetch() {
    let workspace = Workspace::open();
    workspace.copy("openapi-fetch.ts", "client.ts");
    workspace.copy("tsconfig.json", "tsconfig.json");
    workspace
        .run("node_modules/.bin/openapi-typescript", &["openapi.json", "-o", "generated.d.ts"]);
    let types = workspace.read("generated.d.ts");
    let operations = types.split("export interface operations {").nth(1).unwrap();
    let made: BTreeSet<&str> = operations
        .lines()
        .filter_map(|line| line.strip_prefix("    ")?.strip_suffix(": {"))
        .filter(|name| !name.starts_with(' '))
        .map(|name| name.trim_matches('"'))
        .collect();
    let ids: BTreeSet<&str> = workspace.document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(made, ids);
    workspace.run("node_modules/.bin/tsc", &["--project", "."]);
    let printed = workspace.try_client(Command::new("node").arg("built/client.js"));
    assert!(printed["streamed"].as_str().unwrap().contains("Hello!"), "{printed}");
    // The type checker detects an error.
    let client = workspace.read("client.ts").replace("maxTokens: 0", "maxTokens: 'many'");
    fs::write(workspace.folder.path().join("client.ts"), client).unwrap();
    let mut tsc = Command::new(installed("node_modules/.bin/tsc"));
    let refused = ran(tsc.current_dir(workspace.folder.path()).args(["--project", "."]));
    assert!(refused.stdout.contains("TS2322"), "{refused:?}");
}

#[test]
fn hey_api() {
    let workspace = Workspace::open();
    workspace.copy("hey-api.ts", "client.ts");
    workspace.copy("tsconfig.json", "tsconfig.json");
    let printed = workspace.run(
        "node_modules/.bin/openapi-ts",
        &["-i", "openapi.json", "-o", "generated", "-c", "@hey-api/client-fetch"],
    );
    assert!(!printed.to_lowercase().contains("warning"), "{printed}");
    let functions = workspace.read("generated/sdk.gen.ts");
    let made: BTreeSet<String> = between(&functions, "export const ", "\n});")
        .map(|function| {
            let method = between(function, "?? client).", "<").next().unwrap();
            let path = between(function, "url: '", "'").next().unwrap();
            format!("{method} {path}")
        })
        .collect();
    assert_eq!(made, workspace.operations());
    workspace.run("node_modules/.bin/tsc", &["--project", "."]);
    workspace.try_client(Command::new("node").arg("built/client.js"));
}
