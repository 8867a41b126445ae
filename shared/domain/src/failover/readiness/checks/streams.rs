//! Streams: there, active and as large as the document says. Kinesis replicates none of them.

use super::{Case, about, known, words};
use crate::estate::Stream;
use crate::failover::readiness::{Finding, Grade, ReadinessCode, StreamFacts};

pub(super) fn check(case: Case<'_>, found: &mut Vec<Finding>) {
    for stream in &case.failover.streams {
        let resource = format!("stream {}", stream.stream);
        let Some(fact) = known(&case.facts.streams, &stream.stream, Grade::Degrades, &resource, found) else {
            continue;
        };
        match fact {
            Some(facts) => as_declared(stream, facts, &resource, found),
            None => found.push(about(Grade::Blocks, ReadinessCode::StreamMissing, resource).found(
                format!("no such stream in {}", case.facts.region),
                format!("{}, with records kept for {}", shards(stream.shards), stream.retention),
                format!(
                    "Create the stream in {}: Kinesis copies none by itself, and what services write to it would fail",
                    case.facts.region
                ),
            )),
        }
    }
}

fn as_declared(stream: &Stream, facts: &StreamFacts, resource: &str, found: &mut Vec<Finding>) {
    if !facts.active {
        let advice = "Wait until it is ACTIVE; if it is being deleted, create it again";
        let about = about(Grade::Blocks, ReadinessCode::StreamInactive, resource);
        found.push(about.found("a stream that is not active", "an active one", advice));
    }
    if !facts.on_demand && facts.shards < stream.shards {
        found.push(about(Grade::Degrades, ReadinessCode::StreamTooSmall, resource).found(
            shards(facts.shards),
            shards(stream.shards),
            "Raise its shard count: with fewer, writes are throttled under the load of the active region",
        ));
    }
    if facts.retention < stream.retention.signed() {
        found.push(about(Grade::Degrades, ReadinessCode::StreamRetention, resource).found(
            format!("records kept for {}", words(facts.retention)),
            stream.retention.to_string(),
            "Raise its retention period: a consumer that comes back late would miss records",
        ));
    }
}

fn shards(shards: u32) -> String {
    if shards == 1 { "1 shard".to_owned() } else { format!("{shards} shards") }
}
