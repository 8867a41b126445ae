//! Estate documents, as people write them.

use watchkeeper_estates::parse;

use crate::entry::{EntryPoint, Input, Refusal};

/// The file that they are read as.
const FILE: &str = "estate.yaml";

/// The five estates, and the example with every field.
const DOCUMENTS: [&str; 6] = [
    include_str!("../../../shared/estates/carcierge.yaml"),
    include_str!("../../../shared/estates/clos-v2.yaml"),
    include_str!("../../../shared/estates/coldchain.yaml"),
    include_str!("../../../shared/estates/fleet-orchestration.yaml"),
    include_str!("../../../shared/estates/h2o-allegiant.yaml"),
    include_str!("../../../shared/estates/examples/shop.yaml"),
];

/// A document: each problem has its file and line, what was found and what was expected.
pub fn entry_points() -> Vec<EntryPoint> {
    let examples = DOCUMENTS.iter().map(|text| Input::Text((*text).to_owned())).collect();
    vec![EntryPoint { name: "estate document", examples, read: document }]
}

fn document(input: &Input) -> Result<(), Refusal> {
    let Input::Text(text) = input else { return Ok(()) };
    let Err(problems) = parse(FILE, text) else { return Ok(()) };
    // One is right behind the last line: where something is missing at the end.
    let lines = text.lines().count() + 1;
    let placed = |problem: &watchkeeper_estates::FileProblem| {
        (1..=lines).contains(&problem.line) && !problem.found.is_empty() && !problem.expected.is_empty()
    };
    let names_place = !problems.is_empty() && problems.iter().all(placed);
    let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Err(Refusal { text: all.join("\n"), names_place })
}
