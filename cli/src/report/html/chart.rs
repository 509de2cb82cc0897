//! A chart of lines: over time, over percentiles, over a quantity that was swept.

use std::fmt::Write as _;

use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::*;

use super::ink::{Ink, coloured};
use super::ticks::short;

/// Lines over a quantity.
pub struct LineChart<'a> {
    /// Of this page, and of no other chart on it.
    pub id: &'a str,
    /// For those who hear the page.
    pub title: &'a str,
    /// What it shows, in a sentence.
    pub description: &'a str,
    /// From left to right.
    pub x: Axis<'a>,
    /// From bottom to top.
    pub y: Axis<'a>,
    /// Behind everything.
    pub bands: Vec<Band>,
    /// Drawn one over the other: first what was measured, then what is dashed, then single points.
    pub lines: Vec<Line>,
    /// Whether it is as wide as the page.
    pub is_wide: bool,
}

/// An axis.
pub struct Axis<'a> {
    /// What runs along it, with its unit.
    pub label: &'a str,
    /// Its first and last value; the first of a logarithmic one is above zero.
    pub range: [f64; 2],
    /// How values are spaced.
    pub scale: Scale,
    /// What is written at a tick; an empty text leaves it out.
    pub tick: fn(f64) -> String,
}

/// How values are spaced along an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// Evenly.
    Linear,
    /// By their logarithm, with ticks at powers of this base.
    Log(f64),
}

/// A line.
pub struct Line {
    /// What it shows, in its legend.
    pub label: String,
    /// Its colour.
    pub ink: Ink,
    /// From left to right. What is not finite leaves a gap.
    pub points: Vec<(f64, f64)>,
    /// How it is drawn.
    pub style: Style,
    /// What is said of each point when it is pointed at.
    pub tip: Tip,
}

/// What is said of a point.
pub type Tip = Box<dyn Fn(f64, f64) -> String>;

/// How points are drawn; in the order in which they lie over each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Style {
    /// As a line.
    Line,
    /// As a line, with a disc at each point.
    Marked,
    /// As a dashed line: a prediction, a limit, or what stands beside another line.
    Dashed,
    /// Discs alone: something holds there.
    Discs,
    /// Crosses alone: it fails there.
    Crosses,
}

/// A stretch of the quantity from left to right.
#[derive(Clone, Debug)]
pub struct Band {
    /// What lies there, in the legend.
    pub label: String,
    /// From where to where. However short it is, it can be seen.
    pub range: [f64; 2],
}

impl Style {
    /// The CSS class of its swatch.
    pub fn swatch(self) -> &'static str {
        match self {
            Self::Line | Self::Marked => "",
            Self::Dashed => "dashed",
            Self::Discs => "disc",
            Self::Crosses => "cross",
        }
    }
}

