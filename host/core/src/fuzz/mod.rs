//! Property-based tests of parsers: connectors' tables, inputs of runs, file
//! names. Those of the egress path are in `egress/fuzz/`.

mod files;
mod input;
mod rows;
mod table;
mod values;
