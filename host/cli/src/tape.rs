//! Recording and replaying the requests of a run, a connection test or a query.

use std::path::Path;

use connector_host::{Connector, Player, Recorder, Recording, Run};

use super::args::TapeArgs;
use super::error::Error;
use super::print;

/// Whether requests are recorded or replayed.
pub enum Tape<'a> {
    None,
    Record(&'a Path, Recorder),
    Replay(Player),
}

impl<'a> Tape<'a> {
    /// Reads the recording to replay. Fails if a recording cannot be written, while
    /// nothing has been sent yet.
    pub fn of(args: &'a TapeArgs) -> Result<Self, Error> {
        Ok(match (&args.record, &args.replay) {
            (Some(file), _) => {
                Recording::check_writable(file)?;
                Self::Record(file, Recorder::new())
            }
            (_, Some(file)) => Self::Replay(Player::new(Recording::load(file)?)),
            _ => Self::None,
        })
    }

    pub fn is_replay(&self) -> bool {
        matches!(self, Self::Replay(_))
    }

    /// Records or replays a run.
    pub fn on_run<'b>(&self, run: Run<'b>) -> Run<'b> {
        match self {
            Self::None => run,
            Self::Record(_, recorder) => run.record(recorder),
            Self::Replay(player) => run.replay(player),
        }
    }

    /// Records or replays the queries of a connector.
    pub fn on_queries(&self, connector: &Connector) -> Connector {
        let connector = connector.clone();
        match self {
            Self::None => connector,
            Self::Record(_, recorder) => connector.queries_recorded_by(recorder),
            Self::Replay(player) => connector.queries_replayed_by(player),
        }
    }

    /// Reports a result and then saves the recording, even if there was a failure.
    /// The result comes first, so that it is not lost if the disk is full.
    pub fn end<T>(
        &self,
        result: Result<T, Error>,
        report: impl FnOnce(T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let is_done = result.is_ok();
        let reported = result.and_then(report);
        match (reported, self.save(is_done)) {
            (Err(error), Err(other)) => {
                print::note(format_args!("error: {}", print::plain(&other.to_string())));
                Err(error)
            }
            (reported, saved) => reported.and(saved),
        }
    }

    /// Saves a recording. After a successful replay, reports the requests that were
    /// not replayed.
    fn save(&self, is_done: bool) -> Result<(), Error> {
        match self {
            Self::None => {}
            Self::Record(file, recorder) => {
                let recording = recorder.recording();
                recording.save(file)?;
                let count = match recording.exchanges.len() {
                    1 => "1 request".to_owned(),
                    count => format!("{count} requests"),
                };
                print::note(format_args!("recorded {count} in {}", print::path(file)));
            }
            Self::Replay(_) if !is_done => {}
            Self::Replay(player) => {
                for request in player.left() {
                    print::note(format_args!(
                        "note: the recording contains an unused request: `{request}`"
                    ));
                }
            }
        }
        Ok(())
    }
}
