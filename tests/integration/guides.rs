//! The guides in `docs/`. Every command in a block marked `sh` is run, in
//! order, as a reader would run it. Commands that need the reader's own service
//! are in blocks marked `text`.

use std::fs;
use std::path::Path;
use std::process::Command;

use connector_tests::{CANARY, Ran, in_repository, ran, sandbox, target_dir};
use openai_sandbox::Sandbox;
use tempfile::TempDir;

/// The commands of a guide, in order.
fn commands(guide: &str) -> String {
    let text = fs::read_to_string(in_repository("docs").join(guide)).unwrap();
    let mut blocks = text.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap());
    let commands = blocks.by_ref().collect::<Vec<_>>().join("\n");
    assert!(!commands.is_empty(), "{guide} has no commands");
    commands
}

/// Runs the commands of a guide in an empty folder.
fn follow(guide: &str) -> Ran {
    follow_with(guide, |_, _, _| commands(guide))
}

/// Runs the commands that `prepare` returns in an empty folder. `prepare` may
/// create files there.
fn follow_with(guide: &str, prepare: impl FnOnce(&Sandbox, &Path, &mut Command) -> String) -> Ran {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    let mut shell = Command::new("sh");
    let commands = prepare(&sandbox, folder.path(), &mut shell);
    shell.args(["-e", "-u", "-c", &commands]).current_dir(&folder);
    let bin = |folder: &str| target_dir().join(folder).display().to_string();
    let path = std::env::var("PATH").unwrap();
    // Debian installs servers in /usr/sbin.
    shell.env("PATH", format!("{}:{}:{path}:/usr/sbin", bin("release"), bin("nats/venv/bin")));
    shell.env("CONNECTOR_COMPONENTS", target_dir().join("components"));
    shell.env("OPENAI_API_KEY", CANARY).env("OPENAI_BASE_URL", sandbox.base_url());
    shell.env("XDG_CACHE_HOME", target_dir().join("test-cache"));
    shell.env("XDG_DATA_HOME", folder.path().join("data"));
    // The dependencies of the workspace are already downloaded.
    shell.env("CARGO_NET_OFFLINE", "true").env("CARGO_TARGET_DIR", target_dir().join("new"));
    shell.env("npm_config_offline", "true");
    let ran = ran(&mut shell);
    assert_eq!(ran.status, 0, "{guide}: {ran:?}");
    ran
}

#[test]
fn the_guide_to_a_first_rust_connector_works() {
    let ran = follow("first-connector.md");
    assert!(ran.stdout.contains("weather/v1: 1 action, no errors, no warnings"), "{ran:?}");
    assert!(ran.stdout.contains("\"name\": \"A recorded item\""), "{ran:?}");
}

#[test]
fn the_guide_to_a_first_javascript_connector_works() {
    let ran = follow("first-connector-in-javascript.md");
    assert!(ran.stdout.contains("weather/v1: 1 action, no errors, no warnings"), "{ran:?}");
}

#[test]
fn the_guide_to_the_command_works() {
    let ran = follow("command.md");
    for part in ["Sandbox answer to", "speech.mp3", "openai/v1/createImage"] {
        assert!(ran.stdout.contains(part), "{part} is not in {ran:?}");
    }
}

#[test]
fn the_guide_to_workers_works() {
    let text = fs::read_to_string(in_repository("docs/workers.md")).unwrap();
    let program = text.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    let ran = follow_with("workers.md", |sandbox, folder, shell| {
        fs::write(folder.join("publish.py"), program).unwrap();
        fs::write(folder.join("token.txt"), CANARY).unwrap();
        // Use the sandbox, which runs on this machine, instead of OpenAI.
        let add = "connection add openai";
        let commands = commands("workers.md");
        assert!(commands.contains(add), "{commands}");
        shell.env("CONNECTOR_ALLOW_PRIVATE_ADDRESSES", "true");
        let commands =
            commands.replace(add, &format!("{add} --set baseUrl={}", sandbox.base_url()));
        // A busy machine takes longer, and a failure must not leave servers behind.
        let commands = commands.replace("sleep 2", "sleep 10");
        format!("nats= worker=; trap 'kill $worker $nats || true' EXIT\n{commands}")
    });
    assert!(ran.stdout.contains("Sandbox answer to"), "{ran:?}");
}

/// Links between documents point to existing files.
#[test]
fn links_point_to_existing_files() {
    let root = in_repository("");
    let mut documents = vec![root.join("README.md"), root.join("ARCHITECTURE.md")];
    let guides = fs::read_dir(root.join("docs")).unwrap();
    documents.extend(guides.map(|file| file.unwrap().path()));
    for document in documents {
        let text = fs::read_to_string(&document).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap();
            if file.is_empty() || file.contains("://") {
                continue;
            }
            let target = document.parent().unwrap().join(file);
            assert!(target.exists(), "{}: {link}", document.display());
        }
    }
}
