//! A row of the table: a figure, what it is compared with, and what it has to reach.

use serde::Serialize;

use crate::failure::Failure;
use crate::measure::Rounds;
use crate::summary::{Summary, ratio};

/// A row of the table, and an element of the JSON.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The benchmark's name, and behind a slash which of its rows.
    pub name: String,
    /// What of the figures is.
    pub unit: Unit,
    /// Our figure. `null`: not measured.
    pub ours: Option<Summary>,
    /// What it is compared with. `null`: nothing, or it is not there.
    pub peer: Option<Peer>,
    /// Ours by the peer's: the median of the rounds' own ratios.
    pub ratio: Option<f64>,
    /// What it has to reach.
    pub reach: Option<Reach>,
    /// Whether it does.
    pub verdict: Verdict,
    /// What else was counted, or why something is missing.
    pub notes: Vec<String>,
}

/// What figures are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Nanoseconds: less is better.
    Ns,
    /// Per second: more is better.
    PerS,
    /// Bytes: less is better.
    Bytes,
}

/// What a figure is compared with, measured in the same rounds.
#[derive(Clone, Debug, Serialize)]
pub struct Peer {
    /// Its name.
    pub name: &'static str,
    /// Its figure.
    pub figure: Summary,
}

/// What a row has to reach.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Reach {
    /// Of which figure.
    pub of: Of,
    /// In which direction.
    pub bound: Bound,
    /// The limit, which is still good.
    pub limit: f64,
    /// What would be better still.
    pub aim: Option<f64>,
}

/// Which figure has to reach something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Of {
    /// The ratio to the peer.
    Ratio,
    /// Our median.
    Median,
}

/// In which direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Less is better.
    AtMost,
    /// More is better.
    AtLeast,
}

/// Whether a row reaches what it has to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It does, and the aim as well.
    Aim,
    /// It does.
    Met,
    /// It does not.
    Missed,
    /// There is nothing to reach.
    NoReach,
    /// The figure that has to reach it was not measured; the notes say why.
    NotMeasured,
    /// A check failed; the notes say which.
    Failed,
}

impl Reach {
    /// At most `limit` times the peer's.
    pub const fn ratio_at_most(limit: f64) -> Self {
        Self::new(Of::Ratio, Bound::AtMost, limit)
    }

    /// At least `limit` times the peer's.
    pub const fn ratio_at_least(limit: f64) -> Self {
        Self::new(Of::Ratio, Bound::AtLeast, limit)
    }

    /// At most `limit` of the row's unit.
    pub const fn at_most(limit: f64) -> Self {
        Self::new(Of::Median, Bound::AtMost, limit)
    }

    /// At least `limit` of the row's unit.
    pub const fn at_least(limit: f64) -> Self {
        Self::new(Of::Median, Bound::AtLeast, limit)
    }

    /// With something better to aim at.
    pub const fn aiming_at(mut self, aim: f64) -> Self {
        self.aim = Some(aim);
        self
    }

    const fn new(of: Of, bound: Bound, limit: f64) -> Self {
        Self {
            of,
            bound,
            limit,
            aim: None,
        }
    }

    fn verdict(&self, figure: f64) -> Verdict {
        let holds = |limit: f64| match self.bound {
            Bound::AtMost => figure <= limit,
            Bound::AtLeast => figure >= limit,
        };
        match self.aim {
            Some(aim) if holds(aim) => Verdict::Aim,
            _ if holds(self.limit) => Verdict::Met,
            _ => Verdict::Missed,
        }
    }
}

impl Row {
    /// A row without figures yet.
    pub fn new(name: impl Into<String>, unit: Unit) -> Self {
        Self {
            name: name.into(),
            unit,
            ours: None,
            peer: None,
            ratio: None,
            reach: None,
            verdict: Verdict::NotMeasured,
            notes: Vec::new(),
        }
    }

