//! Secrets, read from where nobody else sees them: a terminal without echo,
//! standard input, or a file. Never from an argument.

use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Read};
use std::path::Path;

use connector_host::{Authorization, Definition, Property, PropertyTable, PropertyType, read_text};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::error::Error;
use super::print;

/// More than any secret has; what is longer is another file than was meant.
const MAX_BYTES: u64 = 64 * 1024;

/// Refuses `--set` for secrets. Where no property is named, the argument may
/// be a secret itself: it is not repeated.
pub fn refuse_in_argument(table: &PropertyTable, argument: &str) -> Result<(), Error> {
    let path = argument.split_once('=').map_or("", |(path, _)| path);
    let name = path.split(['.', '[']).next().unwrap_or(path);
    match table.get(name) {
        Some(property) if property.secret => Err(Error::usage(
            format!(
                "`{name}` is a secret and cannot be an argument: other users see arguments in the \
                 list of processes, and shells keep them"
            ),
            format!(
                "leave it out to be asked for it, pipe it in, or name a file that holds it: \
                 --secret-file {name}=FILE"
            ),
        )),
        Some(_) => Ok(()),
        None => Err(Error::usage(
            "a --set names no property of the connection",
            format!("write --set PROPERTY=VALUE for one of: {}", names(table, false)),
        )),
    }
}

/// The names of the properties that are secrets, or of those that are none.
fn names(table: &PropertyTable, secret: bool) -> String {
    let properties = table.iter().filter(|property| property.secret == secret);
    let names: Vec<&str> = properties.map(|property| property.name.as_str()).collect();
    names.join(", ")
}

/// Reads the secrets of a connection: those with a file from there, the others
/// one by one from the terminal or, a line each, from standard input. Headers
/// that the user names come from a file, as a JSON object.
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
    for property in table.iter().filter(|property| property.secret) {
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

/// The name of the authorization whose secrets are wanted. Of several, it is
/// the one that was set, that a given secret belongs to, that is picked at the
/// terminal, or else the first.
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
            let hint = || format!("type a number from 1 to {}", all.len());
            picked.map(name).ok_or_else(|| {
                Error::usage(format!("`{}` is not one of them", typed.escape_debug()), hint())
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
            // It may be the secret itself: it is not repeated.
            "invalid value for --secret-file",
            "write it like --secret-file token=token.txt",
        ));
    };
    let known = table.get(name);
    if known.is_none_or(|property| !property.secret) {
        return Err(Error::usage(
            match known {
                Some(_) => format!("`{name}` is not a secret of the connection"),
                None => "a --secret-file names no secret of the connection".to_owned(),
            },
            format!("write --secret-file PROPERTY=FILE for one of: {}", names(table, true)),
        ));
    }
    let unusable = |why: &dyn std::fmt::Display| Error::Usage {
        message: format!("cannot read a secret from {path}: {why}"),
        hint: None,
    };
    let secret = from_path(Path::new(path)).map_err(|error| unusable(&error))?;
    Ok((name, secret))
}

/// A secret that is alone in a file.
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
        let optional = if property.required { "" } else { " (may be left empty)" };
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

/// Reads with a limit, and refuses what reaches it.
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
        format!("type it when asked, pipe it in, or name a file: --secret-file {name}=FILE"),
    )
}
