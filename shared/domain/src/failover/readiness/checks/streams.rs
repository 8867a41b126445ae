//! Streams: there, active and as large as the document says. Kinesis replicates none of them.

use super::{ReadinessCase, about, known, words};
use crate::estate::StreamSize;
use crate::failover::readiness::{FindingGrade, ReadinessCode, ReadinessFinding, StreamFacts};

pub(super) fn check(case: ReadinessCase<'_>, found: &mut Vec<ReadinessFinding>) {
    for stream in &case.failover.streams {
        let resource = format!("stream {}", stream.stream);
        let Some(fact) = known(&case.facts.streams, &stream.stream, FindingGrade::Degrades, &resource, found) else {
            continue;
        };
        match fact {
            Some(facts) => as_declared(stream, facts, &resource, found),
            None => found.push(about(FindingGrade::Blocks, ReadinessCode::StreamMissing, resource).found(
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

fn as_declared(stream: &StreamSize, facts: &StreamFacts, resource: &str, found: &mut Vec<ReadinessFinding>) {
    if !facts.active {
        let advice = "Wait until it is ACTIVE; if it is being deleted, create it again";
        let about = about(FindingGrade::Blocks, ReadinessCode::StreamInactive, resource);
        found.push(about.found("a stream that is not active", "an active one", advice));
    }
    if !facts.on_demand && facts.shards < stream.shards {
        found.push(about(FindingGrade::Degrades, ReadinessCode::StreamTooSmall, resource).found(
            shards(facts.shards),
            shards(stream.shards),
            "Raise its shard count: with fewer, writes are throttled under the load of the active region",
        ));
    }
    if facts.retention < stream.retention.signed() {
        found.push(about(FindingGrade::Degrades, ReadinessCode::StreamRetention, resource).found(
            format!("records kept for {}", words(facts.retention)),
            stream.retention.to_string(),
            "Raise its retention period: a consumer that comes back late would miss records",
        ));
    }
}

fn shards(shards: u32) -> String {
    if shards == 1 { "1 shard".to_owned() } else { format!("{shards} shards") }
}
