//! The environment of a function, read once.

mod peers;

use std::path::PathBuf;

use watchkeeper_control::scoped::StackIdentity;
use watchkeeper_domain::message::ChatTopic;
use watchkeeper_domain::name::Region;
use watchkeeper_window::facts::FunctionArn;

pub(crate) use self::peers::arn_in;

/// Where the layer of estate documents is mounted, unless `ESTATES_DIR` says otherwise.
const ESTATES_DIR: &str = "/opt/estates";

/// The CloudWatch namespace of our metrics, unless `METRICS_NAMESPACE` says otherwise.
const METRICS_NAMESPACE: &str = "Watchkeeper";

/// A variable that is not as it must be.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// It is not set, or empty.
    #[error("environment variable {variable}: found nothing, expected {expected}")]
    Missing {
        /// The name of the variable.
        variable: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
    /// It is set to something that does not fit.
    #[error("environment variable {variable} does not fit")]
    Unfit {
        /// The name of the variable.
        variable: &'static str,
        /// What is wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What the stack tells a function. What only some functions are told is asked for by name, and missed then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionSettings {
    /// The account and region that the function runs in, and whose resources it looks after.
    pub home: StackIdentity,
    /// The function's own name.
    pub function: String,
    /// Where the estate documents are.
    pub estates_dir: PathBuf,
    /// The CloudWatch namespace of our metrics.
    pub metrics_namespace: String,
    /// The bucket of reports, if the stack keeps any.
    pub report_bucket: Option<String>,
    /// The topic for chats, if the stack has one.
    pub chat_topic: Option<ChatTopic>,
    ledger_table: Option<String>,
    topic_arn: Option<String>,
    event_bus: Option<String>,
    reconcile_machine_arn: Option<String>,
    emergency_machine_arn: Option<String>,
    backup_machine_arn: Option<String>,
    restore_machine_arn: Option<String>,
    failover_machine_arn: Option<String>,
    failback_machine_arn: Option<String>,
    unblock_machine_arn: Option<String>,
    window_arn: Option<String>,
    window_act_arn: Option<String>,
    timeout_seconds: Option<String>,
    window_peers: Vec<FunctionArn>,
    routing_endpoints: Vec<(Region, String)>,
}

impl FunctionSettings {
    /// The settings in the environment of this process.
    ///
    /// # Errors
    /// [`SettingError`] names the variable.
    #[allow(clippy::disallowed_methods, reason = "this is the adapter of the environment, called once by serve")]
    pub fn from_env() -> Result<Self, SettingError> {
        Self::read(|variable| std::env::var(variable).ok())
    }

    fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingError> {
        let get = |name: &str| variable(name).filter(|value| !value.is_empty());
        let region = required(get("AWS_REGION"), "AWS_REGION", "a region, such as us-east-1")?;
        let account = required(get("ACCOUNT_ID"), "ACCOUNT_ID", "the 12 digits of the account")?;
        let function = get("AWS_LAMBDA_FUNCTION_NAME");
        Ok(Self {
            home: StackIdentity {
                account: fit("ACCOUNT_ID", account.parse())?,
                region: fit("AWS_REGION", Region::new(region))?,
            },
            function: required(function, "AWS_LAMBDA_FUNCTION_NAME", "the function's name, which Lambda sets")?,
            estates_dir: get("ESTATES_DIR").unwrap_or_else(|| ESTATES_DIR.to_owned()).into(),
            metrics_namespace: get("METRICS_NAMESPACE").unwrap_or_else(|| METRICS_NAMESPACE.to_owned()),
            report_bucket: get("REPORT_BUCKET"),
            chat_topic: fit("CHAT_TOPIC_ARN", get("CHAT_TOPIC_ARN").map(|arn| arn.parse()).transpose())?,
            ledger_table: get("LEDGER_TABLE"),
            topic_arn: get("TOPIC_ARN"),
            event_bus: get("EVENT_BUS"),
            reconcile_machine_arn: get("RECONCILE_MACHINE_ARN"),
            emergency_machine_arn: get("EMERGENCY_MACHINE_ARN"),
            backup_machine_arn: get("BACKUP_MACHINE_ARN"),
            restore_machine_arn: get("RESTORE_MACHINE_ARN"),
            failover_machine_arn: get("FAILOVER_MACHINE_ARN"),
            failback_machine_arn: get("FAILBACK_MACHINE_ARN"),
            unblock_machine_arn: get("UNBLOCK_MACHINE_ARN"),
            window_arn: get("WINDOW_ARN"),
            window_act_arn: get("WINDOW_ACT_ARN"),
            timeout_seconds: get("TIMEOUT_SECONDS"),
            window_peers: fit("WINDOW_PEERS", peers::windows(&get("WINDOW_PEERS").unwrap_or_default()))?,
            routing_endpoints: fit(
                "ROUTING_ENDPOINTS",
                peers::endpoints(&get("ROUTING_ENDPOINTS").unwrap_or_default()),
            )?,
        })
    }

    /// The name of the ledger's table.
    ///
    /// # Errors
    /// [`SettingError::Missing`] when `LEDGER_TABLE` is not set.
    pub fn ledger_table(&self) -> Result<String, SettingError> {
        required(self.ledger_table.clone(), "LEDGER_TABLE", "the name of a DynamoDB table")
    }

    /// The ARN of the topic that people listen to.
    ///
    /// # Errors
    /// [`SettingError::Missing`] when `TOPIC_ARN` is not set.
    pub fn topic_arn(&self) -> Result<String, SettingError> {
        required(self.topic_arn.clone(), "TOPIC_ARN", "the ARN of an SNS topic")
    }

    /// The name of the bus that programs listen to.
    ///
    /// # Errors
    /// [`SettingError::Missing`] when `EVENT_BUS` is not set.
    pub fn event_bus(&self) -> Result<String, SettingError> {
        required(self.event_bus.clone(), "EVENT_BUS", "the name of an event bus")
    }

    /// The ARN of the machine `reconcile`.
    ///
    /// # Errors
    /// [`SettingError::Missing`] when `RECONCILE_MACHINE_ARN` is not set.
    pub fn reconcile_machine_arn(&self) -> Result<String, SettingError> {
        required(self.reconcile_machine_arn.clone(), "RECONCILE_MACHINE_ARN", "the ARN of a state machine")
    }

    /// The ARN of the machine `emergency-scale`.
    ///
    /// # Errors
    /// [`SettingError::Missing`] when `EMERGENCY_MACHINE_ARN` is not set.
    pub fn emergency_machine_arn(&self) -> Result<String, SettingError> {
        required(self.emergency_machine_arn.clone(), "EMERGENCY_MACHINE_ARN", "the ARN of a state machine")
    }

    /// The ARN of the machine `backup`.
    ///
    /// # Errors
    /// [`SettingError::Missing`] when `BACKUP_MACHINE_ARN` is not set.
    pub fn backup_machine_arn(&self) -> Result<String, SettingError> {
        required(self.backup_machine_arn.clone(), "BACKUP_MACHINE_ARN", "the ARN of a state machine")
    }

    /// The ARN of the machine `restore-drill`.
    ///
    /// # Errors
    /// [`SettingError::Missing`] when `RESTORE_MACHINE_ARN` is not set.
    pub fn restore_machine_arn(&self) -> Result<String, SettingError> {
        required(self.restore_machine_arn.clone(), "RESTORE_MACHINE_ARN", "the ARN of a state machine")
    }

    /// The ARN of the machine `failover`.
    ///
    /// # Errors
    /// [`SettingError::Missing`] when `FAILOVER_MACHINE_ARN` is not set.
    pub fn failover_machine_arn(&self) -> Result<String, SettingError> {
        required(self.failover_machine_arn.clone(), "FAILOVER_MACHINE_ARN", "the ARN of a state machine")
    }

    /// The ARN of the machine `failback`.
    ///
    /// # Errors
    /// [`SettingError::Missing`] when `FAILBACK_MACHINE_ARN` is not set.
    pub fn failback_machine_arn(&self) -> Result<String, SettingError> {
        required(self.failback_machine_arn.clone(), "FAILBACK_MACHINE_ARN", "the ARN of a state machine")
    }

    /// The ARN of the machine `daily-unblock`.
    ///
    /// # Errors
    /// [`SettingError::Missing`] when `UNBLOCK_MACHINE_ARN` is not set.
    pub fn unblock_machine_arn(&self) -> Result<String, SettingError> {
        required(self.unblock_machine_arn.clone(), "UNBLOCK_MACHINE_ARN", "the ARN of a state machine")
    }

    /// The ARN of the function that shows the operator's window.
    ///
    /// # Errors
    /// [`SettingError`] when `WINDOW_ARN` is not set, or is no ARN of a function.
    pub fn window_arn(&self) -> Result<FunctionArn, SettingError> {
        function("WINDOW_ARN", self.window_arn.clone())
    }

    /// The windows of other stacks whose rows stand on the same page.
    pub fn window_peers(&self) -> &[FunctionArn] {
        &self.window_peers
    }

    /// The ARN of the function that the operator's window acts by.
    ///
    /// # Errors
    /// [`SettingError`] when `WINDOW_ACT_ARN` is not set, or is no ARN of a function.
    pub fn window_act_arn(&self) -> Result<FunctionArn, SettingError> {
        function("WINDOW_ACT_ARN", self.window_act_arn.clone())
    }

    /// How long an invocation of this function may take, in seconds.
    ///
    /// # Errors
    /// [`SettingError`] when `TIMEOUT_SECONDS` is not set, or is no number.
    pub fn timeout_seconds(&self) -> Result<u64, SettingError> {
        let text =
            required(self.timeout_seconds.clone(), "TIMEOUT_SECONDS", "the function's own time-out, in seconds")?;
        fit("TIMEOUT_SECONDS", text.parse())
    }

    /// The endpoints of the cluster of routing controls, by region; empty where the stack is told none.
    pub fn routing_endpoints(&self) -> &[(Region, String)] {
        &self.routing_endpoints
    }
}

fn function(variable: &'static str, value: Option<String>) -> Result<FunctionArn, SettingError> {
    fit(variable, required(value, variable, "the ARN of a function")?.parse())
}

fn fit<T, E: std::error::Error + Send + Sync + 'static>(
    variable: &'static str,
    value: Result<T, E>,
) -> Result<T, SettingError> {
    value.map_err(|source| SettingError::Unfit { variable, source: source.into() })
}