    /// With what the rounds measured; the peer's part of them, if there is any, under this name.
    pub fn with_rounds(mut self, rounds: &Rounds, peer: &'static str) -> Self {
        self.ours = Summary::of(&rounds.ours);
        self.peer = Summary::of(&rounds.peer).map(|figure| Peer { name: peer, figure });
        self.ratio = ratio(&rounds.ours, &rounds.peer);
        self.judged()
    }

    /// With our figure alone.
    pub fn with_figure(mut self, ours: Option<Summary>) -> Self {
        self.ours = ours;
        self.judged()
    }

    /// Beside a figure that is known and not measured.
    pub fn beside(mut self, name: &'static str, figure: f64) -> Self {
        let figure = Summary::exactly(figure);
        self.ratio = self.ours.map(|ours| ours.median / figure.median);
        self.peer = Some(Peer { name, figure });
        self.judged()
    }

    /// With something to reach.
    pub fn reaching(mut self, reach: Reach) -> Self {
        self.reach = Some(reach);
        self.judged()
    }

    /// With a note.
    pub fn noting(mut self, note: impl std::fmt::Display) -> Self {
        self.notes.push(note.to_string());
        self
    }

    /// Without figures, for this reason.
    pub fn failed(self, failure: &Failure) -> Self {
        match failure {
            Failure::Unavailable(reason) => self.noting(format!("not measured: {reason}")),
            Failure::Check(reason) => Self {
                verdict: Verdict::Failed,
                ..self.noting(format!("FAILED: {reason}"))
            },
        }
    }

    fn judged(mut self) -> Self {
        let figure = |of| match of {
            Of::Ratio => self.ratio,
            Of::Median => self.ours.map(|ours| ours.median),
        };
        self.verdict = match self.reach {
            None if self.ours.is_some() => Verdict::NoReach,
            None => Verdict::NotMeasured,
            Some(reach) => figure(reach.of).map_or(Verdict::NotMeasured, |f| reach.verdict(f)),
        };
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(ours: f64, peer: Option<f64>) -> Rounds {
        Rounds {
            ours: vec![ours; 3],
            peer: peer.map_or_else(Vec::new, |peer| vec![peer; 3]),
        }
    }

    #[test]
    fn a_limit_is_still_good_and_an_aim_is_better() {
        let reach = Reach::ratio_at_most(0.5).aiming_at(0.25);
        for (ours, verdict) in [
            (25.0, Verdict::Aim),
            (26.0, Verdict::Met),
            (50.0, Verdict::Met),
            (51.0, Verdict::Missed),
        ] {
            let row = Row::new("row", Unit::Ns)
                .reaching(reach)
                .with_rounds(&rounds(ours, Some(100.0)), "peer");
            assert_eq!(row.verdict, verdict, "{ours}");
        }
        assert_eq!(Reach::ratio_at_least(0.99).verdict(0.989), Verdict::Missed);
        assert_eq!(Reach::at_least(2e6).verdict(2e6), Verdict::Met);
    }

    #[test]
    fn a_peer_that_is_absent_leaves_the_ratio_unmeasured() {
        let row = Row::new("row", Unit::Ns)
            .with_rounds(&rounds(50.0, None), "peer")
            .reaching(Reach::ratio_at_most(0.5));
        assert_eq!(row.verdict, Verdict::NotMeasured);
        assert!(row.ours.is_some() && row.peer.is_none() && row.ratio.is_none());
        let row = Row::new("row", Unit::Ns)
            .with_rounds(&rounds(50.0, None), "peer")
            .reaching(Reach::at_most(50.0));
        assert_eq!(row.verdict, Verdict::Met);
    }

    #[test]
    fn failures_are_told_apart() {
        let row = |failure| Row::new("row", Unit::Ns).failed(&failure);
        assert_eq!(
            row(Failure::unavailable("none")).verdict,
            Verdict::NotMeasured
        );
        assert_eq!(row(Failure::check("early")).verdict, Verdict::Failed);
        assert_eq!(row(Failure::check("early")).notes, ["FAILED: early"]);
    }
}
