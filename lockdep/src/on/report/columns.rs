//! Steps set in columns; time runs down.
//!
//! Up to four columns make a staircase, one step a line. More are set in blocks of up to three,
//! where the steps of one phase share a line; the numbers in the cells give the order across
//! blocks.

use std::ops::Range;

use super::elision::{WIDTH, width};

/// Left margin of a report's body.
const MARGIN: usize = 2;
/// Most columns of a staircase.
const MOST_STAIRS: usize = 4;
/// Most columns of a block.
const MOST_ABREAST: usize = 3;
/// Least distance from column to column in a staircase.
const NARROWEST: usize = 22;

/// Cells under titles.
#[derive(Debug)]
pub(super) struct Columns<'a> {
    pub(super) titles: &'a [String],
    /// In the order of time.
    pub(super) cells: Vec<Cell>,
    /// How far the second line of a cell is indented.
    pub(super) indent: usize,
}

/// One step of one column.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) column: usize,
    /// What the cell says, in pieces that a line may be broken between.
    pub(super) pieces: Vec<String>,
    /// Whether the last piece says whom the step waits for.
    pub(super) waits: bool,
}

impl Cell {
    /// Width of its widest piece.
    fn widest(&self) -> usize {
        self.pieces.iter().map(|piece| width(piece.trim_end())).max().unwrap_or(0)
    }
}

impl Columns<'_> {
    pub(super) fn lines(&self) -> Vec<String> {
        match self.staircase() {
            Some(offsets) => self.steps(&offsets),
            None => self.blocks(),
        }
    }

    /// Where the columns of a staircase begin; none if there are too many or too wide ones.
    ///
    /// A step has its line for itself and may reach over the columns to its right, so only the
    /// last column decides how far to the right columns can begin.
    fn staircase(&self) -> Option<Vec<usize>> {
        if self.titles.len() > MOST_STAIRS {
            return None;
        }
        let last = self.titles.len().checked_sub(1)?;
        let (mut wide, mut narrow) = (vec![MARGIN], vec![MARGIN]);
        for column in 0..last {
            let title = width(&self.titles[column]);
            wide.push(wide[column] + title.max(self.reach(column, false)) + 3);
            narrow.push(narrow[column] + NARROWEST.max(title + 2));
        }
        let latest = WIDTH.saturating_sub(self.reach(last, true)).max(MARGIN);
        if wide[last] > latest {
            let natural = wide[last] - MARGIN;
            for offset in &mut wide {
                *offset = MARGIN + (*offset - MARGIN) * (latest - MARGIN) / natural;
            }
        }
        let offsets: Vec<usize> =
            wide.into_iter().zip(narrow).map(|(wide, narrow)| wide.max(narrow)).collect();
        let ends = |cell: &Cell| offsets[cell.column] + self.indent + cell.widest();
        self.cells.iter().all(|cell| ends(cell) <= WIDTH).then_some(offsets)
    }

    /// Width of the widest cell of a column, with or without whom it waits for.
    fn reach(&self, column: usize, with_waits: bool) -> usize {
        let cells = self.cells.iter().filter(|cell| cell.column == column);
        let widths = cells.map(|cell| {
            let hidden = usize::from(cell.waits && !with_waits);
            let pieces = &cell.pieces[..cell.pieces.len() - hidden];
            pieces.iter().map(|piece| width(piece) + 2).sum::<usize>().saturating_sub(2)
        });
        widths.max().unwrap_or(0)
    }

    /// One step a line, its column beginning at its offset.
    fn steps(&self, offsets: &[usize]) -> Vec<String> {
        let mut lines = vec![set(self.titles.iter().zip(offsets.iter().copied()))];
        for cell in &self.cells {
            let offset = offsets[cell.column];
            let cell = self.fill(cell, WIDTH.saturating_sub(offset));
            lines.extend(cell.iter().map(|line| set([(line, offset)])));
        }
        lines
    }

    /// Blocks of columns, as many side by side as the widest piece allows.
    fn blocks(&self) -> Vec<String> {
        let titles = self.titles.iter().map(|title| width(title));
        let widest = self.cells.iter().map(|cell| cell.widest() + self.indent).chain(titles).max();
        let count = ((WIDTH - MARGIN) / (widest.unwrap_or(0) + 2)).clamp(1, MOST_ABREAST);
        let mut lines = Vec::new();
        for first in (0..self.titles.len()).step_by(count) {
            if first > 0 {
                lines.push(String::new());
            }
            let columns = first..(first + count).min(self.titles.len());
            lines.extend(self.block(columns, (WIDTH - MARGIN) / count));
        }
        lines
    }

    fn block(&self, columns: Range<usize>, room: usize) -> Vec<String> {
        let offset = |column: usize| MARGIN + (column - columns.start) * room;
        let titles = columns.clone().map(|column| (&self.titles[column], offset(column)));
        let mut lines = vec![set(titles)];
        let mut cells = self.cells.iter().filter(|cell| columns.contains(&cell.column)).peekable();
        while let Some(cell) = cells.next() {
            let mut row = vec![(cell.column, self.fill(cell, room - 2))];
            // Steps of one phase, each further to the right than the one before it.
            while let Some(next) = cells.next_if(|next| {
                next.waits == cell.waits && row.iter().all(|(column, _)| *column < next.column)
            }) {
                row.push((next.column, self.fill(next, room - 2)));
            }
            let height = row.iter().map(|(_, lines)| lines.len()).max().unwrap_or(0);
            for line in 0..height {
                let cells = row.iter().filter_map(|(column, lines)| {
                    lines.get(line).map(|text| (text, offset(*column)))
                });
                lines.push(set(cells));
            }
        }
        lines
    }

    /// The cell in lines of at most `room` columns.
    fn fill(&self, cell: &Cell, room: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for piece in &cell.pieces {
            match lines.last_mut() {
                None => lines.push(piece.clone()),
                Some(line) if width(line) + 2 + width(piece) <= room => {
                    line.push_str("  ");
                    line.push_str(piece);
                }
                Some(_) => lines.push(format!("{:indent$}{piece}", "", indent = self.indent)),
            }
        }
        lines
    }
}

/// One line of texts, each beginning at its offset, or behind the one before it.
fn set(texts: impl IntoIterator<Item = (impl AsRef<str>, usize)>) -> String {
    let mut line = String::new();
    for (text, offset) in texts {
        let gap = offset.saturating_sub(width(&line));
        line.extend(std::iter::repeat_n(' ', gap));
        line.push_str(text.as_ref());
    }
    line.trim_end().to_string()
}
