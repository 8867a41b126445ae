//! What the stack may do for the checks of the documents' drills.

use std::collections::BTreeSet;

use watchkeeper_domain::estate::{CheckTask, Estate};
use watchkeeper_estates::EstateFolder;

use crate::estate::checks::{log_group, of, role};

/// The parameters of a region's stack; none where no document has a check.
pub(super) fn parameters(estates: &EstateFolder, account: &str, region: &str) -> Vec<(&'static str, String)> {
    let checks: Vec<&CheckTask> = estates.iter().flat_map(Estate::environments).flat_map(of).collect();
    let ecs = |kind: &str, name: &str| format!("arn:aws:ecs:{region}:{account}:{kind}/{name}");
    let joined = |arn: &dyn Fn(&CheckTask) -> String| {
        checks.iter().map(|check| arn(check)).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(",")
    };
    let all = [
        ("CheckTasks", joined(&|check| ecs("task-definition", &format!("{}:*", check.task_definition)))),
        ("CheckClusters", joined(&|check| ecs("cluster", check.cluster.as_str()))),
        ("CheckRoles", joined(&|check| role(account, check))),
        ("CheckLogs", joined(&|check| format!("arn:aws:logs:{region}:{account}:log-group:{}", log_group(check)))),
    ];
    // The SAM CLI takes no empty value.
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}
