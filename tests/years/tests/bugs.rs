//! The deliberate bugs: each still has its place in the sources, and everything that must hold is broken by one.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::Path;

use strum::VariantArray as _;
use watchkeeper_years::bugs::{deliberate_bugs, planted};
use watchkeeper_years::invariant::Invariant;

#[test]
fn every_bug_has_its_place_in_the_sources() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    assert!(planted(&deliberate_bugs().unwrap(), &root).unwrap().len() > 1);
}

#[test]
fn everything_that_must_hold_is_broken_by_a_bug() {
    let known: BTreeSet<String> = Invariant::VARIANTS.iter().map(ToString::to_string).collect();
    let named: BTreeSet<String> = deliberate_bugs().unwrap().into_iter().flat_map(|bug| bug.breaks).collect();
    assert_eq!(named, known, "each is broken by one at least");
}
