//! Reads secrets from places that others cannot see: a terminal without echo,
//! standard input or a file, but never an argument.

use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Read};
use std::path::Path;

use connector_host::{Authorization, Definition, Property, PropertyTable, PropertyType, read_text};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::error::Error;
use super::print;

/// The maximum size of a secret. A larger file is probably a mistake.
const MAX_BYTES: u64 = 64 * 1024;

/// Refuses `--set` for secrets. The error does not repeat an argument without a
/// known property, which may itself be a secret.
pub fn refuse_in_argument(table: &PropertyTable, argument: &str) -> Result<(), Error> {
    let path = argument.split_once('=').map_or("", |(path, _)| path);
    let name = path.split(['.', '[']).next().unwrap_or(path);
    match table.get(name) {
        Some(property) if property.secret => Err(Error::usage(
            format!(
                "`{name}` is a secret and cannot be an argument: other users can see arguments in \
                 the process list, and shells store them in their history"
            ),
            format!(
                "omit it to enter it at a prompt, pipe it to stdin, or read it from a file: \
                 --secret-file {name}=FILE"
            ),
        )),
        Some(_) => Ok(()),
        None => Err(Error::usage(
            "unknown connection property in --set",
            format!("use --set PROPERTY=VALUE with one of: {}", names(table, false)),
        )),
    }
}

/// Returns the names of the properties that are secrets, or of the others.
fn names(table: &PropertyTable, secret: bool) -> String {
    let properties = table.iter().filter(|property| property.secret == secret);
    let names: Vec<&str> = properties.map(|property| property.name.as_str()).collect();
    names.join(", ")
}

/// Reads the secrets of a connection: from files if given, otherwise from the
/// terminal or, one per line, from standard input. User-defined headers can only
/// come from a file, as a JSON object.
pub fn read(
    definition: &Definition,
    files: &[String],
    values: &mut Map<String, Value>,
) -> Result<(), Error> {
    let table = &definition.properties;
    for argument in files {
        let (name, secret) = from_file(table, argument)?;
        values.insert(name.to_owned(), Value::from(secret.as_str()));
    }
    let authorization = pick_authorization(definition, values)?;
    let of_other = |property: &Property| {
        let mut others = definition.authorizations.iter().filter(|one| one.name != authorization);
        others.any(|other| other.properties.contains(&property.name))
    };
    let has_proxy_user = values.contains_key(Definition::PROXY_USERNAME);
    let is_asked_for = |property: &&Property| {
        let is_proxy_password = property.name == Definition::PROXY_PASSWORD;
        property.secret && (!property.advanced || is_proxy_password && has_proxy_user)
    };
    for property in table.iter().filter(is_asked_for) {
        let is_text = property.kind == PropertyType::String;
        if values.contains_key(&property.name) || !is_text || of_other(property) {
            continue;
        }
        let secret = from_standard_input(property)?;
        match secret.trim() {
            "" if property.required => return Err(missing(property)),
            "" => {}
            secret => {
                values.insert(property.name.clone(), Value::from(secret));
            }
        }
    }
    Ok(())
}

/// Returns the name of the authorization to read secrets for. If there are
/// several, it is, in this order, the one that was set, the one that a given secret
/// belongs to, the one picked at the terminal, or the first.
fn pick_authorization(
    definition: &Definition,
    values: &mut Map<String, Value>,
) -> Result<String, Error> {
    let all = &definition.authorizations;
    let name = |of: &Authorization| of.name.clone();
    let first = all.first().map(name).unwrap_or_default();
    if let Some(named) = values.get(Definition::AUTHORIZATION).and_then(Value::as_str) {
        let by_title = all.iter().find(|one| one.title.eq_ignore_ascii_case(named));
        return Ok(by_title.map_or_else(|| named.to_owned(), name));
    }
    let is_given = |of: &&Authorization| of.properties.iter().any(|one| values.contains_key(one));
    let picked = match all.iter().find(is_given) {
        Some(given) => name(given),
        None if all.len() > 1 && io::stdin().is_terminal() => {
            for (number, one) in (1..).zip(all) {
                print::note(format_args!("{number}. {}", print::plain(&one.title)));
            }
            print::note_part("Authorization [1]: ".to_owned());
            let mut line = String::new();
            io::stdin().read_line(&mut line).map_err(|error| Error::Usage {
                message: format!("cannot read the authorization: {error}"),
                hint: None,
            })?;
            let typed = line.trim();
            let number = if typed.is_empty() { Ok(1) } else { typed.parse::<usize>() };
            let picked = number.ok().and_then(|number| all.get(number.checked_sub(1)?));
            let hint = || format!("enter a number from 1 to {}", all.len());
            picked.map(name).ok_or_else(|| {
                Error::usage(format!("invalid choice `{}`", typed.escape_debug()), hint())
            })?
        }
        None => first,
    };
    if all.len() > 1 {
        values.insert(Definition::AUTHORIZATION.to_owned(), picked.as_str().into());
    }
    Ok(picked)
}

