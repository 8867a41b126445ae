//! The pages. Each is a function of facts and a frame.

mod action;
mod backups;
mod cells;
mod certificate;
mod estates;
mod failover;
mod frame;
mod gantt;
mod moved;
mod needs;
mod pair;
mod parts;
mod plan;
mod question;
mod report;
mod report_record;
mod row;
mod run;
mod strip;
mod wake;
mod window;

pub use action::{action, bad_request};
pub use backups::backups;
pub use failover::failover;
pub use plan::{emergency, plan};
pub use question::question;
pub use report::{report, report_sheet};
pub use run::run;
pub use wake::{TOKEN_FIELD, WAKE_FIELD, wake, wake_not_understood, wake_pressed_elsewhere, wake_unread};
pub use window::{BYTES_MAX, FULL_MAX, LINES_MAX, Selection, Shown, window};
