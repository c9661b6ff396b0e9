//! The output folder is checked before a run costs anything.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use connector_tests::{command, ran, sandbox};
use openai_sandbox::Sandbox;
use tempfile::TempDir;

use super::{MESSAGE, refused, run};

const SPEAK: [&str; 6] =
    ["run", "openai/v1/createSpeech", "--set", "voice=alloy", "--set", "input=Hi"];

/// Runs one action that creates a file and one that does not.
fn refused_by_both(sandbox: &Sandbox, folder: &str, sentence: &str) {
    let ask = [&["run", "openai/v1/ask"], &MESSAGE[..]].concat();
    for action in [&SPEAK[..], &ask] {
        let ran = run(sandbox, &[action, &["--output-dir", folder]].concat());
        refused(sandbox, &ran, sentence);
        assert!(ran.stderr.ends_with("hint: choose another folder with --output-dir\n"), "{ran:?}");
    }
}

#[test]
fn an_unusable_output_folder_is_rejected_before_the_request() {
    let (sandbox, dir) = (sandbox(), TempDir::new().unwrap());
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("file"), "").unwrap();
    symlink("nowhere", path("dangling")).unwrap();
    symlink("circle", path("circle")).unwrap();
    for (folder, reason) in [
        ("/dev/null".to_owned(), "not a directory"),
        (path("file"), "not a directory"),
        (path("file/below"), "not a directory"),
        (path("dangling"), "entity not found"),
        (path("circle/below"), "filesystem loop or indirection limit (e.g. symlink loop)"),
        (path(&"long".repeat(100)), "invalid filename"),
    ] {
        refused_by_both(&sandbox, &folder, &format!("cannot write to {folder}: {reason}"));
    }
}

/// A file size limit of zero, as on a full disk.
#[test]
fn a_full_disk_is_detected_before_the_request() {
    let (sandbox, dir) = (sandbox(), TempDir::new().unwrap());
    let folder = dir.path().to_str().unwrap();
    let mut whole = command(Some(&sandbox));
    whole.args(SPEAK).args(["--output-dir", folder]);
    let mut limited = Command::new("sh");
    limited.args(["-c", r#"trap "" XFSZ; ulimit -f 0; exec "$@""#, "sh"]);
    limited.arg(whole.get_program()).args(whole.get_args()).env_clear();
    limited.envs(whole.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let sentence = format!("cannot write to {folder}: file too large");
    refused(&sandbox, &ran(&mut limited), &sentence);
    assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
}

/// Without `--output-dir`, only an action that creates files needs a folder.
#[test]
fn a_run_without_output_files_needs_no_folder() {
    let (sandbox, dir) = (sandbox(), TempDir::new().unwrap());
    let in_no_folder = |arguments: &[&str]| {
        let folder = dir.path().join("gone");
        fs::create_dir(&folder).unwrap();
        let mut shell = command(Some(&sandbox));
        let program = shell.get_program().to_owned();
        let environment: Vec<_> = shell
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect();
        shell = Command::new("sh");
        shell.args(["-c", r#"cd "$0"; rmdir "$0"; exec "$@""#]).arg(&folder);
        shell.arg(program).args(arguments).env_clear().envs(environment);
        ran(&mut shell)
    };
    let spoken = in_no_folder(&SPEAK);
    refused(&sandbox, &spoken, "cannot write to .: entity not found");
    let asked = in_no_folder(&[&["run", "openai/v1/ask"], &MESSAGE[..]].concat());
    assert_eq!(asked.status, 0, "{asked:?}");
}

#[test]
fn the_output_folder_is_created_with_its_first_file() {
    let (sandbox, dir) = (sandbox(), TempDir::new().unwrap());
    let folder = dir.path().join("new/folder");
    let folder = folder.to_str().unwrap();
    let ask = [&["run", "openai/v1/ask"], &MESSAGE[..], &["--output-dir", folder]].concat();
    assert_eq!(run(&sandbox, &ask).status, 0);
    let wrong = [&SPEAK[..], &["--set", "speed=0", "--output-dir", folder]].concat();
    assert_eq!(run(&sandbox, &wrong).status, 2);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "files were left behind");
    let spoken = run(&sandbox, &[&SPEAK[..], &["--output-dir", folder]].concat());
    assert_eq!(spoken.status, 0, "{spoken:?}");
    assert_eq!(fs::read_dir(folder).unwrap().count(), 1);
}
