//! Arrays from files: everything NumPy writes for a float matrix is read, an array of an archive and small
//! texts too, and everything else is refused in one sentence.

use escapement_cli::files::array::{read_matrix, read_vector, write, write_matrix};
use faer::Mat;
use std::path::PathBuf;
use tempfile::TempDir;

/// A version 1.0 file from its parts.
fn file(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    let padded = format!("{header:<117}\n");
    bytes.extend((padded.len() as u16).to_le_bytes());
    bytes.extend(padded.as_bytes());
    bytes.extend(data);
    bytes
}

fn header(descr: &str, fortran: &str, shape: &str) -> String {
    format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}")
}

fn put(dir: &TempDir, bytes: &[u8]) -> PathBuf {
    let path = dir.path().join("W0.npy");
    std::fs::write(&path, bytes).unwrap();
    path
}

const VALUES: [f64; 6] = [1.0, -2.5, 3.25, 0.0, 1e3, -0.125]; // exact in both precisions

#[test]
fn both_types_both_orders_and_both_ends() {
    let dir = TempDir::new().unwrap();
    let c_order = Mat::from_fn(2, 3, |i, j| VALUES[3 * i + j]);
    let f_order = Mat::from_fn(2, 3, |i, j| VALUES[2 * j + i]);
    for (fortran, expected) in [("False", &c_order), ("True", &f_order)] {
        let cases: [(&str, Vec<u8>); 4] = [
            ("<f8", VALUES.iter().flat_map(|v| v.to_le_bytes()).collect()),
            (">f8", VALUES.iter().flat_map(|v| v.to_be_bytes()).collect()),
            ("<f4", VALUES.iter().flat_map(|&v| (v as f32).to_le_bytes()).collect()),
            (">f4", VALUES.iter().flat_map(|&v| (v as f32).to_be_bytes()).collect()),
        ];
        for (descr, data) in cases {
            let path = put(&dir, &file(&header(descr, fortran, "(2, 3)"), &data));
            let array = read_matrix(&path).unwrap();
            assert_eq!(&array.values, expected, "{descr} {fortran}");
            assert_eq!(array.single, descr.ends_with('4'));
        }
    }
}

