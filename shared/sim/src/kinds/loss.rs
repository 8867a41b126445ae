//! How a region is lost: what becomes of calls to it, of its tasks, and of what runs in it.

/// How a call to a lost region fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LossAnswer {
    /// At once.
    Refused,
    /// After the caller's own time-out.
    Never,
}

/// How a region is lost. Calls to it, from it and about it fail, nothing that is written reaches it or leaves it, and its
/// site does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegionLoss {
    pub(crate) answering: LossAnswer,
    pub(crate) tasks_die: bool,
    pub(crate) runs_inside: bool,
}

impl RegionLoss {
    /// Calls fail at once. Tasks go on as they are, and AWS stands still: nothing starts, stops or scales.
    pub fn failing() -> Self {
        Self { answering: LossAnswer::Refused, tasks_die: false, runs_inside: false }
    }

    /// The same, but calls get no answer: they fail after the caller's own time-out.
    pub fn hanging() -> Self {
        Self { answering: LossAnswer::Never, ..Self::failing() }
    }

    /// Its tasks are gone, and start again once it is regained.
    #[must_use]
    pub fn tasks_die(mut self) -> Self {
        self.tasks_die = true;
        self
    }

    /// It is only cut off: inside, AWS answers its own stack and does its work.
    #[must_use]
    pub fn runs_inside(mut self) -> Self {
        self.runs_inside = true;
        self
    }
}
