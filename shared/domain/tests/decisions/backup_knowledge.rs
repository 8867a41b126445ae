//! Lost knowledge is not bad knowledge: over random histories, in which the ledger is lost, lists come short or empty, and
//! the region of the copies changes, nothing is ever removed that the policy would keep if every copy of which nothing is
//! known were good; and in the end the shelves are as they would be without all of that, or fuller.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::json;
use watchkeeper_domain::backup::{
    BackupAttempt, BackupMemory, BackupNext, BackupView, CopyComparison, CopyFate, CopyInventory, CopyOwner,
    CopyRegion, CopyStanding, CopyState, CopyVerdict, JobPolicy, KnownCopy, ObservedCopy, ObservedSource, SourceState,
    decide, fates, prune, verify,
};
use watchkeeper_domain::estate::Estate;
use watchkeeper_domain::name::{Region, Scope};

const AWAY: [&str; 2] = ["us-west-2", "eu-west-1"];

fn region(name: &str) -> Region {
    Region::new(name).unwrap()
}

fn policy(away: usize) -> JobPolicy {
    let document = json!({"estate": "shop", "environments": {"prod": {
        "kind": "production", "regions": {"primary": "us-east-1"},
        "backups": {"zone": "Etc/UTC", "jobs": [{
            "rds": "db", "schedule": {"at": "03:00"}, "copy": {"region": AWAY[away]},
            "retention": {"daily": 5, "weekly": 3, "monthly": 2, "minimum": 2}}]}}}});
    let estate: Estate = serde_json::from_value(document).unwrap();
    let environment = estate.environments().next().unwrap();
    let (estate, environment_name) = (estate.name().clone(), environment.name().clone());
    let scope = Scope { estate, environment: environment_name, region: region("us-east-1") };
    JobPolicy::all(&scope, environment).remove(0)
}

/// What happens on a day, beside its backup.
#[derive(Debug, Clone, Copy)]
enum Event {
    Nothing,
    /// The ledger is made anew.
    Lost,
    /// Lists show only each copy whose place is a multiple of this; 0: none at all, but the newest.
    Short(usize),
    /// The document copies to the other of two regions.
    Moved,
    /// No backup is taken.
    Skipped,
    /// What is taken is not good.
    Shrunk,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let one = prop_oneof![
        12 => Just(Event::Nothing),
        1 => Just(Event::Lost),
        1 => (0_usize..4).prop_map(Event::Short),
        1 => Just(Event::Moved),
        1 => Just(Event::Skipped),
        1 => Just(Event::Shrunk),
    ];
    prop::collection::vec(one, 1..60)
}

/// What each region keeps, the memory, and all around them.
struct History {
    policy: JobPolicy,
    away: usize,
    memory: BackupMemory,
    there: Vec<(Region, ObservedCopy)>,
    /// What was found of each, by whoever never forgets.
    good: BTreeSet<String>,
}

impl History {
    fn new() -> Self {
        let (memory, there, good) = (BackupMemory::default(), Vec::new(), BTreeSet::new());
        Self { policy: policy(0), away: 0, memory, there, good }
    }

    fn listed(&self, at: &Region, due: Timestamp, short: Option<usize>) -> Vec<ObservedCopy> {
        let name = self.policy.subject.series().name(due).to_string();
        let here = self.there.iter().filter(|(region, _)| region == at).map(|(_, copy)| copy);
        let shown = |(place, copy): &(usize, &ObservedCopy)| {
            copy.name == name || short.is_none_or(|each| each > 0 && place % each == 0)
        };
        here.enumerate().filter(shown).map(|(_, copy)| copy.clone()).collect()
    }

    /// Puts a copy of this day into what a region keeps.
    fn put(&mut self, at: &Region, due: Timestamp, bytes: u64) {
        let name = self.policy.subject.series().name(due).to_string();
        let id = format!("arn:{at}:{name}");
        if bytes > 100 {
            self.good.insert(id.clone());
        }
        let mark = Some(self.policy.subject.identity());
        let (state, created, bytes) = (CopyState::Available, Some(due), Some(bytes));
        self.there.push((at.clone(), ObservedCopy { id, name, state, created, bytes, encrypted: true, mark }));
    }

