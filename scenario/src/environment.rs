//! The environment variables by which the grader, or a user, tells a test how it is judged.

/// The words that start the program under test, instead of the lab's own program.
pub const LAB_PROGRAM: &str = "LAB_PROGRAM";

/// The seconds that a program may take for what a test waits for.
pub const LAB_WAIT: &str = "LAB_WAIT";

/// Set where the grader runs a test. The lab's programs then stay in the group of their test, which
/// ends as a whole.
pub const LAB_JUDGED: &str = "LAB_JUDGED";

/// `always` draws the picture of every story, also if its test passes.
pub const LAB_PICTURE: &str = "LAB_PICTURE";

/// The file into which the picture of the first story is drawn, as SVG.
pub const LAB_SVG: &str = "LAB_SVG";

/// Set where a test has a network of its own.
pub const LAB_IN_NAMESPACES: &str = "LAB_IN_NAMESPACES";
