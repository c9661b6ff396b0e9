//! What the connector is and what it offers.

use crate::bindings::exports::workflow::connector::describe::Component;
use crate::rows::Rows;
use crate::{ask, connection, count_tokens};

/// The descriptor.
pub fn describe() -> Component {
    let mut rows = Rows::default();
    let connection = connection::define(&mut rows);
    let actions = vec![ask::describe(&mut rows), count_tokens::describe(&mut rows)];
    Component {
        name: "anthropic".into(),
        version: 1,
        title: "Anthropic".into(),
        description: "Asks Claude, or any model behind the Messages API.".into(),
        icon: None,
        categories: vec!["artificial-intelligence".into()],
        help: String::new(),
        properties: rows.all(),
        connection,
        actions,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_row_stands_in_one_table() {
        let component = describe();
        let mut seen = HashSet::new();
        let roots = component.actions.iter().flat_map(|action| &action.properties);
        let below = component.properties.iter().flat_map(|row| &row.children);
        for position in roots.chain(&component.connection.properties).chain(below) {
            assert!(seen.insert(*position), "{position} is used twice");
        }
        // The shape of the one fixed output.
        assert_eq!(seen.len() + 1, component.properties.len());
    }

    #[test]
    fn every_property_says_what_it_is() {
        let component = describe();
        let actions = component.actions.iter().flat_map(|action| &action.properties);
        for position in actions.chain(&component.connection.properties) {
            let row = &component.properties[*position as usize];
            assert!(!row.label.is_empty() && row.description.ends_with('.'), "{row:?}");
        }
    }
}
