//! The names of streams, buckets and subjects in NATS. All start with a prefix,
//! so that several fleets can share a server.

use std::str::FromStr;

use super::message::RunId;

/// The maximum length of the prefix.
const MAX_PREFIX: usize = 32;

/// The names with one prefix.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Names(String);

impl FromStr for Names {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if (1..=MAX_PREFIX).contains(&text.len()) && text.bytes().all(is_plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("expected 1 to {MAX_PREFIX} letters, digits, `-` and `_`"))
        }
    }
}

impl Names {
    /// The name of a stream, consumer or bucket.
    fn named(&self, what: &str) -> String {
        format!("{}-{what}", self.0)
    }

    /// The stream of runs that have not ended.
    pub fn runs_stream(&self) -> String {
        self.named("runs")
    }

    /// The subject for publishing runs.
    pub fn runs(&self) -> String {
        format!("{}.runs", self.0)
    }

    /// The consumer that all workers share.
    pub fn workers(&self) -> String {
        self.named("workers")
    }

    /// The stream of notes about runs in progress.
    pub fn begun_stream(&self) -> String {
        self.named("begun")
    }

    /// The subjects of all notes.
    pub fn all_begun(&self) -> String {
        format!("{}.begun.>", self.0)
    }

    /// The subject of the note that a run has begun.
    pub fn begun(&self, id: &RunId) -> String {
        format!("{}.begun.{id}", self.0)
    }

    /// The bucket of outcomes.
    pub fn outcomes(&self) -> String {
        self.named("outcomes")
    }

    /// The subjects of the bucket's stream.
    pub fn all_outcomes(&self) -> String {
        format!("$KV.{}.>", self.outcomes())
    }

    /// The subjects to which outcomes are published.
    pub fn all_replies(&self) -> String {
        format!("{}.replies.>", self.0)
    }

    /// The subject for a run's events.
    pub fn events(&self, id: &RunId) -> String {
        format!("{}.events.{id}", self.0)
    }

    /// The bucket of files.
    pub fn files(&self) -> String {
        self.named("files")
    }

    /// The stream of messages that no worker could process.
    pub fn dead_stream(&self) -> String {
        self.named("dead")
    }

    /// The subjects of all dead letters.
    pub fn all_dead(&self) -> String {
        format!("{}.dead.>", self.0)
    }

    /// The subject of a dead letter, by its id or, if it has none, by its
    /// sequence number in the queue.
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
    fn a_prefix_is_a_single_subject_token() {
        let names: Names = "team_a-1".parse().unwrap();
        let id = RunId::parse("orders.1").unwrap();
        assert_eq!(names.runs(), "team_a-1.runs");
        assert_eq!(names.begun(&id), "team_a-1.begun.orders.1");
        assert_eq!(names.all_outcomes(), "$KV.team_a-1-outcomes.>");
        assert_eq!(names.dead(None, 7), "team_a-1.dead.message-7");
        for invalid in ["", "a.b", "a b", "*", "ä", &"a".repeat(33)] {
            assert!(invalid.parse::<Names>().is_err(), "{invalid}");
        }
    }
}
