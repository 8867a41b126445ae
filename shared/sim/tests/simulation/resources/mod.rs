//! Every resource by itself: the engine over the simulated AWS, with what happens to single services and databases.
#![allow(clippy::unwrap_used)]

mod by_tag;
mod databases;
mod databases_by_tag;
mod fixture;
mod giving_back;
mod history;
mod obstacles;
mod schedules;
mod slices;
mod transitions;
