//! The report of a run that is over: what an auditor keeps. Facts in, JSON and HTML out; and the way back, from files to what they
//! prove.
//!
//! A file is a [`Report`] as JSON, of the version [`SCHEMA`]. Its `sha256` is that of `content` as compact JSON, keys in the order of
//! the file, so that it can be computed without this program: `jq -cj .content FILE | sha256sum`. The file itself is
//! the one way to write that down, so that every byte of it counts.

mod chain;
mod due;
mod evidence;
mod read;
mod replay;
mod unknown;
mod verify;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::value::Sha256;

pub use chain::{ChainHead, ChainLink};
pub use due::{Deployed, DueReport, PATIENCE, SentIds};
pub use evidence::{BackupRecord, Evidence, EvidenceKind, ReportName, RestoreRecord};
pub use read::ReportFlaw;
pub use replay::Difference;
pub use verify::{Chain, Verification, VerifiedFile, verify};

/// The version of the schema. A change of what a field means, or a new field, raises it.
pub const SCHEMA: u32 = 1;

/// A report, as its file has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Report {
    /// The version of the schema.
    pub schema: u32,
    /// The digest of `content` as compact JSON.
    pub sha256: Sha256,
    /// What is reported.
    pub content: ReportContent,
}

/// What is reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ReportContent {
    /// Its place among the reports of its estate in its region.
    pub chain: ChainLink,
    /// The environment, in the region whose stack did it.
    pub scope: Scope,
    /// When it was over.
    pub ended: Timestamp,
    /// What was deployed then.
    pub deployed: Deployed,
    /// What was sent of it, as far as it is known.
    pub sent: SentIds,
    /// The record: trigger, plan, verdicts, timeline, outcome, and the facts that it was decided by.
    pub evidence: Evidence,
    /// What was not known when the report was written, each in a sentence.
    pub not_known: Vec<String>,
}

impl Report {
    /// The report of what is due, at its place in the chain.
    ///
    /// # Errors
    /// What cannot be written as JSON.
    pub fn of(due: DueReport, chain: ChainLink) -> Result<Self, serde_json::Error> {
        let not_known = unknown::of(&due);
        let DueReport { scope, ended, deployed, sent, evidence } = due;
        let sent = sent.unwrap_or_default();
        let content = ReportContent { chain, scope, ended, deployed, sent, evidence, not_known };
        Ok(Self { schema: SCHEMA, sha256: content.digest()?, content })
    }

    /// The file: the one way to write it down.
    ///
    /// # Errors
    /// What cannot be written as JSON.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// The place of it in the chain that the next report names.
    pub fn head(&self) -> ChainHead {
        ChainHead { number: self.content.chain.number, sha256: self.sha256.clone() }
    }
}

impl ReportContent {
    /// The digest of it.
    fn digest(&self) -> Result<Sha256, serde_json::Error> {
        Ok(Sha256::of(&serde_json::to_vec(self)?))
    }

    /// What it is called: the same for the same run.
    pub fn name(&self) -> ReportName {
        self.evidence.name(&self.scope)
    }
}
