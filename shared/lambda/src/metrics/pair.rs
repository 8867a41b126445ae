//! What is counted of the watch over pairs.

use jiff::Timestamp;
use serde_json::{Map, Value};
use watchkeeper_domain::name::Scope;

use super::{Metrics, emit, metadata};

/// From which silence of the other region on it is counted, in seconds: two ticks of its watch. What the estates' own alarms
/// look at begins later.
const SILENCE: i64 = 120;

/// From which silence of the other region on it is trouble, in seconds: five ticks of its watch.
const LASTING_SILENCE: i64 = 300;

/// For how long the region that serves has to be unreachable to be trouble, in seconds: in three ticks of the watch in a row.
const UNREACHABLE: i64 = 120;

/// The figure of a region that is not ready.
const NOT_READY: u8 = 2;

/// The figure of a certificate that is out of date.
const STALE: u8 = 2;

/// What a tick or a move found of one half of a pair; what is as it should be is not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PairFigures {
    /// Whether the region that serves did not answer the probe.
    pub unreachable: Option<bool>,
    /// For how long it has not, in seconds.
    pub unreachable_seconds: Option<i64>,
    /// How ready the region is that stands by: 0 ready, 1 degraded, 2 not ready.
    pub readiness: Option<u8>,
    /// What the certificate of that region is worth, where rehearsals are declared: 0 proved, 1 aging, 2 stale, 3 not proved.
    pub certificate: Option<u8>,
    /// How much is missing since a move until the other region could take over.
    pub unprotected: Option<usize>,
    /// For how long the other region has not been heard of, in seconds.
    pub silent_seconds: Option<i64>,
    /// The time that a move took until people reached the new region, in milliseconds.
    pub rto_ms: Option<i64>,
}

impl Metrics {
    /// Counts what a tick of the watch found amiss with one half of a pair, and how long a move took; what lasts is trouble.
    pub fn pair(&self, scope: &Scope, figures: &PairFigures, at: Timestamp) {
        for what in figures.troubles() {
            self.trouble(&format!("{scope}: {what}"), at);
        }
        if let Some(document) = self.pair_document(scope, figures, at) {
            emit(&document);
        }
    }

    /// Nothing where there is nothing to count: a document without metrics is none.
    fn pair_document(&self, scope: &Scope, figures: &PairFigures, at: Timestamp) -> Option<Value> {
        let PairFigures { unreachable, readiness, certificate, unprotected, silent_seconds, rto_ms, .. } = *figures;
        let found = [
            ("ActiveUnreachable", "None", unreachable.map(i64::from).filter(|unreachable| *unreachable > 0)),
            ("Readiness", "None", readiness.map(i64::from).filter(|readiness| *readiness > 0)),
            ("Certificate", "None", certificate.map(i64::from).filter(|standing| *standing >= STALE.into())),
            (
                "Unprotected",
                "Count",
                unprotected.and_then(|missing| i64::try_from(missing).ok()).filter(|missing| *missing > 0),
            ),
            ("HeartbeatAge", "Seconds", silent_seconds.filter(|silent| *silent > SILENCE)),
            ("FailoverRto", "Milliseconds", rto_ms),
        ];
        let found: Vec<(&str, &str, i64)> =
            found.into_iter().filter_map(|(name, unit, value)| Some((name, unit, value?))).collect();
        if found.is_empty() {
            return None;
        }
        let metrics: Vec<(&str, &str)> = found.iter().map(|(name, unit, _)| (*name, *unit)).collect();
        let directive = self.directive(&[&["Estate", "Environment"]], &metrics);
        let mut document: Map<String, Value> =
            found.iter().map(|(name, _, value)| ((*name).to_owned(), (*value).into())).collect();
        document.insert("_aws".to_owned(), metadata(at, &[directive]));
        document.insert("Estate".to_owned(), scope.estate.as_str().into());
        document.insert("Environment".to_owned(), scope.environment.as_str().into());
        Some(document.into())
    }
}

impl PairFigures {
    /// What of it lasts so long that people have to hear of it.
    fn troubles(&self) -> Vec<&'static str> {
        let found = [
            (self.unreachable_seconds >= Some(UNREACHABLE), "the region that serves does not answer the probe"),
            (self.readiness >= Some(NOT_READY), "this region could not take over"),
            (self.certificate == Some(STALE), "what this region would start was not rehearsed for too long"),
            (self.silent_seconds > Some(LASTING_SILENCE), "the other region's stack is not heard of"),
        ];
        found.into_iter().filter_map(|(is, what)| is.then_some(what)).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::super::tests::{AT, assert_whole, scope};
    use super::*;

    fn document(figures: &PairFigures) -> Option<Value> {
        Metrics::new("Watchkeeper").pair_document(&scope(), figures, AT)
    }

    #[test]
    fn what_is_amiss_with_a_pair_is_counted_for_it() {
        let figures = PairFigures {
            unreachable: Some(true),
            readiness: Some(2),
            silent_seconds: Some(190),
            ..PairFigures::default()
        };
        let found = document(&figures).unwrap();
        let counted = [&found["ActiveUnreachable"], &found["Readiness"], &found["HeartbeatAge"]];
        assert_eq!(counted, [&json!(1), &json!(2), &json!(190)]);
        let dimensions = &found["_aws"]["CloudWatchMetrics"][0]["Dimensions"];
        assert_eq!(dimensions, &json!([["Estate", "Environment"]]));
        assert_whole(&found);
    }

    #[test]
    fn what_is_as_it_should_be_or_was_not_looked_at_is_not_counted() {
        let found = document(&PairFigures { readiness: Some(1), ..PairFigures::default() }).unwrap();
        assert_eq!(found["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"], json!("Readiness"));
        assert_eq!((found.get("ActiveUnreachable"), found.get("HeartbeatAge")), (None, None));
        assert_whole(&found);
        let ready = PairFigures {
            unreachable: Some(false),
            readiness: Some(0),
            silent_seconds: Some(120),
            ..PairFigures::default()
        };
        assert_eq!(document(&ready), None);
        assert_eq!(document(&PairFigures::default()), None);
    }

    #[test]
    fn what_passes_by_itself_is_no_trouble_and_what_lasts_is() {
        let passing = PairFigures {
            unreachable: Some(true),
            unreachable_seconds: Some(60),
            readiness: Some(1),
            certificate: Some(1),
            unprotected: Some(1),
            silent_seconds: Some(300),
            rto_ms: None,
        };
        assert_eq!(passing.troubles(), Vec::<&str>::new());
        assert_eq!(PairFigures::default().troubles(), Vec::<&str>::new());
        let lasting =
            PairFigures { unreachable_seconds: Some(120), readiness: Some(2), silent_seconds: Some(301), ..passing };
        assert_eq!(lasting.troubles().len(), 3);
        let stale = PairFigures { certificate: Some(2), ..passing };
        assert_eq!(stale.troubles(), ["what this region would start was not rehearsed for too long"]);
        assert_eq!(document(&stale).unwrap()["Certificate"], json!(2));
    }
}
