//! What is a name, and what only looks like one.

use super::*;

fn user(text: &str) -> Result<String, String> {
    Name::read(text).map(|name| name.to_string())
}

fn room(text: &str) -> Result<String, String> {
    RoomName::read(text).map(|name| name.to_string())
}

#[test]
fn people_are_called_what_they_like() {
    for name in ["Alice", "Al Ice", "Zoë", "李雷", "آلیس", "O'Neil-2", "👩‍💻", "❤️", "a.b_c@d"]
    {
        assert_eq!(user(name).as_deref(), Ok(name));
    }
    assert_eq!(user("\t Alice\u{3000}\n").as_deref(), Ok("Alice"));
}

#[test]
fn a_name_has_something_to_see_and_an_end() {
    let unseen = Err("a name needs a character that can be seen".to_owned());
    for name in ["", " ", "\u{200D}", "\u{FE0F} \u{200D}", "\n"] {
        assert_eq!(user(name), unseen, "{name:?}");
    }
    assert!(user(&"ä".repeat(MAX_NAME)).is_ok());
    let why = "a name has at most 32 characters, this one 33";
    assert_eq!(user(&"ä".repeat(MAX_NAME + 1)), Err(why.to_owned()));
}

#[test]
fn no_character_acts_hides_or_pretends() {
    for bad in "\n\0\x1b\u{7f}\u{9b}\u{202e}\u{2028}\u{200b}\u{feff}\u{ad}\u{3164}\u{2800}\
                \u{e0041}\u{fe0e}\u{e000}\u{a0}\u{2003}\u{3000}[],:#*/\u{ff1a}\u{ff03}\u{fe55}\u{fe5f}\u{2236}\u{a789}\u{fffd}"
        .chars()
    {
        let why = format!("a name cannot contain {bad:?}");
        assert_eq!(user(&format!("Al{bad}ice")), Err(why.clone()));
        assert_eq!(room(&format!("ru{bad}st")), Err(why));
    }
}

#[test]
fn the_chat_has_names_of_its_own() {
    for name in ["System", "system", " SYSTEM ", "Sys\u{200D}tem"] {
        assert_eq!(user(name), Err("System is not a name for a user".to_owned()), "{name:?}");
    }
    assert_eq!(user("you"), Err("You is not a name for a user".to_owned()));
    assert!(user("Systems").is_ok() && user("Young").is_ok());
}

#[test]
fn some_names_look_the_same() {
    let looks_like =
        |one, other| Name::read(one).unwrap().looks_like(&Name::read(other).unwrap());
    for (one, other, same) in [
        ("Alice", "Alice", true),
        ("Alice", "aLICE", true),
        ("Zoë", "ZOË", true),
        ("Al\u{200D}ice", "Alice", true),
        ("❤\u{FE0F}", "❤", true),
        ("Al Ice", "Al  Ice", true),
        ("Al Ice", "Al \u{200D} Ice", true),
        ("José", "Jose\u{301}", true),
        ("한글", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}", true),
        ("Al Ice", "AlIce", false),
        ("Alice", "Alic", false),
        ("Alic", "Alice", false),
        ("Alice", "Bob", false),
    ] {
        assert_eq!(looks_like(one, other), same, "{one:?} {other:?}");
        assert_eq!(looks_like(other, one), same, "{other:?} {one:?}");
    }
}

#[test]
fn a_room_is_one_word_in_small_letters_with_or_without_its_sign() {
    for (text, name) in [
        ("rust", "#rust"),
        ("#rust", "#rust"),
        (" #RUST ", "#rust"),
        ("Ärger", "#ärger"),
        ("LOBBY", &RoomName::lobby().to_string()),
        ("#Cafe\u{301}", "#café"),
        ("ΟΔΌΣ", "#οδός"),
    ] {
        assert_eq!(room(text).as_deref(), Ok(name));
        // What is written into the history file is read again.
        assert_eq!(room(name).as_deref(), Ok(name));
    }
    assert_eq!(room("two words"), Err("the name of a room is one word".to_owned()));
    assert_eq!(room("##rust"), Err("a name cannot contain '#'".to_owned()));
    for blank in ["", "#", " # "] {
        assert!(room(blank).is_err_and(|why| why.ends_with("that can be seen")), "{blank:?}");
    }
    // One that looks the same, and is another one.
    let why = r"the name of a room cannot contain '\u{200d}'";
    assert_eq!(room("ru\u{200D}st"), Err(why.to_owned()));
    // What counts is what is seen: composed letters, and small ones, which can be longer.
    assert!(room(&"e\u{301}".repeat(MAX_NAME)).is_ok());
    assert!(room(&"İ".repeat(MAX_NAME)).is_err());
}

#[test]
fn a_file_has_a_plain_name() {
    for name in
        ["cat.png", "a", "Zoë (1).txt", "-rf", "coma.txt", "COM10", "lpt", "null", "con1", "👩‍💻"]
    {
        assert_eq!(FileName::read(name).map(|name| name.to_string()), Ok(name.to_owned()));
    }
    let read = |name: &str| FileName::read(name).unwrap_err();
    for bad in "/\\:*?\"<>|\0\n\x7f\u{202e}\u{200b}".chars() {
        let why = format!("the name of a file cannot contain {bad:?}");
        assert_eq!(read(&format!("a{bad}b")), why);
    }
    let why = "a file's name cannot be empty, nor begin or end with a dot or a space";
    for name in ["", ".", "..", ".ssh", "a.", " a", "a "] {
        assert_eq!(read(name), why, "{name:?}");
    }
    for name in [
        "nul",
        "NUL.txt",
        "con.tar.gz",
        "Aux",
        "com1",
        "COM0.txt",
        "lpt³",
        "nul .txt",
        "conin$",
    ] {
        assert_eq!(read(name), format!("{name} names a device on Windows"));
    }
    assert!(FileName::read(&"a".repeat(MAX_FILE_NAME)).is_ok());
    let why = "the name of a file has at most 255 bytes";
    assert_eq!(read(&"a".repeat(MAX_FILE_NAME + 1)), why);
}
