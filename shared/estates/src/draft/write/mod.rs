//! A draft as a document: what is known as values, what it is known from beside them, and the rest as questions in their place.

mod capacity;
mod later;
mod pair;
mod resources;
mod text;

pub(crate) use text::counted;

use watchkeeper_domain::estate::EnvironmentKind;
use watchkeeper_domain::name::EstateName;

use super::facts::{Facts, LeftOut};
use super::options::DraftOrigin;
use super::places::DraftEnvironment;
use super::words;
use text::{DocumentText, scalar};

/// What messages call a draft that has no name yet.
pub(crate) const DRAFT: &str = "the draft";

/// What stands above the environments.
pub(crate) struct DraftHeader<'a> {
    pub(crate) origin: DraftOrigin<'a>,
    pub(crate) estate: &'a EstateName,
    /// Whether the name was only taken from the clusters.
    pub(crate) derived: bool,
    pub(crate) left_out: &'a [LeftOut],
    /// Resources of types that a document has no place for.
    pub(crate) others: usize,
}

/// One environment, while it is written.
struct EnvironmentWriter<'a> {
    out: &'a mut DocumentText,
    /// Everything that was found, for what things refer to.
    all: &'a Facts,
    environment: &'a DraftEnvironment,
}

/// The document.
pub(crate) fn document(header: &DraftHeader<'_>, all: &Facts, environments: &[DraftEnvironment]) -> DocumentText {
    let mut out = DocumentText::default();
    header.write(&mut out, environments);
    for (number, environment) in environments.iter().enumerate() {
        if number > 0 {
            out.gap();
        }
        EnvironmentWriter { out: &mut out, all, environment }.write();
    }
    out
}

/// How much was found, left out and asked.
pub(crate) fn summary(environments: &[DraftEnvironment], left_out: usize, questions: usize) -> String {
    let services: usize = environments.iter().map(|it| it.facts.services.len()).sum();
    let databases: usize = environments.iter().map(|it| it.facts.databases.len()).sum();
    format!(
        "{}, {}, {}; {left_out} left out, {} to answer",
        counted(environments.len(), "environment"),
        counted(services, "service"),
        counted(databases, "database"),
        counted(questions, "question")
    )
}

impl DraftHeader<'_> {
    fn write(&self, out: &mut DocumentText, environments: &[DraftEnvironment]) {
        out.note(0, "yaml-language-server: $schema=estate.schema.json");
        out.note(0, "");
        let (command, from, knew) = match self.origin {
            DraftOrigin::Terraform(files) => {
                let files: Vec<String> = files.iter().map(|file| shown(&file.name)).collect();
                ("cargo estates draft", files.join(", "), "Terraform knew")
            }
            DraftOrigin::Account(..) => ("cargo preflight --draft", self.origin.called(), "AWS said"),
        };
        out.note(0, &format!("Drafted by `{command}` from {from}."));
        out.note(0, &format!("What stands here is what {knew} then. `# ?` marks what only a person knows: answer it, and delete the line."));
        out.note(0, "A section behind `# ` counts once you take that away; its figures are examples.");
        out.note(0, "Nothing is changed before it has the tag `watchkeeper:managed = true`: `cargo preflight` tells what lacks it.");
        let others = counted(self.others, "resource");
        out.note(
            0,
            &format!("Not looked at: {others} of other types, and of the rest whatever is no name, count or place."),
        );
        if self.left_out.is_empty() {
            out.note(0, "Nothing was left out.");
        } else {
            out.note(0, "");
            out.note(0, "Left out:");
            self.left_out.iter().for_each(|it| out.note(0, &format!("- {}: {}", it.what, it.why)));
        }
        let estate = format!("estate: {}", scalar(self.estate.as_str()));
        if self.derived {
            out.asked(
                0,
                &estate,
                "taken from the names of the clusters; the ledger keeps by it, so change it before you deploy",
            );
        } else {
            out.value(0, &estate, None);
        }
        out.ask(0, "What is it, in a few words, and whom do messages name?");
        out.off(0, 0, "about: The shop", None);
        out.off(0, 0, "owner: shop team", None);
        out.gap();
        out.value(0, "environments:", None);
        if environments.len() > 1 {
            out.note(1, "Told apart by what was given for a file, by the tag `Environment`, and by words in the names of clusters.");
        }
    }
}

impl EnvironmentWriter<'_> {
    fn write(&mut self) {
        let it = self.environment;
        let name = format!("{}:", scalar(it.name.as_str()));
        match it.ending {
            Some(why) => self.out.asked(1, &name, &format!("{why}, and each place is an environment here")),
            None => self.out.value(1, &name, None),
        }
        self.out.asked(2, "kind: production", &kind_question(it.name.as_str()));
        self.out.value(2, &format!("account: {}", scalar(it.account.as_str())), None);
        let primary = scalar(it.primary.as_str());
        match &it.standby {
            None => self.out.value(2, &format!("regions: {{ primary: {primary} }}"), None),
            Some(standby) => {
                let regions = format!("regions: {{ primary: {primary}, standby: {} }}", scalar(standby.as_str()));
                self.out.asked(2, &regions, &format!("a pair, because every service of {standby} stands at 0"));
            }
        }
        self.clusters();
        self.databases();
        self.capacity();
        self.alarms();
        self.awake();
        self.protected();
        self.emergency();
        self.failover();
        self.backups();
        self.unblock();
        self.unused();
    }
}

/// Production is the kind that is never put to sleep: another one is for a person to say.
fn kind_question(name: &str) -> String {
    let suggests = match words::suggested(name) {
        Some(EnvironmentKind::Production) => "production",
        Some(EnvironmentKind::Staging) => "staging",
        Some(EnvironmentKind::Development) => "development",
        None => "nothing",
    };
    format!("or staging or development, which may sleep; its name suggests {suggests}")
}

/// The last part of a file's path, for a comment.
fn shown(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(80).collect()
}
