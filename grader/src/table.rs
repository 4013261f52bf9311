//! A table of text, in columns.

use std::fmt::Display;

/// Lays out a table: the first column is aligned to the left, all others to the right.
pub fn table(rows: &[Vec<String>]) -> String {
    let cells = |column| rows.iter().filter_map(move |row| row.get(column));
    let widths: Vec<_> = (0..rows.iter().map(Vec::len).max().unwrap_or_default())
        .map(|column| cells(column).map(String::len).max().unwrap_or_default())
        .collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            if column == 0 { format!("{cell:width$}") } else { format!("{cell:>width$}") }
        });
        text += cells.collect::<Vec<_>>().join("  ").trim_end();
        text += "\n";
    }
    text
}

/// The texts of a row.
pub fn row(cells: &[&dyn Display]) -> Vec<String> {
    cells.iter().map(ToString::to_string).collect()
}
