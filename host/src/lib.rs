//! x
mod bindings;
mod descriptor;
mod egress;
mod table;
mod files {
    pub struct OpenFile;
}
pub use descriptor::*;
pub use egress::*;
pub use table::*;
