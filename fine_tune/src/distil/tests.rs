//! Distilling from files of vectors: recipes, bad files, and a base that is written whole.

use std::fs;
use std::path::Path;

use super::*;

const DIM: usize = 8;

/// A recipe's folder: 120 sentences of two topics, 40 pairs, and a teacher's vectors of all of them.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let words = |topic: usize| if topic == 0 { "parcel delivery" } else { "refund money" };
    let text: Vec<String> = (0..120).map(|at| format!("{} {at}", words(at % 2))).collect();
    let pairs: Vec<String> = (0..40).map(|at| format!("包裹 {at}\tparcel {at}")).collect();
    write(folder.path(), "lines.txt", (text.join("\n") + "\n").as_bytes());
    write(folder.path(), "pairs.tsv", pairs.join("\n").as_bytes());
    let row = |topic: usize| (0..DIM).map(move |place| if place == topic { 1.0 } else { 0.1 });
    let values: Vec<f32> = (0..120).map(|at| at % 2).chain([0; 80]).flat_map(row).collect();
    write(folder.path(), "rows.npy", &npy("<f4", [200, DIM], values.iter().flat_map(|value| value.to_le_bytes())));
    write(folder.path(), "recipe.toml", RECIPE.as_bytes());
    folder
}

const RECIPE: &str = "\
[[text]]
file = \"lines.txt\"
times = 2
[[parallel]]
file = \"pairs.tsv\"
[[teacher]]
vectors = \"rows.npy\"
[student]
vocabulary = 1000
width = 16
inner = 16
epochs = 4
batch_size = 32
learning_rate = 0.01
";

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    fs::write(folder.join(name), bytes).expect("written");
}

fn npy(kind: &str, [rows, dim]: [usize; 2], data: impl Iterator<Item = u8>) -> Vec<u8> {
    let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({rows}, {dim}), }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes().chain(data));
    bytes
}

fn run(folder: &Path) -> anyhow::Result<ExitCode> {
    let arguments = DistilArgs {
        recipe: folder.join("recipe.toml"),
        out: folder.join("base"),
        cache: None,
        fresh: false,
        low_priority: false,
        json: false,
    };
    run_distil(&arguments)
}

/// What is said where a file of the folder holds something else.
fn refused(name: &str, bytes: &[u8]) -> String {
    let folder = folder();
    write(folder.path(), name, bytes);
    let error = run(folder.path()).expect_err("refused");
    assert!(!folder.path().join("base").exists());
    format!("{error:#}")
}

#[test]
fn a_base_of_each_architecture_is_written_with_its_recipe_and_tells_topics_apart() {
    for sizes in ["", "architecture = \"convolution\"\nfilters = 4", "architecture = \"transformer\"\nheads = 2"] {
        check(&format!("{RECIPE}{sizes}"));
    }
}

fn check(recipe: &str) {
    let folder = folder();
    write(folder.path(), "recipe.toml", recipe.as_bytes());
    run(folder.path()).expect("a base");
    let base = folder.path().join("base");
    let encoder = SentenceEncoder::open(&base).expect("opened");
    let vectors = encoder.encode(&["parcel 7", "delivery 3", "refund 7"]);
    let cosine = |a: usize, b: usize| -> f32 {
        let vector = |at: usize| &vectors[at * 16..][..16];
        vector(a).iter().zip(vector(b)).map(|(a, b)| a * b).sum()
    };
    assert!(cosine(0, 1) > cosine(0, 2) + 0.2, "{recipe} {} {}", cosine(0, 1), cosine(0, 2));
    let again = Recipe::read(&base.join("recipe.toml")).expect("a recipe").student;
    assert_eq!(again, toml::from_str::<Recipe>(recipe).expect("a recipe").student);
    assert!(!folder.path().join("base.partial").exists());
    assert!(run(folder.path()).expect_err("refused").to_string().contains("exists already"));
}

#[test]
fn two_runs_do_not_write_the_same_files() {
    let folder = folder();
    let other = Held::new(&folder.path().join("base.partial")).expect("nobody else");
    let error = run(folder.path()).expect_err("refused").to_string();
    assert!(error.contains("base.partial is in use by another run"), "{error}");
    drop(other);
    run(folder.path()).expect("a base");
}

