//! Notes: the argument of `onMessage`. A note is written by the server, once for many clients, and
//! read by the client; and again from a history file.

use std::sync::Arc;

use capnweb::{Cap, Stub, Value, Written};

use super::request::{MAX_LINES, MAX_MESSAGE};
use super::value::{Exported, Shared, number, spoken, stub, text, whole};

/// The longest text of a note, in bytes: a message, and what emoji make of it.
const LONGEST: usize = 4 * MAX_MESSAGE;

/// A note. `F` is the form in which a side holds a file: the server the shared object, the client
/// an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note<F = Arc<Shared>> {
    pub username: String,
    pub text: String,
    pub kind: Kind<F>,
}

/// The kind of a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind<F = Arc<Shared>> {
    /// A user has said it to everybody in the room.
    Chat,
    /// The chat itself says it.
    System,
    /// A user has said it to one user.
    Private { to: String },
    /// A user offers a file to everybody in the room. The name is clean, but not checked: see
    /// [`FileName`](crate::name::FileName). The content is what can be asked for the bytes; none
    /// in a history, or if the file is gone.
    File { name: String, size: u64, content: Option<F> },
}

impl<F> Kind<F> {
    /// The word on the wire.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::System => "system",
            Self::Private { .. } => "private",
            Self::File { .. } => "file",
        }
    }
}

impl Note {
    /// Something that the chat itself says.
    pub(crate) fn system(text: String) -> Self {
        Self { username: "System".into(), text, kind: Kind::System }
    }

    /// The value that travels; with the file itself, or only its name.
    pub(crate) fn write(&self, with_content: bool) -> Value<Cap<Exported>> {
        let mut entries = vec![
            ("username".to_owned(), self.username.as_str().into()),
            ("text".to_owned(), self.text.as_str().into()),
            ("type".to_owned(), self.kind.word().into()),
        ];
        match &self.kind {
            Kind::Chat | Kind::System => {}
            Kind::Private { to } => entries.push(("to".to_owned(), to.as_str().into())),
            Kind::File { name, size, content } => {
                let mut file = vec![
                    ("name".to_owned(), name.as_str().into()),
                    ("size".to_owned(), number(*size)),
                ];
                if let Some(shared) = content.as_ref().filter(|_| with_content) {
                    let content = Value::Cap(Cap::Target(Exported::File(Arc::clone(shared))));
                    file.push(("content".to_owned(), content));
                }
                entries.push(("file".to_owned(), Value::Object(file)));
            }
        }
        Value::Object(entries)
    }
}

impl<F> Note<F> {
    /// Reads a note, which any server may have written: its texts are cleaned, and what is too
    /// long is refused. `take` gets the stub of a file. `None` if it is no note.
    pub(crate) fn read<T>(
        value: &Value<Cap<T>>,
        take: impl FnOnce(Stub) -> Option<F>,
    ) -> Option<Self> {
        let fits = |text: &String| text.len() <= LONGEST && text.lines().count() <= MAX_LINES;
        let field = |name| value.get(name).and_then(text).filter(fits);
        let word = value.get("type")?.as_str()?;
        let username = field("username")?;
        // Only a user's text may have several lines.
        let said = match word {
            "chat" | "private" => value.get("text")?.as_str().map(spoken).filter(fits)?,
            _ => field("text")?,
        };
        let kind = match word {
            "chat" => Kind::Chat,
            "system" => Kind::System,
            "private" => Kind::Private { to: field("to")? },
            "file" => {
                let file = value.get("file")?;
                let name = file.get("name").and_then(text).filter(|it| it.len() <= LONGEST)?;
                let size = file.get("size").and_then(whole)?;
                let content = file.get("content").and_then(stub).and_then(take);
                Kind::File { name, size, content }
            }
            _ => return None,
        };
        Some(Self { username, text: said, kind })
    }
}

/// A note on its way to many. It is the same text for all of them, so it is written once; but not
/// if there is a file in it, which each client gets as a capability of its own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Notice {
    pub note: Arc<Note>,
    /// The note as the arguments of `onMessage`.
    pub written: Option<Written>,
}

impl Notice {
    pub(crate) fn new(note: Arc<Note>) -> Self {
        let written = Written::new(vec![note.write(true)]).ok();
        Self { note, written }
    }
}
