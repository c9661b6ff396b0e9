//! The sandbox as a program.

use std::io::BufRead;
use std::io::BufReader;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use crate::client;

fn spawn(arguments: &[&str]) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_openai-sandbox"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, line)
}

fn authority(line: &str) -> &str {
    let url = line.strip_prefix("listening on http://").unwrap();
    url.strip_suffix("/v1\n").unwrap()
}

#[test]
fn it_says_where_it_listens_and_ends_with_its_input() {
    let (mut child, line) = spawn(&["--until-stdin-closes"]);
    let request = client::write("GET /v1/models", &[("authorization", "Bearer any")], b"");
    assert_eq!(client::exchange(authority(&line), &request).unwrap().status, 200);
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn it_ends_when_told_to() {
    for signal in ["TERM", "INT"] {
        let (mut child, line) = spawn(&["--listen", "127.0.0.1:0"]);
        // Once it answers it surely listens to signals too.
        let request = client::write("GET /v1/models", &[], b"");
        assert_eq!(client::exchange(authority(&line), &request).unwrap().status, 401);
        let id = child.id().to_string();
        let kill = Command::new("kill").args(["-s", signal, &id]).status().unwrap();
        assert!(kill.success());
        assert!(child.wait().unwrap().success(), "{signal}");
    }
}

#[test]
fn it_reads_its_key_from_a_file() {
    let file = std::env::temp_dir().join(format!("openai-sandbox-{}", std::process::id()));
    std::fs::write(&file, "sk-file\n").unwrap();
    let (mut child, line) =
        spawn(&["--until-stdin-closes", "--token-file", file.to_str().unwrap()]);
    std::fs::remove_file(&file).unwrap();
    for (key, status) in [("Bearer sk-file", 200), ("Bearer other", 401)] {
        let request = client::write("GET /v1/models", &[("authorization", key)], b"");
        assert_eq!(client::exchange(authority(&line), &request).unwrap().status, status);
    }
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn it_refuses_the_rest_of_the_world() {
    for arguments in [&["--listen", "0.0.0.0:0"][..], &["--listen", "192.0.2.1:80"], &["--what"]] {
        let (mut child, line) = spawn(arguments);
        assert_eq!((child.wait().unwrap().code(), line.as_str()), (Some(2), ""));
    }
}
