//! Runs by idempotency key: a request that is repeated runs only once, even if
//! the first process has ended.
//!
//! Outcomes are encrypted like connections. They contain no credentials, but the
//! provider's responses are private to the user.

use std::sync::PoisonError;
use std::time::Duration;

use rusqlite::{OptionalExtension, Transaction, params};

use super::Store;
use super::cipher;
use super::error::{Fault, StoreError};
use super::instance::{self, Instance};
use super::key::Key;

/// The state of a key.
#[derive(Debug, Eq, PartialEq)]
pub enum Begun {
    /// The key was free. The caller now owns the run, and must finish or forget
    /// it.
    New,
    /// This process or another live one is executing the run.
    Running,
    /// The process that was executing the run has ended. It may have sent
    /// something.
    Interrupted,
    /// The run has ended with this outcome.
    Finished(String),
    /// The key belongs to a run with a different request.
    OtherRequest,
}

impl Store {
    /// Takes a key for a run of a request, which is identified by its hash. Of
    /// several callers with the same key, exactly one gets [`Begun::New`].
    ///
    /// # Errors
    /// If the database cannot be written, in which case the key is not taken, or
    /// if the outcome was tampered with.
    pub fn begin_run(&self, key: &str, request: &[u8; 32]) -> Result<Begun, StoreError> {
        self.transaction(|transaction, secret| {
            // Under the write lock, as `instance` requires.
            let own = self.instance()?;
            let sql = "SELECT request, instance, outcome FROM runs WHERE key = ?1";
            let known = transaction.query_row(sql, [key], |row| {
                Ok((
                    row.get::<_, [u8; 32]>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, Option<Vec<u8>>>(2)?,
                ))
            });
            Ok(match known.optional()? {
                None => {
                    let sql = "INSERT INTO runs (key, request, instance, begun_at)
                               VALUES (?1, ?2, ?3, unixepoch())";
                    transaction.execute(sql, params![key, request, own])?;
                    Begun::New
                }
                Some((other, ..)) if other != *request => Begun::OtherRequest,
                Some((_, _, Some(sealed))) => Begun::Finished(open(secret, key, request, &sealed)?),
                Some((_, by, None)) if by == own || instance::is_alive(&self.folder, &by) => {
                    Begun::Running
                }
                Some(_) => Begun::Interrupted,
            })
        })
    }

    /// Stores the outcome of a run that this store began.
    ///
    /// # Errors
    /// If it has not begun a run with the key, or if the database cannot be
    /// written.
    pub fn finish_run(&self, key: &str, outcome: &str) -> Result<(), StoreError> {
        self.end_run(key, |transaction, secret, own| {
            let sql = "SELECT request FROM runs
                       WHERE key = ?1 AND instance = ?2 AND outcome IS NULL";
            let begun = transaction
                .query_row(sql, [key, own], |row| row.get::<_, [u8; 32]>(0))
                .optional()?;
            let Some(request) = begun else { return Ok(0) };
            let sealed = cipher::seal(secret, &place(key, &request), outcome.as_bytes())?;
            let sql = "UPDATE runs SET outcome = ?2, finished_at = unixepoch() WHERE key = ?1";
            Ok(transaction.execute(sql, params![key, sealed])?)
        })
    }

    /// Releases the key of a run that this store began and that sent nothing.
    ///
    /// # Errors
    /// If it has not begun a run with the key, or if the database cannot be
    /// written.
    pub fn forget_run(&self, key: &str) -> Result<(), StoreError> {
        self.end_run(key, |transaction, _, own| {
            let sql = "DELETE FROM runs WHERE key = ?1 AND instance = ?2 AND outcome IS NULL";
            Ok(transaction.execute(sql, [key, own])?)
        })
    }

    /// Removes runs that ended this long ago, or that were started this long ago
    /// by a process that has ended. Returns their number.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn expire_runs(&self, older_than: Duration) -> Result<usize, StoreError> {
        let seconds = i64::try_from(older_than.as_secs()).unwrap_or(i64::MAX);
        self.transaction(|transaction, _| {
            let sql = "DELETE FROM runs WHERE finished_at <= unixepoch() - ?1";
            let mut count = transaction.execute(sql, [seconds])?;
            let sql = "SELECT DISTINCT instance FROM runs WHERE outcome IS NULL";
            let mut statement = transaction.prepare(sql)?;
            for by in
                statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?
            {
                if !instance::is_alive(&self.folder, &by) {
                    let sql = "DELETE FROM runs WHERE outcome IS NULL AND instance = ?1
                               AND begun_at <= unixepoch() - ?2";
                    count += transaction.execute(sql, params![by, seconds])?;
                }
            }
            Ok(count)
        })
    }

    /// Returns the total size of the stored outcomes in bytes.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn size_of_outcomes(&self) -> Result<u64, StoreError> {
        self.transaction(|transaction, _| {
            let sql = "SELECT COALESCE(SUM(LENGTH(outcome)), 0) FROM runs";
            Ok(transaction.query_row(sql, [], |row| row.get::<_, i64>(0))?.unsigned_abs())
        })
    }

    fn end_run(
        &self,
        key: &str,
        end: impl FnOnce(&Transaction<'_>, &Key, &str) -> Result<usize, Fault>,
    ) -> Result<(), StoreError> {
        self.transaction(|transaction, secret| match end(transaction, secret, &self.instance()?)? {
            0 => Err(StoreError::NotRunning { key: key.to_owned() }.into()),
            _ => Ok(()),
        })
    }

    /// Returns the id of this store's instance, and creates it on first use.
    /// Must be called inside a transaction, which holds the write lock.
    fn instance(&self) -> Result<String, StoreError> {
        let mut instance = self.instance.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(match &*instance {
            Some(instance) => instance.id().to_owned(),
            None => instance.insert(Instance::begin(&self.folder)?).id().to_owned(),
        })
    }
}

