//! One document: text in, an estate or every mistake out.

use std::collections::BTreeSet;

use serde_json::Value;
use watchkeeper_domain::estate::{Estate, EstateDocument};
use watchkeeper_domain::finding::{DocumentFinding, PathStep};

use crate::{
    node::{NodeContent, YamlNode},
    problem::{FileMistake, FileProblem},
    shape::{self, TreeMend},
    yaml,
};

/// A document that was read as far as it could be.
pub(crate) struct DocumentReading {
    pub(crate) file: String,
    /// What could be understood of it; with mistakes, only good for finding more of them.
    pub(crate) document: Option<EstateDocument>,
    tree: Option<YamlNode>,
    pub(crate) mistakes: Vec<FileMistake>,
}

impl DocumentReading {
    /// A document of which nothing could be read.
    pub(crate) fn failed(file: &str, mistake: FileMistake) -> Self {
        Self { file: file.to_owned(), document: None, tree: None, mistakes: vec![mistake] }
    }

    /// Notes a mistake at a field.
    pub(crate) fn note(&mut self, finding: DocumentFinding) {
        let place = self.tree.as_ref().map(|tree| tree.nearest(finding.path.steps()));
        let line = place.map_or(1, |node| node.line);
        // Where the field itself is missing, its path is still the better name.
        let path = match place {
            Some(node) if node.origin.steps().len() == finding.path.steps().len() => node.origin.clone(),
            _ => finding.path,
        };
        self.mistakes.push(FileMistake { line, path, found: finding.found, expected: finding.expected });
    }

    /// The estate, or every problem in the order of its lines.
    pub(crate) fn finish(self) -> Result<Estate, Vec<FileProblem>> {
        let file = self.file;
        let estate = match (self.document, self.mistakes.is_empty()) {
            (Some(document), true) => Estate::new(document).map_err(|findings| {
                findings
                    .into_iter()
                    .map(|f| FileMistake { line: 1, path: f.path, found: f.found, expected: f.expected })
                    .collect()
            }),
            _ => Err(self.mistakes),
        };
        estate.map_err(|mistakes| {
            let mut problems: Vec<FileProblem> = mistakes.into_iter().map(|mistake| mistake.in_file(&file)).collect();
            problems.sort();
            problems.dedup();
            problems
        })
    }
}

/// The estate of a document.
///
/// # Errors
/// Every problem of it at once: keys given twice, mistakes of shape, and of meaning.
pub fn parse(file: &str, text: &str) -> Result<Estate, Vec<FileProblem>> {
    read(file, text).finish()
}

/// Reads a document, mends what is wrong in a copy of it, and checks the meaning of what remains.
pub(crate) fn read(file: &str, text: &str) -> DocumentReading {
    let (tree, mistakes) = match yaml::read(text) {
        Ok(read) => read,
        Err(mistake) => return DocumentReading::failed(file, mistake),
    };
    let mut mended = MendedTree { tree, mistakes, fills: Vec::new(), gone: BTreeSet::new() };
    let document = mended.mend().and_then(|json| mended.document(json));
    let findings = document.as_ref().map(|document| mended.findings(document)).unwrap_or_default();
    let file = file.to_owned();
    let mut reading = DocumentReading { file, document, tree: Some(mended.tree), mistakes: mended.mistakes };
    for finding in findings {
        reading.note(finding);
    }
    reading
}

/// A tree from which mistakes of shape are taken.
struct MendedTree {
    tree: YamlNode,
    mistakes: Vec<FileMistake>,
    /// Where values were filled in, and for each another one that would have done as well.
    fills: Vec<(Vec<PathStep>, Value)>,
    /// Names that were taken out with what was wrong: they are known all the same.
    gone: BTreeSet<String>,
}

/// Rounds of mending. Each takes something away or fills something in, at most once a level of nesting.
const ROUNDS: usize = 32;

