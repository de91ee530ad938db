//! Standard output.

use escapement_cli::files::stdout::to_json;

#[test]
fn what_is_not_finite_is_refused_and_not_written_as_null() {
    assert_eq!(to_json(&vec![1.0, 0.1]).unwrap(), "[1.0,0.1]");
    for bad in [f64::NAN, f64::INFINITY] {
        assert!(to_json(&vec![1.0, bad]).is_err());
    }
}
