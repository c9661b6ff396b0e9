//! The list of models.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::error;
use super::request::{get, send};
use crate::bindings::exports::workflow::connector::actions::OptionList;
use crate::bindings::workflow::connector::types::Choice;
use crate::failure::{Failure, FailureKind, Result};
use crate::json::{Json, Number, Value};

/// A model.
#[derive(Debug)]
pub struct Model {
    /// The name by which requests ask for it.
    pub id: String,
    /// When it was made, in seconds since 1970.
    created: u64,
    /// The day on which the provider shuts it down.
    shutdown_date: Option<String>,
}

impl Model {
    /// Reads an item of the list. Only the name is sure to be there.
    fn of(item: &Value) -> Option<Self> {
        let text = |name| item.text(name).map(String::from);
        Some(Self {
            id: text("id")?,
            created: item.number("created").and_then(Number::as_u64).unwrap_or(0),
            shutdown_date: text("shutdown_date"),
        })
    }

    /// The name of the model that this one is a dated edition of, by its own
    /// name: `gpt-4o` for `gpt-4o-2024-08-06`, `gpt-4` for `gpt-4-0613`.
    fn original(&self) -> Option<&str> {
        let is_number = |text: &str, length| {
            text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        let (rest, last) = self.id.rsplit_once('-')?;
        if is_number(last, 4) || is_number(last, 8) {
            return Some(rest);
        }
        let (rest, month) = rest.rsplit_once('-')?;
        let (rest, year) = rest.rsplit_once('-')?;
        let is_date = is_number(year, 4) && is_number(month, 2) && is_number(last, 2);
        is_date.then_some(rest)
    }
}

/// Asks the provider which models the credential may use.
pub fn list() -> Result<Vec<Model>> {
    let answer = send(&get("/models"), &|_| None).map_err(without_list)?;
    let text = answer.json(None).map_err(not_a_list)?;
    parse(&text).map_err(|failure| answer.told(failure))
}

/// Reads `{"data": [model, …]}`, or the bare array that some servers send.
fn parse(text: &str) -> Result<Vec<Model>> {
    let value = Value::parse(text).unwrap_or(Value::Null);
    let items = value.get("data").unwrap_or(&value).as_array();
    let items = items.ok_or_else(|| not_a_list(error::instead("", text)))?;
    let mut models = Vec::new();
    for item in items {
        if let Some(model) = Model::of(item) {
            models.push(model);
        }
    }
    Ok(models)
}

/// A server need not have a list, but a wrong base URL looks the same.
fn without_list(mut failure: Box<Failure>) -> Box<Failure> {
    if failure.kind != FailureKind::NotFound {
        return failure;
    }
    failure.message = format!(
        "the server answered `GET /models` with 404: it has no list of models, or the base URL is \
         wrong; {}",
        error::BASE_URL
    );
    failure
}

/// An answer in place of the list, such as a web page.
fn not_a_list(mut failure: Box<Failure>) -> Box<Failure> {
    if failure.kind != FailureKind::InvalidOutput {
        return failure;
    }
    let message = "the answer to `GET /models` is not a list of models: check the base URL";
    failure.message = message.into();
    failure
}

/// The models as choices: those that contain `search`. None is left out for its
/// name, because other servers' models are called anything.
///
/// First come those that the connector offers itself (`known`), in its order,
/// then those that are `likely` to be made for the action, and of those the
/// newest. Where a server does not say when its models were made, they are
/// sorted by name. Dated editions of a model come right behind it.
pub fn choices(
    mut models: Vec<Model>,
    search: Option<&str>,
    known: &[String],
    likely: fn(&str) -> bool,
) -> Vec<Choice> {
    let search = search.unwrap_or_default().trim();
    models.retain(|model| has(&model.id, search));
    models.sort_by_cached_key(|model| {
        let place = known.iter().position(|id| *id == model.id).unwrap_or(known.len());
        (place, !likely(&model.id), Reverse(model.created), model.id.clone())
    });
    let mut ids: Vec<String> = models.iter().map(|model| model.id.clone()).collect();
    ids.sort_unstable();
    let is_listed = |id: &str| ids.binary_search_by(|other| other.as_str().cmp(id)).is_ok();
    let is_edition = |model: &Model| model.original().is_some_and(is_listed);
    let (editions, mut sorted): (Vec<_>, Vec<_>) = models.into_iter().partition(is_edition);
    for edition in editions.into_iter().rev() {
        let original = sorted.iter().position(|model| edition.original() == Some(&model.id));
        sorted.insert(original.map_or(sorted.len(), |at| at + 1), edition);
    }
    sorted.into_iter().map(choice).collect()
}

fn choice(model: Model) -> Choice {
    Choice {
        value: Json::of(model.id.as_str()).text(),
        label: model.id,
        description: model.shutdown_date.map(|date| format!("Shuts down on {date}.")),
    }
}

/// The current choices of a model property. Where there is no list, the
/// property can still be typed, and the form says why.
pub fn options(search: Option<&str>, known: &[String], likely: fn(&str) -> bool) -> OptionList {
    match list() {
        Ok(models) => OptionList {
            disabled: false,
            placeholder: None,
            options: choices(models, search, known, likely),
            more: false,
        },
        Err(failure) => OptionList {
            disabled: true,
            placeholder: Some(failure.message),
            options: Vec::new(),
            more: false,
        },
    }
}

/// Whether a name has one of these parts, in any case.
pub fn has_any(id: &str, parts: &[&str]) -> bool {
    parts.iter().any(|part| has(id, part))
}

fn has(id: &str, part: &str) -> bool {
    let (id, part) = (id.as_bytes(), part.as_bytes());
    let starts = |at| id.get(at..at + part.len()).is_some_and(|id| id.eq_ignore_ascii_case(part));
    (0..=id.len()).any(starts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"{"object":"list","data":[
        {"id":"text-embedding-3-small","object":"model","created":30,"owned_by":"openai"},
        {"id":"gpt-old","created":10,"shutdown_date":"2026-10-23"},
        {"id":"Llama-4","created":20},
        {"id":"b-local"},
        {"id":"a-local","created":null},
        {"no":"id"}
    ]}"#;

