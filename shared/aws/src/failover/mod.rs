//! What a failover needs of AWS beside capacity: a region as it is looked at, a probe from outside, and the means by
//! which traffic moves.

mod ecr;
pub(crate) mod elb;
mod event_sources;
mod kinesis;
mod probe;
mod region_reader;
mod tables;
mod traffic;

pub use probe::HttpProber;
pub use region_reader::AwsRegionReader;
pub use traffic::AwsTrafficSwitches;
