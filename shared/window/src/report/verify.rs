//! Files of reports are verified: each by itself, and the chains that they make.

use std::collections::BTreeMap;
use std::fmt;

use watchkeeper_domain::name::{EstateName, Region};

use super::{ChainHead, Report};

/// What was found of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedFile {
    /// Its name.
    pub file: String,
    /// What it is of, in a line; or what is wrong with it, with the place.
    pub found: Result<String, String>,
}

/// What was found of the reports of one estate in one region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Whose they are.
    pub estate: EstateName,
    /// In which region.
    pub region: Region,
    /// How many of them were given.
    pub reports: usize,
    /// Numbers that were not given, from and to: no fault, and nothing is proved across them.
    pub gaps: Vec<(u64, u64)>,
    /// Where one does not follow the one before it.
    pub broken: Vec<String>,
}

/// What was found of all files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// Each file, as they were given.
    pub files: Vec<VerifiedFile>,
    /// The chains of those that are whole.
    pub chains: Vec<Chain>,
}

impl Verification {
    /// Whether nothing is wrong. A gap is not: it says what was not given.
    pub fn is_good(&self) -> bool {
        self.files.iter().all(|file| file.found.is_ok()) && self.chains.iter().all(|chain| chain.broken.is_empty())
    }
}

/// Verifies files, each a name and its text.
pub fn verify<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Verification {
    let mut verified = Verification::default();
    let mut whole: BTreeMap<(EstateName, Region), Vec<(String, Report)>> = BTreeMap::new();
    for (file, text) in files {
        let found = match Report::read(text) {
            Err(flaw) => Err(flaw.to_string()),
            Ok(report) => {
                let found = match report.content.evidence.replay() {
                    Some(difference) => Err(difference.to_string()),
                    None => Ok(line(&report)),
                };
                let scope = &report.content.scope;
                let chain = whole.entry((scope.estate.clone(), scope.region.clone())).or_default();
                chain.push((file.to_owned(), report));
                found
            }
        };
        verified.files.push(VerifiedFile { file: file.to_owned(), found });
    }
    let chains = whole.into_iter().map(|((estate, region), reports)| chain(estate, region, reports));
    verified.chains = chains.collect();
    verified
}

fn line(report: &Report) -> String {
    let content = &report.content;
    let (number, evidence) = (content.chain.number, &content.evidence);
    format!("report {number} of {}: {} {}", content.scope, evidence.kind(), evidence.run())
}

fn chain(estate: EstateName, region: Region, mut reports: Vec<(String, Report)>) -> Chain {
    reports.sort_by_key(|(_, report)| report.content.chain.number);
    let (mut gaps, mut broken) = (Vec::new(), Vec::new());
    let mut before: Option<ChainHead> = None;
    for (file, report) in &reports {
        let link = &report.content.chain;
        let last = before.as_ref().map_or(0, |head| head.number);
        match &before {
            Some(head) if head.number == link.number && head.sha256 == report.sha256 => continue,
            Some(head) if head.number == link.number => {
                broken.push(format!("{file}: there are two reports of number {}", link.number));
            }
            _ if link.number == 0 => broken.push(format!("{file}: chain.number: found 0, expected 1 or more")),
            _ if link.previous.is_none() != (link.number == 1) => {
                broken.push(format!(
                    "{file}: chain.previous: only the first report has none, and this is number {}",
                    link.number
                ));
            }
            _ if link.number > last + 1 => gaps.push((last + 1, link.number - 1)),
            Some(head) if link.previous.as_ref() != Some(&head.sha256) => broken.push(format!(
                "{file}: chain.previous: found {}, expected {}, the digest of number {last}",
                link.previous.as_ref().map_or("nothing", |digest| digest.as_str()),
                head.sha256
            )),
            _ => {}
        }
        before = Some(report.head());
    }
    Chain { estate, region, reports: reports.len(), gaps, broken }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}: {} in a chain", self.estate, self.region, crate::words::counted(self.reports, "report"))?;
        for (from, to) in &self.gaps {
            if from == to {
                write!(f, "; number {from} was not given")?;
            } else {
                write!(f, "; numbers {from} to {to} were not given")?;
            }
        }
        for broken in &self.broken {
            write!(f, "\n  {broken}")?;
        }
        Ok(())
    }
}
