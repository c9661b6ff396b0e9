//! The import `json-schema`: sandboxed validation.
//!
//! Validating against a schema of a few lines can take forever or exhaust memory
//! or stack: sixty definitions that each refer to the next one twice take 2⁶⁰
//! steps. So the validator is itself a component (`component/json-schema`), with
//! limits on memory, stack and time.

use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::component::Linker;
use wasmtime::{Engine, OptLevel, ResourceLimiter, Store, StoreContextMut, Trap, UpdateDeadline};

use crate::budget::{Account, Held, Stopped};
use crate::runtime::bindings::validator::ValidatorPre;
use crate::runtime::bindings::validator::exports::workflow::connector::json_schema as returned;
use crate::runtime::bindings::workflow::connector::json_schema::{Invalid, Violation};
use crate::runtime::cache::{self, Cache, InUse};
use crate::runtime::engine;
use crate::runtime::stack::with_stack;

/// Built by `make validator`.
const COMPONENT: &[u8] = include_bytes!("../../json-schema/validator.wasm");
/// The maximum linear memory of a validation, in bytes. 8 MiB of this is its stack.
const MAX_MEMORY: usize = 64 << 20;
/// The stack of its native code, for references that are nested hundreds of levels
/// deep.
const MAX_STACK: usize = 2 << 20;

/// The validator. It is compiled at the first validation.
#[derive(Clone)]
pub(crate) struct Validator {
    loaded: Arc<Mutex<Option<Loaded>>>,
    cache: Option<Cache>,
}

struct Loaded {
    pre: ValidatorPre<Validation>,
    _in_use: Option<InUse>,
}

/// The state of one validation.
struct Validation {
    /// Its memory, charged to the run's account.
    memory: Held,
    stopped: Box<dyn Fn() -> Option<Stopped> + Send>,
}

impl Validator {
    pub(crate) fn new(cache: Option<Cache>) -> Self {
        Self { loaded: Arc::default(), cache }
    }

    /// Validates JSON text against a JSON Schema.
    ///
    /// # Errors
    /// If it was stopped or exceeded the run's limits.
    pub(crate) fn validate(
        &self,
        schema: &String,
        instance: &String,
        account: &Arc<Account>,
        stopped: impl Fn() -> Option<Stopped> + Send + 'static,
    ) -> wasmtime::Result<Result<(), Invalid>> {
        let pre = self.load()?;
        let memory = account.hold(0)?;
        let validation = Validation { memory, stopped: Box::new(stopped) };
        let mut store = Store::new(pre.engine(), validation);
        store.limiter(|validation| validation);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(at_tick);
        let validated = with_stack(MAX_STACK, || {
            let world = pre.instantiate(&mut store)?;
            let validator = world.workflow_connector_json_schema();
            validator.call_validate(&mut store, schema, instance)
        });
        account.check()?;
        match validated {
            Some(Ok(validated)) => Ok(validated.map_err(Into::into)),
            Some(Err(error)) if error.downcast_ref() == Some(&Trap::Interrupt) => Err(error),
            Some(Err(error)) => {
                tracing::debug!(%error, "a schema exceeds the validator's limits");
                Ok(Err(Invalid::Schema(
                    "validation exceeds the limit on memory or stack".to_owned(),
                )))
            }
            None => Err(wasmtime::Error::msg("not enough memory for a stack")),
        }
    }

    fn load(&self) -> wasmtime::Result<ValidatorPre<Validation>> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = &*loaded {
            return Ok(loaded.pre.clone());
        }
        let mut config = engine::config(MAX_STACK);
        // A validation takes microseconds, and compiling is twice as fast this way.
        config.cranelift_opt_level(OptLevel::None);
        let engine = Engine::new(&config)?;
        engine::start_clock(&engine)?;
        let (cache, hash) = (self.cache.as_ref(), cache::hash(COMPONENT));
        let compiled = match cache.and_then(|cache| cache.find(&engine, &hash)) {
            Some(compiled) => compiled,
            None => cache::compile(cache, &engine, COMPONENT, &hash)?,
        };
        let pre = ValidatorPre::new(Linker::new(&engine).instantiate_pre(&compiled.component)?)?;
        Ok(loaded.insert(Loaded { pre, _in_use: compiled.in_use }).pre.clone())
    }
}

fn at_tick(store: StoreContextMut<'_, Validation>) -> wasmtime::Result<UpdateDeadline> {
    let is_stopped = (store.data().stopped)().is_some();
    Ok(if is_stopped { UpdateDeadline::Interrupt } else { UpdateDeadline::Continue(1) })
}

impl ResourceLimiter for Validation {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= MAX_MEMORY && self.memory.set(desired).is_ok())
    }

    fn table_growing(
        &mut self,
        _current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(true)
    }
}