#[test]
fn versions_two_and_three_are_read() {
    let dir = TempDir::new().unwrap();
    for version in [2, 3] {
        let text = format!("{}\n", header("<f8", "False", "(1, 1)"));
        let mut bytes = b"\x93NUMPY".to_vec();
        bytes.extend([version, 0]);
        bytes.extend((text.len() as u32).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes.extend(7.5_f64.to_le_bytes());
        assert_eq!(read_matrix(&put(&dir, &bytes)).unwrap().values[(0, 0)], 7.5);
    }
}

#[test]
fn what_is_written_is_read_back_bit_by_bit() {
    let dir = TempDir::new().unwrap();
    let m = Mat::from_fn(5, 4, |i, j| (0.1 + i as f64).sin() * 10_f64.powi(j as i32 * 50 - 100));
    let mut bytes = Vec::new();
    write_matrix(&mut bytes, m.as_ref()).unwrap();
    assert_eq!(read_matrix(&put(&dir, &bytes)).unwrap().values, m);
    let mut bytes = Vec::new();
    write(&mut bytes, &[3], [1.0, 2.0, 3.0]).unwrap();
    assert_eq!(read_vector(&put(&dir, &bytes)).unwrap(), [1.0, 2.0, 3.0]);
    // The layout is NumPy's own: data begin at a multiple of 64 bytes.
    assert_eq!((bytes.len() - 24) % 64, 0);
}

#[test]
fn the_writer_refuses_what_is_not_finite_and_shapes_that_do_not_fit() {
    assert!(write(&mut Vec::new(), &[2], [1.0, f64::NAN]).is_err());
    assert!(write(&mut Vec::new(), &[1], [f64::INFINITY]).is_err());
    assert!(write(&mut Vec::new(), &[3], [1.0, 2.0]).is_err());
    assert!(write(&mut Vec::new(), &[1], [1.0, 2.0]).is_err());
}

/// Refused, in one line that names the file and holds the given words.
fn refused(bytes: &[u8], words: &[&str]) {
    let dir = TempDir::new().unwrap();
    let message = read_matrix(&put(&dir, bytes)).expect_err("the file was read").to_string();
    assert!(!message.contains('\n') && message.contains("W0.npy"), "{message}");
    for word in words {
        assert!(message.contains(word), "{message:?} lacks {word:?}");
    }
}

#[test]
fn other_types_are_refused_by_name() {
    for (descr, name) in [
        ("<i8", "int64"),
        ("|u1", "uint8"),
        ("<c16", "complex128"),
        ("<f2", "float16"),
        ("|b1", "bool"),
        (">i4", "big-endian int32"),
        ("|V2", "bfloat16"),
        ("<f16", "float128"),
        ("|O", "object"),
        ("<U3", "text"),
        ("", "''"),
        ("é", "é"),
    ] {
        refused(&file(&header(descr, "False", "(1, 1)"), &[0; 8]), &[name, "float64 or float32"]);
    }
    refused(
        &file("{'descr': [('x', '<f8')], 'fortran_order': False, 'shape': (1, 1), }", &[0; 8]),
        &["structured", "float64"],
    );
}

#[test]
fn other_ranks_are_refused_with_their_shape() {
    refused(&file(&header("<f8", "False", "(3,)"), &[0; 24]), &["(3,)", "rank 2"]);
    refused(&file(&header("<f8", "False", "(1, 1, 3)"), &[0; 24]), &["(1, 1, 3)", "rank 2"]);
    refused(&file(&header("<f8", "False", "()"), &[0; 8]), &["()", "rank 2"]);
    refused(&file(&header("<f8", "False", "(0, 4)"), &[]), &["(0, 4)", "empty"]);
    let dir = TempDir::new().unwrap();
    assert!(
        read_vector(&put(&dir, &file(&header("<f8", "False", "(1, 3)"), &[0; 24])))
            .unwrap_err()
            .to_string()
            .contains("rank 1")
    );
}

#[test]
fn a_length_that_does_not_match_the_header_is_refused() {
    let h = header("<f8", "False", "(2, 3)");
    refused(&file(&h, &[0; 47]), &["48 bytes", "47", "truncated"]);
    refused(&file(&h, &[]), &["truncated"]);
    refused(&file(&h, &[0; 50]), &["2 bytes do not belong"]);
    // Terabytes, and more than any integer, are refused before anything of that size is allocated.
    refused(&file(&header("<f8", "False", "(1000000, 1000000)"), &[0; 8]), &["truncated"]);
    refused(
        &file(&header("<f8", "False", "(9999999999, 9999999999, 9999999999)"), &[0; 8]),
        &["float64, which is larger than any file: its header is damaged"],
    );
    refused(
        &file(&header("<f8", "False", "(99999999999999999999999, 1)"), &[0; 8]),
        &["axis longer than any file"],
    );
    refused(&file(&header("<f8", "False", "(-1, 1)"), &[0; 8]), &["shape"]);
}

#[test]
fn damaged_headers_are_refused() {
    refused(b"", &["empty"]);
    refused(b"\x93NUM", &["too short"]);
    refused(b"PK\x03\x04 not an npy file", &["archive"]);
    refused(b"\x89NUMPY\x01\x00", &["begin"]);
    refused(b"\x93NUMPY\x09\x00aaaaaaaaa", &["version"]);
    refused(b"\x93NUMPY\x02\x00\xff\xff\xff\xffaa", &["4294967295"]);
    refused(b"\x93NUMPY\x01\x00\x76\x00{'descr'", &["too short"]);
    for text in [
        "",
        "{",
        "{}",
        "[1]",
        "{'descr': '<f8'}",
        "{'shape': (1, 1)",
        "{'descr': '<f8', 'fortran_order': 1, 'shape': (1, 1)}",
        "{'descr: <f8",
        "(((((((((((((((((((((((((",
    ] {
        refused(&file(text, &[0; 8]), &[]);
    }
    let whole = file(&header("<f8", "False", "(1, 1)"), &1.0_f64.to_le_bytes());
    for length in 0..whole.len() {
        refused(&whole[..length], &[]);
    }
}

#[test]
fn what_is_not_finite_is_refused_with_its_place() {
    for (value, name) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf"), (f64::NEG_INFINITY, "-inf")] {
        for (fortran, place) in [("False", "row 1, column 1"), ("True", "row 0, column 2")] {
            let mut values = VALUES;
            values[4] = value;
            let data: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            refused(&file(&header("<f8", fortran, "(2, 3)"), &data), &[name, place, "finite"]);
        }
    }
}

