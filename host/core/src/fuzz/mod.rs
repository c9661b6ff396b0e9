//! Parsers under generated input: tables of connectors, inputs of runs, names
//! of files. Those of the egress path are in `egress/fuzz/`.

mod files;
mod input;
mod rows;
mod table;
mod values;
