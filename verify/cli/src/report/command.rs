//! Commands under the name of the program that prints them: a crate with claims of its own has another name,
//! and its claims are known to it alone.

/// A command of `escapement`, as `program` is to be called for the same.
pub fn under(program: &str, command: &str) -> String {
    let rest = command.strip_prefix("escapement ");
    rest.map_or_else(|| command.to_owned(), |rest| format!("{program} {rest}"))
}
