//! Every form of text that a document uses.

use super::{ClusterServices, EnvironmentDatabases};
use crate::schedule::{DateException, DayPeriod, Weekdays};
use crate::value::{
    AccountId, AlarmName, CalendarDay, ClockTime, Duration, Form, HourlyCost, Label, ListenerRuleArn, Percent,
    PointInTime, ProfileName, ResourceName, Sha256, TargetGroupArn, UsageLimit, Zone,
};

/// Every form that a document uses, for the check of a document against its schema.
pub const FORMS: &[Form] = &[
    Form::of::<AccountId>(),
    Form::of::<AlarmName>(),
    Form::of::<ClockTime>(),
    Form::of::<CalendarDay>(),
    Form::of::<Duration>(),
    Form::of::<HourlyCost>(),
    Form::of::<Label>(),
    Form::of::<ListenerRuleArn>(),
    Form::of::<PointInTime>(),
    Form::of::<Percent>(),
    Form::of::<ProfileName>(),
    Form::of::<ResourceName>(),
    Form::of::<Sha256>(),
    Form::of::<TargetGroupArn>(),
    Form::of::<UsageLimit>(),
    Form::of::<Zone>(),
    Form::of::<ClusterServices>(),
    Form::of::<EnvironmentDatabases>(),
    Form::of::<DayPeriod>(),
    Form::of::<DateException>(),
    Form::of::<Weekdays>(),
];
