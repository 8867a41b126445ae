//! The windows of other stacks, called as functions.

use aws_config::SdkConfig;
use serde_json::Value;
use watchkeeper_control::ports::{AwsError, Fault};
use watchkeeper_control::window::ports::PeerWindows;
use watchkeeper_window::facts::FunctionArn;

use crate::clients::peer_config;
use crate::signed::{HttpCall, send};

/// What a call of a function is named in an error (AWS Lambda API reference).
const OPERATION: &str = "Invoke";

/// The windows of the stacks with these functions.
#[derive(Debug, Clone)]
pub struct LambdaWindows {
    sdk: SdkConfig,
    peers: Vec<FunctionArn>,
}

impl LambdaWindows {
    /// The functions that are asked, of any region and account.
    pub fn new(sdk: &SdkConfig, peers: Vec<FunctionArn>) -> Self {
        Self { sdk: sdk.clone(), peers }
    }
}

impl PeerWindows for LambdaWindows {
    fn peers(&self) -> &[FunctionArn] {
        &self.peers
    }

    async fn ask(&self, peer: &FunctionArn, event: &Value) -> Result<Value, AwsError> {
        let wrong = |fault, why: String| AwsError {
            operation: OPERATION,
            subject: peer.to_string(),
            fault,
            source: Some(why.into()),
        };
        let sdk = peer_config(&self.sdk, peer.region().as_str());
        let base = match (sdk.endpoint_url(), suffix(peer.partition())) {
            (Some(url), _) => url.to_owned(),
            (None, Some(suffix)) => format!("https://lambda.{}.{suffix}", peer.region()),
            (None, None) => {
                let why = format!("found the partition {}, expected aws, aws-us-gov or aws-cn", peer.partition());
                return Err(wrong(Fault::Invalid, why));
            }
        };
        // The version in the path is that of the API's `Invoke` (AWS Lambda API reference).
        let name = peer.to_string().replace(':', "%3A");
        let url = format!("{base}/2015-03-31/functions/{name}/invocations");
        let body = Some(event.clone());
        let asked = HttpCall { service: "lambda", operation: OPERATION, method: "POST", url: &url, target: None, body };
        send(&sdk, &asked).await?.ok_or_else(|| wrong(Fault::NotFound, "there is no such function".to_owned()))
    }
}

/// What the names of a partition's endpoints end with (AWS General Reference, "AWS Lambda endpoints and quotas").
fn suffix(partition: &str) -> Option<&'static str> {
    match partition {
        "aws" | "aws-us-gov" => Some("amazonaws.com"),
        "aws-cn" => Some("amazonaws.com.cn"),
        _ => None,
    }
}
