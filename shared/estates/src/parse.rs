//! One document: text in, an estate or every mistake out.

use std::collections::BTreeSet;

use serde_json::Value;
use watchkeeper_domain::estate::{Document, Estate};
use watchkeeper_domain::finding::{Finding, Step};

use crate::{
    node::{Content, Node},
    problem::{Mistake, Problem},
    shape::{self, Mend},
    yaml,
};

/// A document that was read as far as it could be.
pub(crate) struct Reading {
    pub(crate) file: String,
    /// What could be understood of it; with mistakes, only good for finding more of them.
    pub(crate) document: Option<Document>,
    tree: Option<Node>,
    pub(crate) mistakes: Vec<Mistake>,
}

impl Reading {
    /// A document of which nothing could be read.
    pub(crate) fn failed(file: &str, mistake: Mistake) -> Self {
        Self { file: file.to_owned(), document: None, tree: None, mistakes: vec![mistake] }
    }

    /// Notes a mistake at a field.
    pub(crate) fn note(&mut self, finding: Finding) {
        let place = self.tree.as_ref().map(|tree| tree.nearest(finding.path.steps()));
        let line = place.map_or(1, |node| node.line);
        // Where the field itself is missing, its path is still the better name.
        let path = match place {
            Some(node) if node.origin.steps().len() == finding.path.steps().len() => node.origin.clone(),
            _ => finding.path,
        };
        self.mistakes.push(Mistake { line, path, found: finding.found, expected: finding.expected });
    }

    /// The estate, or every problem in the order of its lines.
    pub(crate) fn finish(self) -> Result<Estate, Vec<Problem>> {
        let file = self.file;
        let estate = match (self.document, self.mistakes.is_empty()) {
            (Some(document), true) => Estate::new(document).map_err(|findings| {
                findings
                    .into_iter()
                    .map(|f| Mistake { line: 1, path: f.path, found: f.found, expected: f.expected })
                    .collect()
            }),
            _ => Err(self.mistakes),
        };
        estate.map_err(|mistakes| {
            let mut problems: Vec<Problem> = mistakes.into_iter().map(|mistake| mistake.in_file(&file)).collect();
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
pub fn parse(file: &str, text: &str) -> Result<Estate, Vec<Problem>> {
    read(file, text).finish()
}

/// Reads a document, mends what is wrong in a copy of it, and checks the meaning of what remains.
pub(crate) fn read(file: &str, text: &str) -> Reading {
    let (tree, mistakes) = match yaml::read(text) {
        Ok(read) => read,
        Err(mistake) => return Reading::failed(file, mistake),
    };
    let mut mended = Mended { tree, mistakes, fills: Vec::new(), gone: BTreeSet::new() };
    let document = mended.mend().and_then(|json| mended.document(json));
    let findings = document.as_ref().map(|document| mended.findings(document)).unwrap_or_default();
    let file = file.to_owned();
    let mut reading = Reading { file, document, tree: Some(mended.tree), mistakes: mended.mistakes };
    for finding in findings {
        reading.note(finding);
    }
    reading
}

/// A tree from which mistakes of shape are taken.
struct Mended {
    tree: Node,
    mistakes: Vec<Mistake>,
    /// Where values were filled in, and for each another one that would have done as well.
    fills: Vec<(Vec<Step>, Value)>,
    /// Names that were taken out with what was wrong: they are known all the same.
    gone: BTreeSet<String>,
}

/// Rounds of mending. Each takes something away or fills something in, at most once a level of nesting.
const ROUNDS: usize = 32;

impl Mended {
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
            if mends.contains(&Mend::Take(Vec::new())) {
                return None;
            }
            self.apply(mends);
        }
        None
    }

    fn apply(&mut self, mut mends: Vec<Mend>) {
        // Later items of a list first, so that the places of the earlier ones stay what they are.
        mends.sort_by(|a, b| b.path().cmp(a.path()));
        for mend in mends {
            match mend {
                Mend::Drop(path) => drop(self.tree.take(&path)),
                Mend::Take(path) => {
                    if let Some(node) = self.tree.take(&path) {
                        let mut words = Vec::new();
                        node.words(&mut words);
                        self.gone.extend(words);
                        self.gone.extend(path.last().and_then(key).cloned());
                    }
                }
                Mend::Put(path, value) => {
                    if let Some(node) = self.tree.get_mut(&path) {
                        node.content = Content::of_filler(&value);
                    }
                }
                Mend::Fill(path, one, other) => self.fill(path, &one, other),
            }
        }
    }

    fn fill(&mut self, path: Vec<Step>, value: &Value, other: Value) {
        let Some((Step::Key(last), above)) = path.split_last() else { return };
        let Some(parent) = self.tree.get_mut(above) else { return };
        let origin = parent.origin.clone().key(last);
        let node = Node { line: parent.line, origin, content: Content::of_filler(value) };
        if let Content::Map(entries) = &mut parent.content {
            entries.push((last.clone(), node));
            self.fills.push((path, other));
        }
    }

    /// The document, which the schema says is one.
    fn document(&mut self, json: Value) -> Option<Document> {
        match serde_json::from_value(json) {
            Ok(document) => Some(document),
            Err(error) => {
                // Only a gap in the schema leads here: better a vague line than none.
                if self.mistakes.is_empty() {
                    self.mistakes.push(Mistake::of_document(1, error.to_string(), "a document that its types accept"));
                }
                None
            }
        }
    }

    /// What a document cannot mean, and none of what only mending makes of it.
    fn findings(&self, document: &Document) -> Vec<Finding> {
        let mut findings = document.check();
        if !self.fills.is_empty() {
            // What is really wrong is so whichever value stands in for a missing one.
            let again = serde_json::from_value(self.otherwise_filled()).map(|other: Document| other.check());
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
            if let Some(Node { content: content @ Content::Scalar(_), .. }) = tree.get_mut(path) {
                *content = Content::of_filler(other);
            }
        }
        tree.to_json()
    }

    /// Whether a name is unknown only because it was taken out together with a mistake.
    fn names_what_is_gone(&self, finding: &Finding) -> bool {
        finding.found.starts_with("the unknown ") && self.gone.iter().any(|name| finding.found.ends_with(name.as_str()))
    }
}

fn key(step: &Step) -> Option<&String> {
    match step {
        Step::Key(key) => Some(key),
        Step::Index(_) => None,
    }
}

impl Mend {
    fn path(&self) -> &[Step] {
        match self {
            Self::Drop(path) | Self::Take(path) | Self::Put(path, _) | Self::Fill(path, ..) => path,
        }
    }
}