    fn ids(search: Option<&str>) -> Vec<String> {
        let likely = |id: &str| !id.contains("embedding");
        let choices = choices(parse(LIST).unwrap(), search, &[], likely);
        choices.into_iter().map(|choice| choice.label).collect()
    }

    #[test]
    fn likely_models_come_first_then_new_ones_and_none_is_hidden() {
        assert_eq!(
            ids(None),
            ["Llama-4", "gpt-old", "a-local", "b-local", "text-embedding-3-small"]
        );
    }

    #[test]
    fn current_models_come_first() {
        let model = |(id, created): &(&str, u64)| Model {
            id: (*id).into(),
            created: *created,
            shutdown_date: None,
        };
        let sorted = |list: &[(&str, u64)], known: &[&str]| {
            let known: Vec<String> = known.iter().map(|id| (*id).into()).collect();
            let choices = choices(list.iter().map(model).collect(), None, &known, |_| true);
            choices.into_iter().map(|choice| choice.label).collect::<Vec<_>>()
        };
        let list = [
            ("gpt-3.5-turbo", 1),
            ("gpt-3.5-turbo-1106", 4),
            ("gpt-4-0613", 2),
            ("gpt-4", 3),
            ("gpt-4o-2024-05-13", 5),
            ("gpt-4o-2024-08-06", 7),
            ("gpt-4o", 6),
            ("gpt-5.4", 8),
            ("gpt-9", 9),
            ("lonely-2024-08-06", 10),
            ("claude-20250514", 11),
            ("claude", 1),
        ];
        let expected = [
            "gpt-5.4",
            "gpt-4o",
            "gpt-4o-2024-08-06",
            "gpt-4o-2024-05-13",
            "lonely-2024-08-06",
            "gpt-9",
            "gpt-4",
            "gpt-4-0613",
            "claude",
            "claude-20250514",
            "gpt-3.5-turbo",
            "gpt-3.5-turbo-1106",
        ];
        assert_eq!(sorted(&list, &["gpt-5.4", "gpt-5.4-mini", "gpt-4o"]), expected);
        assert_eq!(sorted(&[("b", 0), ("a", 0), ("c", 0)], &["c"]), ["c", "a", "b"]);
    }

    #[test]
    fn a_search_finds_parts_of_names_in_any_case() {
        assert_eq!(ids(Some(" LLAMA ")), ["Llama-4"]);
        assert_eq!(ids(Some("embed")), ["text-embedding-3-small"]);
        assert!(ids(Some("nothing")).is_empty());
    }

    #[test]
    fn a_choice_tells_when_the_model_ends() {
        let choices = choices(parse(LIST).unwrap(), Some("gpt-old"), &[], |_| true);
        assert_eq!(choices[0].value, "\"gpt-old\"");
        assert_eq!(choices[0].description.as_deref(), Some("Shuts down on 2026-10-23."));
    }

    #[test]
    fn a_bare_array_is_a_list_too() {
        assert_eq!(parse(r#"[{"id":"m"}]"#).unwrap()[0].id, "m");
    }

    #[test]
    fn another_answer_points_at_the_base_url() {
        for text in ["{}", r#"{"data":"no"}"#, "\"hello\"", ""] {
            let failure = parse(text).unwrap_err();
            assert_eq!(failure.kind, FailureKind::InvalidOutput);
            assert!(failure.message.contains("check the base URL"));
        }
    }

    #[test]
    fn a_server_without_a_list_is_told_from_a_wrong_key() {
        let missing = without_list(Failure::new(FailureKind::NotFound, "Not Found"));
        assert!(missing.message.contains("has no list of models"));
        let wrong_key = without_list(Failure::new(FailureKind::Unauthorized, "wrong key"));
        assert_eq!(wrong_key.message, "wrong key");
    }
}
