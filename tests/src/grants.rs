//! Which runbook's drill uses each right that the template grants: a list (`tests/data/grants.json`) that the contracts hold
//! against the template, and each drill against what it used.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// The list, as it was when this was compiled.
const LIST: &str = include_str!("../data/grants.json");

/// A right: the statement as `Owner.Sid`, and the action.
pub type Right = (String, String);

/// Actions by statement.
type ByStatement = BTreeMap<String, BTreeSet<String>>;

/// The list of rights.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GrantList {
    drills: BTreeMap<String, ByStatement>,
    elsewhere: Vec<UnusedRight>,
}

/// Rights that no drill is sure to use.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct UnusedRight {
    because: String,
    rights: ByStatement,
}

impl GrantList {
    /// The list.
    ///
    /// # Errors
    /// When it is not what it should be.
    pub fn load() -> Result<Self, serde_json::Error> {
        serde_json::from_str(LIST)
    }

    /// The rights that a runbook's drill uses.
    pub fn of(&self, drill: &str) -> BTreeSet<Right> {
        self.drills.get(drill).map(flat).unwrap_or_default()
    }

    /// The rights that no drill is sure to use.
    fn unused(&self) -> BTreeSet<Right> {
        self.elsewhere.iter().flat_map(|it| flat(&it.rights)).collect()
    }

    /// All rights.
    pub fn all(&self) -> BTreeSet<Right> {
        self.drills.values().flat_map(flat).chain(self.unused()).collect()
    }

    /// The list with what a drill has just used, but for what another one uses anyway.
    #[must_use]
    pub fn learned(mut self, drill: &str, used: &BTreeSet<Right>) -> Self {
        self.drills.remove(drill);
        let known: BTreeSet<Right> = self.drills.values().flat_map(flat).collect();
        let mut own = ByStatement::new();
        for (statement, action) in used.difference(&known).filter(|(statement, _)| is_ours(statement)) {
            own.entry(statement.clone()).or_default().insert(action.clone());
        }
        self.drills.insert(drill.to_owned(), own);
        for elsewhere in &mut self.elsewhere {
            for (statement, actions) in &mut elsewhere.rights {
                actions.retain(|action| !used.contains(&(statement.clone(), action.clone())));
            }
            elsewhere.rights.retain(|_, actions| !actions.is_empty());
        }
        self
    }

    /// Why no drill is sure to use the others.
    pub fn reasons(&self) -> impl Iterator<Item = &str> {
        self.elsewhere.iter().map(|it| it.because.as_str())
    }
}

/// What SAM adds has numbers for names.
fn is_ours(statement: &str) -> bool {
    statement.rsplit('.').next().is_some_and(|sid| sid.parse::<u32>().is_err())
}

fn flat(rights: &ByStatement) -> BTreeSet<Right> {
    let pairs = rights.iter().flat_map(|(statement, actions)| actions.iter().map(move |action| (statement, action)));
    pairs.map(|(statement, action)| (statement.clone(), action.clone())).collect()
}
