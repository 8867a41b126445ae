//! The button: it is remembered that it was pressed before anything is started, so that of many presses at once one starts
//! something, and what could not be started is taken back.

use jiff::Timestamp;
use watchkeeper_domain::wake_page::{WakePress, WakeRefusal};
use watchkeeper_window::facts::WakeNotice;

use super::look::SeenScope;
use super::{BadForm, PageScope, PressedAt, WakePageRunbook, WebAnswer, WebRequest, answers};
use crate::ledger::{Ledger, LedgerError};
use crate::platform::Platform;
use crate::ports::Executions;
use crate::runbook::in_full;

/// How often a press is decided anew where another one came in between: the winner's is there by then.
const TRIES: u32 = 3;

/// What came of a press.
enum Pressed {
    /// It wakes now, or it does so already, or is awake: the page, or the application, is looked at again.
    Wakes,
    /// It does not, and why.
    Not(WakeRefusal),
    /// It was decided, and nothing could be started.
    NotStarted,
}

impl<P: Platform> WakePageRunbook<P> {
    /// The answer to a press.
    pub(super) async fn pressed(&self, page: &PageScope<'_>, request: &WebRequest, now: Timestamp) -> WebAnswer {
        let named = format!("{}/{}", page.scope.estate, page.scope.environment);
        let form = match request.body.as_ref().ok_or_else(undecoded).and_then(|_| request.form()) {
            Ok(form) if form.environment == named => form,
            Ok(form) => return answers::not_understood(&other_environment(&form.environment, &named)),
            Err(bad) => return answers::not_understood(&bad),
        };
        if request.pressed_at() == PressedAt::Elsewhere {
            tracing::warn!(scope = %page.scope, "a press from elsewhere");
            return answers::pressed_elsewhere();
        }
        let (estate, environment) = (&page.scope.estate, &page.scope.environment);
        let pressed = match self.press(page, &form.token, now).await {
            Ok(pressed) => pressed,
            Err(error) => {
                tracing::error!(%estate, %environment, error = in_full(&error), "a press was not decided");
                return answers::unread(page, now);
            }
        };
        let notice = match pressed {
            Pressed::Wakes => return answers::look_again(request),
            Pressed::Not(refusal) => {
                tracing::info!(%estate, %environment, ?refusal, "a press wakes nothing");
                match refusal {
                    WakeRefusal::Awake | WakeRefusal::UnderWay => return answers::look_again(request),
                    WakeRefusal::WrongToken => WakeNotice::WrongToken,
                    WakeRefusal::Halted => WakeNotice::Halted,
                    WakeRefusal::UsedUp { at_most, again } => WakeNotice::UsedUp { at_most, again },
                }
            }
            Pressed::NotStarted => WakeNotice::NotStarted,
        };
        match self.look(page, now).await {
            Ok(seen) => answers::page(request, &seen.facts(page, Some(notice), now)),
            Err(_) => answers::unread(page, now),
        }
    }

    async fn press(&self, page: &PageScope<'_>, typed: &str, now: Timestamp) -> Result<Pressed, LedgerError> {
        for _ in 0..TRIES {
            let seen = self.read(page, now).await?;
            let press = match seen.situation(page, now).press(typed) {
                Ok(press) => press,
                Err(refusal) => return Ok(Pressed::Not(refusal)),
            };
            match self.ledger.keep_presses(&page.scope, &press.memory, seen.version).await {
                Ok(()) => return Ok(self.start(page, &press, &seen).await),
                Err(LedgerError::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        // So many presses at once: one of them has won.
        Ok(Pressed::Wakes)
    }

    async fn start(&self, page: &PageScope<'_>, press: &WakePress, seen: &SeenScope) -> Pressed {
        let (estate, environment) = (&page.scope.estate, &page.scope.environment);
        self.forget(page);
        let started = self.reconcile.start(&press.execution, &press.request.to_string()).await;
        let (after, pressed) = match &started {
            Ok(_) => {
                tracing::info!(%estate, %environment, execution = press.execution, "a press wakes it");
                (press.memory.started(), Pressed::Wakes)
            }
            Err(error) => {
                tracing::error!(%estate, %environment, error = in_full(error), "a press could start nothing");
                (press.memory.taken_back(), Pressed::NotStarted)
            }
        };
        // Where this is not written, the next press finds out after half a minute.
        if let Err(error) = self.ledger.keep_presses(&page.scope, &after, seen.version + 1).await {
            tracing::warn!(%estate, %environment, error = in_full(&error), "what came of a press is not remembered");
        }
        self.forget(page);
        pressed
    }
}

fn undecoded() -> BadForm {
    BadForm {
        field: "body".to_owned(),
        found: "no base64".to_owned(),
        expected: "base64, as the request says".to_owned(),
    }
}

fn other_environment(found: &str, expected: &str) -> BadForm {
    BadForm { field: super::FIELD.to_owned(), found: format!("{found:?}"), expected: expected.to_owned() }
}