#[test]
fn what_is_wrong_with_a_recipe_is_said() {
    for (recipe, said) in [
        ("", "missing field `teacher`"),
        ("teacher = []", "names no text"),
        ("teacher = []\n[[text]]\nfile = \"lines.txt\"", "names no teacher"),
        ("[[text]]\nfile = \"lines.txt\"\n[[teacher]]\nlanguage = \"zh\"", "teacher 1 needs either folder or vectors"),
        (&RECIPE.replace("width = 16", "width = 5"), "student.width must be 8 to 4096"),
        (&RECIPE.replace("width", "wide"), "unknown field `wide`"),
        (&format!("{RECIPE}architecture = \"deep\""), "unknown variant `deep`"),
        (
            &format!("{RECIPE}filters = 8"),
            "student.filters belongs to the architecture \"convolution\", not to \"averaged\"",
        ),
        (&format!("{RECIPE}architecture = \"convolution\"\npairs = 8"), "student.pairs belongs to"),
        (&format!("{RECIPE}architecture = \"convolution\"\nfilters = 0"), "student.filters must be 1 to 1024"),
        (&format!("{RECIPE}architecture = \"convolution\"\nheads = 2"), "student.heads belongs to"),
        (&format!("{RECIPE}architecture = \"transformer\"\nheads = 3"), "student.heads must be a divisor"),
        (
            &format!("{RECIPE}architecture = \"transformer\"\nheads = 2\nlayers = 0"),
            "student.layers must be 0 to 8, of a",
        ),
        (&RECIPE.replace("lines.txt", "other.txt"), "cannot read"),
        (&RECIPE.replace("times = 2", "sha256 = \"00\""), "is not the file that the recipe names"),
        (&RECIPE.replace("vectors = \"rows.npy\"", "folder = \"none\""), "cannot read"),
        (&RECIPE.replace("rows.npy", "lines.txt"), "a file of vectors is called .npy or .safetensors"),
    ] {
        let error = refused("recipe.toml", recipe.as_bytes());
        assert!(error.contains(said), "{said}: {error}");
    }
}

#[test]
fn texts_that_cannot_be_read_are_named_with_their_line() {
    assert!(refused("lines.txt", b"one\ntwo\nthr\xffee\n").contains("lines.txt, line 3: is not UTF-8"));
    assert!(refused("pairs.tsv", b"a\tb\nno tab\n").contains("pairs.tsv, line 2: needs two sentences"));
    assert!(refused("lines.txt", b"").contains("200 rows for 80 lines"));
}

#[test]
fn files_of_vectors_that_do_not_fit_are_refused() {
    let zeros = |n: usize| std::iter::repeat_n(0, n);
    for (bytes, said) in [
        (npy("<f4", [7, DIM], zeros(7 * DIM * 4)), "7 rows for 200 lines"),
        (npy("<f8", [200, DIM], zeros(200 * DIM * 8)), "holds <f8; save it as float16 or float32"),
        (npy("<f4", [200, DIM], zeros(9)), "with 2 numbers"),
        (npy("<f2", [200, DIM], std::iter::repeat_n([0x00, 0x7c], 200 * DIM).flatten()), "row 1: holds values that"),
        (b"\x93NUMPY\x01".to_vec(), "is cut short"),
        (Vec::new(), "is no .npy file"),
    ] {
        let error = refused("rows.npy", &bytes);
        assert!(error.contains(said), "{said}: {error}");
    }
}

#[test]
fn a_single_tensor_of_a_safetensors_file_is_a_file_of_vectors_too() {
    let folder = folder();
    let rows: Vec<u8> = (0..200 * DIM).flat_map(|at| ((at % 13) as f32).to_le_bytes()).collect();
    let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![200, DIM], &rows).expect("a tensor");
    let bytes = safetensors::serialize([("rows", view)], None).expect("a file");
    write(folder.path(), "rows.safetensors", &bytes);
    write(folder.path(), "recipe.toml", RECIPE.replace(".npy", ".safetensors").as_bytes());
    run(folder.path()).expect("a base");
}
