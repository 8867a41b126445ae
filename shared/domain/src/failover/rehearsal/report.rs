//! What people read of a rehearsal and of its certificate.

use std::fmt::Write as _;

use jiff::SignedDuration;

use super::certificate::{CapacityCertificate, CertificateOrigin, CertifiedService};
use crate::failover::{Move, MoveEnding};

/// How a rehearsal ended, in a word or two; nothing of a move.
pub fn rehearsed(record: &Move) -> Option<&'static str> {
    let rehearsal = record.rehearsal.as_ref()?;
    Some(match record.ending {
        None => "goes on",
        Some(_) if rehearsal.handed_over.is_some() => "handed over to a move",
        Some(MoveEnding::Done) => "proved",
        Some(MoveEnding::Compensated) => "not proved",
        Some(MoveEnding::Held) => "not given back",
        Some(MoveEnding::Refused) => "refused",
        Some(MoveEnding::Nothing | MoveEnding::Planned | MoveEnding::FalseAlarm | MoveEnding::Declined) => {
            "nothing done"
        }
    })
}

/// A certificate, as lines of text.
pub fn certificate_lines(certificate: &CapacityCertificate) -> String {
    let CapacityCertificate { at, by, region, .. } = certificate;
    let what = match certificate.origin {
        CertificateOrigin::Rehearsal(share) => format!("a rehearsal of {share}"),
        CertificateOrigin::Move => "a move".to_owned(),
    };
    let mut text = format!("Certificate of {region}, by {what} ({by}) at {at}:\n");
    for (name, service) in &certificate.services {
        let CertifiedService { wanted, placed, definition, start, .. } = service;
        let definition = definition.as_ref().map_or_else(String::new, |definition| format!(", {definition}"));
        let start = start.map_or_else(String::new, |start| format!(", slowest task {} s", seconds(start.took_ms)));
        let _ = match wanted {
            0 => writeln!(text, "  {name}: not started{definition}"),
            _ => writeln!(text, "  {name}: {placed} of {wanted} tasks{start}{definition}"),
        };
    }
    for (nth, wave) in certificate.waves.iter().enumerate() {
        let took = wave.took_ms().map_or_else(|| "it did not stand".to_owned(), |took| format!("{} s", seconds(took)));
        let _ = writeln!(text, "  wave {}: {took}", nth + 1);
    }
    if let Some(slowest) = &certificate.slowest {
        let _ = writeln!(text, "  slowest: {}, {} s: {}", slowest.service, seconds(slowest.took_ms), slowest.why);
    }
    if let Some(rto) = certificate.rto_ms {
        let _ = writeln!(text, "  RTO that follows: {:#}", SignedDuration::from_secs(rto / 1000));
    }
    for finding in &certificate.findings {
        let _ = writeln!(text, "  found: {finding}");
    }
    text
}

/// Seconds with one decimal.
#[allow(clippy::cast_precision_loss, reason = "milliseconds of a move are far below 2^52")]
pub(in crate::failover) fn seconds(milliseconds: i64) -> String {
    format!("{:.1}", milliseconds as f64 / 1000.0)
}
