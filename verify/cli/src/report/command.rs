//! Commands under the name of the program that prints them: a crate with claims of its own has another name,
//! and its claims are known to it alone.

/// A command of `escapement`, as `program` is to be called for the same.
pub fn under(program: &str, command: &str) -> String {
    command.strip_prefix("escapement ").map_or_else(|| command.to_owned(), |rest| format!("{program} {rest}"))
}

#[cfg(test)]
mod tests {
    use super::under;

    #[test]
    fn only_the_name_of_the_program_is_another_one() {
        assert_eq!(
            under("mine", "escapement verify escapement --tier quick"),
            "mine verify escapement --tier quick"
        );
        assert_eq!(under("mine", "make figures"), "make figures");
    }
}
