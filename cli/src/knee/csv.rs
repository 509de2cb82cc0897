//! A search for spreadsheets.

use super::report::KneeReport;

impl KneeReport {
    /// A row for each run, and for each figure of the SLO.
    pub(super) fn csv(&self) -> String {
        let heads = [
            "probe",
            "at",
            "seed",
            "figure",
            "condition",
            "value",
            "holds",
            "ops",
            "ops_per_s",
            "errors",
            "dropped",
            "run_holds",
            "probe_holds",
        ];
        let rows = self.probes.iter().enumerate().flat_map(|(index, probe)| {
            probe.runs.iter().flat_map(move |run| {
                run.figures.iter().map(move |figure| {
                    let some =
                        |value: Option<f64>| value.map_or_else(String::new, |v| v.to_string());
                    [
                        (index + 1).to_string(),
                        probe.at.to_string(),
                        run.seed.to_string(),
                        figure.figure.clone(),
                        figure.condition.clone(),
                        some(figure.value),
                        figure.holds.to_string(),
                        run.ops.to_string(),
                        some(run.ops_per_s),
                        run.errors.to_string(),
                        run.dropped.to_string(),
                        run.holds.to_string(),
                        probe.holds.to_string(),
                    ]
                })
            })
        });
        crate::report::rows(&heads, rows)
    }
}
