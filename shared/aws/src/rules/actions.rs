//! The actions of a rule, between the SDK's types and the JSON that a baseline keeps: the members of AWS, by their names.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_elasticloadbalancingv2::types;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use watchkeeper_domain::capacity::RuleActions;

/// A type of ours beside the SDK's, which has no form of its own that could be kept.
trait Mirror {
    type Sdk;
    fn of(sdk: Self::Sdk) -> Self;
    fn sdk(self) -> Self::Sdk;
}

macro_rules! as_is {
    ($($type:ty),*) => {$(
        impl Mirror for $type {
            type Sdk = Self;
            fn of(sdk: Self) -> Self {
                sdk
            }
            fn sdk(self) -> Self {
                self
            }
        }
    )*};
}

as_is!(String, i32, i64, bool);

impl<T: Mirror> Mirror for Vec<T> {
    type Sdk = Vec<T::Sdk>;
    fn of(sdk: Self::Sdk) -> Self {
        sdk.into_iter().map(T::of).collect()
    }
    fn sdk(self) -> Self::Sdk {
        self.into_iter().map(T::sdk).collect()
    }
}

impl Mirror for BTreeMap<String, String> {
    type Sdk = HashMap<String, String>;
    fn of(sdk: Self::Sdk) -> Self {
        sdk.into_iter().collect()
    }
    fn sdk(self) -> Self::Sdk {
        self.into_iter().collect()
    }
}

macro_rules! words {
    ($($name:ident = $sdk:ident;)*) => {$(
        #[derive(Serialize, Deserialize)]
        #[serde(transparent)]
        struct $name(String);

        impl Mirror for $name {
            type Sdk = types::$sdk;
            fn of(sdk: Self::Sdk) -> Self {
                Self(sdk.as_str().to_owned())
            }
            fn sdk(self) -> Self::Sdk {
                types::$sdk::from(self.0.as_str())
            }
        }
    )*};
}

words! {
    Kind = ActionTypeEnum;
    OidcStranger = AuthenticateOidcActionConditionalBehaviorEnum;
    CognitoStranger = AuthenticateCognitoActionConditionalBehaviorEnum;
    Status = RedirectActionStatusCodeEnum;
    ClaimFormat = JwtValidationActionAdditionalClaimFormatEnum;
}

macro_rules! mirrors {
    ($($name:ident = $sdk:ident { $($field:ident by $set:ident: $type:ty,)* } $(=> $more:ident)?)*) => {$(
        #[derive(Serialize, Deserialize)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        struct $name {
            $(#[serde(default, skip_serializing_if = "Option::is_none")]
            $field: Option<$type>,)*
        }

        impl Mirror for $name {
            type Sdk = types::$sdk;
            fn of(sdk: Self::Sdk) -> Self {
                Self { $($field: sdk.$field.map(Mirror::of),)* }
            }
            fn sdk(self) -> Self::Sdk {
                let sdk = types::$sdk::builder()$(.$set(self.$field.map(Mirror::sdk)))*;
                $(let sdk = $more(sdk);)?
                sdk.build()
            }
        }
    )*};
}

mirrors! {
    Action = Action {
        r#type by set_type: Kind,
        target_group_arn by set_target_group_arn: String,
        order by set_order: i32,
        authenticate_oidc_config by set_authenticate_oidc_config: Oidc,
        authenticate_cognito_config by set_authenticate_cognito_config: Cognito,
        jwt_validation_config by set_jwt_validation_config: Jwt,
        redirect_config by set_redirect_config: Redirect,
        fixed_response_config by set_fixed_response_config: FixedResponse,
        forward_config by set_forward_config: Forward,
    }
    Forward = ForwardActionConfig {
        target_groups by set_target_groups: Vec<Weighted>,
        target_group_stickiness_config by set_target_group_stickiness_config: Stickiness,
    }
    Weighted = TargetGroupTuple {
        target_group_arn by set_target_group_arn: String,
        weight by set_weight: i32,
    }
    Stickiness = TargetGroupStickinessConfig {
        enabled by set_enabled: bool,
        duration_seconds by set_duration_seconds: i32,
    }
    Oidc = AuthenticateOidcActionConfig {
        issuer by set_issuer: String,
        authorization_endpoint by set_authorization_endpoint: String,
        token_endpoint by set_token_endpoint: String,
        user_info_endpoint by set_user_info_endpoint: String,
        client_id by set_client_id: String,
        session_cookie_name by set_session_cookie_name: String,
        scope by set_scope: String,
        session_timeout by set_session_timeout: i64,
        authentication_request_extra_params by set_authentication_request_extra_params: BTreeMap<String, String>,
        on_unauthenticated_request by set_on_unauthenticated_request: OidcStranger,
    } => keeping_secret
    Cognito = AuthenticateCognitoActionConfig {
        user_pool_arn by set_user_pool_arn: String,
        user_pool_client_id by set_user_pool_client_id: String,
        user_pool_domain by set_user_pool_domain: String,
        session_cookie_name by set_session_cookie_name: String,
        scope by set_scope: String,
        session_timeout by set_session_timeout: i64,
        authentication_request_extra_params by set_authentication_request_extra_params: BTreeMap<String, String>,
        on_unauthenticated_request by set_on_unauthenticated_request: CognitoStranger,
    }
    Jwt = JwtValidationActionConfig {
        jwks_endpoint by set_jwks_endpoint: String,
        issuer by set_issuer: String,
        additional_claims by set_additional_claims: Vec<Claim>,
    }
    Claim = JwtValidationActionAdditionalClaim {
        format by set_format: ClaimFormat,
        name by set_name: String,
        values by set_values: Vec<String>,
    }
    Redirect = RedirectActionConfig {
        protocol by set_protocol: String,
        port by set_port: String,
        host by set_host: String,
        path by set_path: String,
        query by set_query: String,
        status_code by set_status_code: Status,
    }
    FixedResponse = FixedResponseActionConfig {
        message_body by set_message_body: String,
        status_code by set_status_code: String,
        content_type by set_content_type: String,
    }
}

