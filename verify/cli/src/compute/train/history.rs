//! `history.csv`: one line to a step, which a run that is taken up again continues to the same bytes.

use anyhow::{Result, anyhow, bail};
use escapement::descent::Iterate;
use escapement_verify::files::atomic::reason;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The first line of the file.
pub const HEADINGS: &str = "step,loss,r1,r2,r3,r4,objective,gradient_norm,step_size,norm,test_loss\n";

/// The numbers of one step.
struct Row {
    step: u64,
    numbers: [f64; 9],
    test: Option<f64>,
}

/// The file. Its last line is written late, because the end of a run may add a test loss to it.
pub struct History {
    path: PathBuf,
    file: File,
    hash: blake3::Hasher,
    length: u64,
    /// Lines that are not written yet.
    text: String,
    last: Option<Row>,
}

impl History {
    /// The file at `path`, which begins with `length` bytes of that hash; what follows them is dropped.
    ///
    /// # Errors
    /// A file that cannot be read or written, or that does not begin so.
    pub fn open(path: &Path, length: u64, hash: &str) -> Result<Self> {
        let fail = |e: std::io::Error| anyhow!("{} cannot be continued: {}", path.display(), reason(&e));
        let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(fail)?;
        let mut bytes = Vec::new();
        Read::by_ref(&mut file).take(length).read_to_end(&mut bytes).map_err(fail)?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(&bytes);
        if bytes.len() as u64 != length || hex(&hasher) != hash {
            bail!(
                "{} is not as the checkpoint beside it left it: put back a copy, or start anew with --fresh",
                path.display()
            );
        }
        file.set_len(length).map_err(fail)?;
        file.seek(SeekFrom::End(0)).map_err(fail)?;
        Ok(Self { path: path.to_owned(), file, hash: hasher, length, text: String::new(), last: None })
    }

    /// The length and hash of a file of the first line alone.
    pub fn empty() -> (u64, String) {
        let mut hash = blake3::Hasher::new();
        hash.update(HEADINGS.as_bytes());
        (HEADINGS.len() as u64, hex(&hash))
    }

    /// Adds the line of one point.
    pub fn add(&mut self, point: &Iterate<'_>, test: Option<f64>) {
        self.finish_last_line();
        let [r1, r2, r3, r4] = point.value.regularizers;
        let (value, state) = (point.value, point.state);
        let numbers = [
            value.loss,
            r1,
            r2,
            r3,
            r4,
            value.objective,
            point.gradient_norm,
            state.step_size,
            state.w.norm_l2(),
        ];
        self.last = Some(Row { step: state.step, numbers, test });
    }

    /// The test loss of the last line.
    pub fn test(&self) -> Option<f64> {
        self.last.as_ref().and_then(|row| row.test)
    }

    /// Gives the last line its test loss.
    pub fn set_test(&mut self, test: Option<f64>) {
        if let Some(row) = &mut self.last {
            row.test = test;
        }
    }

    /// Adds the last line to those that are to be written: nothing will be added to it.
    fn finish_last_line(&mut self) {
        let Some(Row { step, numbers, test }) = self.last.take() else { return };
        let begin = self.text.len();
        // Writing to a string cannot fail. Debug output is the shortest that is read back to the same bits.
        let _ = write!(self.text, "{step}");
        numbers.iter().for_each(|x| {
            let _ = write!(self.text, ",{x:?}");
        });
        let _ = match test {
            Some(test) => writeln!(self.text, ",{test:?}"),
            None => writeln!(self.text, ","),
        };
        self.hash.update(&self.text.as_bytes()[begin..]);
        self.length += (self.text.len() - begin) as u64;
    }

    /// Writes the lines before the last, so that others can read them.
    ///
    /// # Errors
    /// A file that cannot be written, as on a full disk.
    pub fn write_lines(&mut self) -> Result<()> {
        self.file.write_all(self.text.as_bytes()).map_err(|e| self.failed(&e))?;
        self.text.clear();
        Ok(())
    }

    /// Writes the lines before the last to disk: their length and hash.
    ///
    /// # Errors
    /// A file that cannot be written, as on a full disk.
    pub fn write(&mut self) -> Result<(u64, String)> {
        self.write_lines()?;
        self.file.sync_data().map_err(|e| self.failed(&e))?;
        Ok((self.length, hex(&self.hash)))
    }

    fn failed(&self, e: &std::io::Error) -> anyhow::Error {
        anyhow!("{} cannot be written: {}", self.path.display(), reason(e))
    }

    /// Writes all lines.
    ///
    /// # Errors
    /// As [`History::write`].
    pub fn write_all(&mut self) -> Result<()> {
        self.finish_last_line();
        self.write().map(drop)
    }
}

fn hex(hash: &blake3::Hasher) -> String {
    hash.finalize().to_hex()[..32].to_owned()
}
