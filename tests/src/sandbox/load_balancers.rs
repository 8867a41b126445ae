//! Load balancers of the emulated AWS, as their users see them: over HTTP.

use super::control::refused;
use super::{EmulatorControl, SandboxError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// A load balancer with a rule that forwards to an application, and the target group of a page.
#[derive(Debug, Clone, Serialize)]
pub struct LoadBalancerOrder {
    /// Where it lies.
    pub region: String,
    /// The ARN of its rule.
    pub rule: String,
    /// The ARN of the page's target group.
    pub page: String,
    /// The ARN of the function that is its target.
    pub function: String,
    /// Where the application listens.
    pub host: String,
    /// See `host`.
    pub port: u16,
}

/// A request of somebody who comes by a load balancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteVisit {
    /// The method.
    pub method: &'static str,
    /// The path, and the query if there is one.
    pub path: String,
    /// Headers beside `Host`.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

/// What somebody is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitAnswer {
    /// The status code.
    pub status: u16,
    /// The headers, by their names in lower case; of several values the last.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

#[derive(Deserialize)]
struct MadeLoadBalancer {
    host: String,
}

impl EmulatorControl {
    /// Make a load balancer, or put it back as it was made. Returns the host at which it answers, without a port.
    ///
    /// # Errors
    /// [`SandboxError::Control`] with what is wrong with the order. So below, where it does not answer.
    pub async fn put_load_balancer(&self, order: &LoadBalancerOrder) -> Result<String, SandboxError> {
        Ok(self.send::<MadeLoadBalancer>("PUT", "load-balancers", &json!(order)).await?.host)
    }

    /// The authority by which a browser reaches a load balancer's host.
    pub fn authority(&self, host: &str) -> String {
        let port = self.endpoint().rsplit(':').next().unwrap_or_default();
        format!("{host}:{port}")
    }

    /// Visit a load balancer. No redirect is followed.
    ///
    /// # Errors
    /// [`SandboxError::Control`] where nobody answers.
    pub async fn visit(&self, host: &str, visit: &SiteVisit) -> Result<VisitAnswer, SandboxError> {
        let what = format!("{} {} of {host}", visit.method, visit.path);
        let request = ureq::http::Request::builder().method(visit.method);
        let request = request.uri(format!("{}{}", self.endpoint(), visit.path)).header("host", self.authority(host));
        let request = visit.headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        let request = request.body(visit.body.clone().into_bytes()).map_err(|error| refused(&what, &error))?;
        let answer = tokio::task::spawn_blocking(move || exchange(request)).await;
        answer.map_err(|error| refused(&what, &error))?.map_err(|error| refused(&what, &error))
    }
}

fn exchange(request: ureq::http::Request<Vec<u8>>) -> Result<VisitAnswer, ureq::Error> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .build()
        .into();
    let mut response = agent.run(request)?;
    let text = |value: &ureq::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let body = response.body_mut().read_to_string()?;
    Ok(VisitAnswer { status: response.status().as_u16(), headers, body })
}
