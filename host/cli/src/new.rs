//! `connector new`: creates a folder with a connector that compiles, and its tests.
//!
//! The command embeds the SDK's source, because the SDK is not published. A new
//! connector uses the versions of this workspace, with which it is tested.

use std::fs;
use std::io;
use std::path::Path;

use clap::ValueEnum;
use include_dir::{Dir, DirEntry, include_dir};

use super::error::Error;
use super::print;

static RUST: Dir = include_dir!("$CARGO_MANIFEST_DIR/templates/rust");
static JAVASCRIPT: Dir = include_dir!("$CARGO_MANIFEST_DIR/templates/js");
static BUNDLED_RUST: Dir = include_dir!("$CARGO_MANIFEST_DIR/templates/carried/rust");
static BUNDLED_JAVASCRIPT: Dir = include_dir!("$CARGO_MANIFEST_DIR/templates/carried/js");
const WORKSPACE: &str = include_str!("../../../Cargo.toml");
const LOCK: &str = include_str!("../../../Cargo.lock");
/// The settings of rustfmt and clippy, with which the SDK's source has no findings.
const SETTINGS: [(&str, &str); 2] = [
    ("rustfmt.toml", include_str!("../../../rustfmt.toml")),
    ("clippy.toml", include_str!("../../../clippy.toml")),
];

/// The sections of the workspace's manifest that the SDK inherits from.
const SECTIONS: [&str; 4] = [
    "[workspace.package]",
    "[workspace.dependencies]",
    "[workspace.lints.rust]",
    "[workspace.lints.clippy]",
];
/// The dependencies of the SDK.
const DEPENDENCIES: [&str; 11] = [
    "base64",
    "proc-macro2",
    "quote",
    "serde",
    "serde_json",
    "serde_with",
    "strsim",
    "syn",
    "talc",
    "trybuild",
    "wit-bindgen",
];

/// The language of a new connector.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Language {
    /// Rust, with the SDK
    Rust,
    /// JavaScript, with a helper module and componentize-js
    Js,
}

/// Creates a folder for a connector with this name.
pub fn new(name: &str, language: Language) -> Result<(), Error> {
    let is_name = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !is_name || name.ends_with('-') || name.contains("--") || name.len() > 40 {
        return Err(Error::usage(
            format!("`{name}` is not a valid connector name"),
            "use lowercase letters, digits and single hyphens, such as `google-sheets`",
        ));
    }
    let folder = Path::new(name);
    let failed = |error: io::Error| {
        let hint = "choose another name, or change to another folder";
        Error::usage(format!("cannot create `{name}`: {error}"), hint)
    };
    fs::create_dir(folder).map_err(failed)?;
    let (template, carried) = match language {
        Language::Rust => (&RUST, &BUNDLED_RUST),
        Language::Js => (&JAVASCRIPT, &BUNDLED_JAVASCRIPT),
    };
    write(template, folder, &|text| filled_in(text, name)).map_err(failed)?;
    write(carried, folder, &str::to_owned).map_err(failed)?;
    if let Language::Rust = language {
        fs::write(folder.join("Cargo.lock"), LOCK).map_err(failed)?;
        for (name, settings) in SETTINGS {
            fs::write(folder.join(name), settings).map_err(failed)?;
        }
    }
    print::line(&format!("created `{name}`, a connector with a test; next:"))?;
    print::line(&format!("  cd {name} && ./test.sh"))
}

/// Writes a folder, and applies `change` to each file.
fn write(from: &Dir, to: &Path, change: &dyn Fn(&str) -> String) -> io::Result<()> {
    for entry in from.entries() {
        let name = entry.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        match entry {
            DirEntry::Dir(dir) => {
                fs::create_dir_all(to.join(&name))?;
                write(dir, &to.join(&name), change)?;
            }
            DirEntry::File(file) => {
                let text = file.contents_utf8().unwrap_or_default();
                let name = match name.as_str() {
                    "gitignore" => ".gitignore",
                    name => name.strip_suffix(".template").unwrap_or(name),
                };
                let path = to.join(name);
                fs::write(&path, change(text))?;
                if text.starts_with("#!") {
                    make_executable(&path)?;
                }
            }
        }
    }
    Ok(())
}

#[cfg(unix)]
fn make_executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> io::Result<()> {
    Ok(())
}

fn filled_in(text: &str, name: &str) -> String {
    let title: Vec<String> = name.split('-').map(capitalized).collect();
    text.replace("{{name}}", name)
        .replace("{{crate}}", &name.replace('-', "_"))
        .replace("{{NAME}}", &name.replace('-', "_").to_ascii_uppercase())
        .replace("{{Title}}", &title.join(" "))
        .replace("{{workspace}}", &workspace())
}

fn capitalized(word: &str) -> String {
    let mut characters = word.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

/// Returns the parts of the workspace's manifest that the SDK inherits.
fn workspace() -> String {
    let mut lines = Vec::new();
    let mut is_wanted = false;
    for line in WORKSPACE.lines() {
        if line.starts_with('[') {
            is_wanted = SECTIONS.contains(&line);
            if is_wanted {
                lines.extend([String::new(), line.to_owned()]);
            }
            if line == "[workspace.dependencies]" {
                lines.push("connector-sdk = { path = \"sdk\" }".to_owned());
                lines.push("connector-sdk-derive = { path = \"sdk-derive\" }".to_owned());
            }
            continue;
        }
        let Some((key, _)) = line.split_once(" = ").filter(|_| is_wanted) else { continue };
        let is_dependency = lines.iter().any(|line| line.starts_with("[workspace.dependencies]"))
            && !lines.iter().any(|line| line.starts_with("[workspace.lints"));
        if !is_dependency || DEPENDENCIES.contains(&key) {
            lines.push(line.to_owned());
        }
    }
    lines.join("\n").trim_start().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_has_everything_that_the_sdk_inherits() {
        let workspace = workspace();
        for section in SECTIONS {
            assert!(workspace.contains(section), "{section}\n{workspace}");
        }
        for manifest in ["sdk/Cargo.toml", "sdk-derive/Cargo.toml"] {
            let manifest = BUNDLED_RUST.get_file(manifest).unwrap().contents_utf8().unwrap();
            for line in manifest.lines().filter(|line| line.contains("workspace = true")) {
                let key = line.split([' ', '.']).next().unwrap();
                let is_there = workspace.lines().any(|line| line.starts_with(&format!("{key} = ")));
                assert!(is_there || key == "workspace", "{key} is missing");
            }
        }
    }

    #[test]
    fn a_name_is_converted_to_the_case_of_each_placeholder() {
        let text = "{{name}} {{crate}} {{NAME}} {{Title}}";
        assert_eq!(filled_in(text, "my-api2"), "my-api2 my_api2 MY_API2 My Api2");
    }
}
