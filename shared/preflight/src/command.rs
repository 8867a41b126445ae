//! The command: its arguments, and what it prints.

use std::path::PathBuf;
use std::process::ExitCode;

use aws_config::{BehaviorVersion, SdkConfig};
use clap::Parser;
use jiff::Timestamp;
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region};
use watchkeeper_estates::load_dir;

use crate::{DraftSelection, PolicyJudge, PreflightError, PreflightSelection, StackTemplate, draft, preflight, table};

/// Looks whether your account is as the estate documents, and Watchkeeper's template, need it: with your own credentials,
/// and reading only; or drafts a document from what is there. Exit code 1 where something has to be mended, 2 where the arguments or credentials are wrong, 3 where
/// not everything could be read.
#[derive(Debug, Parser)]
#[command(name = "cargo preflight", version)]
pub struct PreflightArguments {
    /// The folder of estate documents.
    #[arg(long, value_name = "DIR", default_value = "shared/estates")]
    estates: PathBuf,
    /// Draft a document from what the account has in these regions, instead of looking at documents: what is known is filled in,
    /// what only people know is asked in its place.
    #[arg(long, value_name = "REGION", value_delimiter = ',', conflicts_with_all = ["region", "parameters", "write", "json"])]
    draft: Vec<String>,
    /// The document to write the draft to. One that is there is never written to: what it differs in is printed instead, with exit
    /// code 1.
    #[arg(long, value_name = "FILE", requires = "draft")]
    out: Option<PathBuf>,
    /// The only estate to look at; the name of the one that is drafted.
    #[arg(long)]
    estate: Option<String>,
    /// The only environment to look at, or to draft; of a draft, that of everything where no tag and no name tells one.
    #[arg(long)]
    environment: Option<String>,
    /// The only region to look at. Without it, every region in which the documents name something.
    #[arg(long)]
    region: Option<String>,
    /// The name that the stack will have.
    #[arg(long, value_name = "NAME", default_value = "watchkeeper")]
    stack: String,
    /// A parameter as it will be given to the deploy; may be given several times.
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
    /// Write the roles' policies and the machines' definitions, filled in, into this folder.
    #[arg(long, value_name = "DIR")]
    write: Option<PathBuf>,
    /// Write every row as JSON into this file; `-` is standard output, without the table.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, value) = pair.ok_or_else(|| format!("found {text:?}, expected NAME=VALUE"))?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Carries the command out: `judge` makes whoever answers about keys and policies.
#[allow(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks to its user")]
pub async fn play<J: PolicyJudge>(arguments: &PreflightArguments, judge: impl Fn(&SdkConfig) -> J) -> ExitCode {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let answer = if arguments.draft.is_empty() {
        Box::pin(look(arguments, &config, judge)).await
    } else {
        Box::pin(drafted(arguments, &config)).await
    };
    match answer {
        Ok((code, text)) => {
            print!("{text}");
            ExitCode::from(code)
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

async fn look<J: PolicyJudge>(
    arguments: &PreflightArguments,
    config: &SdkConfig,
    judge: impl Fn(&SdkConfig) -> J,
) -> Result<(u8, String), PreflightError> {
    let lines = |problems: Vec<watchkeeper_estates::FileProblem>| {
        PreflightError::Estates(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    };
    let estates = load_dir(&arguments.estates).map_err(lines)?;
    let template = StackTemplate::of_this_repository()?;
    let selection = PreflightSelection {
        estate: arguments.estate.clone(),
        environment: arguments.environment.clone(),
        region: arguments.region.clone(),
        stack: arguments.stack.clone(),
        parameters: arguments.parameters.iter().cloned().collect(),
        write: arguments.write.clone(),
    };
    let report = Box::pin(preflight(config, &estates, &template, &selection, judge, (now(), &tell))).await?;
    let json = || format!("{}\n", serde_json::to_string_pretty(&report).unwrap_or_default());
    let text = match &arguments.json {
        Some(path) if path.as_os_str() == "-" => json(),
        Some(path) => {
            let bad = |source| PreflightError::Write { path: path.display().to_string(), source };
            std::fs::write(path, json()).map_err(bad)?;
            table(&report)
        }
        None => table(&report),
    };
    Ok((report.exit_code(), text))
}

async fn drafted(arguments: &PreflightArguments, config: &SdkConfig) -> Result<(u8, String), PreflightError> {
    let name = |field: &'static str, why: String| PreflightError::Name { field, why };
    let regions =
        arguments.draft.iter().map(|region| Region::new(region).map_err(|why| name("draft", why.to_string())));
    let of_document = || EstateName::new(arguments.out.as_deref()?.file_stem()?.to_str()?).ok();
    let estate = arguments.estate.as_deref().map(EstateName::new).transpose();
    let environment = arguments.environment.as_deref().map(EnvironmentName::new).transpose();
    let selection = DraftSelection {
        regions: regions.collect::<Result<_, _>>()?,
        estate: estate.map_err(|why| name("estate", why.to_string()))?.or_else(of_document),
        environment: environment.map_err(|why| name("environment", why.to_string()))?,
        stack: arguments.stack.clone(),
    };
    let draft = draft(config, &selection, &tell).await?;
    let Some(out) = &arguments.out else {
        tell_summary(draft.summary());
        return Ok((0, draft.text().to_owned()));
    };
    let delivered = draft.deliver(out).map_err(|problems| PreflightError::Document(problems.join("\n")))?;
    Ok((u8::from(!delivered.agrees), delivered.text))
}

#[allow(clippy::print_stderr, reason = "a command speaks to its user")]
fn tell_summary(summary: &str) {
    eprintln!("drafted {summary}");
}

/// What it is at, for a person who waits; not a part of the result.
#[allow(clippy::print_stderr, reason = "a command speaks to its user")]
fn tell(what: &str) {
    eprintln!("looking at {what} ...");
}

#[expect(clippy::disallowed_methods, reason = "the command's edge is where the clock is read")]
fn now() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use watchkeeper_control::ports::AwsError;
    use watchkeeper_domain::preflight::{KeyFacts, PolicyFinding, SimulatedAction, SimulatedCalls};

    use super::*;

    /// Nobody comes to be asked here.
    struct Silent;

    impl PolicyJudge for Silent {
        async fn key(&self, _: &str) -> Result<Option<KeyFacts>, AwsError> {
            Ok(None)
        }
        async fn validate(&self, _: &str) -> Result<Vec<PolicyFinding>, AwsError> {
            Ok(Vec::new())
        }
        async fn simulate(&self, _: &[String], _: &SimulatedCalls) -> Result<Vec<SimulatedAction>, AwsError> {
            Ok(Vec::new())
        }
    }

    /// What the command says to these arguments, with nobody signed in.
    async fn said(arguments: &[&str]) -> String {
        let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../estates");
        let given = ["preflight", "--estates", own].into_iter().chain(arguments.iter().copied());
        let arguments = match PreflightArguments::try_parse_from(given) {
            Ok(arguments) => arguments,
            Err(error) => return error.to_string(),
        };
        let config = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build();
        Box::pin(look(&arguments, &config, |_| Silent)).await.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn what_is_wrong_is_said_with_what_was_expected() {
        let one = said(&["--estate", "shop"]).await;
        assert!(one.starts_with("estate: found \"shop\", expected one of carcierge, clos-v2"), "{one}");
        let two = said(&["--estate", "clos-v2", "--environment", "qa"]).await;
        assert_eq!(two, "environment: found \"qa\", expected one of clos-v2's: dev, prod");
        let three = said(&["--estate", "clos-v2", "--region", "mars-north-1"]).await;
        assert!(three.starts_with("--region: found \"mars-north-1\", expected one in which"), "{three}");
        let four = said(&["--parameter", "PeerRegion"]).await;
        assert!(four.contains("found \"PeerRegion\", expected NAME=VALUE"), "{four}");
        let five = said(&[]).await;
        assert!(
            five.starts_with("credentials: found none that AWS accepts (") && five.contains("AWS_PROFILE"),
            "{five}"
        );
    }

    #[tokio::test]
    async fn a_draft_says_what_is_wrong_with_its_names_and_takes_nothing_that_belongs_to_a_look() {
        let said = async |arguments: &[&str]| {
            let given = ["preflight"].into_iter().chain(arguments.iter().copied());
            let arguments = match PreflightArguments::try_parse_from(given) {
                Ok(arguments) => arguments,
                Err(error) => return error.to_string(),
            };
            let config = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build();
            Box::pin(drafted(&arguments, &config)).await.unwrap_err().to_string()
        };
        let one = said(&["--draft", "eu-west-1,eu west"]).await;
        assert!(one.starts_with("--draft: ") && one.contains("eu west"), "{one}");
        let two = said(&["--draft", "eu-west-1", "--environment", "not a name"]).await;
        assert!(two.starts_with("--environment: ") && two.contains("not a name"), "{two}");
        assert!(said(&["--draft", "eu-west-1", "--json", "-"]).await.contains("cannot be used with"));
        assert!(said(&["--out", "shop.yaml"]).await.contains("--draft"));
        assert!(said(&["--draft", "eu-west-1"]).await.starts_with("credentials: found none that AWS accepts"));
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_named() {
        let arguments = PreflightArguments::try_parse_from(["preflight", "--estates", "/no/such/folder"]).unwrap();
        let config = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build();
        let error = Box::pin(look(&arguments, &config, |_| Silent)).await.unwrap_err().to_string();
        assert!(error.contains("/no/such/folder") && error.contains("expected something that can be read"), "{error}");
    }
}
