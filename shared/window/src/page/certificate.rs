//! A certificate of capacity: what a region was seen to start, how fast, and what a failover would have stumbled over.

use maud::{Markup, html};
use watchkeeper_domain::failover::rehearsal::{CapacityCertificate, CertificateOrigin, StandingVerdict};

use crate::html::{name, text};
use crate::shape::{Shape, Tone};
use crate::words::took;

/// What was seen, service by service.
pub(super) fn certified(certificate: &CapacityCertificate) -> Markup {
    let what = match certificate.origin {
        CertificateOrigin::Rehearsal(share) => format!("a rehearsal of {share}"),
        CertificateOrigin::Move => "a move".to_owned(),
    };
    html! {
        table {
            caption { b { "Certificate" } " of " (certificate.region) ", by " (what) " (" code { (name(&certificate.by)) } ")" }
            thead { tr { th scope="col" { "service" } th scope="col" { "tasks" } th scope="col" { "slowest task" } th scope="col" { "task definition" } } }
            tbody {
                @for (service, of) in &certificate.services {
                    tr {
                        th scope="row" { (name(service.as_str())) }
                        td { @if of.wanted == 0 { "not started" } @else { (of.placed) " of " (of.wanted) } }
                        td { @if let Some(start) = of.start { (took(start.took_ms)) } }
                        td { @if let Some(definition) = &of.definition { code { (text(&definition.to_string())) } } }
                    }
                }
            }
        }
        dl class="kv" {
            @for (nth, wave) in certificate.waves.iter().enumerate() {
                dt { "wave " (nth + 1) } dd { (wave.took_ms().map_or_else(|| "it did not stand".to_owned(), took)) }
            }
            @if let Some(slowest) = &certificate.slowest {
                dt { "slowest" } dd { (name(slowest.service.as_str())) ", " (took(slowest.took_ms)) ": " (text(&slowest.why)) }
            }
            @if let Some(rto) = certificate.rto_ms { dt { "RTO that follows" } dd { (took(rto)) } }
            @for finding in &certificate.findings { dt { (Shape::Warning.beside(Tone::Red)) " found" } dd { (text(finding)) } }
        }
    }
}

/// The shape and tone of a standing.
pub(super) fn shape(verdict: StandingVerdict) -> (Shape, Tone) {
    match verdict {
        StandingVerdict::Proved => (Shape::Tick, Tone::Green),
        StandingVerdict::Aging => (Shape::Tick, Tone::Amber),
        StandingVerdict::Stale => (Shape::Warning, Tone::Amber),
        StandingVerdict::Unproved => (Shape::Warning, Tone::Red),
    }
}
