//! The keys of the ledger's documents: what each is, whose, and where it lies.
//!
//! Estates, environments, regions and names of executions contain no `#`. Runs have a partition of their own, so that one
//! query reads everything else of a scope; and what two regions tell each other of a pair has one, so that one small query
//! reads it with every run. The roles of the functions are held to these partitions (`dynamodb:LeadingKeys`).

use std::fmt;

use watchkeeper_domain::backup::BackupSource;
use watchkeeper_domain::budget::ApiBucket;
use watchkeeper_domain::intent::IntentKey;
use watchkeeper_domain::name::{EstateName, Region, Scope};
use watchkeeper_domain::value::AlarmName;
use watchkeeper_window::report::ReportName;

use super::PairId;

pub(super) const BASELINE: &str = "BASELINE";
pub(super) const STANDING: &str = "STANDING";
pub(super) const HISTORY: &str = "HISTORY";
pub(super) const LEASE: &str = "LEASE";
pub(super) const HALT: &str = "HALT";
pub(super) const INTENT: &str = "INTENT#";
pub(super) const RUN: &str = "RUN#";
pub(super) const DUE: &str = "DUE#";
pub(super) const ASKED: &str = "ASKED#";
pub(super) const JOB: &str = "JOB#";
pub(super) const POINTER: &str = "POINTER";
pub(super) const HEARTBEAT: &str = "HEARTBEAT#";
pub(super) const SAMPLE: &str = "SAMPLE#";

