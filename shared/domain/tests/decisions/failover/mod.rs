//! Moving a pair: pointer, placement, fences, evidence, the watch and the record.
#![allow(clippy::unwrap_used)]

mod event_sources;
mod evidence;
mod fence;
mod placement;
mod pointer;
mod record;
mod rehearsal;
mod report;
mod scene;
mod steer;
mod traffic;
mod watch;
