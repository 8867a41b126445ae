//! What only people know, as questions with the names filled in: calendar, protection, profiles, backups, dead letters.

use super::EnvironmentWriter;
use super::resources::database;
use super::text::{counted, list, scalar};
use crate::draft::called::Called as _;
use crate::draft::facts::{Found, PlainFacts};
use crate::draft::words;
use watchkeeper_domain::estate::EnvironmentKind;
use watchkeeper_domain::name::Region;

/// Days that an example keeps copies, where the state has no figure.
const KEPT_DAYS: u32 = 7;

impl EnvironmentWriter<'_> {
    pub(super) fn awake(&mut self) {
        if words::suggested(self.environment.name.as_str()) == Some(EnvironmentKind::Production) {
            return;
        }
        self.out
            .ask(2, "When do people use it? Only with kind development or staging; without `awake` it never sleeps.");
        self.out.off(2, 0, "awake:", None);
        self.out.off(2, 1, "zone: Europe/Berlin", None);
        self.out.off(2, 1, "weekly: { mon-fri: \"08:00-19:00\" }", None);
        self.out.off(2, 1, "holidays: [2026-12-25, 2027-01-01]", None);
    }

    pub(super) fn protected(&mut self) {
        let services = self.environment.facts.services.iter().map(|it| it.item.name.as_str());
        let first = services.chain(self.environment.facts.databases.iter().map(|it| it.item.id.name().as_str())).next();
        if let Some(first) = first {
            self.out.ask(2, "Which services and databases may nothing ever change?");
            self.out.off(2, 0, &format!("protected: [{}]", scalar(first)), None);
        }
    }

    pub(super) fn emergency(&mut self) {
        if self.environment.facts.services.is_empty() {
            return;
        }
        let here = || self.environment.facts.alarms.iter().filter(|alarm| alarm.region == self.environment.primary);
        let vetoes: Vec<&str> =
            here().filter(|alarm| self.is_of_database(&alarm.item)).map(|alarm| alarm.item.name.as_str()).collect();
        let calls: Vec<&str> = here()
            .filter(|alarm| !self.is_of_database(&alarm.item) && !self.services_of(&alarm.item).is_empty())
            .map(|alarm| alarm.item.name.as_str())
            .collect();
        let veto = if vetoes.is_empty() { String::new() } else { format!(", veto: {}", list(vetoes.into_iter())) };
        self.out.ask(2, "How much more capacity in an emergency, for how long, and for which alarms?");
        self.out.off(2, 0, "emergency:", None);
        self.out.off(2, 1, "profiles:", None);
        self.out.off(2, 2, "surge: { desired: \"200 %\", max: \"300 %\", for: 2h }", None);
        if !calls.is_empty() {
            self.out.off(2, 1, "responses:", None);
        }
        for alarm in calls {
            self.out.off(2, 2, &format!("- {{ alarm: {}, run: surge{veto} }}", scalar(alarm)), None);
        }
    }

    pub(super) fn backups(&mut self) {
        let facts = &self.environment.facts;
        let here = |region: &Region| *region == self.environment.primary;
        let mut jobs = Vec::new();
        for it in facts.databases.iter().filter(|it| here(&it.region) && it.item.replica_of.is_none()) {
            let kept = it.item.kept_days.filter(|days| *days > 0);
            let own = kept.map(|days| match &it.item.window {
                Some(window) => format!("RDS itself keeps {}, from {window} UTC", counted(days, "day")),
                None => format!("RDS itself keeps {}", counted(days, "day")),
            });
            jobs.push((database(&it.item.id), kept.unwrap_or(KEPT_DAYS), own, ""));
        }
        for it in facts.tables.iter().filter(|it| here(&it.region)) {
            let own = it.item.point_in_time.then(|| "point-in-time recovery is on".to_owned());
            let verify = if it.item.point_in_time { ", verify: { point-in-time: true }" } else { "" };
            jobs.push((format!("dynamodb: {}", scalar(it.item.name.as_str())), KEPT_DAYS, own, verify));
        }
        let named = |kind: &str, all: &[Found<PlainFacts>]| -> Vec<String> {
            all.iter().filter(|it| here(&it.region)).map(|it| format!("{kind}: {}", scalar(it.item.name()))).collect()
        };
        jobs.extend(named("elasticache", &facts.caches).into_iter().map(|entry| (entry, KEPT_DAYS, None, "")));
        let registered = || Some("? which repository is registered in the domain?".to_owned());
        let domains = named("opensearch", &facts.domains).into_iter();
        jobs.extend(domains.map(|entry| (entry, KEPT_DAYS, registered(), ", repository: snapshots")));
        if jobs.is_empty() {
            return;
        }
        self.out.ask(2, "What is backed up, when, how long is it kept, and which copy goes to another region?");
        self.out.off(2, 0, "backups:", None);
        self.out.off(2, 1, "zone: Etc/UTC", None);
        self.out.off(2, 1, "jobs:", None);
        for (entry, days, remark, more) in jobs {
            let job = format!("- {{ {entry}, schedule: {{ at: \"03:00\" }}, retention: {{ daily: {days} }}{more} }}");
            self.out.off(2, 2, &job, remark.as_deref());
        }
    }

    pub(super) fn unblock(&mut self) {
        let queues = self.environment.facts.queues.iter().filter(|it| it.region == self.environment.primary);
        let with_letters = queues.filter_map(|it| Some((&it.item.name, it.item.dead_letters.as_ref()?)));
        // SQS lets a queue be its own dead-letter queue in no case that a document could mean.
        let mut with_letters =
            with_letters.filter(|(queue, letters)| queue != letters && queue.is_fifo() == letters.is_fifo()).peekable();
        if with_letters.peek().is_none() {
            return;
        }
        self.out.ask(2, "Which dead letters may be sent again in the morning, and which are for a person? `redrive: true` sends them.");
        self.out.off(2, 0, "unblock:", None);
        self.out.off(2, 1, "at: \"09:00\"", None);
        self.out.off(2, 1, "days: mon-fri", None);
        self.out.off(2, 1, "zone: Etc/UTC", None);
        self.out.off(2, 1, "queues:", None);
        for (queue, letters) in with_letters {
            let (queue, letters) = (scalar(queue.as_str()), scalar(letters.as_str()));
            self.out.off(2, 2, &format!("- {{ queue: {queue}, dead-letters: {letters}, redrive: false }}"), None);
        }
    }

    /// What was found, and a document without a standby region has no place for.
    pub(super) fn unused(&mut self) {
        let facts = &self.environment.facts;
        if self.environment.standby.is_some() {
            return;
        }
        let images: Vec<&str> = facts.images.iter().map(|it| it.item.name()).collect();
        let streams: Vec<&str> = facts.streams.iter().map(|it| it.item.name.as_str()).collect();
        let global = facts.tables.iter().filter(|it| !it.item.replicas.is_empty());
        let tables: Vec<String> = global
            .map(|it| {
                format!(
                    "{} (in {}, too)",
                    it.item.name,
                    it.item.replicas.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
                )
            })
            .collect();
        if images.is_empty() && streams.is_empty() && tables.is_empty() {
            return;
        }
        self.out.note(2, "Found, and named only in the `failover` of a pair:");
        if !images.is_empty() {
            self.out.note(2, &format!("- image repositories {}", images.join(", ")));
        }
        if !streams.is_empty() {
            self.out.note(2, &format!("- streams {}", streams.join(", ")));
        }
        if !tables.is_empty() {
            self.out.note(2, &format!("- global tables {}", tables.join(", ")));
        }
    }
}
