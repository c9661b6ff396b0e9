//! What the worker calls its things in NATS: all begin with one prefix, so
//! that several fleets can share a server.

use std::str::FromStr;

use super::message::RunId;

/// The longest prefix.
const LONGEST: usize = 32;

/// The prefix, and what is called by it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Names(String);

impl FromStr for Names {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        match (1..=LONGEST).contains(&text.len()) && text.bytes().all(is_plain) {
            true => Ok(Self(text.to_owned())),
            false => Err(format!("it must be 1 to {LONGEST} letters, digits, `-` and `_`")),
        }
    }
}

impl Names {
    /// A stream, consumer or bucket.
    fn thing(&self, what: &str) -> String {
        format!("{}-{what}", self.0)
    }

    /// The stream of runs that are still to be made.
    pub fn runs_stream(&self) -> String {
        self.thing("runs")
    }

    /// Where callers publish runs.
    pub fn runs(&self) -> String {
        format!("{}.runs", self.0)
    }

    /// The consumer that all workers share.
    pub fn workers(&self) -> String {
        self.thing("workers")
    }

    /// The stream that says which runs were begun and not ended.
    pub fn begun_stream(&self) -> String {
        self.thing("begun")
    }

    /// Below this it says so.
    pub fn all_begun(&self) -> String {
        format!("{}.begun.>", self.0)
    }

    /// Where it is said that a run was begun.
    pub fn begun(&self, id: &RunId) -> String {
        format!("{}.begun.{id}", self.0)
    }

    /// The bucket of outcomes, by run.
    pub fn outcomes(&self) -> String {
        self.thing("outcomes")
    }

    /// What the bucket's stream takes.
    pub fn all_outcomes(&self) -> String {
        format!("$KV.{}.>", self.outcomes())
    }

    /// Below this each outcome is published once.
    pub fn all_replies(&self) -> String {
        format!("{}.replies.>", self.0)
    }

    /// Where what happens in a run is published.
    pub fn events(&self, id: &RunId) -> String {
        format!("{}.events.{id}", self.0)
    }

    /// The bucket of files.
    pub fn files(&self) -> String {
        self.thing("files")
    }

    /// The stream of messages that no worker could do anything with.
    pub fn dead_stream(&self) -> String {
        self.thing("dead")
    }

    /// What it takes.
    pub fn all_dead(&self) -> String {
        format!("{}.dead.>", self.0)
    }

    /// Where a message goes that no worker could do anything with: by its id,
    /// or by its place in the queue if it has none.
    pub fn dead(&self, id: Option<&RunId>, sequence: u64) -> String {
        match id {
            Some(id) => format!("{}.dead.{id}", self.0),
            None => format!("{}.dead.message-{sequence}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_one_part_of_a_subject() {
        let names: Names = "team_a-1".parse().unwrap();
        let id = RunId::parse("orders.1").unwrap();
        assert_eq!(names.runs(), "team_a-1.runs");
        assert_eq!(names.begun(&id), "team_a-1.begun.orders.1");
        assert_eq!(names.all_outcomes(), "$KV.team_a-1-outcomes.>");
        assert_eq!(names.dead(None, 7), "team_a-1.dead.message-7");
        for odd in ["", "a.b", "a b", "*", "ä", &"a".repeat(33)] {
            assert!(odd.parse::<Names>().is_err(), "{odd}");
        }
    }
}
