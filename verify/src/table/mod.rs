//! Tables of anybody's numbers, judged by the rules of claims: `error <= C m^-0.5` about a table with the
//! columns `m` and `error`.
//!
//! ```
//! use escapement_verify::table::{Column, Options, Statement, Table, judge};
//!
//! let m: Vec<f64> = (0..8).flat_map(|i| [f64::from(1 << (i + 4)); 3]).collect();
//! let error = m.iter().enumerate().map(|(i, m)| (1.0 + 0.01 * (i % 3) as f64) / m.sqrt()).collect();
//! let table = Table::new(vec![("m".into(), Column::Numbers(m)), ("error".into(), Column::Numbers(error))])?;
//! let claim = [Statement::parse("rate", "error <= C m^-0.5")?];
//! let judged = judge("table", &table, &claim, &Options::default())?;
//! assert_eq!(judged.verdict.verdict.name(), "scales");
//! # Ok::<(), escapement_verify::Error>(())
//! ```

mod formula;
mod judged;
mod statement;

pub use formula::Formula;
pub use judged::{Judged, Options, judge};
pub use statement::{Relation, Statement};

use crate::error::{Error, Result};

/// One column of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Numbers.
    Numbers(Vec<f64>),
    /// Text: numbers that nobody has read yet, or names.
    Text(Vec<String>),
}

impl Column {
    fn len(&self) -> usize {
        match self {
            Self::Numbers(all) => all.len(),
            Self::Text(all) => all.len(),
        }
    }
}

/// A table: columns of equal length, by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    columns: Vec<(String, Column)>,
}

impl Table {
    /// A table of these columns.
    ///
    /// # Errors
    /// No column, no row, columns of different lengths, or two of one name.
    pub fn new(columns: Vec<(String, Column)>) -> Result<Self> {
        let Some((first, column)) = columns.first() else {
            return Err(Error::Input("the table has no columns".into()));
        };
        let rows = column.len();
        if rows == 0 {
            return Err(Error::Input("the table has no rows".into()));
        }
        for (i, (name, column)) in columns.iter().enumerate() {
            if column.len() != rows {
                let lengths = format!("'{first}' has {rows} rows and '{name}' has {}", column.len());
                return Err(Error::Input(format!(
                    "the columns of a table have equal lengths, but {lengths}"
                )));
            }
            if columns[..i].iter().any(|(other, _)| other == name) {
                return Err(Error::Input(format!("the table has two columns of the name '{name}'")));
            }
        }
        Ok(Self { columns })
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.columns[0].1.len()
    }

    /// The names of the columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    /// The column of this name.
    ///
    /// # Errors
    /// There is none; the sentence lists those that there are.
    pub fn column(&self, name: &str) -> Result<&Column> {
        self.columns.iter().find(|(other, _)| other == name).map(|(_, column)| column).ok_or_else(|| {
            let all: Vec<&str> = self.names().collect();
            let near = |other: &&&str| {
                name.len() > 2 && strsim::damerau_levenshtein(name, other) <= 1 + name.len() / 4
            };
            let hint = match all.iter().find(near) {
                Some(near) => format!("did you mean '{near}'?"),
                None => format!("its columns are {}", all.join(", ")),
            };
            Error::Input(format!("the table has no column '{name}'; {hint}"))
        })
    }

    /// The numbers of the column of this name.
    ///
    /// # Errors
    /// There is no such column, or it holds what is no finite number; the sentence names row and entry.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>> {
        let refuse = |row: usize, entry: &dyn std::fmt::Display| {
            Err(Error::Input(format!(
                "the column '{name}' holds '{entry}' in row {} (counted from 1, without the header), and a \
                 finite number is needed",
                row + 1
            )))
        };
        match self.column(name)? {
            Column::Numbers(all) => match all.iter().position(|x| !x.is_finite()) {
                Some(row) => refuse(row, &all[row]),
                None => Ok(all.clone()),
            },
            Column::Text(all) => {
                let mut numbers = Vec::with_capacity(all.len());
                for (row, entry) in all.iter().enumerate() {
                    match entry.trim().parse::<f64>() {
                        Ok(x) if x.is_finite() => numbers.push(x),
                        _ => return refuse(row, entry),
                    }
                }
                Ok(numbers)
            }
        }
    }
}
