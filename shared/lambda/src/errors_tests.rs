use std::collections::BTreeSet;

use rstest::rstest;
use watchkeeper_control::failover::{COMPENSATED, DECLINED, HELD, REFUSED};
use watchkeeper_control::steps::POINTER_MOVED;
use watchkeeper_domain::failover::{PointerError, UnfollowablePointer};

use super::*;

fn aws(fault: Fault) -> AwsError {
    let source = Some("AccessDeniedException: not you".into());
    AwsError { operation: "UpdateService", subject: "c/s".to_owned(), fault, source }
}

#[test]
fn the_registry_is_what_state_machines_may_match() {
    let names: Vec<&str> = ErrorName::ALL.iter().map(|name| name.name()).collect();
    let expected = [
        "Request.Invalid",
        "Estate.Unknown",
        "Environment.Unknown",
        "Estate.Invalid",
        "Guardrail.Refused",
        "Lease.Held",
        "Lease.Lost",
        "Ledger.Conflict",
        "Ledger.Corrupt",
        "Ledger.TooLarge",
        "Run.Unknown",
        "Run.Unverified",
        "Pointer.Conflict",
        "Pointer.Moved",
        "Pointer.Unfollowed",
        "Failover.Compensated",
        "Failover.Held",
        "Failover.Declined",
        "Aws.Throttled",
        "Aws.NotFound",
        "Aws.Conflict",
        "Aws.Denied",
        "Aws.Unavailable",
        "Backup.Failed",
        "Restore.Failed",
        "Aws.Invalid",
    ];
    assert_eq!(names, expected);
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

#[test]
fn every_name_comes_with_a_sentence_of_advice() {
    for name in ErrorName::ALL {
        let advice = name.advice();
        assert!(advice.len() > 20 && advice.ends_with('.'), "{name}: {advice}");
    }
}

#[test]
fn a_failure_is_reported_under_its_name_with_its_causes_and_advice() {
    let failure = FunctionFailure::from(LedgerError::Aws(aws(Fault::Denied)));
    let message = "the ledger did not answer: UpdateService of c/s: denied: AccessDeniedException: not you";
    assert_eq!(failure.message, message);
    let diagnostic = Diagnostic::from(failure);
    assert_eq!(diagnostic.error_type, "Aws.Denied");
    assert_eq!(diagnostic.error_message, format!("{message}. {}", ErrorName::AwsDenied.advice()));
}

#[test]
fn a_message_without_end_is_cut_and_keeps_its_advice() {
    let failure = FunctionFailure { name: ErrorName::AwsInvalid, message: "ä".repeat(100_000) };
    let text = Diagnostic::from(failure).error_message;
    assert!(text.chars().count() < 4000 && text.ends_with(ErrorName::AwsInvalid.advice()), "{}", text.len());
}

#[rstest]
#[case(Fault::Throttled, "Aws.Throttled")]
#[case(Fault::NotFound, "Aws.NotFound")]
#[case(Fault::Conflict, "Aws.Conflict")]
#[case(Fault::Denied, "Aws.Denied")]
#[case(Fault::Unavailable, "Aws.Unavailable")]
#[case(Fault::Invalid, "Aws.Invalid")]
fn a_fault_keeps_its_name_on_every_way_out(#[case] fault: Fault, #[case] name: &str) {
    assert_eq!(FunctionFailure::from(aws(fault)).name.name(), name);
    assert_eq!(FunctionFailure::from(LedgerError::Aws(aws(fault))).name.name(), name);
    assert_eq!(FunctionFailure::from(StepError::Aws(aws(fault))).name.name(), name);
    assert_eq!(FunctionFailure::from(StepError::Ledger(LedgerError::Aws(aws(fault)))).name.name(), name);
    assert_eq!(FunctionFailure::from(MoveError::Aws(aws(fault))).name.name(), name);
    assert_eq!(FunctionFailure::from(MoveError::Ledger(LedgerError::Aws(aws(fault)))).name.name(), name);
}

#[test]
fn the_ledgers_errors_have_names_of_their_own() {
    let scope = || "clos-v2 dev in us-east-1".to_owned();
    let corrupt = LedgerError::Corrupt { item: "LEASE".to_owned(), scope: scope(), source: "no".into() };
    let too_large = LedgerError::TooLarge { item: "baseline", scope: scope(), bytes: 2, limit: 1 };
    let newer = LedgerError::Newer { item: "BASELINE".to_owned(), scope: scope(), found: 2, known: 1 };
    for (error, name) in [
        (LedgerError::LeaseLost { scope: scope() }, "Lease.Lost"),
        (LedgerError::Conflict { scope: scope() }, "Ledger.Conflict"),
        (too_large, "Ledger.TooLarge"),
        (corrupt, "Ledger.Corrupt"),
        (newer, "Ledger.Newer"),
    ] {
        assert_eq!(FunctionFailure::from(error).name.name(), name);
    }
}

#[test]
fn a_step_that_was_halted_counts_as_refused() {
    let halted = StepError::Halted { by: "run".to_owned(), reason: "maintenance".to_owned() };
    let failure = FunctionFailure::from(halted);
    assert_eq!((failure.name, failure.message.as_str()), (ErrorName::GuardrailRefused, "halted by run: maintenance"));
}

#[test]
fn an_unknown_name_says_which_kind_it_is() {
    let unknown = UnknownName::Estate { asked: "clos".to_owned(), known: "clos-v2".to_owned() };
    assert_eq!(FunctionFailure::from(unknown).name, ErrorName::EstateUnknown);
}

#[test]
fn the_errors_of_a_pairs_pointer_have_names_of_their_own() {
    let behind = || UnfollowablePointer::Behind { found: 3, settled: 4 };
    assert_eq!(FunctionFailure::from(StepError::Unfollowed(behind())).name.name(), "Pointer.Unfollowed");
    assert_eq!(FunctionFailure::from(StepError::PointerMoved).name.name(), POINTER_MOVED);
    let taken = PointerError::NotThere("us-west-2 serves (epoch 4)".to_owned());
    for (error, name) in [
        (MoveError::Unfollowed(behind()), "Pointer.Unfollowed"),
        (MoveError::Pointer(taken), "Pointer.Conflict"),
        (MoveError::Incomplete { field: "bucket" }, "Estate.Invalid"),
        (MoveError::Records("no record".to_owned()), "Aws.Invalid"),
    ] {
        assert_eq!(FunctionFailure::from(error).name.name(), name);
    }
}

#[test]
fn the_names_by_which_a_move_ends_are_in_the_registry() {
    for name in [COMPENSATED, HELD, DECLINED, REFUSED] {
        assert!(ErrorName::ALL.iter().any(|known| known.name() == name), "{name}");
    }
}
