//! Variables of machines: a scope within another one (a Map, a Parallel branch) may read the outer variables, and may not
//! assign one of their names (AWS Step Functions developer guide, passing data between states with variables): Step
//! Functions refuses the definition, and with it the stack.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::documents::machines;
use crate::machines::machine;

/// The names that the states of one scope assign: themselves, in a catch, or in a choice.
fn assigned(scope: &Value) -> BTreeSet<String> {
    let states = scope["States"].as_object().into_iter().flat_map(|all| all.values());
    let places = states.flat_map(|state| {
        let nested = ["Catch", "Choices"].into_iter().filter_map(|list| state[list].as_array()).flatten();
        std::iter::once(state).chain(nested)
    });
    places.filter_map(|place| place["Assign"].as_object()).flat_map(|all| all.keys().cloned()).collect()
}

/// The scopes within the states of a scope.
fn inner(scope: &Value) -> Vec<&Value> {
    let states = scope["States"].as_object().into_iter().flat_map(|all| all.values());
    states
        .flat_map(|state| state["Branches"].as_array().into_iter().flatten().chain(state.get("ItemProcessor")))
        .collect()
}

/// The names that are assigned in a scope and in one around it.
fn shadowed(scope: &Value, around: &BTreeSet<String>) -> Vec<String> {
    let here = assigned(scope);
    let mut found: Vec<String> = here.intersection(around).cloned().collect();
    let all: BTreeSet<String> = here.union(around).cloned().collect();
    found.extend(inner(scope).into_iter().flat_map(|scope| shadowed(scope, &all)));
    found
}

#[test]
fn no_variable_is_assigned_in_two_scopes() {
    for (file, machine) in machines() {
        assert_eq!(shadowed(&machine, &BTreeSet::new()), Vec::<String>::new(), "{file}");
    }
    let mut machine = machine("backup");
    let inside = &mut machine["States"]["Jobs"]["ItemProcessor"]["States"];
    inside["Take"]["Assign"]["run"] = json!("{% $states.input.run %}");
    inside["Job"]["Catch"][0]["Assign"]["error"] = json!("{% $states.errorOutput.Error %}");
    assert_eq!(shadowed(&machine, &BTreeSet::new()), ["error", "run"]);
}
