//! The stable names of errors: a contract with the state machines, whose `Retry` and `Catch` match them.

use std::error::Error;
use std::fmt;

use lambda_runtime::Diagnostic;
use watchkeeper_control::backup::BackupError;
use watchkeeper_control::failover::MoveError;
use watchkeeper_control::ledger::LedgerError;
use watchkeeper_control::ports::{AwsError, Fault};
use watchkeeper_control::steps::StepError;
use watchkeeper_control::unblock::UnblockError;
use watchkeeper_domain::request::RequestError;
use watchkeeper_estates::UnknownName;

use crate::input::UnreadableInput;

macro_rules! names {
    ($($variant:ident = $name:literal: $advice:literal;)*) => {
        /// Every name that an error of ours may have outside of a function.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorName {
            $(#[doc = concat!("`", $name, "`: ", $advice)] $variant,)*
        }

        impl ErrorName {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name, as state machines match it.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What a person can do about it, as a sentence.
            pub fn advice(self) -> &'static str {
                match self { $(Self::$variant => $advice,)* }
            }
        }
    };
}

names! {
    RequestInvalid = "Request.Invalid": "Correct the named field of the input and start the execution again.";
    EstateUnknown = "Estate.Unknown": "Name an estate that a document in the estates layer describes.";
    EnvironmentUnknown = "Environment.Unknown": "Name an environment that the estate's document describes.";
    EstateInvalid = "Estate.Invalid": "Correct the estate document, check it with `cargo estates check`, and deploy it again.";
    GuardrailRefused = "Guardrail.Refused": "Read the violations; remove their cause, or approve the ones that ask.";
    LeaseHeld = "Lease.Held": "Another run changes this environment; it is tried again when that lease is over.";
    LeaseLost = "Lease.Lost": "A stronger or later run took over; nothing is to be done unless it fails too.";
    LedgerConflict = "Ledger.Conflict": "Another run began in the same moment; the next tick compares again.";
    LedgerCorrupt = "Ledger.Corrupt": "Look at the named item in the ledger's table; restore it from a point in time if it was changed by hand.";
    LedgerNewer = "Ledger.Newer": "Deploy the release that wrote the named item, or a newer one, in this region too.";
    LedgerTooLarge = "Ledger.TooLarge": "Split the environment in the estate document; one item cannot hold so many resources.";
    RunUnknown = "Run.Unknown": "Start a new execution; the record of this one is not in the ledger.";
    RunUnverified = "Run.Unverified": "Look at what is still awaited; the next tick compares again.";
    PointerConflict = "Pointer.Conflict": "Read the pair's pointer: another move is going on, or this one is not at that point any more; wait for its end, or take it over.";
    PointerMoved = "Pointer.Moved": "The pair's pointer has moved since this run decided; the next run goes on from what is.";
    PointerUnfollowed = "Pointer.Unfollowed": "Compare the pair's pointer in this region's replica of the ledger with the estate document; nothing is changed until they fit.";
    FailoverCompensated = "Failover.Compensated": "Everything is as before; read in the record of the move why it went back, remove the cause, and start the machine again.";
    FailoverHeld = "Failover.Held": "Read the record of the move, mend what it waits for, and go on with `take-over`; with `back` too it goes back, while it can.";
    FailoverDeclined = "Failover.Declined": "A person said no, or nobody answered; start the machine again if the move is still wanted.";
    AwsThrottled = "Aws.Throttled": "The account's API budget is used up; it is tried again more slowly.";
    AwsNotFound = "Aws.NotFound": "Check that the named resource exists in this region, and correct the document or the stack's parameters.";
    AwsConflict = "Aws.Conflict": "The resource is in a state that does not allow this now; the next tick compares again.";
    AwsDenied = "Aws.Denied": "Tag the resource `watchkeeper:managed = true`, or allow the action in the function's role.";
    AwsUnavailable = "Aws.Unavailable": "AWS did not answer; it is tried again.";
    BackupFailed = "Backup.Failed": "Read which resources failed and why; the backup machine tries one again by hand.";
    RestoreFailed = "Restore.Failed": "Read which check failed; find out why before the backup is needed.";
    AwsInvalid = "Aws.Invalid": "AWS does not accept the request; compare the resource with its estate document.";
}

impl fmt::Display for ErrorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An error as it leaves a function: a stable name, and the whole chain of what happened as one text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {message}")]
pub struct FunctionFailure {
    /// Which.
    pub name: ErrorName,
    /// What happened, and because of what.
    pub message: String,
}

impl FunctionFailure {
    /// A failure of this name, told by an error and its sources.
    pub fn new(name: ErrorName, error: &dyn Error) -> Self {
        Self { name, message: chain(error) }
    }
}

/// The longest message, in characters without its advice: the machines keep 4,000 of a cause, and its end says what to do.
const MESSAGE_MAX: usize = 3000;