fn from_file<'a>(
    table: &PropertyTable,
    argument: &'a str,
) -> Result<(&'a str, Zeroizing<String>), Error> {
    let Some((name, path)) = argument.split_once('=') else {
        return Err(Error::usage(
            // Does not repeat the argument, which may be the secret itself.
            "invalid value for --secret-file",
            "for example: --secret-file token=token.txt",
        ));
    };
    let known = table.get(name);
    if known.is_none_or(|property| !property.secret) {
        return Err(Error::usage(
            match known {
                Some(_) => format!("`{name}` is not a secret of the connection"),
                // A secret in the wrong place is not followed by the path of a file.
                None if Path::new(path).is_file() => {
                    format!("unknown connection secret `{name}` in --secret-file")
                }
                None => "unknown connection secret in --secret-file".to_owned(),
            },
            match names(table, true).as_str() {
                "" => "the connection has no secrets".to_owned(),
                names => format!("use --secret-file PROPERTY=FILE with one of: {names}"),
            },
        ));
    }
    let unusable = |why: &dyn std::fmt::Display| Error::Usage {
        message: format!("cannot read a secret from {path}: {why}"),
        hint: None,
    };
    let secret = from_path(Path::new(path)).map_err(|error| unusable(&error))?;
    Ok((name, secret))
}

/// Reads a secret from a file that contains nothing else.
pub fn from_path(path: &Path) -> io::Result<Zeroizing<String>> {
    let file = File::open(path)?;
    let bytes = limited(|limit| {
        let mut bytes = Zeroizing::new(Vec::new());
        file.take(limit).read_to_end(&mut bytes).map(|_| bytes)
    })?;
    match text_of(&bytes)?.trim() {
        "" => Err(io::Error::other("it is empty")),
        secret => Ok(Zeroizing::new(secret.to_owned())),
    }
}

fn from_standard_input(property: &Property) -> Result<Zeroizing<String>, Error> {
    let stdin = io::stdin();
    let read = if stdin.is_terminal() {
        let optional = if property.required { "" } else { " (optional)" };
        rpassword::prompt_password(format!("{}{optional}: ", property.label)).map(Zeroizing::new)
    } else {
        limited(|limit| {
            let mut line = Zeroizing::new(Vec::new());
            stdin.lock().take(limit).read_until(b'\n', &mut line).map(|_| line)
        })
        .and_then(|line| Ok(Zeroizing::new(text_of(&line)?.to_owned())))
    };
    read.map_err(|error| Error::Usage {
        message: format!("cannot read `{}` from standard input: {error}", property.name),
        hint: None,
    })
}

fn text_of(bytes: &[u8]) -> io::Result<&str> {
    read_text(bytes).map_err(|error| io::Error::other(format!("it {error}")))
}

/// Reads with a limit, and fails if it is reached.
fn limited(
    read: impl FnOnce(u64) -> io::Result<Zeroizing<Vec<u8>>>,
) -> io::Result<Zeroizing<Vec<u8>>> {
    let bytes = read(MAX_BYTES)?;
    if bytes.len() as u64 >= MAX_BYTES {
        return Err(io::Error::other("it is too long for a secret"));
    }
    Ok(bytes)
}

fn missing(property: &Property) -> Error {
    let name = &property.name;
    Error::usage(
        format!("`{name}` ({}) is empty", property.label),
        format!(
            "enter it at the prompt, pipe it to stdin, or read it from a file: --secret-file \
             {name}=FILE"
        ),
    )
}
