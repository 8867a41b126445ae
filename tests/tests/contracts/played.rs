//! What plays the machines in memory plays all of them, by the names that the template gives them, and nothing that it does not
//! know.

use serde_json::{Value, json};
use watchkeeper_sim::machine::{MACHINES, read};

use crate::documents::{machines, resources, template};
use crate::machines::machine;

/// The machines of a template that are not played, or are another file there.
fn unplayed(template: &Value) -> Vec<String> {
    let of_template = resources(template, "AWS::Serverless::StateMachine");
    let file = |resource: &Value| resource["Properties"]["DefinitionUri"].as_str().unwrap_or_default().to_owned();
    let named = |name: &str| MACHINES.into_iter().find(|(logical, _)| format!("{logical}Machine") == name);
    let found = of_template.into_iter().filter(|(name, resource)| {
        named(name).is_none_or(|(_, played)| file(resource) != format!("statemachines/{played}.asl.json"))
    });
    found.map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn every_machine_of_the_template_is_played_in_memory() {
    let mut template = template();
    assert_eq!(unplayed(&template), [""; 0]);
    template["Resources"]["BackupMachine"]["Properties"]["DefinitionUri"] =
        "statemachines/restore-drill.asl.json".into();
    assert_eq!(unplayed(&template), ["BackupMachine"]);
    for (file, machine) in machines() {
        read(&machine.to_string()).unwrap_or_else(|error| panic!("{file}: {error}"));
    }
}

#[test]
fn what_the_interpreter_does_not_know_is_refused_and_never_passed_over() {
    let with = |file: &str, pointer: &str, field: &str, value: Value| {
        let mut machine = machine(file);
        machine.pointer_mut(pointer).unwrap()[field] = value;
        read(&machine.to_string()).unwrap_err()
    };
    for (file, pointer, field) in [
        ("reconcile", "", "Version"),
        ("reconcile", "/States/Begin", "HeartbeatSeconds"),
        ("reconcile", "/States/Begin/Retry/0", "Comment"),
        ("reconcile", "/States/Begin/Catch/0", "ResultPath"),
        ("reconcile", "/States/Begun", "Assign"),
        ("reconcile", "/States/Begun/Choices/0", "Assign"),
        ("reconcile", "/States/Pause", "Timestamp"),
        ("reconcile", "/States/Start", "Result"),
        ("reconcile", "/States/Failed", "Output"),
        ("backup", "/States/Jobs", "ToleratedFailureCount"),
        ("backup", "/States/Jobs/ItemProcessor", "QueryLanguage"),
        ("backup", "/States/Jobs/ItemProcessor/States/Job", "HeartbeatSeconds"),
    ] {
        let error = with(file, pointer, field, json!(1));
        assert!(error.contains(&format!("unknown field `{field}`")), "{file}{pointer}: {error}");
    }
    let error = with("reconcile", "/States/Pause", "Type", json!("Parallel"));
    assert!(error.contains("unknown variant `Parallel`"), "{error}");
    let error = with("reconcile", "/States/Begin", "Resource", json!("arn:aws:states:::sqs:sendMessage"));
    assert!(error.contains("unknown variant"), "{error}");
    let error = with("reconcile", "/States/Nothing", "Output", json!("{% $run. %}"));
    assert!(error.contains("$run."), "{error}");
    // A call of a function with anything beside its payload.
    let error = with("reconcile", "/States/Begin/Arguments", "Qualifier", json!("live"));
    assert!(error.contains("Arguments"), "{error}");
}
