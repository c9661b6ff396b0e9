//! Writes every document that the host renders for the given connectors to a
//! folder, or checks that the folder is up to date:
//! `schemas FOLDER [--check] COMPONENT...`.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use connector_host::{Connector, Host, HostOptions, Output, render};
use serde_json::{Value, json};
use similar::TextDiff;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (folder, check, components) = match arguments.as_slice() {
        [folder, "--check", components @ ..] if !components.is_empty() => {
            (folder, true, components)
        }
        [folder, components @ ..] if !components.is_empty() => (folder, false, components),
        _ => return Err("usage: schemas FOLDER [--check] COMPONENT...".into()),
    };
    let host = Host::new(HostOptions::default())?;
    let mut documents = Vec::new();
    for component in components {
        documents.extend(documents_of(&host.load_file(component)?)?);
    }
    let folder = Path::new(folder);
    if check {
        return Ok(report(folder, &documents));
    }
    for (path, text) in &documents {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(path, text)?;
    }
    println!("wrote {} documents to {}", documents.len(), folder.display());
    Ok(ExitCode::SUCCESS)
}

/// Every document, with its path in the folder.
fn documents_of(connector: &Connector) -> Result<Vec<(PathBuf, String)>, Box<dyn Error>> {
    let descriptor = connector.descriptor();
    let folder = PathBuf::from(&descriptor.name).join(format!("v{}", descriptor.version));
    let mut documents = vec![(folder.join("reference.md"), render::docs(descriptor))];
    let mut add = |name: String, document: Value| -> Result<(), Box<dyn Error>> {
        let text = serde_json::to_string_pretty(&document)? + "\n";
        documents.push((folder.join(name), text));
        Ok(())
    };
    add("describe.json".to_owned(), json!(descriptor))?;
    let definition = &descriptor.connection;
    let table = &definition.properties;
    add("connection.json".to_owned(), json!(render::schema(&definition.title, "", table)))?;
    add("connection.ui.json".to_owned(), render::ui_schema(table))?;
    add("connection.json-forms.json".to_owned(), render::json_forms(table))?;
    for action in &descriptor.actions {
        let name = &action.name;
        let table = &action.properties;
        let input = render::schema(&action.title, &action.description, table);
        add(format!("{name}.input.json"), json!(input))?;
        add(format!("{name}.ui.json"), render::ui_schema(table))?;
        add(format!("{name}.json-forms.json"), render::json_forms(table))?;
        let output = match &action.output {
            Output::Fixed(output) => json!(render::output_schema(output)),
            // The schema of the output for the smallest valid input.
            _ => connector.output_schema(name, render::example(table))?,
        };
        add(format!("{name}.output.json"), output)?;
    }
    Ok(documents)
}

/// Prints the differences and how to fix them.
fn report(folder: &Path, documents: &[(PathBuf, String)]) -> ExitCode {
    let mut stale = 0;
    for (path, text) in documents {
        let current = fs::read_to_string(folder.join(path)).unwrap_or_default();
        if current != *text {
            stale += 1;
            let shown = path.display().to_string();
            let diff = TextDiff::from_lines(&current, text);
            println!("{}", diff.unified_diff().header(&shown, "expected"));
        }
    }
    for path in unknown_files(folder, documents) {
        stale += 1;
        println!("unexpected file: {}", path.display());
    }
    if stale == 0 {
        println!("{} documents in {} are up to date", documents.len(), folder.display());
        return ExitCode::SUCCESS;
    }
    println!("{stale} documents are out of date\nhint: run `make schemas` to update them");
    ExitCode::FAILURE
}

fn unknown_files(folder: &Path, documents: &[(PathBuf, String)]) -> Vec<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    let mut unknown = Vec::new();
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).into_iter().flatten().flatten() {
            let path = entry.path();
            let known = |(document, _): &(PathBuf, String)| folder.join(document) == path;
            if path.is_dir() {
                folders.push(path);
            } else if !documents.iter().any(known) {
                unknown.push(path);
            }
        }
    }
    unknown
}
