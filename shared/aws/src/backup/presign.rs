//! A request that is signed beforehand: to copy an encrypted snapshot, the region of the copy needs one that asks the region
//! of the original for the same (Amazon RDS API reference, `CopyDBSnapshot`, `PreSignedUrl`; it is read in `GovCloud` only). The SDK
//! makes none. The tag is in it too: without it the role may not copy.

use std::time::{Duration, UNIX_EPOCH};

use aws_config::SdkConfig;
use aws_sdk_rds::types::Tag;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_types::DateTime;
use watchkeeper_domain::name::Region;

/// The version of the RDS API (Amazon RDS API reference).
const VERSION: &str = "2014-10-31";

/// How long the signature holds, in seconds: the call follows at once.
const HOLDS: Duration = Duration::from_mins(5);

/// What is asked for.
#[derive(Debug)]
pub(super) struct PresignRequest<'a> {
    pub(super) action: &'static str,
    pub(super) source: (&'static str, &'a str),
    pub(super) target: (&'static str, &'a str),
    pub(super) key: &'a str,
    pub(super) tag: &'a Tag,
    pub(super) from: &'a Region,
    pub(super) to: &'a Region,
}

/// The signed request. `Err` says why there is none.
pub(super) async fn url(sdk: &SdkConfig, asked: &PresignRequest<'_>) -> Result<String, String> {
    use aws_credential_types::provider::ProvideCredentials as _;
    let provider = sdk.credentials_provider().ok_or("there are no credentials to sign with")?;
    let credentials = provider.provide_credentials().await.map_err(|error| error.to_string())?;
    // The SDK's own source of time, which signs every other request.
    let time = sdk.time_source().map_or(UNIX_EPOCH, |source| source.now());
    signed(&plain(asked), asked.from.as_str(), &credentials.into(), DateTime::from(time))
}

fn plain(asked: &PresignRequest<'_>) -> String {
    let (action, from) = (asked.action, asked.from);
    let domain = if from.as_str().starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    let to = asked.to.as_str();
    let mut pairs = vec![asked.source, asked.target, ("DestinationRegion", to), ("Version", VERSION)];
    pairs.push(("KmsKeyId", asked.key));
    pairs.push(("Tags.Tag.1.Key", asked.tag.key().unwrap_or_default()));
    pairs.push(("Tags.Tag.1.Value", asked.tag.value().unwrap_or_default()));
    let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    format!("https://rds.{from}.{domain}/?Action={action}&{}", query.join("&"))
}

/// Everything but what RFC 3986 calls unreserved is written as its bytes.
pub(crate) fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn signed(url: &str, region: &str, identity: &Identity, at: DateTime) -> Result<String, String> {
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(HOLDS);
    let time = std::time::SystemTime::try_from(at).map_err(|error| error.to_string())?;
    let params = v4::SigningParams::builder().identity(identity).region(region).name("rds").time(time);
    let params = params.settings(settings).build().map_err(|error| error.to_string())?;
    let request = SignableRequest::new("GET", url, std::iter::empty(), SignableBody::Bytes(&[]));
    let request = request.map_err(|error| error.to_string())?;
    let (instructions, _) = sign(request, &params.into()).map_err(|error| error.to_string())?.into_parts();
    let added = instructions.params().iter().map(|(name, value)| format!("&{name}={}", encoded(value)));
    Ok(added.fold(url.to_owned(), |url, part| url + &part))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_credential_types::Credentials;

    use super::*;

    #[test]
    fn the_region_of_the_original_is_asked_for_a_copy_to_the_other() {
        let (from, to) = (Region::new("us-east-1").unwrap(), Region::new("us-west-2").unwrap());
        let asked = PresignRequest {
            action: "CopyDBSnapshot",
            source: ("SourceDBSnapshotIdentifier", "arn:aws:rds:us-east-1:1:snapshot:wk-a"),
            target: ("TargetDBSnapshotIdentifier", "wk-a"),
            key: "alias/dr",
            tag: &Tag::builder().key("watchkeeper:backup").value("a/b").build(),
            from: &from,
            to: &to,
        };
        let url = plain(&asked);
        let expected = "https://rds.us-east-1.amazonaws.com/?Action=CopyDBSnapshot\
            &SourceDBSnapshotIdentifier=arn%3Aaws%3Ards%3Aus-east-1%3A1%3Asnapshot%3Awk-a\
            &TargetDBSnapshotIdentifier=wk-a&DestinationRegion=us-west-2&Version=2014-10-31&KmsKeyId=alias%2Fdr\
            &Tags.Tag.1.Key=watchkeeper%3Abackup&Tags.Tag.1.Value=a%2Fb";
        assert_eq!(url, expected);
        let identity = Credentials::new("AKID", "secret", None, None, "test").into();
        let signed = signed(&url, "us-east-1", &identity, DateTime::from_secs(1_795_000_000)).unwrap();
        assert!(signed.starts_with(expected), "{signed}");
        for part in [
            "&X-Amz-Algorithm=AWS4-HMAC-SHA256",
            "&X-Amz-Credential=AKID%2F20261118%2Fus-east-1%2Frds%2Faws4_request",
            "&X-Amz-Expires=300",
            "&X-Amz-SignedHeaders=host",
            "&X-Amz-Signature=",
        ] {
            assert!(signed.contains(part), "{part} in {signed}");
        }
    }
}
