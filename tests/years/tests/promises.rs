//! What must hold is promised somewhere: each invariant has a sentence that stands in the papers.

use std::path::Path;

use strum::VariantArray as _;
use watchkeeper_years::invariant::Invariant;

const PAPERS: [&str; 12] = [
    "README.md",
    "functions/README.md",
    "functions/alarm-response/README.md",
    "functions/backups/README.md",
    "functions/daily-unblock/README.md",
    "functions/emergency-scale/README.md",
    "functions/failover/README.md",
    "functions/reconcile/README.md",
    "functions/tick/README.md",
    "shared/README.md",
    "shared/estates/README.md",
    ".github/CONTRIBUTING.md",
];

/// Words alone: how a line breaks says nothing.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_must_hold_is_promised_in_the_papers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let papers: Vec<String> =
        PAPERS.iter().map(|paper| words(&std::fs::read_to_string(root.join(paper)).unwrap())).collect();
    let promised = |it: &&Invariant| papers.iter().any(|paper| paper.contains(&words(it.promise())));
    let missing: Vec<_> =
        Invariant::VARIANTS.iter().filter(|it| !promised(it)).map(|it| (it.to_string(), it.promise())).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