#[test]
fn missing_files_and_folders_are_refused() {
    let dir = TempDir::new().unwrap();
    let missing = read_matrix(&dir.path().join("none.npy")).unwrap_err().to_string();
    assert!(missing.contains("none.npy cannot be read: no such file"), "{missing}");
    assert!(read_matrix(dir.path()).unwrap_err().to_string().contains("not a regular file"));
}

/// Every spelling that NumPy 2.4 takes for these types, as `numpy.dtype(spelling)` shows.
#[test]
fn all_spellings_of_a_type_are_read() {
    let dir = TempDir::new().unwrap();
    let read = |descr: &str, data: &[u8]| {
        read_matrix(&put(&dir, &file(&header(descr, "False", "(1, 2)"), data))).map(|a| (a.single, a.values))
    };
    let expected = Mat::from_fn(1, 2, |_, j| VALUES[j + 1]);
    let double: Vec<u8> = VALUES[1..3].iter().flat_map(|v| v.to_ne_bytes()).collect();
    let single: Vec<u8> = VALUES[1..3].iter().flat_map(|&v| (v as f32).to_ne_bytes()).collect();
    for descr in ["f8", "=f8", "|f8", "d", "=d", "|d", "float64", "float", "double", "()f8"] {
        assert_eq!(read(descr, &double).unwrap(), (false, expected.clone()), "{descr}");
    }
    for descr in ["f4", "=f4", "|f4", "f", "=f", "|f", "float32", "single"] {
        assert_eq!(read(descr, &single).unwrap(), (true, expected.clone()), "{descr}");
    }
    let swapped: Vec<u8> = VALUES[1..3].iter().flat_map(|v| v.to_be_bytes()).collect();
    assert_eq!(read(">d", &swapped).unwrap(), (false, expected));
    for descr in ["<float64", "f7", "1f8", "F8", "<", "double "] {
        assert!(read(descr, &double).is_err(), "{descr}");
    }
}

#[test]
fn headers_of_python_2_are_read() {
    let dir = TempDir::new().unwrap();
    let text = "{'descr': u'<f8', 'fortran_order': False, 'shape': (1L, 2L), }";
    let data: Vec<u8> = VALUES[..2].iter().flat_map(|v| v.to_le_bytes()).collect();
    assert_eq!(read_matrix(&put(&dir, &file(text, &data))).unwrap().values[(0, 1)], VALUES[1]);
    // Not where it cannot have been Python 2.
    let mut bytes = b"\x93NUMPY\x03\x00".to_vec();
    bytes.extend((text.len() as u32).to_le_bytes());
    bytes.extend([text.as_bytes(), &data].concat());
    refused(&bytes, &["tuple of whole numbers"]);
}

