//! Reports of runs that are over. What ends a run leaves, in the same transaction, what its report is made of; the tick writes
//! the reports that are due, one after the other, so that a bucket that does not answer costs no run anything.
//!
//! Who dies where: before the transaction, the run is not over. After it, the due report stays until a tick has written it. The
//! tick notes which one it writes before it does ([`ReportChain::writing`]), puts the files where none are yet, raises the head
//! of the chain, and only then forgets that the report was due. Whoever comes after it goes on with the one that was noted: a file
//! that is there already is the one that counts, with its bytes, so that the chain has neither two heads nor a run twice. People hear of
//! one that could not be written for half an hour, once.

mod chain;
mod desk;
pub mod ports;
mod writer;

pub use chain::ReportChain;
pub use desk::{ReportDesk, note_sent};
pub use writer::{LATE, ReportWriter, WrittenReports};
