//! The list of models: the options of a form, and the cheapest authorized request.

use connector_sdk::{Options, OptionsRequest, Result, Settings, http};
use serde::Deserialize;

#[derive(Deserialize)]
struct List {
    data: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    id: String,
    display_name: Option<String>,
}

fn list() -> Result<Vec<Model>> {
    // The maximum that the API lists at once.
    let list: List = http::get("/v1/models").query("limit", 1000).send()?.json()?;
    Ok(list.data)
}

/// Tests the connection with the cheapest authorized request.
pub fn test(_: &Settings) -> Result<String> {
    let count = list()?.len();
    let noun = if count == 1 { "model" } else { "models" };
    Ok(format!("reached the API, {count} {noun} available"))
}

/// The models that match the search text.
pub fn options(request: &OptionsRequest) -> Result<Options> {
    let models = list()?.into_iter();
    let choices = models.map(|model| (model.display_name.unwrap_or(model.id.clone()), model.id));
    Ok(Options::from_list(choices).matching(request))
}
