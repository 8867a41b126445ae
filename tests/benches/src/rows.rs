//! How a row is put together.

use watchkeeper_tests::bench::BenchRow;

/// A row that was played once and has no goal.
pub(crate) fn row(name: &str, what: String, measured: String) -> DraftRow {
    DraftRow(BenchRow { row: name.to_owned(), what, measured, runs: 1, ..BenchRow::default() })
}

/// A row that is being put together.
pub(crate) struct DraftRow(BenchRow);

impl DraftRow {
    /// What it is to be, and whether it is.
    pub(crate) fn goal(mut self, goal: &str, met: bool) -> Self {
        (self.0.goal, self.0.met) = (goal.to_owned(), Some(met));
        self
    }

    /// How often it was played.
    pub(crate) fn runs(mut self, runs: usize) -> Self {
        self.0.runs = runs;
        self
    }

    /// What was measured, by name.
    pub(crate) fn figures<'a>(mut self, figures: impl IntoIterator<Item = (&'a str, f64)>) -> Self {
        self.0.figures.extend(figures.into_iter().map(|(name, figure)| (name.to_owned(), figure)));
        self
    }

    /// The row.
    pub(crate) fn done(self) -> BenchRow {
        self.0
    }
}