/// AWS tells the client secret of a login to nobody, and keeps the one that it has where it is told to (`ModifyRule`,
/// `UseExistingClientSecret`).
fn keeping_secret(
    oidc: types::builders::AuthenticateOidcActionConfigBuilder,
) -> types::builders::AuthenticateOidcActionConfigBuilder {
    oidc.use_existing_client_secret(true)
}

/// The actions as they are kept. The second is the kind of one that this release does not know, and could not put back.
pub(super) fn read(actions: Vec<types::Action>) -> (RuleActions, Option<String>) {
    let known = types::ActionTypeEnum::values();
    let kinds = actions.iter().filter_map(|action| action.r#type.as_ref());
    let unknown = kinds.map(types::ActionTypeEnum::as_str).find(|kind| !known.contains(kind)).map(str::to_owned);
    let object = |action| match serde_json::to_value(Action::of(action)) {
        Ok(Value::Object(object)) => object,
        // Text, numbers and flags always have a form.
        _ => Map::new(),
    };
    (RuleActions::new(actions.into_iter().map(object).collect()), unknown)
}

/// The actions as AWS takes them.
pub(super) fn written(actions: &RuleActions) -> Result<Vec<types::Action>, serde_json::Error> {
    let action = |action: &Map<String, Value>| Ok(Action::deserialize(Value::Object(action.clone()))?.sdk());
    actions.actions().iter().map(action).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn actions(value: Value) -> RuleActions {
        serde_json::from_value(value).unwrap()
    }

    /// One of every kind, with every member that AWS answers with.
    fn every_kind() -> RuleActions {
        actions(json!([
            {"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": {
                "Issuer": "https://id.example.com", "AuthorizationEndpoint": "https://id.example.com/a",
                "TokenEndpoint": "https://id.example.com/t", "UserInfoEndpoint": "https://id.example.com/u",
                "ClientId": "shop", "SessionCookieName": "AWSELBAuthSessionCookie", "Scope": "openid",
                "SessionTimeout": 604_800, "AuthenticationRequestExtraParams": {"display": "page"},
                "OnUnauthenticatedRequest": "authenticate"}},
            {"Type": "authenticate-cognito", "Order": 2, "AuthenticateCognitoConfig": {
                "UserPoolArn": "arn:aws:cognito-idp:us-east-1:123456789012:userpool/p", "UserPoolClientId": "c",
                "UserPoolDomain": "d", "OnUnauthenticatedRequest": "deny"}},
            {"Type": "jwt-validation", "Order": 3, "JwtValidationConfig": {
                "JwksEndpoint": "https://id.example.com/jwks", "Issuer": "https://id.example.com",
                "AdditionalClaims": [{"Format": "string-array", "Name": "groups", "Values": ["dev"]}]}},
            {"Type": "redirect", "Order": 4, "RedirectConfig": {
                "Protocol": "HTTPS", "Port": "443", "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}",
                "StatusCode": "HTTP_301"}},
            {"Type": "fixed-response", "Order": 5, "FixedResponseConfig": {
                "MessageBody": "no", "StatusCode": "404", "ContentType": "text/plain"}},
            {"Type": "forward", "Order": 50_000, "TargetGroupArn": "arn:one", "ForwardConfig": {
                "TargetGroups": [{"TargetGroupArn": "arn:one", "Weight": 9}, {"TargetGroupArn": "arn:two", "Weight": 1}],
                "TargetGroupStickinessConfig": {"Enabled": true, "DurationSeconds": 60}}},
        ]))
    }

    #[test]
    fn every_member_of_every_kind_is_kept_and_written_as_it_was() {
        let before = every_kind();
        let (after, unknown) = read(written(&before).unwrap());
        assert_eq!(unknown, None);
        assert_eq!(serde_json::to_value(&after).unwrap(), serde_json::to_value(&before).unwrap());
    }

    #[test]
    fn a_login_keeps_the_secret_that_aws_has() {
        let written = written(&every_kind()).unwrap();
        let oidc = written[0].authenticate_oidc_config().unwrap();
        assert_eq!((oidc.use_existing_client_secret(), oidc.client_secret()), (Some(true), None));
    }

    #[test]
    fn a_kind_that_this_release_does_not_know_is_named_and_what_aws_has_no_member_for_is_refused() {
        let action = types::Action::builder().r#type(types::ActionTypeEnum::from("teleport")).build();
        assert_eq!(read(vec![action]).1.as_deref(), Some("teleport"));
        assert!(written(&actions(json!([{"Type": "forward", "Weight": 1}]))).is_err());
    }
}
