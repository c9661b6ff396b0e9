//! The list of models: choices of a form, and the cheapest authorized call.

use serde::Deserialize;
use serde_json::Value;

use crate::api;
use crate::bindings::exports::workflow::connector::actions::OptionList;
use crate::bindings::workflow::connector::types::{Choice, Failure};

/// The most that the API lists at once.
const PAGE: &str = "1000";

#[derive(Deserialize)]
struct List {
    data: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    id: String,
    display_name: Option<String>,
}

fn list() -> Result<Vec<Model>, Failure> {
    let response = api::send(api::get("/v1/models", &[("limit", PAGE)]))?;
    Ok(api::read::<List>(&response)?.data)
}

/// Makes the cheapest authorized call.
pub fn test() -> Result<String, Failure> {
    Ok(reached(list()?.len()))
}

fn reached(models: usize) -> String {
    let noun = if models == 1 { "model" } else { "models" };
    format!("reached the API, {models} {noun} available")
}

/// The models that fit what was typed.
pub fn options(search: Option<&str>) -> OptionList {
    match list() {
        Ok(models) => found(models, search.unwrap_or_default()),
        // A form goes on without the list.
        Err(failure) => OptionList {
            disabled: true,
            placeholder: Some(failure.message),
            options: Vec::new(),
            more: false,
        },
    }
}

fn found(models: Vec<Model>, search: &str) -> OptionList {
    let search = search.to_lowercase();
    let fits = |text: &str| text.to_lowercase().contains(&search);
    let options = models.into_iter().filter_map(|model| {
        let label = model.display_name.unwrap_or_else(|| model.id.clone());
        let value = Value::from(model.id.as_str()).to_string();
        (fits(&model.id) || fits(&label)).then_some(Choice { label, value, description: None })
    });
    OptionList { disabled: false, placeholder: None, options: options.collect(), more: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_looks_at_names_and_ids() {
        let model = |id: &str, name: Option<&str>| Model {
            id: id.to_owned(),
            display_name: name.map(str::to_owned),
        };
        let found = |search| {
            let models = vec![model("claude-a-1", Some("Claude A")), model("b-2", None)];
            let options = found(models, search).options;
            options.into_iter().map(|option| (option.label, option.value)).collect::<Vec<_>>()
        };
        let a = ("Claude A".to_owned(), r#""claude-a-1""#.to_owned());
        let b = ("b-2".to_owned(), r#""b-2""#.to_owned());
        assert_eq!(found(""), [a.clone(), b.clone()]);
        assert_eq!(found("CLAUDE a"), [a]);
        assert_eq!(found("-2"), [b]);
        assert_eq!(found("c"), found("claude"));
    }

    #[test]
    fn a_test_says_what_was_reached() {
        assert_eq!(reached(1), "reached the API, 1 model available");
        assert_eq!(reached(3), "reached the API, 3 models available");
    }
}
