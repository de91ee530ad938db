//! Commands under the name of another program.

use escapement_cli::report::command::under;

#[test]
fn only_the_name_of_the_program_is_another_one() {
    assert_eq!(
        under("mine", "escapement verify escapement --tier quick"),
        "mine verify escapement --tier quick"
    );
    assert_eq!(under("mine", "make figures"), "make figures");
}
