//! The certificate: whether what a failover would start has been seen to start here.

use super::{ReadinessCase, about, unreadable};
use crate::failover::readiness::{FindingGrade, ReadinessCode, ReadinessFinding};
use crate::failover::rehearsal::StandingVerdict;

pub(super) fn check(case: ReadinessCase<'_>, found: &mut Vec<ReadinessFinding>) {
    let resource = format!("certificate of {}", case.facts.region);
    let standing = match case.facts.standing(case.failover) {
        Ok(standing) => standing,
        Err(why) => return found.push(unreadable(FindingGrade::Note, resource, &why)),
    };
    let declared = case.failover.rehearse.is_some();
    let never = case.facts.certificate == Ok(None);
    let (code, worse) = match standing.verdict {
        StandingVerdict::Proved => return,
        StandingVerdict::Aging => (ReadinessCode::CertificateAging, false),
        StandingVerdict::Stale => (ReadinessCode::CertificateStale, declared),
        // What was never tried is not known to fail; what failed is.
        StandingVerdict::Unproved => (ReadinessCode::NotProved, !never),
    };
    let grade = if worse { FindingGrade::Degrades } else { FindingGrade::Note };
    let advice = if declared {
        "The next rehearsal proves it; start one by hand with \"mode\": \"rehearse\" to know it now"
    } else {
        "Add `failover.rehearse` to the estate document, or start the failover machine with \"mode\": \"rehearse\""
    };
    found.push(about(grade, code, resource).found(standing.reason, "one that proves what a failover starts", advice));
}
