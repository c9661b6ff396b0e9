//! The list of models, for a form's options and for the connection test, which
//! uses it because it is free and requires the credential.

use std::cmp::Reverse;

use connector_sdk::property::{Choice, Literal, Property};
use connector_sdk::{
    Failure, FailureKind, OptionItem, Options, OptionsRequest, Result, errors, http, json,
};
use serde_json::Value;

use crate::errors::BASE_URL_HINT;
use crate::purposes::purpose;

/// A model.
#[derive(Debug)]
struct Model {
    /// The name that requests use.
    id: String,
    /// The creation time, in seconds since 1970.
    created: u64,
    /// The day on which the provider shuts it down.
    shutdown_date: Option<String>,
}

impl Model {
    /// Reads an item of the list. Only the ID is required.
    fn of(item: &Value) -> Option<Self> {
        let text = |name: &str| Some(item.get(name)?.as_str()?.to_owned());
        Some(Self {
            id: text("id")?,
            created: item.get("created").and_then(Value::as_u64).unwrap_or(0),
            shutdown_date: text("shutdown_date"),
        })
    }

    /// The model that this one is a dated snapshot of, according to its name:
    /// `gpt-4o` for `gpt-4o-2024-08-06`, `gpt-4` for `gpt-4-0613`.
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

/// Requests the models that the credential may use. The response is
/// `{"data": [model, …]}`, or from some servers the bare array.
fn list() -> Result<Vec<Model>> {
    let response = http::get("/models").send().map_err(without_list)?;
    let text = response.json_text(None).map_err(not_a_list)?;
    let list: Value = json::from_str(&text)?;
    let Some(items) = list.get("data").unwrap_or(&list).as_array() else {
        return Err(not_a_list(errors::instead("", &text).answered_by(&response)));
    };
    Ok(items.iter().filter_map(Model::of).collect())
}

/// Explains a 404: the server may have no list, or the base URL may be wrong.
fn without_list(mut failure: Failure) -> Failure {
    if failure.kind == FailureKind::NotFound {
        failure.message = format!(
            "`GET /models` returned 404: the server has no list of models, or the base URL is \
             wrong; {BASE_URL_HINT}"
        );
    }
    failure
}

/// Explains a response that is not a list, such as a web page.
fn not_a_list(mut failure: Failure) -> Failure {
    if failure.kind == FailureKind::InvalidOutput {
        let message = "the response to `GET /models` is not a list of models: check the base URL";
        failure.message = message.to_owned();
    }
    failure
}

/// Tests the connection.
pub fn test() -> Result<String> {
    let count = list()?.len();
    let noun = if count == 1 { "model" } else { "models" };
    Ok(format!("reached the API, {count} {noun} available"))
}

/// The current options of a model property in the `table` of an action. No model
/// is excluded because of its name: other servers' models may have any name.
///
/// The models that the connector suggests come first, in its order, then those
/// that are `likely` to suit the action, newest first. Without creation times,
/// models are sorted by name. Dated snapshots directly follow their model.
pub fn options(
    request: &OptionsRequest,
    table: &[Property],
    likely: fn(&str) -> bool,
) -> Result<Options> {
    let row = table.iter().find(|row| row.name == request.property);
    let choices = row.and_then(|row| row.choices).filter(|choices| choices.live.is_some());
    let Some(choices) = choices else {
        let message = format!("`{}` has no dynamic options", request.property);
        return Err(Failure::invalid_input(request.property, message));
    };
    let known = |id: &str| {
        let is_it = |choice: &Choice| matches!(choice.value, Literal::String(text) if text == id);
        choices.known.iter().position(is_it)
    };
    Ok(Options::from_list(sorted(list()?, known, likely)).matching(request))
}

fn sorted(
    mut models: Vec<Model>,
    known: impl Fn(&str) -> Option<usize>,
    likely: fn(&str) -> bool,
) -> Vec<Model> {
    models.sort_by_cached_key(|Model { id, created, .. }| {
        (known(id).unwrap_or(usize::MAX), !likely(id), Reverse(*created), id.clone())
    });
    let mut ids: Vec<String> = models.iter().map(|model| model.id.clone()).collect();
    ids.sort_unstable();
    let is_listed = |id: &str| ids.binary_search_by(|other| other.as_str().cmp(id)).is_ok();
    let is_snapshot = |model: &Model| model.original().is_some_and(is_listed);
    let (snapshots, mut sorted): (Vec<_>, Vec<_>) = models.into_iter().partition(is_snapshot);
    for snapshot in snapshots.into_iter().rev() {
        let original = sorted.iter().position(|model| snapshot.original() == Some(&model.id));
        sorted.insert(original.map_or(sorted.len(), |at| at + 1), snapshot);
    }
    sorted
}

impl From<Model> for OptionItem {
    fn from(model: Model) -> Self {
        let purpose = purpose(&model.id).map(str::to_owned);
        let end = model.shutdown_date.map(|date| format!("Will be shut down on {date}."));
        let parts: Vec<String> = purpose.into_iter().chain(end).collect();
        let description = (!parts.is_empty()).then(|| parts.join(" "));
        Self { description, ..model.id.into() }
    }
}

/// Whether a name contains one of these lowercase parts, ignoring case.
pub fn has_any(id: &str, parts: &[&str]) -> bool {
    let id = id.to_lowercase();
    parts.iter().any(|part| id.contains(part))
}

#[cfg(test)]
mod tests {
    use connector_sdk::testing::{Answer, Host};
    use serde_json::json;

