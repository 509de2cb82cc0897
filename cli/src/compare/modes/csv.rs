//! Modes for spreadsheets.

use super::super::rounded;
use super::ModesReport;

impl ModesReport {
    /// A row for each mode and figure, and for each edge of the search.
    pub(super) fn csv(&self) -> String {
        let runs = self.seeds.len().to_string();
        let figures = self.modes.iter().flat_map(|mode| {
            let open_loop = mode.open_loop.as_ref();
            let figures = [
                ("throughput", mode.ops_per_s),
                ("speed_up", mode.speed_up),
                ("mean_ns", mode.latency.mean_ns),
                ("p50_ns", mode.latency.p50_ns),
                ("p99_ns", mode.latency.p99_ns),
            ];
            let uncorrected = open_loop.map(|it| ("uncorrected_p99_ns", it.uncorrected_p99_ns));
            let figures = figures.into_iter().chain(uncorrected);
            let figures = figures.map(|(figure, estimate)| {
                let [mean, half_width] = [
                    estimate.map(|it| it.mean),
                    estimate.and_then(|it| it.half_width),
                ];
                (figure, rounded(mean), rounded(half_width))
            });
            let counts = open_loop.map(|it| [("late", it.late), ("dropped", it.dropped)]);
            let counts = counts
                .into_iter()
                .flatten()
                .chain([("errors", mode.errors)]);
            let counts = counts.map(|(figure, count)| (figure, count.to_string(), String::new()));
            figures.chain(counts).map(|(figure, mean, half_width)| {
                [
                    mode.mode.to_string(),
                    figure.to_owned(),
                    mean,
                    half_width,
                    runs.clone(),
                ]
            })
        });
        let edges = self.break_even.iter().flat_map(|found| {
            let name = format!("break_even_{}", found.over.plural());
            let until = found.loses_again.map(|it| it.wins_at);
            let edges = match found.parts.is_empty() {
                true => vec![[found.wins_from(), until]],
                false => found.parts.iter().map(|it| it.map(Some)).collect(),
            };
            let [_, runs] = found.runs();
            edges
                .into_iter()
                .flatten()
                .zip(["", "_until"].into_iter().cycle())
                .map(move |(at, end)| {
                    [
                        found.offload.clone(),
                        format!("{name}{end}"),
                        at.map_or_else(String::new, |at| at.to_string()),
                        String::new(),
                        runs.to_string(),
                    ]
                })
        });
        let rows = figures.chain(edges);
        crate::report::rows(&["mode", "figure", "mean", "half_width", "runs"], rows)
    }
}