impl From<FunctionFailure> for Diagnostic {
    fn from(failure: FunctionFailure) -> Self {
        let FunctionFailure { name, message } = failure;
        let mut said: String = message.trim_end_matches('.').chars().take(MESSAGE_MAX).collect();
        if said.len() < message.trim_end_matches('.').len() {
            said.push('…');
        }
        Self { error_type: name.to_string(), error_message: format!("{said}. {}", name.advice()) }
    }
}

/// An error and its sources, outermost first. Our errors never repeat their source in their own text.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}

fn of_fault(fault: Fault) -> ErrorName {
    match fault {
        Fault::Throttled => ErrorName::AwsThrottled,
        Fault::NotFound => ErrorName::AwsNotFound,
        Fault::Conflict => ErrorName::AwsConflict,
        Fault::Denied => ErrorName::AwsDenied,
        Fault::Unavailable => ErrorName::AwsUnavailable,
        Fault::Invalid => ErrorName::AwsInvalid,
    }
}

fn of_ledger(error: &LedgerError) -> ErrorName {
    match error {
        LedgerError::LeaseLost { .. } => ErrorName::LeaseLost,
        LedgerError::Conflict { .. } => ErrorName::LedgerConflict,
        LedgerError::TooLarge { .. } => ErrorName::LedgerTooLarge,
        LedgerError::Corrupt { .. } => ErrorName::LedgerCorrupt,
        LedgerError::Newer { .. } => ErrorName::LedgerNewer,
        LedgerError::Aws(error) => of_fault(error.fault),
    }
}

fn of_step(error: &StepError) -> ErrorName {
    match error {
        StepError::Request(_) => ErrorName::RequestInvalid,
        StepError::LeaseHeld { .. } => ErrorName::LeaseHeld,
        StepError::Halted { .. } => ErrorName::GuardrailRefused,
        StepError::RunUnknown { .. } => ErrorName::RunUnknown,
        StepError::Unfollowed(_) => ErrorName::PointerUnfollowed,
        StepError::PointerMoved => ErrorName::PointerMoved,
        StepError::Ledger(error) => of_ledger(error),
        StepError::Aws(error) => of_fault(error.fault),
    }
}

fn of_move(error: &MoveError) -> ErrorName {
    match error {
        MoveError::Request(_) => ErrorName::RequestInvalid,
        MoveError::Pointer(_) => ErrorName::PointerConflict,
        MoveError::Unfollowed(_) => ErrorName::PointerUnfollowed,
        MoveError::Incomplete { .. } => ErrorName::EstateInvalid,
        MoveError::Records(_) => ErrorName::AwsInvalid,
        MoveError::Ledger(error) => of_ledger(error),
        MoveError::Aws(error) => of_fault(error.fault),
    }
}

fn of_backup(error: &BackupError) -> ErrorName {
    match error {
        BackupError::Request(_) => ErrorName::RequestInvalid,
        BackupError::Halted { .. } => ErrorName::GuardrailRefused,
        BackupError::Unknown { .. } => ErrorName::RunUnknown,
        BackupError::Ledger(error) => of_ledger(error),
        BackupError::Aws(error) => of_fault(error.fault),
    }
}

impl From<BackupError> for FunctionFailure {
    fn from(error: BackupError) -> Self {
        Self::new(of_backup(&error), &error)
    }
}

impl From<AwsError> for FunctionFailure {
    fn from(error: AwsError) -> Self {
        Self::new(of_fault(error.fault), &error)
    }
}

impl From<LedgerError> for FunctionFailure {
    fn from(error: LedgerError) -> Self {
        Self::new(of_ledger(&error), &error)
    }
}

impl From<StepError> for FunctionFailure {
    fn from(error: StepError) -> Self {
        Self::new(of_step(&error), &error)
    }
}

impl From<MoveError> for FunctionFailure {
    fn from(error: MoveError) -> Self {
        Self::new(of_move(&error), &error)
    }
}

impl From<UnblockError> for FunctionFailure {
    fn from(error: UnblockError) -> Self {
        let name = match &error {
            UnblockError::Request(_) => ErrorName::RequestInvalid,
            UnblockError::Halted { .. } => ErrorName::GuardrailRefused,
            UnblockError::RunUnknown { .. } => ErrorName::RunUnknown,
            UnblockError::Ledger(error) => of_ledger(error),
            UnblockError::Aws(error) => of_fault(error.fault),
        };
        Self::new(name, &error)
    }
}

impl From<RequestError> for FunctionFailure {
    fn from(error: RequestError) -> Self {
        Self::new(ErrorName::RequestInvalid, &error)
    }
}

impl From<UnreadableInput> for FunctionFailure {
    fn from(error: UnreadableInput) -> Self {
        Self::new(ErrorName::RequestInvalid, &error)
    }
}

impl From<UnknownName> for FunctionFailure {
    fn from(error: UnknownName) -> Self {
        let name = match error {
            UnknownName::Estate { .. } => ErrorName::EstateUnknown,
            UnknownName::Environment { .. } => ErrorName::EnvironmentUnknown,
        };
        Self::new(name, &error)
    }
}

#[cfg(test)]
#[path = "errors_tests.rs"]
mod tests;
