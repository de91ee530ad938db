//! A strict reader of JSON that knows which value comes next, and builds nothing.
//!
//! A certificate has its keys in one order, so the reader never has to hold a value of unknown shape: it
//! accepts the token that is due, or rejects. Nothing is nested deeper than the caller's own calls.

use super::{Rejection, reject};

/// A place in the bytes of a file.
pub struct Reader<'a> {
    /// The whole file.
    pub bytes: &'a [u8],
    /// How many of its bytes have been read.
    pub at: usize,
}

impl<'a> Reader<'a> {
    /// The next byte that is no white space, not taken.
    pub fn peek(&mut self) -> Option<u8> {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
        self.bytes.get(self.at).copied()
    }

    /// Takes the byte that is due.
    pub fn take(&mut self, due: u8) -> Result<(), Rejection> {
        if self.peek() != Some(due) {
            return reject("F2", format!("`{}` is due at byte {}", char::from(due), self.at));
        }
        self.at += 1;
        Ok(())
    }

    /// Takes a string of printable ASCII without escapes.
    pub fn string(&mut self) -> Result<&'a str, Rejection> {
        self.take(b'"')?;
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|c| !(b' '..=b'~').contains(c) || matches!(c, b'"' | b'\\'));
        match end.filter(|&end| rest[end] == b'"').and_then(|end| std::str::from_utf8(&rest[..end]).ok()) {
            Some(text) => {
                self.at += text.len() + 1;
                Ok(text)
            }
            None => reject("F2", format!("the string at byte {} is not printable ASCII", self.at)),
        }
    }

    /// Takes a whole number from 0 to `most`, in plain digits.
    pub fn integer(&mut self, most: u64) -> Result<u64, Rejection> {
        let _ = self.peek();
        let rest = &self.bytes[self.at..];
        let count = rest.iter().take(11).take_while(|c| c.is_ascii_digit()).count();
        let zeros = count > 1 && rest[0] == b'0';
        let value = rest[..count].iter().fold(0u64, |sum, c| sum * 10 + u64::from(c - b'0'));
        if count == 0 || count > 10 || zeros || value > most {
            return reject("F2", format!("a whole number from 0 to {most} is due at byte {}", self.at));
        }
        self.at += count;
        Ok(value)
    }

    /// Takes an array of at most `most` elements, each by `element`.
    pub fn array(
        &mut self,
        most: usize,
        mut element: impl FnMut(&mut Self) -> Result<(), Rejection>,
    ) -> Result<usize, Rejection> {
        self.take(b'[')?;
        let mut count = 0;
        while self.peek() != Some(b']') {
            if count == most {
                return reject("F2", format!("the array at byte {} has more than {most} elements", self.at));
            }
            if count > 0 {
                self.take(b',')?;
            }
            element(self)?;
            count += 1;
        }
        self.take(b']')?;
        Ok(count)
    }

    /// Takes the key that is due and the colon; `first` says whether it is the first of the object.
    pub fn key(&mut self, name: &str, first: bool) -> Result<(), Rejection> {
        let due = |found: &str| reject("F1", format!("the key `{name}` is due, and {found} is there"));
        if self.take(if first { b'{' } else { b',' }).is_err() {
            return due("something else");
        }
        match self.string() {
            Ok(found) if found == name => self.take(b':'),
            Ok(found) => due(&format!("`{}`", found.chars().take(40).collect::<String>())),
            Err(_) => due("something else"),
        }
    }

    /// Takes a key that is not the first, and a string.
    pub fn text(&mut self, name: &str) -> Result<&'a str, Rejection> {
        self.key(name, false)?;
        self.string()
    }

    /// Takes a key that is not the first, and a whole number from 0 to `most`.
    pub fn number(&mut self, name: &str, most: u64) -> Result<u64, Rejection> {
        self.key(name, false)?;
        self.integer(most)
    }
}
