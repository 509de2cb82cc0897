//! Results for spreadsheets.

use super::super::rounded;
use super::ResultsReport;

impl ResultsReport {
    /// A row for each variant and figure.
    pub(super) fn csv(&self) -> String {
        let heads = [
            "variant",
            "figure",
            "baseline",
            "candidate",
            "difference",
            "half_width",
        ];
        let rows = self.pairs.iter().flat_map(|pair| {
            pair.figures.iter().map(|it| {
                [
                    pair.variant.clone().unwrap_or_default(),
                    it.figure.clone(),
                    rounded(it.baseline),
                    rounded(it.candidate),
                    rounded(it.difference),
                    rounded(it.half_width),
                ]
            })
        });
        crate::report::rows(&heads, rows)
    }
}