    use super::*;
    use crate::CONNECTOR;

    /// The IDs of models, given with their creation times, in the order a form shows
    /// them.
    fn ids(list: &[(&str, u64)], known: &[&str], likely: fn(&str) -> bool) -> Vec<String> {
        let model = |(id, created): &(&str, u64)| {
            Model::of(&json!({ "id": id, "created": created })).unwrap()
        };
        let models = list.iter().map(model).collect();
        let known = |id: &str| known.iter().position(|known| *known == id);
        sorted(models, known, likely).into_iter().map(|model| model.id).collect()
    }

    #[test]
    fn lists_likely_models_first_then_new_ones_and_hides_none() {
        let list = [("text-embedding-3", 30), ("gpt-old", 10), ("Llama-4", 20), ("b", 0), ("a", 0)];
        assert_eq!(
            ids(&list, &[], |id| !id.contains("embedding")),
            ["Llama-4", "gpt-old", "a", "b", "text-embedding-3"]
        );
        assert_eq!(ids(&[("b", 0), ("a", 0), ("c", 0)], &["c"], |_| true), ["c", "a", "b"]);
    }

    #[test]
    fn snapshots_follow_their_model() {
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
        assert_eq!(ids(&list, &["gpt-5.4", "gpt-5.4-mini", "gpt-4o"], |_| true), expected);
    }

    #[test]
    fn an_option_shows_the_purpose_and_the_shutdown_date() {
        let model = json!({ "id": "gpt-old", "created": 10, "shutdown_date": "2026-10-23" });
        let item = OptionItem::from(Model::of(&model).unwrap());
        assert_eq!(item.value, "gpt-old");
        assert_eq!(item.description.as_deref(), Some("Text. Will be shut down on 2026-10-23."));
        let item = OptionItem::from(Model::of(&json!({ "id": "mistral-large" })).unwrap());
        assert_eq!(item.description, None);
    }

    #[test]
    fn the_connection_test_counts_the_models() {
        let test = |answer| Host::new(&CONNECTOR).answer(answer).test();
        let ids = json!([{ "id": "a", "created": null }, { "no": "id" }, { "id": "b" }]);
        let reached = test(Answer::json(200, json!({ "data": ids }))).unwrap();
        assert_eq!(reached, "reached the API, 2 models available");
        // A bare array is also a list.
        let reached = test(Answer::json(200, json!([{ "id": "a" }]))).unwrap();
        assert_eq!(reached, "reached the API, 1 model available");

        for other in ["{}", r#"{"data":"no"}"#, "\"hello\"", "", "<html>"] {
            let failure = test(Answer::content(200, "application/json", other)).unwrap_err();
            assert_eq!(failure.kind, FailureKind::InvalidOutput);
            assert!(failure.message.contains("check the base URL"), "{other}");
        }
        let missing = test(Answer::json(404, json!("Not Found"))).unwrap_err();
        assert!(missing.message.contains("has no list of models"));
        let wrong_key = test(Answer::json(401, json!("wrong key"))).unwrap_err();
        assert_eq!(wrong_key.message, "wrong key");
    }
}
