//! Tables as reports have them: no borders, 80 columns at most.

use std::fmt;

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Width, presets};

/// A table without borders: nothing stands behind the last word of a line. The tables of a report
/// have first columns of the same width.
pub struct Table {
    /// None for a table of words.
    heads: Option<Vec<String>>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table of figures: they stand to the right below their heads, their names to the left.
    pub fn of_figures<S: AsRef<str>>(heads: impl IntoIterator<Item = S>) -> Self {
        let heads = heads.into_iter().map(|head| head.as_ref().to_owned());
        Self {
            heads: Some(heads.collect()),
            rows: Vec::new(),
        }
    }

    /// A table of words: no heads, everything to the left, long texts broken.
    pub fn of_words() -> Self {
        Self {
            heads: None,
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Whether all of its cells stand on one line each, in as many columns as a report has.
    pub fn fits(&self) -> bool {
        let lines = self.heads.iter().chain(&self.rows);
        let mut widths: Vec<usize> = Vec::new();
        for line in lines {
            widths.resize(widths.len().max(line.len()), 0);
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = cell.chars().count().max(*width);
            }
        }
        if let Some(first) = widths.first_mut() {
            *first = usize::from(LABEL_WIDTH).max(*first);
        }
        let columns = widths.iter().map(|width| width + usize::from(GAP));
        columns.sum::<usize>() <= usize::from(WIDTH)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Its heads, if it is a table of figures.
    pub fn heads(&self) -> Option<&[String]> {
        self.heads.as_deref()
    }

    /// Its rows, from cell to cell.
    pub fn rows(&self) -> &[Vec<String>] {
        &self.rows
    }
}

fn plain() -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH);
    table
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = plain();
        if let Some(heads) = &self.heads {
            table.set_header(heads);
        }
        for row in &self.rows {
            table.add_row(row);
        }
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, GAP));
            if index > 0 && self.heads.is_some() {
                column.set_cell_alignment(CellAlignment::Right);
            }
            if index == 0 {
                let width = Width::Fixed(LABEL_WIDTH + GAP);
                column.set_constraint(ColumnConstraint::LowerBoundary(width));
            }
        }
        for line in table.lines() {
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// Of every report.
pub const WIDTH: u16 = 80;
/// Between columns.
pub const GAP: u16 = 2;
/// Of first columns, at least.
pub const LABEL_WIDTH: u16 = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_columns_are_of_one_width_and_nothing_trails() {
        let mut figures = Table::of_figures(["", "p50"]);
        figures.row(["latency".to_owned(), "1.00s ".to_owned()]);
        let mut words = Table::of_words();
        words.row(["a".to_owned(), "word ".repeat(30)]);
        let text = format!("{figures}{words}");
        let starts = |line: &str| line.find("word");
        assert!(text.lines().all(|line| line.chars().count() <= 80));
        assert!(text.lines().all(|line| line == line.trim_end()));
        let indented: Vec<_> = text.lines().filter_map(starts).collect();
        assert_eq!(indented, [14, 14, 14], "{text}");
        assert!(
            text.starts_with("                 p50\nlatency       1.00s\n"),
            "{text}"
        );
    }
}
