//! JSON as the `jsonschema` crate looks at it, with each look a step that is
//! counted. Where a validation must end, a step unwinds: the crate has no other
//! way out.

use std::any::Any;
use std::borrow::Cow;
use std::cell::RefCell;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, Node, NodeIdentity, Object, SerdeJson};
use serde_json::{Map, Number, Value};

use crate::budget::Stopped;

/// How often it is asked whether the run was stopped.
const ASKED_EVERY: u64 = 256;

/// Why a validation ended before it was done.
pub(super) enum End {
    Stopped(Stopped),
    /// It is beyond a limit.
    Beyond,
}

/// What a validation may use. Validations have a thread of their own, for the
/// crate makes nodes out of nothing, which know nothing else.
struct Allowance {
    steps: u64,
    taken: u64,
    stack: usize,
    bottom: usize,
    stopped: Box<dyn Fn() -> Option<Stopped>>,
}

thread_local! {
    static ALLOWANCE: RefCell<Option<Allowance>> = const { RefCell::new(None) };
}

/// Validates on this thread within so many steps and bytes of its stack.
pub(super) fn within<T>(
    steps: u64,
    stack: usize,
    stopped: impl Fn() -> Option<Stopped> + 'static,
    validate: impl FnOnce() -> T,
) -> Result<T, End> {
    let stopped = Box::new(stopped);
    let bottom = stack_address();
    ALLOWANCE.set(Some(Allowance { steps, taken: 0, stack, bottom, stopped }));
    let ended = catch_unwind(AssertUnwindSafe(validate));
    ALLOWANCE.take();
    ended.map_err(|payload: Box<dyn Any + Send>| match payload.downcast::<End>() {
        Ok(end) => *end,
        // A defect of the crate: nothing can be said about the value.
        Err(_) => End::Beyond,
    })
}

fn step() {
    let end = ALLOWANCE.with_borrow_mut(|allowance| allowance.as_mut().and_then(Allowance::step));
    if let Some(end) = end {
        resume_unwind(Box::new(end));
    }
}

impl Allowance {
    fn step(&mut self) -> Option<End> {
        self.taken += 1;
        let is_deep = self.stack < self.bottom.abs_diff(stack_address());
        if self.steps < self.taken || is_deep {
            return Some(End::Beyond);
        }
        let asks = self.taken.is_multiple_of(ASKED_EVERY);
        if asks { (self.stopped)().map(End::Stopped) } else { None }
    }
}

/// About where the stack ends now.
fn stack_address() -> usize {
    let local = 0_u8;
    std::ptr::from_ref(black_box(&local)).addr()
}

/// `serde_json`'s values, counted.
pub(super) struct Counted;

#[derive(Clone)]
pub(super) struct Look<'a>(pub &'a Value);

impl<'a> Look<'a> {
    fn value(&self) -> &'a Value {
        step();
        self.0
    }
}

impl Json for Counted {
    type Node<'a> = Look<'a>;
    type PreparedKey = String;
    type StringBuffer = ();

    const ACYCLIC: bool = true;

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>((): &mut (), name: &str, look: impl FnOnce(Look<'_>) -> T) -> T {
        SerdeJson::with_string_node(&mut (), name, |name| look(Look(name)))
    }
}

impl<'a> Node<'a, Counted> for Look<'a> {
    type Object = Members<'a>;
    type Array = Items<'a>;
    type Number = &'a Number;

    fn as_object(&self) -> Option<Members<'a>> {
        Node::<SerdeJson>::as_object(&self.value()).map(Members)
    }

    fn as_array(&self) -> Option<Items<'a>> {
        Node::<SerdeJson>::as_array(&self.value()).map(Items)
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        Node::<SerdeJson>::as_string(&self.value())
    }

    fn as_number(&self) -> Option<&'a Number> {
        Node::<SerdeJson>::as_number(&self.value())
    }

    fn as_boolean(&self) -> Option<bool> {
        self.value().as_bool()
    }

    fn is_null(&self) -> bool {
        self.value().is_null()
    }

    fn json_type(&self) -> JsonType {
        Node::<SerdeJson>::json_type(&self.value())
    }

    fn equals_value(&self, expected: &Value) -> bool {
        Node::<SerdeJson>::equals_value(&self.value(), expected)
    }

    fn to_value(&self) -> Cow<'a, Value> {
        Cow::Borrowed(self.0)
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Node::<SerdeJson>::identity(&self.0)
    }
}

pub(super) struct Members<'a>(&'a Map<String, Value>);

impl<'a> Object<'a, Counted> for Members<'a> {
    type Node = Look<'a>;
    type MemberName = &'a str;
    type MembersIter = Box<dyn Iterator<Item = (&'a str, Look<'a>)> + 'a>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, key: &String) -> Option<Look<'a>> {
        self.0.get(key).map(Look)
    }

    fn members(&self) -> Self::MembersIter {
        Box::new(self.0.iter().map(|(name, value)| (name.as_str(), Look(value))))
    }
}

pub(super) struct Items<'a>(&'a [Value]);

impl<'a> Array<'a, Counted> for Items<'a> {
    type Node = Look<'a>;
    type ElementsIter = std::iter::Map<std::slice::Iter<'a, Value>, fn(&'a Value) -> Look<'a>>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn elements(&self) -> Self::ElementsIter {
        self.0.iter().map(Look)
    }

    fn is_unique(&self) -> bool {
        Array::<SerdeJson>::is_unique(&self.0)
    }
}
