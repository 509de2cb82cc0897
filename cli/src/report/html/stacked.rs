//! Bars of parts that lie behind each other: where the time went, one bar for each variant.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::chart::{DRAWN, FONT_SIZE, WIDE, dressed, tip};
use super::ink::Ink;
use super::ticks::{round_end, short};

/// Bars below each other.
pub struct StackedBars<'a> {
    /// Of this page, and of no other chart on it.
    pub id: &'a str,
    /// For those who hear the page.
    pub title: &'a str,
    /// What it shows, in a sentence.
    pub description: &'a str,
    /// What runs from left to right, with its unit.
    pub label: &'a str,
    /// From top to bottom.
    pub bars: Vec<Bar>,
}

/// A bar.
pub struct Bar {
    /// What stands before it.
    pub label: String,
    /// From left to right: how long each is, its colour, and what is said of it.
    pub parts: Vec<(f64, Ink, String)>,
}

impl StackedBars<'_> {
    /// The drawing.
    pub fn svg(&self) -> String {
        let count = u32::try_from(self.bars.len()).unwrap_or(u32::MAX).max(1);
        let height = BAR * count.min(1_000) + BELOW + ABOVE + 4;
        let mut svg = String::new();
        let root = SVGBackend::with_string(&mut svg, (WIDE, height)).into_drawing_area();
        let tips = self.draw(&root, count);
        root.present().expect(DRAWN);
        drop(root);
        dressed(&svg, self.id, self.title, self.description, &tips)
    }

    fn draw(&self, root: &super::chart::Root<'_>, count: u32) -> String {
        let whole = |bar: &Bar| bar.parts.iter().map(|(length, ..)| length).sum::<f64>();
        let longest = self.bars.iter().map(whole).fold(0.0, f64::max);
        let names = self.bars.iter().map(|bar| bar.label.chars().count());
        let name_len = u32::try_from(names.max().unwrap_or(0)).unwrap_or(u32::MAX);
        let label_width = (name_len.min(MOST_LETTERS) * LETTER + 16).max(24);
        let mut chart = ChartBuilder::on(root)
            .margin_top(ABOVE)
            .margin_right(28)
            .margin_bottom(4)
            .x_label_area_size(BELOW)
            .margin_left(label_width)
            .build_cartesian_2d(0.0..round_end(longest), 0.0..f64::from(count))
            .expect(DRAWN);
        let text = ("sans-serif", FONT_SIZE)
            .into_font()
            .color(&Ink::Text.stand_in());
        chart
            .configure_mesh()
            .disable_y_mesh()
            .disable_y_axis()
            .axis_style(Ink::Axis.stand_in())
            .bold_line_style(Ink::Grid.stand_in())
            .light_line_style(TRANSPARENT)
            .label_style(text.clone())
            .axis_desc_style(text.clone())
            .x_desc(self.label)
            .x_labels(8)
            .x_label_formatter(&|value| short(*value))
            .draw()
            .expect(DRAWN);
        let before = text.pos(Pos::new(HPos::Right, VPos::Center));
        let mut tips = String::new();
        for (place, bar) in (0..count).rev().zip(&self.bars) {
            let (low, high) = (f64::from(place) + 0.2, f64::from(place) + 0.8);
            let mut start = 0.0;
            for (length, ink, said) in &bar.parts {
                let corners = [(start, low), (start + length, high)];
                start += length;
                let part = Rectangle::new(corners, ink.stand_in().filled());
                chart.draw_series([part]).expect(DRAWN);
                let [(x0, y1), (x1, y0)] = corners.map(|corner| chart.backend_coord(&corner));
                tip(&mut tips, (x0, y0, (x1 - x0).max(1), y1 - y0), said);
            }
            let (x, y) = chart.backend_coord(&(0.0, f64::from(place) + 0.5));
            let label = shortened(&bar.label);
            root.draw_text(&label, &before, (x - 8, y)).expect(DRAWN);
        }
        tips
    }
}

fn shortened(label: &str) -> String {
    if label.chars().count() <= MOST_LETTERS as usize {
        return label.to_owned();
    }
    let kept: String = label.chars().take(MOST_LETTERS as usize - 1).collect();
    format!("{kept}…")
}

const BAR: u32 = 40;
const ABOVE: u32 = 6;
const BELOW: u32 = 48;
/// About the width of a letter.
const LETTER: u32 = 8;
const MOST_LETTERS: u32 = 28;
