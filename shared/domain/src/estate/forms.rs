//! Every form of text that a document uses.

use crate::schedule::{Exception, Period, Weekdays};
use crate::value::{
    AccountId, AlarmName, ClockTime, Day, Duration, Form, Label, Moment, Percent, ProfileName, ResourceName, Zone,
};

/// Every form that a document uses, for the check of a document against its schema.
pub const FORMS: &[Form] = &[
    Form::of::<AccountId>(),
    Form::of::<AlarmName>(),
    Form::of::<ClockTime>(),
    Form::of::<Day>(),
    Form::of::<Duration>(),
    Form::of::<Label>(),
    Form::of::<Moment>(),
    Form::of::<Percent>(),
    Form::of::<ProfileName>(),
    Form::of::<ResourceName>(),
    Form::of::<Zone>(),
    Form::of::<Period>(),
    Form::of::<Exception>(),
    Form::of::<Weekdays>(),
];