/// Re-encrypts all outcomes with a new key.
pub(super) fn reseal(transaction: &Transaction<'_>, old: &Key, new: &Key) -> Result<(), Fault> {
    let sql = "SELECT key, request, outcome FROM runs WHERE outcome IS NOT NULL";
    let mut statement = transaction.prepare(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let rows: Vec<(String, [u8; 32], Vec<u8>)> = rows.collect::<Result<_, _>>()?;
    for (key, request, sealed) in &rows {
        let outcome = open(old, key, request, sealed)?;
        let sealed = cipher::seal(new, &place(key, request), outcome.as_bytes())?;
        transaction.execute("UPDATE runs SET outcome = ?2 WHERE key = ?1", params![key, sealed])?;
    }
    Ok(())
}

fn open(secret: &Key, key: &str, request: &[u8; 32], sealed: &[u8]) -> Result<String, StoreError> {
    cipher::open(secret, &place(key, request), sealed)
        .and_then(|outcome| std::str::from_utf8(&outcome).ok().map(str::to_owned))
        .ok_or_else(|| StoreError::OutcomeUnreadable { key: key.to_owned() })
}

/// The place of an outcome, as authenticated data. An outcome that was copied to
/// another key or request cannot be decrypted.
fn place(key: &str, request: &[u8; 32]) -> Vec<u8> {
    [b"outcome\0", &request[..], key.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};
    use std::sync::{Arc, Barrier};
    use std::thread;

    use super::super::KeySource;
    use super::*;

    const ONE: [u8; 32] = [1; 32];
    const TWO: [u8; 32] = [2; 32];
    const NOW: Duration = Duration::ZERO;
    const DAY: Duration = Duration::from_secs(24 * 3600);

    /// The variable with the folder of the store for a child process.
    const FOLDER: &str = "STORE_TEST_FOLDER";

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn open(folder: &tempfile::TempDir) -> Store {
        Store::open(&folder.path().join("store"), KeySource::Folder).unwrap()
    }

    #[test]
    fn a_key_goes_from_new_to_finished() {
        let folder = folder();
        let store = open(&folder);
        assert_eq!(store.begin_run("a", &ONE).unwrap(), Begun::New);
        assert_eq!(store.begin_run("a", &ONE).unwrap(), Begun::Running);
        assert_eq!(store.begin_run("a", &TWO).unwrap(), Begun::OtherRequest);
        assert_eq!(open(&folder).begin_run("a", &ONE).unwrap(), Begun::Running);
        assert_eq!(store.begin_run("b", &ONE).unwrap(), Begun::New);

        store.finish_run("a", "{\"output\":1}").unwrap();
        for store in [&store, &open(&folder)] {
            let finished = Begun::Finished("{\"output\":1}".to_owned());
            assert_eq!(store.begin_run("a", &ONE).unwrap(), finished);
            assert_eq!(store.begin_run("a", &TWO).unwrap(), Begun::OtherRequest);
        }
    }

    #[test]
    fn forgetting_a_run_frees_its_key() {
        let folder = folder();
        let store = open(&folder);
        store.begin_run("a", &ONE).unwrap();
        store.forget_run("a").unwrap();
        assert_eq!(store.begin_run("a", &TWO).unwrap(), Begun::New);
    }

    #[test]
    fn an_outcome_can_be_decrypted_only_for_its_key() {
        let folder = folder();
        let store = open(&folder);
        for (key, outcome) in [("a", "what the user asked for"), ("b", "something else")] {
            store.begin_run(key, &ONE).unwrap();
            store.finish_run(key, outcome).unwrap();
        }
        let database = folder.path().join("store/store.sqlite");
        let wal = std::fs::read(database.with_extension("sqlite-wal")).unwrap();
        assert!(!wal.windows(4).any(|window| window == b"user"), "the outcome is not encrypted");

        store.rotate_key(KeySource::Folder).unwrap();
        let finished = Begun::Finished("what the user asked for".to_owned());
        assert_eq!(store.begin_run("a", &ONE).unwrap(), finished);
        let swap = "UPDATE runs SET outcome = (SELECT outcome FROM runs WHERE key = 'b')";
        rusqlite::Connection::open(database).unwrap().execute(swap, []).unwrap();
        let error = store.begin_run("a", &ONE).unwrap_err();
        assert!(matches!(error, StoreError::OutcomeUnreadable { .. }), "{error}");
        store.rotate_key(KeySource::Folder).unwrap_err();
    }

    #[test]
    fn only_the_store_that_began_a_run_can_end_it_and_only_once() {
        let folder = folder();
        let (store, other) = (open(&folder), open(&folder));
        let refused = |ended: Result<(), StoreError>| {
            let error = ended.unwrap_err();
            assert!(matches!(error, StoreError::NotRunning { .. }), "{error}");
        };
        refused(store.finish_run("a", "{}"));
        store.begin_run("a", &ONE).unwrap();
        refused(other.finish_run("a", "{}"));
        refused(other.forget_run("a"));
        store.finish_run("a", "{}").unwrap();
        refused(store.finish_run("a", "[]"));
        refused(store.forget_run("a"));
        assert_eq!(store.begin_run("a", &ONE).unwrap(), Begun::Finished("{}".to_owned()));
    }

    #[test]
    fn only_one_of_many_callers_begins_the_run() {
        let folder = folder();
        let shared = Arc::new(open(&folder));
        let stores =
            [Arc::clone(&shared), shared, Arc::new(open(&folder)), Arc::new(open(&folder))];
        for round in 0..20 {
            let barrier = Arc::new(Barrier::new(stores.len()));
            let threads = stores.clone().map(|store| {
                let barrier = Arc::clone(&barrier);
                thread::spawn(move || {
                    barrier.wait();
                    store.begin_run(&round.to_string(), &ONE).unwrap()
                })
            });
            let begun = threads.map(|thread| thread.join().unwrap());
            let count = |state| begun.iter().filter(|begun| **begun == state).count();
            assert_eq!((count(Begun::New), count(Begun::Running)), (1, 3), "{begun:?}");
        }
    }

    #[test]
    fn old_runs_that_have_ended_expire() {
        let folder = folder();
        let store = open(&folder);
        for key in ["finished", "running"] {
            store.begin_run(key, &ONE).unwrap();
        }
        store.finish_run("finished", "{}").unwrap();
        assert_ne!(store.size_of_outcomes().unwrap(), 0);
        let other = open(&folder);
        other.begin_run("interrupted", &ONE).unwrap();
        drop(other);
        assert_eq!(store.begin_run("interrupted", &ONE).unwrap(), Begun::Interrupted);
        assert_eq!(store.expire_runs(DAY).unwrap(), 0);
        assert_eq!(store.expire_runs(NOW).unwrap(), 2);
        assert_eq!(store.size_of_outcomes().unwrap(), 0);
        for (key, begun) in
            [("finished", Begun::New), ("running", Begun::Running), ("interrupted", Begun::New)]
        {
            assert_eq!(store.begin_run(key, &ONE).unwrap(), begun, "{key}");
        }
    }

    /// The child process of the next test: begins and finishes runs until it is
    /// killed, and prints the finished keys to stderr.
    #[test]
    fn child() {
        let Some(folder) = std::env::var_os(FOLDER) else { return };
        let store = Store::open(folder.as_ref(), KeySource::Folder).unwrap();
        for number in 0.. {
            let key = format!("{}-{number}", std::process::id());
            assert_eq!(store.begin_run(&key, &ONE).unwrap(), Begun::New);
            store.finish_run(&key, &key).unwrap();
            store.begin_run(&format!("{key}-open"), &ONE).unwrap();
            eprintln!("{key}");
        }
    }

    #[test]
    fn a_killed_process_leaves_outcomes_and_interrupted_runs() {
        let folder = folder();
        let store = open(&folder);
        let begin = |key: &str| store.begin_run(key, &ONE).unwrap();
        let mut finished = Vec::new();
        for round in 1..=20 {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.args(["--exact", "runs::tests::child", "--nocapture"]);
            command.env(FOLDER, folder.path().join("store"));
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
            let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
            let keys = lines.by_ref().take(round).map(Result::unwrap).collect::<Vec<_>>();
            assert_eq!(begin(&format!("{}-open", keys[0])), Begun::Running);
            child.kill().unwrap();
            child.wait().unwrap();
            assert_eq!(begin(&format!("{}-open", keys[0])), Begun::Interrupted);
            finished.extend(keys);
        }
        drop(store);
        let store = open(&folder);
        let begin = |key: &str| store.begin_run(key, &ONE).unwrap();
        for key in finished {
            assert_eq!(begin(&format!("{key}-open")), Begun::Interrupted);
            assert_eq!(begin(&key), Begun::Finished(key));
        }
    }
}
