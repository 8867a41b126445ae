//! The daily unblock: what it may open is tagged, and questions are found by their states.

use crate::documents::{machines, strings, template, walk};
use crate::machines::{asks, states};
use serde_json::{Value, json};

/// Services of an estate whose resources only its documents name.
const OF_ESTATES: [&str; 3] = ["dynamodb:", "events:", "sqs:"];
/// What the stack itself names: its ledger, and its own bus.
const OWN: [&str; 2] = ["LedgerTableName", "EventBus"];
const TAG: &str = "aws:ResourceTag/watchkeeper:managed";

/// Statements of the function about resources of estates that the tag does not open.
fn untagged(template: &Value) -> Vec<String> {
    let policies = &template["Resources"]["DailyUnblock"]["Properties"]["Policies"];
    let statements = walk(policies).into_iter().filter(|it| it["Effect"] == "Allow");
    let of_estates = statements.filter(|it| {
        let named = serde_json::to_string(&it["Resource"]).unwrap();
        strings(&it["Action"]).iter().any(|action| OF_ESTATES.iter().any(|service| action.starts_with(service)))
            && !OWN.iter().any(|own| named.contains(own))
    });
    let open = of_estates.filter(|it| it["Condition"]["StringEquals"][TAG] != "true");
    open.map(|it| it["Sid"].as_str().unwrap_or_default().to_owned()).collect()
}

/// States that ask a person and are not called so.
fn hidden_questions(machine: &Value) -> Vec<String> {
    let asking = states(machine).into_iter().filter(|(_, state)| state["Type"] == "Task" && asks(state));
    asking.filter(|(name, _)| !name.starts_with("Ask")).map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn tables_queues_and_buses_of_estates_are_opened_by_their_tag() {
    let mut template = template();
    assert_eq!(untagged(&template), Vec::<String>::new());
    let statement = json!({"Sid": "Everything", "Effect": "Allow", "Action": ["sqs:ReceiveMessage"], "Resource": "*"});
    template["Resources"]["DailyUnblock"]["Properties"]["Policies"][0]["Statement"][1] = statement;
    assert_eq!(untagged(&template), ["Everything"]);
    let statement = json!({"Sid": "Buses", "Effect": "Allow", "Action": ["events:PutEvents"], "Resource": "*"});
    template["Resources"]["DailyUnblock"]["Properties"]["Policies"][0]["Statement"][1] = statement;
    assert_eq!(untagged(&template), ["Buses"]);
}

#[test]
fn a_state_that_asks_is_called_so_for_a_forgotten_question_is_found_by_it() {
    for (file, machine) in machines() {
        assert_eq!(hidden_questions(&machine), Vec::<String>::new(), "{file}");
    }
    let mut machine = crate::machines::machine("emergency-scale");
    let ask = machine["States"]["Ask"].take();
    machine["States"]["Wait4Answer"] = ask;
    assert_eq!(hidden_questions(&machine), ["Wait4Answer"]);
}

#[test]
fn the_function_knows_its_machine_by_the_name_that_the_template_gives_it() {
    let template = template();
    let name = template["Resources"]["UnblockMachine"]["Properties"]["Name"]["Fn::Sub"].as_str().unwrap();
    let variables = &template["Resources"]["DailyUnblock"]["Properties"]["Environment"]["Variables"];
    let arn = variables["UNBLOCK_MACHINE_ARN"]["Fn::Sub"].as_str().unwrap();
    assert!(arn.ends_with(&format!(":stateMachine:{name}")), "{arn}");
}