impl MendedTree {
    /// Takes out what the schema refuses until nothing is left to refuse; what the first round finds is reported.
    fn mend(&mut self) -> Option<Value> {
        for round in 0..ROUNDS {
            let json = self.tree.to_json();
            let flaws = shape::flaws(&self.tree, &json);
            if flaws.is_empty() {
                return Some(json);
            }
            let (mistakes, mends): (Vec<_>, Vec<_>) = flaws.into_iter().map(|flaw| (flaw.mistake, flaw.mend)).unzip();
            if round == 0 {
                self.mistakes.extend(mistakes);
            }
            if mends.contains(&TreeMend::Take(Vec::new())) {
                return None;
            }
            self.apply(mends);
        }
        None
    }

    fn apply(&mut self, mut mends: Vec<TreeMend>) {
        // Later items of a list first, so that the places of the earlier ones stay what they are.
        mends.sort_by(|a, b| b.path().cmp(a.path()));
        for mend in mends {
            match mend {
                TreeMend::Drop(path) => drop(self.tree.take(&path)),
                TreeMend::Take(path) => {
                    if let Some(node) = self.tree.take(&path) {
                        let mut words = Vec::new();
                        node.words(&mut words);
                        self.gone.extend(words);
                        self.gone.extend(path.last().and_then(key).cloned());
                    }
                }
                TreeMend::Put(path, value) => {
                    if let Some(node) = self.tree.get_mut(&path) {
                        node.content = NodeContent::of_filler(&value);
                    }
                }
                TreeMend::Fill(path, one, other) => self.fill(path, &one, other),
            }
        }
    }

    fn fill(&mut self, path: Vec<PathStep>, value: &Value, other: Value) {
        let Some((PathStep::Key(last), above)) = path.split_last() else { return };
        let Some(parent) = self.tree.get_mut(above) else { return };
        let origin = parent.origin.clone().key(last);
        let node = YamlNode { line: parent.line, origin, content: NodeContent::of_filler(value) };
        if let NodeContent::Map(entries) = &mut parent.content {
            entries.push((last.clone(), node));
            self.fills.push((path, other));
        }
    }

    /// The document, which the schema says is one.
    fn document(&mut self, json: Value) -> Option<EstateDocument> {
        match serde_json::from_value(json) {
            Ok(document) => Some(document),
            Err(error) => {
                // Only a gap in the schema leads here: better a vague line than none.
                if self.mistakes.is_empty() {
                    self.mistakes.push(FileMistake::of_document(
                        1,
                        error.to_string(),
                        "a document that its types accept",
                    ));
                }
                None
            }
        }
    }

    /// What a document cannot mean, and none of what only mending makes of it.
    fn findings(&self, document: &EstateDocument) -> Vec<DocumentFinding> {
        let mut findings = document.check();
        if !self.fills.is_empty() {
            // What is really wrong is so whichever value stands in for a missing one.
            let again = serde_json::from_value(self.otherwise_filled()).map(|other: EstateDocument| other.check());
            let again = again.unwrap_or_default();
            findings.retain(|finding| again.contains(finding));
        }
        findings.retain(|finding| !self.names_what_is_gone(finding));
        findings
    }

    /// The tree with the other value of each fill.
    fn otherwise_filled(&self) -> Value {
        let mut tree = self.tree.clone();
        for (path, other) in &self.fills {
            if let Some(YamlNode { content: content @ NodeContent::Scalar(_), .. }) = tree.get_mut(path) {
                *content = NodeContent::of_filler(other);
            }
        }
        tree.to_json()
    }

    /// Whether a name is unknown only because it was taken out together with a mistake.
    fn names_what_is_gone(&self, finding: &DocumentFinding) -> bool {
        finding.found.starts_with("the unknown ") && self.gone.iter().any(|name| finding.found.ends_with(name.as_str()))
    }
}

fn key(step: &PathStep) -> Option<&String> {
    match step {
        PathStep::Key(key) => Some(key),
        PathStep::Index(_) => None,
    }
}

impl TreeMend {
    fn path(&self) -> &[PathStep] {
        match self {
            Self::Drop(path) | Self::Take(path) | Self::Put(path, _) | Self::Fill(path, ..) => path,
        }
    }
}
