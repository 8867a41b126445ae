//! An environment that nobody uses within its awake hours: when it is asked whether it is used, what the figures mean, and how
//! long it sleeps then.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{DesiredState, Intent, Layer, wanted};
use crate::capacity::ServiceId;
use crate::estate::{Environment, SleepWhenIdle};
use crate::message::{Message, MessageContext};
use crate::name::Scope;
use crate::value::{ListenerRuleArn, UsageLimit, rounded};

/// Whose intent it is that an idle environment sleeps: of the calendar's layer, for all that the calendar may do, and no more.
const BY: &str = "idle";

/// What one figure is about, in seconds: five minutes, as a tick is.
pub const USAGE_PERIOD: SignedDuration = SignedDuration::from_mins(5);

/// How old a figure is that has to be there: Elastic Load Balancing and ECS send theirs each minute, and CloudWatch shows them a
/// minute or two later. One that comes sooner counts as well.
const LATE: SignedDuration = USAGE_PERIOD;

/// What tells whether an environment is used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum UsageSubject {
    /// The requests to a target group, by the dimensions of its metrics.
    Requests {
        /// The load balancer, such as `app/shop-dev/50dc6c495c0c9188`.
        balancer: String,
        /// The target group, such as `targetgroup/shop-dev/73e2d6bc24d8a067`.
        group: String,
    },
    /// The CPU of a service.
    Cpu(ServiceId),
}

/// What is known of a subject in one period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UsagePoint {
    /// The figure: requests in the period, or the average share of the CPU in hundredths of a percent, rounded up. None where
    /// CloudWatch has none.
    pub figure: Option<u64>,
    /// Whether the group is known to have had a healthy target. It tells a group without requests, of which there is no figure, from
    /// one of which nothing is known. Of no meaning for a CPU.
    pub healthy: bool,
}

/// The figures of each subject, by the beginning of their period.
pub type UsageFigures = BTreeMap<UsageSubject, BTreeMap<Timestamp, UsagePoint>>;

/// The time that figures are read of, in whole periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageWindow {
    /// Its beginning.
    pub from: Timestamp,
    /// Up to here every figure has to be there.
    pub settled: Timestamp,
    /// Its end; figures after `settled` count where they are there.
    pub to: Timestamp,
}

impl UsageWindow {
    /// The window of a rule at an instant: as long as the rule says, and the last periods with it.
    fn of(rule: &SleepWhenIdle, instant: Timestamp) -> Self {
        let period = USAGE_PERIOD.as_secs();
        let at = |seconds: i64| Timestamp::from_second(seconds.div_euclid(period) * period).unwrap_or(instant);
        let to = at(instant.as_second());
        let settled = at(to.as_second() - LATE.as_secs());
        Self { from: at(settled.as_second() - rule.after.signed().as_secs()), settled, to }
    }

    /// The beginnings of the periods in which every figure has to be there.
    fn periods(&self) -> impl Iterator<Item = Timestamp> + use<> {
        let (from, to, step) = (self.from.as_second(), self.settled.as_second(), USAGE_PERIOD.as_secs());
        (0..)
            .map(move |n| from + n * step)
            .take_while(move |at| *at < to)
            .filter_map(|at| Timestamp::from_second(at).ok())
    }
}

/// Where an environment stands with its rule at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "one at a time, and gone at once")]
pub enum IdleStanding {
    /// It sleeps because it was idle, and goes on: what the ledger has, as of now.
    Sleeps(Intent),
    /// It is not asked: somebody or something else decides, or it was not awake for long enough to be used.
    NotAsked,
    /// It is to be asked whether it was used in this time.
    Ask(UsageWindow),
}

/// What the figures come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsageVerdict {
    /// Nobody used it.
    Idle,
    /// Somebody did.
    Used,
    /// It cannot be told, and why.
    NotKnown(String),
}

impl UsageSubject {
    /// The target group of this ARN, behind the load balancer of a rule (Application Load Balancers user guide, "CloudWatch metrics":
    /// the dimensions are the ends of the ARNs).
    pub fn of_group(rule: &ListenerRuleArn, group: &str) -> Self {
        let group = group.rsplit(':').next().unwrap_or_default().to_owned();
        Self::Requests { balancer: rule.balancer(), group }
    }
}

impl Intent {
    /// Whether it lets an environment sleep because nobody used it.
    pub fn is_idle(&self) -> bool {
        self.layer == Layer::Schedule && self.want == DesiredState::Asleep && self.by == BY
    }
}

/// The word of the schedule as far as it is known without a look: that of the calendar, or that it sleeps on since it was idle.
pub fn scheduled(environment: &Environment, intents: &[Intent], instant: Timestamp) -> Intent {
    match standing(environment, intents, instant) {
        IdleStanding::Sleeps(intent) => intent,
        IdleStanding::NotAsked | IdleStanding::Ask(_) => wanted(environment, instant),
    }
}

