//! What Step Functions says of a machine.

use super::{Check, DefinitionDiagnostic, Read, ReportRow, command};

/// The rows of a machine: each error is one; warnings are told.
pub fn definition(machine: &str, answer: &Read<Vec<DefinitionDiagnostic>>, region: &str) -> Vec<ReportRow> {
    let subject = format!("machine {machine}");
    let diagnostics = match answer {
        Err(unread) => return vec![ReportRow::unread(Check::Definition, subject, unread)],
        Ok(diagnostics) => diagnostics,
    };
    let (bad, mild): (Vec<_>, Vec<_>) = diagnostics.iter().partition(|it| it.severity == "ERROR");
    if bad.is_empty() {
        let codes: Vec<&str> = mild.iter().map(|it| it.code.as_str()).collect();
        let told = if codes.is_empty() { "valid".to_owned() } else { format!("valid, but for {}", codes.join(", ")) };
        return vec![ReportRow::good(Check::Definition, subject, told)];
    }
    let file = format!("file://{machine}.json");
    let command = command::aws(&["stepfunctions", "validate-state-machine-definition", "--definition", &file], region);
    let expected = format!("a definition without errors; `--write FOLDER` writes {machine}.json");
    let row = |it: &DefinitionDiagnostic| {
        let found = format!("{} at {}: {}", it.code, it.place, it.text);
        ReportRow::bad(Check::Definition, subject.as_str(), found, expected.as_str(), command.clone())
    };
    bad.into_iter().map(row).collect()
}
