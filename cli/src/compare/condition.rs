//! `--fail-if`: how far a figure may be from the baseline.

use super::CompareError;
use crate::scenario::{Comparison, figures};

/// What must not be.
#[derive(Clone, Debug, PartialEq)]
pub struct FailIf {
    /// The figure's name.
    pub figure: String,
    /// How its relative difference is compared.
    pub comparison: Comparison,
    /// With what: 0.05 is 5 %.
    pub bound: f64,
    /// As it was typed.
    pub text: String,
}

/// Reads `throughput<-5%`.
///
/// # Errors
/// It is none.
pub fn parse(text: &str) -> Result<FailIf, CompareError> {
    let wrong = |why: &str| CompareError::Flags {
        wrong: format!("--fail-if {text}: {why}"),
        accepted: "a figure, one of < <= > >=, and a signed share: 'throughput<-5%', 'p99>+10%'",
    };
    let at = text
        .find(['<', '>'])
        .ok_or_else(|| wrong("it compares nothing"))?;
    let (figure, condition) = text.split_at(at);
    let (comparison, bound) = SIGNS
        .iter()
        .find_map(|(sign, comparison)| Some((*comparison, condition.strip_prefix(sign)?)))
        .ok_or_else(|| wrong("it compares nothing"))?;
    let percent = bound.trim().strip_suffix('%');
    let percent = percent.ok_or_else(|| wrong("the share lacks its %"))?;
    let percent = percent.trim().parse::<f64>();
    let percent = percent.ok().filter(|percent| percent.is_finite());
    if figure.trim().is_empty() {
        return Err(wrong("it names no figure"));
    }
    if !figures::is_known(figure) {
        let question = figures::did_you_mean_figure(figure);
        let question = question.map_or_else(String::new, |it| format!("; {it}"));
        let figure = figure.trim();
        return Err(wrong(&format!(
            "no result has a figure `{figure}`{question}"
        )));
    }
    let bound = percent.ok_or_else(|| wrong("the share is no number"))? / 100.0;
    // No figure is below zero.
    let met = match comparison {
        Comparison::Less if bound <= -1.0 => Some("never"),
        Comparison::AtMost if bound < -1.0 => Some("never"),
        Comparison::AtLeast if bound <= -1.0 => Some("always"),
        Comparison::Greater if bound < -1.0 => Some("always"),
        _ => None,
    };
    if let Some(met) = met {
        return Err(wrong(&format!(
            "nothing can be less by more than 100 %, so that it is {met} met"
        )));
    }
    Ok(FailIf {
        figure: figure.trim().to_owned(),
        comparison,
        bound,
        text: text.to_owned(),
    })
}

/// Longer signs before their beginnings.
const SIGNS: [(&str, Comparison); 4] = [
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_signs() {
        let condition = parse("throughput < -5%").unwrap();
        assert_eq!(condition.figure, "throughput");
        assert_eq!(condition.comparison, Comparison::Less);
        assert_eq!(condition.bound, -0.05);
        assert_eq!(parse("notify.p99>=+10 %").unwrap().bound, 0.1);
        for wrong in [
            "p99",
            "p99>10",
            "<5%",
            "p99>x%",
            "p99==5%",
            "p99>inf%",
            "thruput<-5%",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        for (text, met) in [
            ("throughput<-200%", "never"),
            ("throughput<-100%", "never"),
            ("p99<=-100.1%", "never"),
            ("p99>=-100%", "always"),
            ("p99>-101%", "always"),
        ] {
            let wrong = parse(text).unwrap_err().to_string();
            assert!(wrong.contains(met), "{wrong}");
        }
        for right in ["throughput<=-100%", "p99>-100%", "p99<+300%"] {
            assert!(parse(right).is_ok(), "{right}");
        }
    }
}
