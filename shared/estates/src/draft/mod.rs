//! A draft of an estate document, from what is there already.
//!
//! `terraform` reads files into facts (`facts`), and `cargo preflight --draft` an account; `known` is what figures of AWS come to
//! for both. `environments` and `places` tell which environment each belongs to; `write` puts them down, with a question wherever a
//! person has to decide; `difference` holds them against a document that is there.

mod arn;
mod called;
mod difference;
mod distinct;
mod environments;
pub mod facts;
mod file;
mod known;
mod options;
mod places;
mod problem;
mod related;
mod terraform;
mod words;
mod write;

pub use arn::Arn;
pub use difference::Difference;
pub use file::Delivered;
pub use known::environment_of;
pub use options::{DraftNames, StateFile};
pub use problem::{DraftProblem, StateProblem};

use watchkeeper_domain::estate::EstateDocument;
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region};
use watchkeeper_domain::value::AccountId;

use crate::parse;
use crate::problem::FileProblem;
use environments::EnvironmentRules;
use facts::Facts;
use options::DraftOrigin;
use write::DraftHeader;

/// A document that is in order, and says only what the files say.
#[derive(Debug, Clone)]
pub struct Draft {
    text: String,
    document: EstateDocument,
    summary: String,
}

impl Draft {
    /// The document with its comments.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How much was found, left out and asked, in a line.
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// In what a document that is there differs from the files, in things that the files know. `name` is what messages call it.
    ///
    /// # Errors
    /// Every problem of the document.
    pub fn differences(&self, name: &str, text: &str) -> Result<Vec<Difference>, Vec<FileProblem>> {
        Ok(difference::differences(&read(name, text)?, &self.document))
    }
}

/// Drafts a document from Terraform state files, or from what `terraform show -json` prints of a state.
///
/// # Errors
/// Every mistake of every file at once; what nobody can tell but whoever asks; that there is nothing to look after.
pub fn draft(files: &[StateFile], names: &DraftNames) -> Result<Draft, Vec<DraftProblem>> {
    let (mut facts, mut problems) = (Facts::default(), Vec::new());
    for (number, file) in files.iter().enumerate() {
        if let Err(found) = terraform::read(number, &file.name, &file.bytes, &mut facts) {
            problems.extend(found.into_iter().map(DraftProblem::State));
        }
    }
    facts.join();
    if problems.is_empty() {
        put_together(DraftOrigin::Terraform(files), names, None, &facts).map_err(|problem| vec![problem])
    } else {
        Err(problems)
    }
}

/// Drafts a document from what an account has in some regions. `only` is the one environment that is wanted of those that tags and
/// names tell; where they tell none, everything is of that one.
///
/// # Errors
/// What nobody can tell but whoever asks; that there is nothing to look after.
pub fn draft_of_account(
    (account, regions): (&AccountId, &[Region]),
    mut facts: Facts,
    estate: Option<EstateName>,
    only: Option<&EnvironmentName>,
) -> Result<Draft, DraftProblem> {
    facts.join();
    let origin = DraftOrigin::Account(account, regions);
    let told = DraftNames { estate, environment: None };
    match put_together(origin, &told, only, &facts) {
        Err(DraftProblem::Environment { .. }) if only.is_some() => {
            put_together(origin, &DraftNames { environment: only.cloned(), ..told }, None, &facts)
        }
        drafted => drafted,
    }
}

fn put_together(
    origin: DraftOrigin<'_>,
    names: &DraftNames,
    only: Option<&EnvironmentName>,
    facts: &Facts,
) -> Result<Draft, DraftProblem> {
    if facts.services.is_empty() && facts.databases.is_empty() {
        let found = if facts.left_out.is_empty() {
            format!("{} of other types", write::counted(facts.others, "resource"))
        } else {
            facts.left_out.iter().map(|it| format!("{} ({})", it.what, it.why)).collect::<Vec<_>>().join("; ")
        };
        return Err(DraftProblem::Nothing { origin: origin.called(), found });
    }
    let (mut by, mut left_out) = environments::by_environment(facts, &mut EnvironmentRules::new(origin, names));
    if let Some(only) = only.filter(|_| !by.is_empty()) {
        let known = by.keys().cloned().collect::<Vec<_>>().join(", ");
        by.retain(|name, _| name == only.as_str());
        if by.is_empty() {
            return Err(DraftProblem::Unknown { found: only.to_string(), known });
        }
    }
    let mut environments = places::environments(by, &mut left_out);
    distinct::distinct(&mut environments, &mut left_out);
    if environments.is_empty() {
        return Err(DraftProblem::Environment { found: nameless(facts), expected: origin.expected() });
    }
    left_out.sort();
    left_out.dedup();
    let (estate, derived) = estate(names, &environments)?;
    let header = DraftHeader { origin, estate: &estate, derived, left_out: &left_out, others: facts.others };
    let written = write::document(&header, facts, &environments);
    let summary = write::summary(&environments, left_out.len(), written.questions);
    let document = read(write::DRAFT, &written.text).map_err(DraftProblem::Draft)?;
    Ok(Draft { text: written.text, document, summary })
}

/// A document that is in order, as it is written.
fn read(name: &str, text: &str) -> Result<EstateDocument, Vec<FileProblem>> {
    let reading = parse::read(name, text);
    let document = reading.document.clone();
    reading.finish()?;
    document.ok_or_else(Vec::new)
}

/// The clusters, or else databases, that nobody can assign.
fn nameless(facts: &Facts) -> String {
    let mut names: Vec<String> = facts.services.iter().map(|it| format!("cluster {}", it.item.cluster)).collect();
    if names.is_empty() {
        names = facts.databases.iter().map(|it| format!("database {}", it.item.id.name())).collect();
    }
    names.sort();
    names.dedup();
    names.join(", ")
}

/// The name of the estate, and whether it was only taken from its clusters.
fn estate(names: &DraftNames, environments: &[places::DraftEnvironment]) -> Result<(EstateName, bool), DraftProblem> {
    if let Some(name) = &names.estate {
        return Ok((name.clone(), false));
    }
    let own: Vec<&str> = environments.iter().map(|environment| environment.name.as_str()).collect();
    let clusters = environments.iter().flat_map(|it| it.facts.services.iter().map(|it| it.item.cluster.as_str()));
    let shared = words::estate(clusters, &own).and_then(|name| EstateName::new(name).ok());
    shared.map(|name| (name, true)).ok_or(DraftProblem::Estate)
}
