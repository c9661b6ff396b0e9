//! STUB
use serde_json::{Map, Value};
use std::path::Path;
use std::time::Duration;
#[derive(Clone, Debug)]
pub struct ConnectionRecord {
    pub id: String,
    pub name: String,
    pub component: String,
    pub values: Map<String, Value>,
    pub created_at: i64,
    pub updated_at: i64,
}
pub enum Begun {
    New,
    Running,
    Interrupted,
    Finished(String),
    OtherRequest,
}
#[derive(Debug, thiserror::Error)]
#[error("stub")]
pub struct StoreError;
pub struct Store;
impl Store {
    pub fn open(_: &Path) -> Result<Self, StoreError> {
        Ok(Self)
    }
    pub fn add_connection(
        &self,
        _: &str,
        _: &str,
        _: &Map<String, Value>,
    ) -> Result<ConnectionRecord, StoreError> {
        Err(StoreError)
    }
    pub fn connections(&self) -> Result<Vec<ConnectionRecord>, StoreError> {
        Ok(vec![])
    }
    pub fn connection(&self, _: &str) -> Result<Option<ConnectionRecord>, StoreError> {
        Ok(None)
    }
    pub fn replace_connection(
        &self,
        _: &str,
        _: &str,
        _: &Map<String, Value>,
    ) -> Result<Option<ConnectionRecord>, StoreError> {
        Ok(None)
    }
    pub fn remove_connection(&self, _: &str) -> Result<bool, StoreError> {
        Ok(false)
    }
    pub fn begin_run(&self, _: &str, _: &[u8; 32]) -> Result<Begun, StoreError> {
        Ok(Begun::New)
    }
    pub fn finish_run(&self, _: &str, _: &str) -> Result<(), StoreError> {
        Ok(())
    }
    pub fn forget_run(&self, _: &str) -> Result<(), StoreError> {
        Ok(())
    }
    pub fn expire_runs(&self, _: Duration) -> Result<usize, StoreError> {
        Ok(0)
    }
}