/// A note of the daily unblock, or of emergencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerNote<'a> {
    /// What is remembered from run to run.
    Memory,
    /// The record of the run with this id.
    Run(&'a str),
    /// A page of what the run with this id released, from 1.
    Page(&'a str, u32),
    /// The last question of an emergency about something, such as a profile.
    Question(&'a str),
    /// The question that the execution with this name puts.
    Asked(&'a str),
    /// That the runs of this machine end before they begin.
    Trouble(&'a str),
}

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Kind {
    /// The capacity found before the first change.
    Baseline,
    /// What somebody wants of a scope.
    Intent,
    /// Who may change a scope.
    Lease,
    /// What was reached and told last.
    Standing,
    /// What the newest runs came to.
    History,
    /// That nobody may change anything.
    #[strum(serialize = "halt switch")]
    Halt,
    /// What is remembered of an alarm.
    #[strum(serialize = "memory of the alarm")]
    Alarm,
    /// A run of `reconcile`.
    #[strum(serialize = "record of the run")]
    Run,
    /// What is remembered of the copies of a resource.
    #[strum(serialize = "memory of the backups")]
    Backup,
    /// A run of backups.
    #[strum(serialize = "record of the run of backups")]
    BackupRun,
    /// What the daily unblock, emergencies and the tick note.
    #[strum(serialize = "note of the daily unblock")]
    Note,
    /// Which region of a pair serves.
    Pointer,
    /// A sign of life of a region's stack.
    Heartbeat,
    /// What a region says of itself.
    Sample,
    /// What is remembered of a watch over the other region.
    #[strum(serialize = "memory of the watch")]
    Watch,
    /// What was observed of a scope for whoever looks at it.
    View,
    /// What is remembered of the presses of a wake page.
    #[strum(serialize = "memory of the wake page")]
    WakePage,
    /// What a region was seen to start.
    #[strum(serialize = "certificate of capacity")]
    Certificate,
    /// A move of a pair.
    #[strum(serialize = "record of the move")]
    Move,
    /// Who may call an API when.
    #[strum(serialize = "budget")]
    Budget,
    /// What a report is made of that is to be written.
    #[strum(serialize = "due report")]
    DueReport,
    /// Where a chain of reports stands.
    #[strum(serialize = "chain of reports")]
    ReportChain,
}

impl Kind {
    /// The kind in words.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Documents that lie together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition {
    /// Its key.
    pub key: String,
    /// Whose it is, for a person.
    pub owner: String,
}

/// The key of one document; written `partition sort`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// What it is.
    pub kind: Kind,
    /// Where it lies.
    pub partition: Partition,
    /// Which of the documents there it is.
    pub sort: String,
}

impl Partition {
    fn of(name: &str, scope: &Scope) -> Self {
        let Scope { estate, environment, region } = scope;
        Self { key: format!("{name}{estate}#{environment}#{region}"), owner: scope.to_string() }
    }

    fn of_pair(name: &str, pair: &PairId) -> Self {
        let PairId { estate, environment } = pair;
        Self { key: format!("{name}{estate}#{environment}"), owner: pair.to_string() }
    }

    /// Everything of a scope but its runs and backups.
    pub fn scope(scope: &Scope) -> Self {
        Self::of("SCOPE#", scope)
    }

    /// The runs of a scope, and the notes of its daily unblock.
    pub fn runs(scope: &Scope) -> Self {
        Self::of("RUNS#", scope)
    }

    /// The backups of a scope.
    pub fn backups(scope: &Scope) -> Self {
        Self::of("BACKUPS#", scope)
    }

    /// What was observed of a scope for whoever looks at it.
    pub fn views(scope: &Scope) -> Self {
        Self::of("VIEWS#", scope)
    }

    /// The presses of a scope's wake page: whoever reaches that page makes something of this written, and of nothing else.
    pub fn wakes(scope: &Scope) -> Self {
        Self::of("WAKES#", scope)
    }

    /// What the two regions of a pair tell each other.
    pub fn pair(pair: &PairId) -> Self {
        Self::of_pair("PAIR#", pair)
    }

    /// What the runs of a region may ask of its APIs.
    pub fn budgets(region: &Region) -> Self {
        Self { key: format!("BUDGET#{region}"), owner: region.to_string() }
    }

    /// What a region's stack remembers of itself.
    pub fn stack(region: &Region) -> Self {
        Self { key: format!("STACK#{region}"), owner: region.to_string() }
    }

    /// The reports of an estate that a region's stack writes.
    pub fn reports(estate: &EstateName, region: &Region) -> Self {
        Self { key: format!("REPORTS#{estate}#{region}"), owner: format!("{estate} in {region}") }
    }

    /// The key of a document here.
    pub fn key(self, kind: Kind, sort: impl Into<String>) -> Key {
        Key { kind, partition: self, sort: sort.into() }
    }
}

impl Key {
    /// What the keys of everything of a scope's own partition begin with.
    pub fn scope(scope: &Scope) -> Self {
        Partition::scope(scope).key(Kind::Baseline, "")
    }

    /// The baseline of a scope.
    pub fn baseline(scope: &Scope) -> Self {
        Partition::scope(scope).key(Kind::Baseline, BASELINE)
    }

    /// The standing of a scope.
    pub fn standing(scope: &Scope) -> Self {
        Partition::scope(scope).key(Kind::Standing, STANDING)
    }

    /// What the newest runs of a scope came to.
    pub fn history(scope: &Scope) -> Self {
        Partition::scope(scope).key(Kind::History, HISTORY)
    }

    /// The lease of a scope.
    pub fn lease(scope: &Scope) -> Self {
        Partition::scope(scope).key(Kind::Lease, LEASE)
    }

    /// The halt switch of a scope, or of everything.
    pub fn halt(scope: Option<&Scope>) -> Self {
        match scope {
            Some(scope) => Partition::scope(scope).key(Kind::Halt, HALT),
            None => Partition { key: HALT.to_owned(), owner: "every scope".to_owned() }.key(Kind::Halt, "ALL"),
        }
    }

    /// The intent of a slot.
    pub fn intent(scope: &Scope, intent_key: &IntentKey) -> Self {
        Partition::scope(scope).key(Kind::Intent, format!("{INTENT}{intent_key}"))
    }

    /// What is remembered of an alarm.
    pub fn alarm(scope: &Scope, alarm: &AlarmName) -> Self {
        Partition::scope(scope).key(Kind::Alarm, format!("ALARM#{alarm}"))
    }

    /// The record of a run.
    pub fn run(scope: &Scope, id: &str) -> Self {
        Partition::runs(scope).key(Kind::Run, format!("{RUN}{id}"))
    }

    /// A note of the daily unblock, or of emergencies.
    pub fn note(scope: &Scope, note: LedgerNote<'_>) -> Self {
        let sort = match note {
            LedgerNote::Memory => "UNBLOCK".to_owned(),
            LedgerNote::Run(id) => format!("UNBLOCK#{id}"),
            LedgerNote::Page(id, number) => format!("UNBLOCK#{id}#{number:06}"),
            LedgerNote::Question(what) => format!("QUESTION#{what}"),
            LedgerNote::Asked(execution) => format!("{ASKED}{execution}"),
            LedgerNote::Trouble(machine) => format!("TROUBLE#{machine}"),
        };
        match note {
            // The role of the backups reaches no other partition.
            LedgerNote::Trouble("backup" | "restore-drill") => Partition::backups(scope).key(Kind::Note, sort),
            _ => Partition::runs(scope).key(Kind::Note, sort),
        }
    }

    /// What the keys of the questions that executions of a scope put begin with.
    pub fn asked(scope: &Scope) -> Self {
        Self::note(scope, LedgerNote::Asked(""))
    }

    /// What is remembered of the executions that failed.
    pub fn failures(region: &Region) -> Self {
        Partition::stack(region).key(Kind::Note, "FAILURES")
    }

    /// Which month people were told of.
    pub fn savings(region: &Region) -> Self {
        Partition::stack(region).key(Kind::Note, "SAVINGS")
    }

    /// What was observed of a scope last, for whoever looks at it.
    pub fn view(scope: &Scope) -> Self {
        Partition::views(scope).key(Kind::View, "VIEW")
    }

    /// What is remembered of the presses of a wake page.
    pub fn wake_page(scope: &Scope) -> Self {
        Partition::wakes(scope).key(Kind::WakePage, "PRESSES")
    }

    /// What is remembered of the backups of a resource.
    pub fn backup(scope: &Scope, source: &BackupSource) -> Self {
        Partition::backups(scope).key(Kind::Backup, format!("{JOB}{source}"))
    }

    /// The record of a run of backups.
    pub fn backup_run(scope: &Scope, id: &str) -> Self {
        Partition::backups(scope).key(Kind::BackupRun, format!("{RUN}{id}"))
    }

    /// What the keys of everything that is remembered of backups begin with.
    pub fn backups(scope: &Scope) -> Self {
        Partition::backups(scope).key(Kind::Backup, JOB)
    }

    /// What the keys of everything of a pair begin with.
    pub fn pair(pair: &PairId) -> Self {
        Partition::pair(pair).key(Kind::Pointer, "")
    }

    /// Whether it is that of a lease.
    pub fn is_lease(&self) -> bool {
        self.sort == LEASE
    }

    /// The pointer of a pair.
    pub fn pointer(pair: &PairId) -> Self {
        Partition::pair(pair).key(Kind::Pointer, POINTER)
    }

    /// The sign of life of a region.
    pub fn heartbeat(pair: &PairId, region: &Region) -> Self {
        Partition::pair(pair).key(Kind::Heartbeat, format!("{HEARTBEAT}{region}"))
    }

    /// What a region says of itself.
    pub fn sample(pair: &PairId, region: &Region) -> Self {
        Partition::pair(pair).key(Kind::Sample, format!("{SAMPLE}{region}"))
    }

    /// What a region remembers of its watch over the other one.
    pub fn watch(pair: &PairId, region: &Region) -> Self {
        Partition::of_pair("WATCHES#", pair).key(Kind::Watch, format!("WATCH#{region}"))
    }

    /// The newest certificate of a region's capacity.
    pub fn certificate(pair: &PairId, region: &Region) -> Self {
        Partition::of_pair("WATCHES#", pair).key(Kind::Certificate, format!("CERTIFICATE#{region}"))
    }

    /// The budget of an API's bucket.
    pub fn budget(region: &Region, bucket: ApiBucket) -> Self {
        Partition::budgets(region).key(Kind::Budget, format!("BUCKET#{bucket}"))
    }

    /// What a report is made of that is to be written.
    pub fn due_report(name: &ReportName) -> Self {
        let Scope { estate, region, .. } = &name.scope;
        Partition::reports(estate, region).key(Kind::DueReport, format!("{DUE}{name}"))
    }

    /// What the keys of all reports that are due of an estate begin with.
    pub fn due_reports(estate: &EstateName, region: &Region) -> Self {
        Partition::reports(estate, region).key(Kind::DueReport, DUE)
    }

    /// Where the chain of an estate's reports stands.
    pub fn report_chain(estate: &EstateName, region: &Region) -> Self {
        Partition::reports(estate, region).key(Kind::ReportChain, "CHAIN")
    }

    /// The record of a move.
    pub fn moved(pair: &PairId, id: &str) -> Self {
        Partition::of_pair("MOVES#", pair).key(Kind::Move, format!("MOVE#{id}"))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.partition.key, self.sort)
    }
}

#[cfg(test)]
#[path = "key_tests.rs"]
mod tests;
