//! What the state machines, the template and the code have promised each other. Each check returns findings: the real
//! files have none, and one corrupted field gives exactly the finding that names it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod alarms;
mod answers;
mod authorization;
mod bill;
mod buckets;
mod causes;
mod chat;
mod children;
mod documents;
mod ends;
mod expressions;
mod functions;
mod grants;
mod machines;
mod operations;
mod pairs;
mod papers;
mod permissions;
mod played;
mod promises;
mod protocol;
mod rights;
mod roles;
mod scopes;
mod statements;
mod steps;
mod unblock;
mod words;