impl LineChart<'_> {
    /// The drawing.
    pub fn svg(&self) -> String {
        let width = if self.is_wide { WIDE } else { NARROW };
        let mut svg = String::new();
        let root = SVGBackend::with_string(&mut svg, (width, HEIGHT)).into_drawing_area();
        let tips = match (self.x.scale, self.y.scale) {
            (Scale::Linear, Scale::Linear) => {
                self.draw(&root, linear(self.x.range), linear(self.y.range))
            }
            (Scale::Log(base), Scale::Linear) => {
                self.draw(&root, log(self.x.range, base), linear(self.y.range))
            }
            (Scale::Linear, Scale::Log(base)) => {
                self.draw(&root, linear(self.x.range), log(self.y.range, base))
            }
            (Scale::Log(x_base), Scale::Log(y_base)) => {
                self.draw(&root, log(self.x.range, x_base), log(self.y.range, y_base))
            }
        };
        root.present().expect("a string takes everything");
        drop(root);
        dressed(&svg, self.id, self.title, self.description, &tips)
    }

    /// Draws, and gives what is said of points.
    fn draw<X, Y>(&self, root: &Root<'_>, x: X, y: Y) -> String
    where
        X: AsRangedCoord<Value = f64>,
        Y: AsRangedCoord<Value = f64>,
        X::CoordDescType: ValueFormatter<f64>,
        Y::CoordDescType: ValueFormatter<f64>,
    {
        let mut chart = ChartBuilder::on(root)
            .margin_top(12)
            .margin_right(28)
            .margin_bottom(4)
            .margin_left(6)
            .x_label_area_size(48)
            .y_label_area_size(66)
            .build_cartesian_2d(x, y)
            .expect(DRAWN);
        let text = ("sans-serif", FONT_SIZE)
            .into_font()
            .color(&Ink::Text.stand_in());
        let nothing = TRANSPARENT;
        chart
            .configure_mesh()
            .axis_style(Ink::Axis.stand_in())
            .bold_line_style(Ink::Grid.stand_in())
            .light_line_style(nothing)
            .label_style(text.clone())
            .axis_desc_style(text)
            .x_desc(self.x.label)
            .y_desc(self.y.label)
            .x_labels(self.x.labels(6))
            .y_labels(self.y.labels(8))
            .x_label_formatter(&|value| (self.x.tick)(*value))
            .y_label_formatter(&|value| (self.y.tick)(*value))
            .draw()
            .expect(DRAWN);
        let mut tips = String::new();
        for band in &self.bands {
            let [low, high] = self.y.range;
            let [from, to] = band.range;
            let (left, top) = chart.backend_coord(&(from, high));
            let (right, bottom) = chart.backend_coord(&(to, low));
            let middle = i32::midpoint(left, right);
            let (left, right) = (left.min(middle - 2), right.max(middle + 2));
            let corners = [(left, top), (right, bottom)];
            let shade = Rectangle::new(corners, Ink::Band.stand_in().filled());
            root.draw(&shade).expect(DRAWN);
            let size = (left, top, right - left, bottom - top);
            tip(&mut tips, size, &band.label);
        }
        let mut lines: Vec<&Line> = self.lines.iter().collect();
        lines.sort_by_key(|line| line.style);
        for line in lines {
            let (ink, style) = (line.ink.stand_in(), line.style);
            let stroke = ink.stroke_width(2);
            for run in runs(&line.points) {
                match style {
                    Style::Line | Style::Marked => {
                        let series = LineSeries::new(run.to_vec(), stroke);
                        chart.draw_series(series).expect(DRAWN);
                    }
                    Style::Dashed => {
                        let series = DashedLineSeries::new(run.to_vec(), 7, 5, stroke);
                        chart.draw_series(series).expect(DRAWN);
                    }
                    Style::Crosses => {
                        let crosses = run.iter().map(|point| Cross::new(*point, 5, stroke));
                        chart.draw_series(crosses).expect(DRAWN);
                    }
                    Style::Discs => {
                        let discs = run.iter().map(|point| Circle::new(*point, 5, ink.filled()));
                        chart.draw_series(discs).expect(DRAWN);
                    }
                }
                if style == Style::Marked || (style == Style::Line && run.len() == 1) {
                    let marks = run.iter().map(|point| Circle::new(*point, 3, ink.filled()));
                    chart.draw_series(marks).expect(DRAWN);
                }
                for point in run {
                    let (x, y) = chart.backend_coord(point);
                    let said = format!("{}: {}", line.label, (line.tip)(point.0, point.1));
                    tip(&mut tips, (x - 5, y - 5, 10, 10), &said);
                }
            }
        }
        tips
    }
}

impl Axis<'_> {
    /// How many labels there may be.
    fn labels(&self, most: usize) -> usize {
        match self.scale {
            Scale::Linear => most,
            // At powers alone: if there were room for more, the library would add some between.
            Scale::Log(_) => 9,
        }
    }
}

/// A rectangle that cannot be seen and says something when it is pointed at.
pub fn tip(tips: &mut String, (x, y, width, height): (i32, i32, i32, i32), said: &str) {
    let said = escaped(said);
    let rect = format!(
        "<rect class=\"tip\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\">\
         <title>{said}</title></rect>\n"
    );
    tips.push_str(&rect);
}

/// The library's drawing, in the page's colours, with its name and what is said of its points.
pub fn dressed(svg: &str, id: &str, title: &str, description: &str, tips: &str) -> String {
    let (head, body) = svg.split_once('>').expect("an svg has a first tag");
    let (body, _) = body.rsplit_once("</svg>").expect("an svg has an end");
    let (id, title, description) = (escaped(id), escaped(title), escaped(description));
    let mut dressed = String::with_capacity(svg.len() + tips.len() + 500);
    write!(
        dressed,
        "{head} role=\"img\" id=\"{id}\" aria-labelledby=\"{id}-title {id}-desc\">\n\
         <title id=\"{id}-title\">{title}</title><desc id=\"{id}-desc\">{description}</desc>\
         <g class=\"marks\">{body}</g>\n{tips}</svg>"
    )
    .expect("a string takes everything");
    coloured(&dressed)
}

fn escaped(text: &str) -> String {
    let escaped = askama::filters::escape(text, askama::filters::Html);
    escaped.map_or_else(|_| String::new(), |text| text.to_string())
}

/// The parts of a line between its gaps.
fn runs(points: &[(f64, f64)]) -> impl Iterator<Item = &[(f64, f64)]> {
    let runs = points.split(|(x, y)| !x.is_finite() || !y.is_finite());
    runs.filter(|run| !run.is_empty())
}

fn linear([first, last]: [f64; 2]) -> std::ops::Range<f64> {
    first..last
}

fn log([first, last]: [f64; 2], base: f64) -> LogCoord<f64> {
    (first..last).log_scale().base(base).into()
}

pub type Root<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// Text along an axis where there is nothing else to say.
pub fn plain(value: f64) -> String {
    short(value)
}

pub const DRAWN: &str = "a string takes everything that is drawn";
/// Of text in charts: the library draws it as 12.9 units of the drawing, which are pixels where there is
/// room.
pub const FONT_SIZE: u32 = 16;
pub const WIDE: u32 = 1120;
pub const NARROW: u32 = 548;
const HEIGHT: u32 = 300;