#[test]
fn labels_may_be_whole_numbers_where_float64_is_exact() {
    let dir = TempDir::new().unwrap();
    let read = |descr: &str, data: &[u8], n: usize| {
        read_vector(&put(&dir, &file(&header(descr, "False", &format!("({n},)")), data)))
    };
    assert_eq!(
        read("<i8", &[1_i64.to_le_bytes(), (-1_i64).to_le_bytes()].concat(), 2).unwrap(),
        [1.0, -1.0]
    );
    assert_eq!(read(">i4", &(-70_000_i32).to_be_bytes(), 1).unwrap(), [-70_000.0]);
    assert_eq!(read("<u2", &65_535_u16.to_le_bytes(), 1).unwrap(), [65_535.0]);
    assert_eq!(read("|i1", &[255, 1], 2).unwrap(), [-1.0, 1.0]);
    assert_eq!(read("|b1", &[0, 1, 1], 3).unwrap(), [0.0, 1.0, 1.0]);
    let most = (1_i64 << 53) - 1;
    assert_eq!(read("<i8", &most.to_le_bytes(), 1).unwrap(), [most as f64]);
    for beyond in [1_i64 << 53, -(1 << 53) - 1, i64::MIN] {
        let message = read("<i8", &beyond.to_le_bytes(), 1).unwrap_err().to_string();
        assert!(message.contains("position 0") && message.contains("below 2^53"), "{message}");
    }
    let message = read("<c16", &[0; 16], 1).unwrap_err().to_string();
    assert!(message.contains("complex128") && message.contains("whole numbers"), "{message}");
}

#[test]
fn one_array_of_an_archive_is_named() {
    let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cli/cases"));
    let whole = read_matrix(&folder.join("base.npy")).unwrap().values;
    assert_eq!(read_matrix(&folder.join("W0.npz:W0")).unwrap().values, whole);
    let message = |name: &str| read_matrix(&folder.join(name)).unwrap_err().to_string();
    assert!(
        message("W0.npz:w0").contains("holds W0, and 'w0' is not among them"),
        "{}",
        message("W0.npz:w0")
    );
    assert!(message("W0.npz").contains("is an .npz archive of W0: name the array, as in "));
    assert!(message("none.npz:W0").contains("none.npz cannot be read"), "{}", message("none.npz:W0"));
}

#[test]
fn small_texts_are_read() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("a.csv");
    let read = |text: &str| {
        std::fs::write(&path, text).unwrap();
        read_matrix(&path).map(|a| a.values).map_err(|e| e.to_string())
    };
    let expected = Mat::from_fn(2, 3, |i, j| VALUES[3 * i + j]);
    for text in [
        "1,-2.5,3.25\n0,1e3,-.125\n",
        "1 -2.5\t3.25\r\n\r\n 0 1E3 -0.125",
        "# a remark\nx1;x2;x3\n1;-2.5; 3.25\n0;1000;-0.125 # the last\n",
        "\u{feff}a, b, c\n+1, -2.5, 3.25\n0, 1000.0, -125e-3\n",
    ] {
        assert_eq!(read(text).unwrap(), expected, "{text:?}");
    }
    for (text, words) in [
        ("1,2\n3\n", "line 2: it has 1 numbers, but the first row has 2"),
        ("1,2\n3,x\n", "line 2: field 2 is 'x', which is not a number"),
        ("1,5;2,5\n", "commas and semicolons"),
        ("a,b\n", "holds no number"),
        ("1,nan\n", "holds NaN at row 0, column 1"),
    ] {
        let message = read(text).unwrap_err();
        assert!(message.contains(words) && message.contains("a.csv"), "{message}");
    }
    std::fs::write(&path, "1\n-1\n").unwrap();
    assert_eq!(read_vector(&path).unwrap(), [1.0, -1.0]);
}

#[test]
fn other_formats_are_named() {
    for (bytes, words) in
        [(&b"\x1f\x8b\x08rest"[..], "gzip"), (b"\x89HDF\r\n", "HDF5"), (b"\x80\x04\x95", "pickle")]
    {
        refused(bytes, &[words, "np.save"]);
    }
}
