//! Each right that the template grants is used by a runbook's drill, or has a reason.

use crate::documents::template;
use crate::roles::statements;
use std::collections::BTreeSet;
use watchkeeper_tests::grants::GrantList;

#[test]
fn every_right_has_a_drill_that_uses_it_or_a_reason() {
    let grants = GrantList::load().unwrap();
    let own = statements(&template()).into_iter().filter(|it| it.allow);
    let granted: BTreeSet<_> =
        own.flat_map(|it| it.actions.iter().map(|action| (it.name(), action.clone())).collect::<Vec<_>>()).collect();
    let listed = grants.all();
    let missing: Vec<_> = granted.difference(&listed).collect();
    assert_eq!(
        missing,
        Vec::<&(String, String)>::new(),
        "no drill uses these: UPDATE_GRANTS=1 cargo drill writes tests/data/grants.json, or say there why none does"
    );
    let gone: Vec<_> = listed.difference(&granted).collect();
    assert_eq!(gone, Vec::<&(String, String)>::new(), "are in tests/data/grants.json, and no statement grants them");
    assert!(grants.reasons().all(|because| because.len() > 20), "a reason is a sentence");
}
