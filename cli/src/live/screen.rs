//! Lines that are drawn where the last ones were.

use console::{Term, measure_text_width, truncate_str};

/// The lower end of a terminal. The cursor is always below what was drawn, and never hidden: however the
/// process ends, the terminal is in order.
pub struct Screen {
    term: Term,
    /// Widths of the lines that are there.
    drawn: Vec<usize>,
}

impl Screen {
    /// On standard error, with nothing on it.
    pub fn new() -> Self {
        Self {
            term: Term::buffered_stderr(),
            drawn: Vec::new(),
        }
    }

    /// Draws the lines that `render` makes for a width, as many as there is room for, in one piece.
    /// A terminal that cannot be written to is left alone.
    pub fn draw(&mut self, render: impl FnOnce(usize) -> Vec<String>) {
        let (rows, columns) = self.size();
        self.go_up(rows, columns);
        // A full line would leave the cursor at a place that terminals disagree about.
        let width = columns.saturating_sub(1);
        for line in render(width).iter().take(rows.saturating_sub(1)) {
            let line = truncate_str(line, width, "");
            self.drawn.push(measure_text_width(&line));
            let _ = self.term.clear_line();
            let _ = self.term.write_line(&line);
        }
        // What was typed meanwhile, such as Ctrl-C, and what is left of lines that there were more of. A
        // terminal that is cleared from its first cell on may keep what was there: tmux does, as history.
        if !self.drawn.is_empty() {
            let _ = self.term.clear_to_end_of_screen();
        }
        let _ = self.term.flush();
    }

    /// Takes away what is there, line by line for the same reason.
    fn erase(&mut self) {
        let (rows, columns) = self.size();
        let above = self.go_up(rows, columns);
        for _ in 0..above {
            let _ = self.term.clear_line();
            let _ = self.term.move_cursor_down(1);
        }
        let _ = self.term.clear_line();
        if above > 0 {
            let _ = self.term.move_cursor_up(above);
        }
        let _ = self.term.flush();
    }

    /// Moves the cursor to the first cell of what is there, and says how many lines below it they end.
    /// Terminals that have become narrower have broken lines.
    fn go_up(&mut self, rows: usize, columns: usize) -> usize {
        let columns = columns.max(1);
        let broken = self
            .drawn
            .drain(..)
            .map(|width| width.div_ceil(columns).max(1));
        let above = broken.sum::<usize>().min(rows.saturating_sub(1));
        if above > 0 {
            let _ = self.term.move_cursor_up(above);
        }
        let _ = self.term.write_str("\r");
        above
    }

    fn size(&self) -> (usize, usize) {
        let (rows, columns) = self.term.size();
        (usize::from(rows), usize::from(columns))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.erase();
    }
}
