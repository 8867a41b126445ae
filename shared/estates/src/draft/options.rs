//! What whoever asks for a draft says beside the files.

use watchkeeper_domain::name::{EnvironmentName, EstateName, Region};
use watchkeeper_domain::value::AccountId;

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

/// Where facts come from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum DraftOrigin<'a> {
    /// Files of Terraform.
    Terraform(&'a [StateFile]),
    /// What an account has in these regions.
    Account(&'a AccountId, &'a [Region]),
}

impl DraftOrigin<'_> {
    /// The environment of everything that was read from a file, where somebody says so.
    pub(crate) fn environment(&self, file: usize) -> Option<&EnvironmentName> {
        match self {
            Self::Terraform(files) => files.get(file)?.environment.as_ref(),
            Self::Account(..) => None,
        }
    }

    /// What would tell the environment of things that do not tell it themselves.
    pub(crate) fn expected(&self) -> &'static str {
        match self {
            Self::Terraform(_) => "--environment NAME, or --terraform NAME=FILE for each file",
            Self::Account(..) => "such a tag on the clusters, or --environment NAME",
        }
    }

    /// What messages call all of it.
    pub(crate) fn called(&self) -> String {
        match self {
            Self::Terraform(files) => files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>().join(", "),
            Self::Account(account, regions) => format!("account {account} in {}", listed(regions)),
        }
    }
}

/// Regions, one after the other.
pub(crate) fn listed(regions: &[Region]) -> String {
    regions.iter().map(Region::as_str).collect::<Vec<_>>().join(", ")
}
