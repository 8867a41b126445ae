//! The stable names of errors: a contract with the state machines, whose `Retry` and `Catch` match them.

use std::error::Error;
use std::fmt;

use jiff::Timestamp;
use watchkeeper_domain::estate::UnknownName;
use watchkeeper_domain::failover::{PointerError, UnfollowablePointer};
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::request::RequestError;

use super::UnreadableInput;
use crate::ledger::LedgerError;
use crate::ports::{AwsError, Fault};

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
    LeaseHeld = "Lease.Held": "Another run changes this environment; the next tick tries again, and what a person started has to be started again.";
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
    ReportUnwritten = "Report.Unwritten": "Look at the named file in the bucket of reports: what is there is not what belongs there, and is left as it is.";
    AwsInvalid = "Aws.Invalid": "AWS does not accept the request; compare the resource with its estate document.";
}

impl fmt::Display for ErrorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why an event was not handled, or a step not taken: what leaves a function, under its stable name.
#[derive(Debug, thiserror::Error)]
pub enum RunbookError {
    /// The event is none that is known.
    #[error("{0}")]
    Event(String),
    /// The input of the execution is no request.
    #[error(transparent)]
    Unreadable(#[from] UnreadableInput),
    /// A field of the request is not as it must be.
    #[error("the request cannot be followed")]
    Request(#[from] RequestError),
    /// It names what no document does.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// Another run holds the lease.
    #[error("{scope} is being changed by run {holder}; its lease ends at {until} unless that run goes on")]
    LeaseHeld {
        /// Whose lease.
        scope: Scope,
        /// Who holds it.
        holder: String,
        /// When it is over.
        until: Timestamp,
    },
    /// The halt switch is on.
    #[error("{0}")]
    Halted(HaltSwitch),
    /// The ledger does not know the run, or something of it.
    #[error("{what} of {scope} is not in the ledger")]
    RunUnknown {
        /// What is not known.
        what: String,
        /// The environment, in one region.
        scope: Scope,
    },
    /// A tick did a part of its work.
    #[error("{scope} was looked after in part: {why}")]
    InPart {
        /// The environment, in one region.
        scope: Scope,
        /// The first thing that failed.
        why: String,
    },
    /// The pointer of the pair does not allow it.
    #[error("the pointer of the pair does not allow it")]
    Pointer(#[from] PointerError),
    /// The pointer of the pair has moved since the run decided.
    #[error("the pair's pointer has moved since this run decided; the next one goes on from what is")]
    PointerMoved,
    /// The pointer of the pair cannot be followed.
    #[error("it cannot be told which region serves, so nothing is changed")]
    Unfollowed(#[from] UnfollowablePointer),
    /// The document lacks what the means of moving traffic needs.
    #[error("failover.traffic.{field}: found nothing, expected what the strategy needs")]
    Incomplete {
        /// Which field.
        field: &'static str,
    },
    /// The records of the hosted zone are not as the means of moving traffic needs them.
    #[error("the records cannot be switched: {0}")]
    Records(String),
    /// A report cannot be written.
    #[error("{file} cannot be written: {why}")]
    Report {
        /// Its file.
        file: String,
        /// What is in its way.
        why: String,
    },
    /// The ledger did not do what it was asked.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// AWS did not do what it was asked.
    #[error(transparent)]
    Aws(#[from] AwsError),
}

impl RunbookError {
    /// Its stable name, as state machines match it.
    pub fn name(&self) -> ErrorName {
        match self {
            Self::Event(_) | Self::Unreadable(_) | Self::Request(_) => ErrorName::RequestInvalid,
            Self::Unknown(UnknownName::Estate { .. }) => ErrorName::EstateUnknown,
            Self::Unknown(UnknownName::Environment { .. }) => ErrorName::EnvironmentUnknown,
            Self::LeaseHeld { .. } => ErrorName::LeaseHeld,
            Self::Halted(_) => ErrorName::GuardrailRefused,
            Self::RunUnknown { .. } => ErrorName::RunUnknown,
            Self::InPart { .. } => ErrorName::RunUnverified,
            Self::Pointer(_) => ErrorName::PointerConflict,
            Self::PointerMoved => ErrorName::PointerMoved,
            Self::Unfollowed(_) => ErrorName::PointerUnfollowed,
            Self::Incomplete { .. } => ErrorName::EstateInvalid,
            Self::Records(_) => ErrorName::AwsInvalid,
            Self::Report { .. } => ErrorName::ReportUnwritten,
            Self::Ledger(error) => of_ledger(error),
            Self::Aws(error) => of_fault(error.fault),
        }
    }

    /// What happened, and because of what.
    pub fn message(&self) -> String {
        in_full(self)
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

/// An error and its sources, outermost first. Our errors never repeat their source in their own text.
pub fn in_full(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