/// Where an environment stands with its rule. It is asked only where the calendar wants it awake, nothing stronger speaks, and it
/// has been awake for as long as the rule says. Once idle, it sleeps until the calendar wakes it the next time, or anything else
/// does.
pub fn standing(environment: &Environment, intents: &[Intent], instant: Timestamp) -> IdleStanding {
    let calendar = environment.calendar().map(|calendar| calendar.at(instant));
    let Some(rule) = environment.document().sleep_when_idle.as_ref() else { return IdleStanding::NotAsked };
    if calendar.as_ref().is_some_and(|calendar| !calendar.awake) {
        return IdleStanding::NotAsked;
    }
    let turned = calendar.and_then(|calendar| calendar.since);
    let declared = intents.iter().find(|intent| intent.layer == Layer::Schedule);
    let others = || intents.iter().filter(|intent| intent.layer != Layer::Schedule);
    let holds = |intent: &Intent| intent.holds(instant) && intent.declared <= instant;
    if let Some(idle) = declared.filter(|intent| intent.is_idle()) {
        let woken = others().any(|intent| holds(intent) && intent.want != DesiredState::Asleep);
        let next_day = turned.is_some_and(|turned| turned > idle.declared);
        let on = Intent { declared: instant.max(idle.declared), ..idle.clone() };
        return if woken || next_day { IdleStanding::NotAsked } else { IdleStanding::Sleeps(on) };
    }
    let asleep = declared.is_some_and(|intent| intent.want == DesiredState::Asleep);
    if asleep || others().any(holds) {
        return IdleStanding::NotAsked;
    }
    // It woke when its calendar said so, when the tick has seen that somebody woke it, or when a sleep of somebody ended.
    let ended = others().filter(|intent| intent.want == DesiredState::Asleep).filter_map(|intent| intent.expires);
    let woke = ended.chain(turned).chain(declared.map(|intent| intent.declared)).max();
    if woke.is_some_and(|woke| instant.duration_since(woke) < rule.after.signed()) {
        return IdleStanding::NotAsked;
    }
    IdleStanding::Ask(UsageWindow::of(rule, instant))
}

/// What the figures of a window come to. A single one at the limit or above it is a use. Nothing is idle of which a figure is not
/// there: only where its group had a healthy target are requests that were not counted none.
pub fn usage(rule: &SleepWhenIdle, window: &UsageWindow, figures: &UsageFigures) -> UsageVerdict {
    let mut requests = BTreeMap::<Timestamp, u64>::new();
    for (subject, points) in figures {
        for (at, point) in points {
            let Some(figure) = point.figure else { continue };
            match (subject, rule.below) {
                (UsageSubject::Cpu(_), UsageLimit::Cpu(most)) if figure >= u64::from(most.value()) * 100 => {
                    return UsageVerdict::Used;
                }
                (UsageSubject::Requests { .. }, UsageLimit::Requests(_)) => {
                    let sum = requests.entry(*at).or_default();
                    *sum = sum.saturating_add(figure);
                }
                _ => {}
            }
        }
    }
    if let UsageLimit::Requests(most) = rule.below {
        let most = u64::from(most) * USAGE_PERIOD.as_secs().unsigned_abs() / 60;
        if requests.values().any(|sum| *sum >= most) {
            return UsageVerdict::Used;
        }
    }
    if figures.is_empty() {
        return UsageVerdict::NotKnown("there is nothing that tells whether it is used".to_owned());
    }
    let known = |subject: &UsageSubject, point: &UsagePoint| match subject {
        UsageSubject::Requests { .. } => point.healthy,
        UsageSubject::Cpu(_) => point.figure.is_some(),
    };
    for (subject, points) in figures {
        let gap = window.periods().find(|at| !points.get(at).is_some_and(|point| known(subject, point)));
        if let Some(at) = gap {
            return UsageVerdict::NotKnown(match subject {
                UsageSubject::Requests { group, .. } => {
                    format!("{group} had no healthy target that is known of at {at}")
                }
                UsageSubject::Cpu(service) => format!("CloudWatch has no CPU of {service} at {at}"),
            });
        }
    }
    UsageVerdict::Idle
}

/// That it sleeps because nobody used it.
pub fn idle(rule: &SleepWhenIdle, instant: Timestamp) -> Intent {
    let below = match rule.below {
        UsageLimit::Requests(_) => format!("fewer requests than {}", rule.below),
        UsageLimit::Cpu(_) => format!("less CPU than {}", rule.below),
    };
    Intent {
        layer: Layer::Schedule,
        want: DesiredState::Asleep,
        reason: format!("idle, {below} for {}", rounded(rule.after.signed())),
        by: BY.to_owned(),
        declared: instant,
        expires: None,
        approved: [].into(),
        for_release: None,
    }
}

/// What people are told, once, where the figures cannot be read.
pub fn unread_message(scope: &Scope, why: &str) -> Message {
    let Scope { estate, environment, region } = scope;
    let subject = format!("{estate} {environment}: whether it is used cannot be read");
    let text = format!(
        "{subject} ({region}), so it stays awake.\n\nError: {why}\nChanged: nothing.\n\nWhat to do: remove the cause; the next tick \
         reads again by itself. It is told once while it lasts."
    );
    Message::new(&subject, text).with(MessageContext::about(scope))
}
