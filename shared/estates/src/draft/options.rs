//! What whoever asks for a draft says beside the files.

use watchkeeper_domain::name::{EnvironmentName, EstateName};

/// A file to draft from.
#[derive(Debug, Clone)]
pub struct StateFile {
    /// What messages call it.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// The environment of everything in it, where somebody says so.
    pub environment: Option<EnvironmentName>,
}

/// Names that are given.
#[derive(Debug, Clone, Default)]
pub struct DraftNames {
    /// The estate.
    pub estate: Option<EstateName>,
    /// The one environment that everything belongs to, but for files that name another one.
    pub environment: Option<EnvironmentName>,
}
