#![allow(clippy::unwrap_used)]
use std::collections::BTreeSet;

use super::*;
use rstest::rstest;

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
        "Ledger.Newer",
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
        "Report.Unwritten",
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
fn an_error_is_told_with_its_causes() {
    let error = RunbookError::from(LedgerError::Aws(aws(Fault::Denied)));
    let message = "the ledger did not answer: UpdateService of c/s: denied: AccessDeniedException: not you";
    assert_eq!((error.name(), error.message().as_str()), (ErrorName::AwsDenied, message));
}

#[rstest]
#[case(Fault::Throttled, "Aws.Throttled")]
#[case(Fault::NotFound, "Aws.NotFound")]
#[case(Fault::Conflict, "Aws.Conflict")]
#[case(Fault::Denied, "Aws.Denied")]
#[case(Fault::Unavailable, "Aws.Unavailable")]
#[case(Fault::Invalid, "Aws.Invalid")]
fn a_fault_keeps_its_name_on_every_way_out(#[case] fault: Fault, #[case] name: &str) {
    assert_eq!(RunbookError::from(aws(fault)).name().name(), name);
    assert_eq!(RunbookError::from(LedgerError::Aws(aws(fault))).name().name(), name);
    assert_eq!(fault.name(), name);
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
        assert_eq!(RunbookError::from(error).name().name(), name);
    }
}

#[test]
fn a_step_that_was_halted_counts_as_refused() {
    let since = "2026-11-21T12:00:00Z".parse().unwrap();
    let halted = RunbookError::Halted(HaltSwitch { by: "run".to_owned(), reason: "maintenance".to_owned(), since });
    assert_eq!(halted.name(), ErrorName::GuardrailRefused);
    assert_eq!(halted.message(), "halted since 2026-11-21T12:00:00Z by run: maintenance");
}

#[test]
fn an_unknown_name_says_which_kind_it_is() {
    let unknown = UnknownName::Estate { asked: "clos".to_owned(), known: "clos-v2".to_owned() };
    assert_eq!(RunbookError::from(unknown).name(), ErrorName::EstateUnknown);
}

#[test]
fn the_errors_of_a_pairs_pointer_have_names_of_their_own() {
    let taken = PointerError::NotThere("us-west-2 serves (epoch 4)".to_owned());
    for (error, name) in [
        (RunbookError::Unfollowed(UnfollowablePointer::Behind { found: 3, settled: 4 }), "Pointer.Unfollowed"),
        (RunbookError::PointerMoved, "Pointer.Moved"),
        (RunbookError::Pointer(taken), "Pointer.Conflict"),
        (RunbookError::Incomplete { field: "bucket" }, "Estate.Invalid"),
        (RunbookError::Records("no record".to_owned()), "Aws.Invalid"),
    ] {
        assert_eq!(error.name().name(), name);
    }
}
