//! Figures and alarms: counts and bounds as they are declared, and what each alarm speaks of.

use std::collections::BTreeSet;

use watchkeeper_domain::name::DatabaseName;

use super::EnvironmentWriter;
use super::text::scalar;
use crate::draft::facts::{AlarmFacts, AlarmSubject};

/// Names that a remark lists before it counts.
const LISTED: usize = 3;

impl EnvironmentWriter<'_> {
    /// Counts and bounds of the primary region.
    pub(super) fn capacity(&mut self) {
        let mut first = true;
        for service in
            self.environment.facts.services.iter().filter(|service| service.region == self.environment.primary)
        {
            let Some(desired) = service.item.desired else { continue };
            if std::mem::take(&mut first) {
                self.out.value(2, "capacity:", Some("as the state has it; nothing is set from it"));
            }
            let (name, bounds) = (scalar(service.item.name.as_str()), self.all.bounds(service));
            let figures = match bounds {
                Some((min, max)) if max >= desired.max(min) => format!("desired: {desired}, min: {min}, max: {max}"),
                _ => format!("desired: {desired}"),
            };
            let question = match bounds {
                Some((min, max)) if max < desired.max(min) => {
                    Some(format!("its bounds are {min} to {max}, and {desired} are desired: which is right?"))
                }
                _ => (desired == 0).then(|| "it stands at 0: always, or has somebody put it to sleep?".to_owned()),
            };
            let line = format!("{name}: {{ {figures} }}");
            match question {
                Some(question) => self.out.asked(3, &line, &question),
                None => self.out.value(3, &line, None),
            }
        }
    }

    pub(super) fn alarms(&mut self) {
        let mut written = BTreeSet::new();
        for alarm in &self.environment.facts.alarms {
            if written.is_empty() {
                self.out.value(2, "alarms:", Some("the sections below may use only these"));
            }
            // A pair may have one of this name in each region.
            if !written.insert(&alarm.item.name) {
                continue;
            }
            let mut remarks: Vec<String> = alarm.item.measures.iter().cloned().collect();
            remarks.extend(self.speaks_of(&alarm.item));
            if alarm.region != self.environment.primary {
                remarks.push(format!("in {}", alarm.region));
            }
            self.out.value(3, &format!("- {}", scalar(alarm.item.name.as_str())), Some(&remarks.join("; ")));
        }
    }

    /// What an alarm is about, by the names of this environment.
    fn speaks_of(&self, alarm: &AlarmFacts) -> Option<String> {
        let mut names: Vec<&str> = self.services_of(alarm);
        for subject in &alarm.about {
            let databases = self.environment.facts.databases.iter().map(|it| it.item.id.name());
            names.extend(databases.filter(|name| subject.is_database(name)).map(DatabaseName::as_str));
            match subject {
                AlarmSubject::Queue(own) => {
                    names.extend(
                        self.environment.facts.queues.iter().map(|it| it.item.name.as_str()).filter(|name| name == own),
                    );
                }
                AlarmSubject::Table(own) => {
                    names.extend(
                        self.environment.facts.tables.iter().map(|it| it.item.name.as_str()).filter(|name| name == own),
                    );
                }
                _ => {}
            }
        }
        names.sort_unstable();
        names.dedup();
        match names.len() {
            0 => None,
            many if many > LISTED => Some(format!("of {} and {} more", names.get(..LISTED)?.join(", "), many - LISTED)),
            _ => Some(format!("of {}", names.join(", "))),
        }
    }

    /// The services that an alarm speaks of.
    pub(super) fn services_of(&self, alarm: &AlarmFacts) -> Vec<&str> {
        let services =
            self.environment.facts.services.iter().filter(|service| service.region == self.environment.primary);
        let spoken =
            services.filter(|service| alarm.about.iter().any(|subject| self.all.speaks_of(subject, &service.item)));
        spoken.map(|service| service.item.name.as_str()).collect()
    }

    /// Whether an alarm speaks of a database.
    pub(super) fn is_of_database(&self, alarm: &AlarmFacts) -> bool {
        let mut databases = self.environment.facts.databases.iter().map(|it| it.item.id.name());
        databases.any(|name| alarm.about.iter().any(|subject| subject.is_database(name)))
    }
}