fn required(value: Option<String>, variable: &'static str, expected: &'static str) -> Result<String, SettingError> {
    value.ok_or(SettingError::Missing { variable, expected })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<FunctionSettings, SettingError> {
        let find = |name: &str| variables.iter().find(|(variable, _)| *variable == name);
        FunctionSettings::read(|name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    const LAMBDA: [(&str, &str); 3] =
        [("AWS_REGION", "us-east-1"), ("AWS_LAMBDA_FUNCTION_NAME", "reconcile"), ("ACCOUNT_ID", "123456789012")];

    #[test]
    fn what_has_a_default_need_not_be_set() {
        let settings = read(&LAMBDA).unwrap();
        assert_eq!(settings.home.region.as_str(), "us-east-1");
        assert_eq!(settings.estates_dir, PathBuf::from("/opt/estates"));
        assert_eq!(settings.metrics_namespace, "Watchkeeper");
    }

    #[test]
    fn what_is_set_is_taken() {
        let [region, function, account] = LAMBDA;
        let own =
            [region, function, account, ("ESTATES_DIR", "/tmp/e"), ("LEDGER_TABLE", "ledger"), ("EVENT_BUS", "bus")];
        let settings = read(&own).unwrap();
        assert_eq!(settings.estates_dir, PathBuf::from("/tmp/e"));
        assert_eq!(settings.ledger_table().unwrap(), "ledger");
        assert_eq!(settings.event_bus().unwrap(), "bus");
    }

    #[test]
    fn what_is_missing_is_named_when_it_is_asked_for() {
        let settings = read(&LAMBDA).unwrap();
        for (asked, variable) in [
            (settings.ledger_table(), "LEDGER_TABLE"),
            (settings.topic_arn(), "TOPIC_ARN"),
            (settings.event_bus(), "EVENT_BUS"),
            (settings.reconcile_machine_arn(), "RECONCILE_MACHINE_ARN"),
            (settings.emergency_machine_arn(), "EMERGENCY_MACHINE_ARN"),
            (settings.backup_machine_arn(), "BACKUP_MACHINE_ARN"),
            (settings.restore_machine_arn(), "RESTORE_MACHINE_ARN"),
            (settings.failover_machine_arn(), "FAILOVER_MACHINE_ARN"),
            (settings.unblock_machine_arn(), "UNBLOCK_MACHINE_ARN"),
        ] {
            let error = asked.unwrap_err().to_string();
            assert!(error.starts_with(&format!("environment variable {variable}: found nothing, expected")), "{error}");
        }
        for (error, variable) in [
            (settings.window_arn().unwrap_err(), "WINDOW_ARN"),
            (settings.window_act_arn().unwrap_err(), "WINDOW_ACT_ARN"),
            (settings.timeout_seconds().unwrap_err(), "TIMEOUT_SECONDS"),
        ] {
            assert!(matches!(error, SettingError::Missing { variable: found, .. } if found == variable), "{error}");
        }
        assert!(read(&[]).unwrap_err().to_string().contains("AWS_REGION"));
    }

    #[test]
    fn an_empty_or_odd_region_is_no_region() {
        let empty = read(&[("AWS_REGION", ""), LAMBDA[1], LAMBDA[2]]).unwrap_err();
        assert!(matches!(empty, SettingError::Missing { variable: "AWS_REGION", .. }));
        let odd = read(&[("AWS_REGION", "us east"), LAMBDA[1], LAMBDA[2]]).unwrap_err();
        assert!(matches!(odd, SettingError::Unfit { variable: "AWS_REGION", .. }));
    }

    #[test]
    fn a_topic_for_chats_names_its_stack_or_does_not_fit() {
        let [region, function, account] = LAMBDA;
        let with = |arn| read(&[region, function, account, ("CHAT_TOPIC_ARN", arn)]);
        assert_eq!(read(&LAMBDA).unwrap().chat_topic, None);
        let arn = "arn:aws:sns:us-east-1:123456789012:watchkeeper-chat";
        assert_eq!(with(arn).unwrap().chat_topic.unwrap().arn(), arn);
        let error = with("arn:aws:sns:us-east-1:123456789012:other").unwrap_err();
        assert!(matches!(error, SettingError::Unfit { variable: "CHAT_TOPIC_ARN", .. }), "{error}");
    }

    #[test]
    fn endpoints_that_do_not_fit_name_their_variable() {
        let [region, function, account] = LAMBDA;
        let with = |list| read(&[region, function, account, ("ROUTING_ENDPOINTS", list)]);
        assert!(read(&LAMBDA).unwrap().routing_endpoints().is_empty());
        assert_eq!(with("us-west-2=https://a.example/v1").unwrap().routing_endpoints().len(), 1);
        let error = with("us-west-2").unwrap_err();
        assert!(matches!(error, SettingError::Unfit { variable: "ROUTING_ENDPOINTS", .. }), "{error}");
    }
}
