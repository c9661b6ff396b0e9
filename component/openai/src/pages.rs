//! Lists that arrive in pages.

use connector_sdk::{Result, errors, http};
use serde_json::Value;

use crate::lenient::{at, text};

/// The items of a list. Each further page begins after the last item of the
/// previous one.
pub fn listed(path: &'static str, query: Value) -> impl Iterator<Item = Result<Value>> {
    let mut after = query.get("after").and_then(Value::as_str).map(str::to_owned);
    http::pages(http::get(path).query_all(&query), move |response| {
        let page: Value = response.json()?;
        // Some servers return the bare array.
        let Some(items) = page.get("data").unwrap_or(&page).as_array() else {
            let failure = errors::instead("the provider returned no list", &page.to_string());
            return Err(failure.answered_by(&response));
        };
        let last = items.last().map(|item| text(at(item, "id"))).filter(|id| !id.is_empty());
        // A server that ignores the parameter would return the same page forever.
        let last = last.filter(|id| after.as_deref() != Some(id));
        let last = last.filter(|_| page.get("has_more") == Some(&Value::Bool(true)));
        let next = last.map(|last| {
            after = Some(last.to_owned());
            let mut query = query.clone();
            if let Some(members) = query.as_object_mut() {
                members.insert("after".to_owned(), last.into());
            }
            http::get(path).query_all(&query)
        });
        Ok((items.clone(), next))
    })
}
