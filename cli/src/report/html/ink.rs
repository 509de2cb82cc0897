//! Colours. The page has two palettes, for light and for dark, as CSS variables; a drawing names the
//! variable. The drawing library knows fixed colours alone, so it draws with stand-ins, which are replaced
//! when it is done.

use plotters::style::RGBColor;

/// What something is drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Text along axes.
    Text,
    /// Axes.
    Axis,
    /// Lines behind the data.
    Grid,
    /// A stretch of an axis, behind the data.
    Band,
    /// What holds.
    Good,
    /// What fails.
    Bad,
    /// One of the series, which differ as far as colours can; they begin anew after [`SERIES`].
    Series(usize),
    /// One of the stages, by its place on an op's way; the same in every chart.
    Stage(usize),
}

/// How many colours there are for series.
pub const SERIES: usize = 8;
/// The wait for room, and the five stages.
pub const STAGES: usize = 6;

impl Ink {
    /// The colour that the library draws with.
    pub fn stand_in(self) -> RGBColor {
        let byte = |number: usize| u8::try_from(number).unwrap_or(u8::MAX);
        match self {
            Self::Text => RGBColor(1, 2, 0),
            Self::Axis => RGBColor(1, 2, 1),
            Self::Grid => RGBColor(1, 2, 2),
            Self::Band => RGBColor(1, 2, 3),
            Self::Good => RGBColor(1, 2, 4),
            Self::Bad => RGBColor(1, 2, 5),
            Self::Series(index) => RGBColor(1, 3, byte(index % SERIES)),
            Self::Stage(index) => RGBColor(1, 4, byte(index % STAGES)),
        }
    }

    /// The colour in CSS.
    pub fn css(self) -> String {
        match self {
            Self::Text => "var(--ink-soft)".to_owned(),
            Self::Axis => "var(--axis)".to_owned(),
            Self::Grid => "var(--grid)".to_owned(),
            Self::Band => "var(--band)".to_owned(),
            Self::Good => "var(--good)".to_owned(),
            Self::Bad => "var(--bad)".to_owned(),
            Self::Series(index) => format!("var(--series-{})", index % SERIES),
            Self::Stage(index) => format!("var(--stage-{})", index % STAGES),
        }
    }

    fn all() -> impl Iterator<Item = Self> {
        let series = (0..SERIES).map(Self::Series);
        let stages = (0..STAGES).map(Self::Stage);
        let single = [
            Self::Text,
            Self::Axis,
            Self::Grid,
            Self::Band,
            Self::Good,
            Self::Bad,
        ];
        single.into_iter().chain(series).chain(stages)
    }
}

/// `svg` with the page's colours for the stand-ins.
pub fn coloured(svg: &str) -> String {
    let mut coloured = svg.to_owned();
    for ink in Ink::all() {
        let RGBColor(r, g, b) = ink.stand_in();
        let stand_in = format!("\"#{r:02X}{g:02X}{b:02X}\"");
        coloured = coloured.replace(&stand_in, &format!("\"{}\"", ink.css()));
    }
    coloured
}