    /// A day's backup, by the decisions of the code under test.
    fn day(&mut self, due: Timestamp, event: Event) -> Result<(), TestCaseError> {
        let short = if let Event::Short(each) = event { Some(each) } else { None };
        let bytes = if matches!(event, Event::Shrunk) { 10 } else { 1000 };
        let (home, away) = (region("us-east-1"), region(AWAY[self.away]));
        self.memory.attempt = Some(BackupAttempt::new(due, "run", due));
        let source =
            ObservedSource { state: SourceState::Available, encrypted: true, window: None, settings: [].into() };
        let mut now = due;
        for _ in 0..400 {
            now += SignedDuration::from_mins(3);
            let (at_home, at_away) = (self.listed(&home, due, short), self.listed(&away, due, short));
            self.memory.sync(&self.policy.subject, &home, &at_home, now);
            self.memory.sync(&self.policy.subject, &away, &at_away, now);
            let seen = |region, copies| CopyInventory { region, copies, quota: None };
            let (policy, memory) = (self.policy.clone(), self.memory.clone());
            let attempt = memory.attempt.clone().unwrap();
            let view = BackupView {
                policy: &policy,
                memory: &memory,
                attempt: &attempt,
                source: Some(&source),
                home: seen(&home, &at_home),
                away: CopyRegion::Seen(seen(&away, &at_away)),
                wakes: None,
                now,
            };
            match decide(&view) {
                BackupNext::Start => self.put(&home, due, bytes),
                BackupNext::Copy(_) => self.put(&away, due, bytes),
                BackupNext::Verify { region, copy } => {
                    let older = memory.copies.iter().filter(|it| it.region == region && it.is_good() && it.due < due);
                    let before = older.max_by_key(|it| it.due).and_then(|it| it.bytes);
                    let flaws = verify(&policy, &copy, CopyComparison { source: Some(&source), before, due });
                    self.judge(&region, &copy, &flaws, now);
                }
                BackupNext::Review(copies) => {
                    for (region, copy) in copies {
                        let due = policy.subject.series().due(&copy.name).unwrap();
                        let flaws = verify(&policy, &copy, CopyComparison { source: None, before: None, due });
                        self.judge(&region, &copy, &flaws, now);
                    }
                }
                BackupNext::Prune(removals) => {
                    for removal in removals {
                        self.may_go(&removal.region, &removal.copy)?;
                        self.memory.remove(&removal.region, &removal.copy.id);
                        self.there.retain(|(region, copy)| *region != removal.region || copy.id != removal.copy.id);
                    }
                }
                BackupNext::Wait(..) | BackupNext::LookAway | BackupNext::Park(..) => {}
                BackupNext::Fail(..) | BackupNext::Done => return Ok(()),
            }
        }
        Err(TestCaseError::fail("a day has no end"))
    }

    fn judge(
        &mut self,
        at: &Region,
        copy: &ObservedCopy,
        flaws: &[watchkeeper_domain::backup::CopyFlaw],
        now: Timestamp,
    ) {
        let flaws = flaws.iter().map(ToString::to_string).collect();
        self.memory.judge(at, &copy.id, &CopyVerdict { at: now, flaws });
    }

    /// What is removed is what the policy removes from *all* that is there, with everything good that is not known to be
    /// bad: said by the pruning of full knowledge.
    fn may_go(&self, at: &Region, copy: &ObservedCopy) -> Result<(), TestCaseError> {
        let bad = |id: &str| {
            self.memory.known(at, id).is_some_and(|it| it.verified.as_ref().is_some_and(|it| !it.flaws.is_empty()))
        };
        let here: Vec<_> = self.there.iter().filter(|(region, _)| region == at).map(|(_, copy)| copy).collect();
        let candidates: Vec<_> = here
            .iter()
            .map(|it| watchkeeper_domain::backup::PruneCandidate {
                id: it.id.clone(),
                name: it.name.clone(),
                taken: self.policy.subject.series().due(&it.name).unwrap(),
                standing: if bad(&it.id) { CopyStanding::Doubtful } else { CopyStanding::Good },
                owner: CopyOwner::Us,
                used_by: None,
            })
            .collect();
        let fates = prune(&self.policy.keep, &candidates);
        let fate = here.iter().position(|it| it.id == copy.id).map(|place| &fates[place]);
        prop_assert!(fate.is_some_and(CopyFate::goes), "{} in {at}: {fate:?}", copy.name);
        Ok(())
    }
}

