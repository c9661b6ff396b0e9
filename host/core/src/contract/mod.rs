//! The types shared by connectors, forms and programs: tables, descriptors,
//! failures, file handles, events.

mod absent;
pub(crate) mod addresses;
pub(crate) mod base_url;
pub(crate) mod descriptor;
pub(crate) mod event;
pub(crate) mod failure;
pub(crate) mod file_entry;
pub(crate) mod json;
pub(crate) mod media;
pub(crate) mod table;
pub(crate) mod text;

pub use addresses::{AddressError, AddressPolicy};
pub use base_url::{BaseUrl, BaseUrlError};
pub use descriptor::{
    Action, Authorization, Binding, Definition, Descriptor, DescriptorError, DescriptorErrors,
    Effects, Example, Output, Scheme,
};
pub use event::{Event, OnEvent};
pub(crate) use failure::Violations;
pub use failure::{Failure, FailureKind, Violation};
pub use file_entry::FileEntry;
pub use table::PropertyTable;
