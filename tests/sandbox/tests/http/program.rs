//! The sandbox as a program.

use std::io::BufRead;
use std::io::BufReader;
use std::process::Command;
use std::process::Stdio;

use crate::client;

#[test]
fn prints_the_address_it_listens_on() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_openai-sandbox"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim_end().strip_prefix("listening on http://").unwrap();
    let request = client::write("GET /v1/models", &[("authorization", "Bearer any")], b"");
    let answer = client::exchange(url.strip_suffix("/v1").unwrap(), &request).unwrap();
    assert_eq!(answer.status, 200);
    child.kill().unwrap();
    child.wait().unwrap();
}
