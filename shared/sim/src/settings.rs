//! How long things take in a simulation, and how old its answers may be.

use std::time::Duration;

/// How a simulation behaves in time. All of it is simulated time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimingSettings {
    /// From a raised desired count to running tasks.
    pub task_start: Duration,
    /// From a lowered desired count to stopped tasks: the 30 s that a container gets to stop (`stopTimeout`'s default,
    /// Amazon ECS developer guide).
    pub task_stop: Duration,
    /// From a task that does not run any more to its being STOPPED: while it lingers it counts neither as running nor as
    /// pending, and may still do its work.
    pub task_linger: Duration,
    /// From a started deployment to its completion.
    pub deployment: Duration,
    /// From a changed count, bound or load to what an autoscaler makes of it.
    pub autoscaler: Duration,
    /// Whether `RegisterScalableTarget` brings the count inside the bounds although scaling is suspended. The API
    /// reference says that it adjusts the current capacity, and of suspensions that they hold what policies and
    /// scheduled actions trigger: hence `true`. Could not be tried on AWS here, so tests can have the other.
    pub registering_moves_suspended: bool,
    /// From the start of a database to its being available.
    pub database_start: Duration,
    /// From the stop of a database to its being stopped.
    pub database_stop: Duration,
    /// After how long a stopped database starts by itself: 7 days (RDS and Aurora user guides, stopping).
    pub database_restart: Duration,
    /// From the promotion of a replica, or the move of a writer, to its being the writer.
    pub promotion: Duration,
    /// From a metric to the alarm that follows it: a period of a minute.
    pub alarm: Duration,
    /// From a switch of the traffic to people reaching the other region: health checks every 10 s, a threshold of 3
    /// (Amazon Route 53 developer guide).
    pub traffic: Duration,
    /// How old the answer of a describe may be, at the most; each answer's age is drawn from the seed.
    pub staleness: Duration,
    /// What each call takes.
    pub latency: Duration,
    /// What a call takes that gets no answer.
    pub time_out: Duration,
    /// What a call takes to a lost region that hangs: the caller's own bound for such calls.
    pub abroad: Duration,
}

impl Default for TimingSettings {
    fn default() -> Self {
        Self {
            task_start: Duration::from_secs(40),
            task_stop: Duration::from_secs(30),
            task_linger: Duration::from_secs(10),
            deployment: Duration::from_mins(3),
            autoscaler: Duration::from_secs(5),
            registering_moves_suspended: true,
            database_start: Duration::from_mins(6),
            database_stop: Duration::from_mins(4),
            database_restart: Duration::from_hours(7 * 24),
            promotion: Duration::from_mins(2),
            alarm: Duration::from_mins(1),
            traffic: Duration::from_secs(30),
            staleness: Duration::ZERO,
            latency: Duration::ZERO,
            time_out: Duration::from_secs(10),
            abroad: Duration::from_secs(3),
        }
    }
}