impl From<returned::Invalid> for Invalid {
    fn from(invalid: returned::Invalid) -> Self {
        let violation = |returned::Violation { path, message }| Violation { path, message };
        match invalid {
            returned::Invalid::Schema(reason) => Self::Schema(reason),
            returned::Invalid::NotJson(reason) => Self::NotJson(reason),
            returned::Invalid::Instance(violations) => {
                Self::Instance(violations.into_iter().map(violation).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::{Value, json};

    use super::*;
    use crate::budget::Limits;

    fn validate(schema: &str, instance: &str) -> Result<(), Invalid> {
        validator().validate(&schema.into(), &instance.into(), &account(), || None).unwrap()
    }

    /// Compiled once for all tests.
    fn validator() -> &'static Validator {
        static VALIDATOR: std::sync::OnceLock<Validator> = std::sync::OnceLock::new();
        VALIDATOR.get_or_init(|| Validator::new(None))
    }

    fn account() -> Arc<Account> {
        Account::new(&Limits::default())
    }

    #[test]
    fn reports_what_is_wrong_and_where() {
        let schema = r#"{"properties":{"a":{"items":{"type":"integer"}}}}"#;
        assert!(validate(schema, r#"{"a":[1]}"#).is_ok());
        let Err(Invalid::Instance(violations)) = validate(schema, r#"{"a":[1,"x"]}"#) else {
            panic!("it is reported as valid");
        };
        assert_eq!(violations[0].path, "/a/1");
        assert_eq!(violations[0].message, "\"x\" is not of type \"integer\"");
        assert!(matches!(validate("{", "{}"), Err(Invalid::Schema(_))));
        assert!(matches!(validate("{}", "{"), Err(Invalid::NotJson(_))));
    }

    /// A schema with `count` definitions, each made from a reference to the next.
    fn chain(count: usize, made: impl Fn(Value) -> Value) -> String {
        let reference = |n: usize| json!({ "$ref": format!("#/$defs/d{n}") });
        let defs = (0..count).map(|n| (format!("d{n}"), made(reference(n + 1))));
        let last = (format!("d{count}"), json!({ "type": "string" }));
        let defs: serde_json::Map<_, _> = defs.chain([last]).collect();
        json!({ "$ref": "#/$defs/d0", "$defs": defs }).to_string()
    }

    #[test]
    fn validating_exponential_references_ends_with_the_run() {
        for (schema, instance) in [
            (chain(60, |next| json!({ "allOf": [next, next] })), "\"right\""),
            (chain(60, |next| json!({ "anyOf": [next, next] })), "1"),
            (chain(60, |next| json!({ "oneOf": [{ "not": next }, { "not": next }] })), "1"),
            (chain(60, |next| json!({ "anyOf": [next, next, true], "not": true })), "1"),
            (
                chain(30, |next| json!({ "allOf": [next, next], "unevaluatedProperties": false })),
                "{\"a\":1}",
            ),
            (
                chain(30, |next| json!({ "dependentSchemas": { "a": next, "b": next } })),
                "{\"a\":1,\"b\":1}",
            ),
        ] {
            let account = account();
            let soon = Instant::now() + Duration::from_millis(200);
            let stopped = move || (Instant::now() > soon).then_some(Stopped::Deadline);
            // An invalid instance may be detected before the deadline.
            match validator().validate(&schema, &instance.to_owned(), &account, stopped) {
                Err(error) => assert_eq!(error.downcast_ref(), Some(&Trap::Interrupt)),
                Ok(validated) => assert!(validated.is_err(), "{schema}"),
            }
            assert_eq!(account.left(), self::account().left(), "its memory is not released");
        }
    }

    #[test]
    fn a_long_chain_of_references_does_not_overflow_the_stack() {
        let kinds: [fn(Value) -> Value; 3] = [
            |next| next,
            |next| json!({ "anyOf": [next, { "type": "null" }] }),
            |next| json!({ "if": true, "then": next }),
        ];
        for made in kinds {
            assert!(validate(&chain(100, made), "\"x\"").is_ok());
            assert!(matches!(validate(&chain(100, made), "1"), Err(Invalid::Instance(_))));
            let long = chain(100_000, made);
            assert!(matches!(validate(&long, "\"x\""), Err(Invalid::Schema(_))));
        }
    }

    #[test]
    fn long_chains_and_many_violations_do_not_exhaust_memory() {
        let chain = chain(3_000, |next| json!({ "allOf": [next], "unevaluatedProperties": false }));
        assert!(validate(&chain, "{\"a\":1}").is_err());
        let names: Vec<String> = (0..10_000).map(|number| format!("n{number}")).collect();
        let schema = json!({ "items": { "required": names } }).to_string();
        let items = format!("[{}{{}}]", "{},".repeat(3_000));
        assert!(validate(&schema, &items).is_err());
    }

    #[test]
    fn the_validators_memory_counts_against_the_runs_limit() {
        let account = Account::new(&Limits { held_bytes: 1 << 20, ..Limits::default() });
        assert!(validator().validate(&"{}".into(), &"1".into(), &account, || None).is_err());
        assert!(account.exceeded().is_some());
    }

    #[test]
    fn a_schema_that_exceeds_the_limits_is_invalid() {
        // Each pattern may take a few megabytes.
        let patterns: Vec<Value> =
            (0..500).map(|n| json!({ "pattern": format!("(\\w{{100}}x{n}){{10}}") })).collect();
        let many = json!({ "allOf": patterns }).to_string();
        for schema in [r#"{"pattern":"a{1000000}"}"#, &many] {
            assert!(matches!(validate(schema, "\"a\""), Err(Invalid::Schema(_))));
        }
        let slow = r#"{"pattern":"^(a+)+$"}"#;
        let instance = format!("\"{}b\"", "a".repeat(10_000));
        assert!(matches!(validate(slow, &instance), Err(Invalid::Instance(_))));
    }

    #[test]
    fn validating_a_schema_that_refers_to_itself_terminates() {
        for schema in [r##"{"$ref":"#"}"##, r##"{"allOf":[{"$ref":"#"},{"$ref":"#"}]}"##] {
            assert!(validate(schema, "1").is_ok(), "{schema}");
        }
    }
}
