//! Two workers of one run: the one that was given up may still be at work when the next one begins.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use watchkeeper_control::platform::Platform;
use watchkeeper_control::ports::Clock;
use watchkeeper_domain::reconcile::run::RunOutcome;
use watchkeeper_sim::{MachineHandle, RecordedCall, SimRegion, run_until_done_or_crash, service};

use crate::resources::fixture::{End, Fixture, evening};

/// A worker that pauses at one of its looks at the clock, while something else happens.
struct Paused {
    sim: SimRegion,
    looks: Cell<u32>,
    meanwhile: RefCell<Option<Box<dyn FnOnce()>>>,
}

/// The simulation as it is, but for the clock.
struct PausedPlatform;

impl Platform for PausedPlatform {
    type Ledger = SimRegion;
    type Notifier = SimRegion;
    type Clock = Paused;
    type Machine = MachineHandle;
    type Capacity = SimRegion;
    type Alarms = SimRegion;
    type Backups = SimRegion;
    type Reports = SimRegion;
    type Unblock = SimRegion;
    type Region = SimRegion;
    type Peer = SimRegion;
    type Traffic = SimRegion;
    type Prober = SimRegion;
}

impl Clock for Paused {
    fn now(&self) -> Timestamp {
        match self.looks.get() {
            0 => self.meanwhile.take().map_or((), |meanwhile| meanwhile()),
            left => self.looks.set(left - 1),
        }
        Clock::now(&self.sim)
    }

    async fn sleep(&self, duration: Duration) {
        self.sim.advance(duration);
    }
}

#[test]
fn a_slice_that_was_overtaken_writes_nothing_once_its_run_has_gone_on_without_it() {
    let mut moment = 0;
    loop {
        let sim = evening()
            .with(service("shop/api").desired(2).scaling(1, 3))
            .with(service("shop/web").desired(1).scaling(1, 2))
            .with(service("shop/worker").desired(1))
            .build();
        let before = sim.capacity();
        let mut fixture = Fixture::over(sim);
        fixture.calendar(true);
        let run = fixture.begun();
        // The machine gives the slice up and goes on, ends the run, and the next one wakes everything.
        let (mut machine, gone_on) = (fixture.clone(), Rc::new(Cell::new(None)));
        let (its_run, mark) = (run.clone(), gone_on.clone());
        let meanwhile = move || {
            assert_eq!(machine.slices(&its_run), End::Closed(RunOutcome::Done));
            machine.calendar(false);
            assert_eq!(machine.tick(0), End::Closed(RunOutcome::Done), "{moment}");
            mark.set(Some(machine.sim.calls_made()));
        };
        let clock = Paused {
            sim: fixture.sim.clone(),
            looks: Cell::new(moment),
            meanwhile: RefCell::new(Some(Box::new(meanwhile))),
        };
        let reconciler = fixture.reconciler_on::<PausedPlatform>(clock);
        let slice = run_until_done_or_crash(&fixture.sim, reconciler.apply(&fixture.scoped, &run)).unwrap();
        let Some(mark) = gone_on.get() else { break };
        assert!(slice.is_err(), "{moment}: {slice:?}");
        let late = |call: &RecordedCall| call.operation.writes_capacity() && call.index >= mark;
        let late: Vec<_> = fixture.sim.calls().into_iter().filter(late).collect();
        assert!(late.is_empty(), "{moment}: {late:?}");
        assert_eq!(fixture.sim.capacity(), before, "{moment}");
        moment += 1;
    }
    assert!(moment > 12, "it was paused at {moment} moments only");
}
