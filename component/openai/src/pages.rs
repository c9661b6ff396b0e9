//! Lists that arrive in pages.

use connector_sdk::{Result, errors, http};
use serde_json::{Value, json};

use crate::lenient::{at, text};

/// The items of a list that come after the item `after`. Each further page begins
/// after the last item of the previous one.
pub fn listed(
    path: &'static str,
    query: Value,
    mut after: Option<String>,
) -> impl Iterator<Item = Result<Value>> {
    let request = move |after: &Option<String>| {
        http::get(path).query_all(&query).query_all(&json!({ "after": after }))
    };
    http::pages(request(&after), move |response| {
        let page: Value = response.json()?;
        // Some servers return the bare array.
        let Some(items) = page.get("data").unwrap_or(&page).as_array() else {
            let failure = errors::instead("the provider returned no list", &page.to_string());
            return Err(failure.answered_by(&response));
        };
        let last = items.last().map(|item| text(at(item, "id"))).filter(|id| !id.is_empty());
        // A server that ignores the parameter would return the same page forever.
        let last = last.filter(|id| after.as_deref() != Some(id));
        let last = last.filter(|_| *at(&page, "has_more") == true);
        let next = last.map(|last| {
            after = Some(last.to_owned());
            request(&after)
        });
        Ok((items.clone(), next))
    })
}