fn play(history: &[Event]) -> Result<History, TestCaseError> {
    let mut it = History::new();
    let first: Timestamp = "2026-01-01T03:00:00Z".parse().unwrap();
    for (day, event) in history.iter().enumerate() {
        let due = first + SignedDuration::from_hours(24 * i64::try_from(day).unwrap());
        match event {
            Event::Lost => it.memory = BackupMemory::default(),
            Event::Moved => {
                it.away = 1 - it.away;
                it.policy = policy(it.away);
            }
            Event::Skipped => continue,
            Event::Nothing | Event::Short(_) | Event::Shrunk => {}
        }
        it.day(due, *event)?;
    }
    Ok(it)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_forgotten_nothing_goes_that_the_policy_would_keep(history in events()) {
        let it = play(&history)?;
        // The newest good copy is still there, in each region that ever had one.
        for at in ["us-east-1", AWAY[0], AWAY[1]] {
            let here = it.there.iter().filter(|(region, _)| region.as_str() == at);
            let good = here.clone().any(|(_, copy)| it.good.contains(&copy.id));
            let ever = it.good.iter().any(|id| id.starts_with(&format!("arn:{at}:")));
            prop_assert!(good || !ever, "{at} has lost its last good copy");
        }
    }

    #[test]
    fn a_region_to_which_nothing_is_copied_any_more_is_left_as_it_is(history in events()) {
        let mut it = play(&history)?;
        let left = region(AWAY[it.away]);
        let before: Vec<_> = it.there.iter().filter(|(region, _)| *region == left).cloned().collect();
        it.away = 1 - it.away;
        it.policy = policy(it.away);
        for day in 0..40 {
            let due: Timestamp = "2026-06-01T03:00:00Z".parse().unwrap();
            it.day(due + SignedDuration::from_hours(24 * day), Event::Nothing)?;
        }
        let after: Vec<_> = it.there.iter().filter(|(region, _)| *region == left).cloned().collect();
        prop_assert_eq!(before, after);
    }
}

#[test]
fn a_new_ledger_finds_the_backups_of_the_old_one_and_keeps_what_the_policy_keeps() {
    let days = vec![Event::Nothing; 60];
    let known = play(&days).unwrap();
    let lost: Vec<Event> = (0..60).map(|day| if day == 59 { Event::Lost } else { Event::Nothing }).collect();
    let lost = play(&lost).unwrap();
    let names = |it: &History| it.there.iter().map(|(_, copy)| copy.id.clone()).collect::<BTreeSet<_>>();
    assert_eq!(names(&lost), names(&known));
    assert!(names(&known).len() == 2 * 7, "{:?}", names(&known));
    // And all of them are known, and good, by now.
    assert!(lost.memory.copies.iter().filter(|known| !known.removed).all(KnownCopy::is_good));
}

#[test]
fn an_empty_list_takes_no_verdict_away() {
    let mut it = play(&[Event::Nothing, Event::Nothing]).unwrap();
    let home = region("us-east-1");
    let inventory = it.listed(&home, Timestamp::UNIX_EPOCH, None);
    let verdicts = |it: &History| it.memory.copies.iter().map(|known| known.verified.clone()).collect::<Vec<_>>();
    let (before, later) = (verdicts(&it), "2026-01-03T12:00:00Z".parse().unwrap());
    it.memory.sync(&it.policy.subject, &home, &[], later);
    assert_eq!(it.memory.newest_good(&home), None, "what nobody sees proves nothing");
    let none = CopyInventory { region: &home, copies: &[], quota: None };
    assert_eq!(fates(&it.policy, &it.memory, &none), []);
    it.memory.sync(&it.policy.subject, &home, &inventory, later);
    assert_eq!(verdicts(&it), before);
    assert!(it.memory.newest_good(&home).is_some());
}
