//! Notes: what clients are told by `onMessage`.

use capability_peers::message::{MAX_MESSAGE, clean};
use capnweb::{Cap, Stub, Value};

use super::{Exported, FileId, number, whole};

/// What clients are told by `onMessage`. `F` is what the reader has in hand for a file: on the
/// server its number, at a client a stub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note<F = FileId> {
    /// Who says it.
    pub username: String,
    /// What.
    pub text: String,
    /// What kind of note it is.
    pub kind: Kind<F>,
}

/// What kind of note it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind<F = FileId> {
    /// A user has said it to everybody in the room.
    Chat,
    /// The chat itself says it.
    System,
    /// A user has said it to one user.
    Private {
        /// To whom.
        to: String,
    },
    /// A user offers a file to everybody in the room.
    File {
        /// What it is called. Cleaned, but not checked: see [`FileName`](crate::name::FileName).
        name: String,
        /// How long it is, in bytes.
        size: u64,
        /// What to ask for its bytes; none if it cannot be had any more.
        content: Option<F>,
    },
}

impl<F> Kind<F> {
    /// The word on the wire.
    pub fn word(&self) -> &'static str {
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
    pub fn system(text: String) -> Self {
        Self { username: "System".into(), text, kind: Kind::System }
    }

    /// The value that travels; with the file itself, if there is one, or only its name.
    pub fn value(&self, with_content: bool) -> Value<Cap<Exported>> {
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
                if let Some(id) = content.filter(|_| with_content) {
                    let content = Value::Cap(Cap::Target(Exported::File(id)));
                    file.push(("content".to_owned(), content));
                }
                entries.push(("file".to_owned(), Value::Object(file)));
            }
        }
        Value::Object(entries)
    }
}

impl Note<Stub> {
    /// Reads what a server tells. It may be any server: what is in there is cleaned, and what is
    /// too long is refused. `None` if it is no note.
    pub fn read<T>(value: &Value<Cap<T>>) -> Option<Self> {
        let text = |name| value.get(name).and_then(Value::as_str).and_then(shown);
        let kind = match value.get("type").and_then(Value::as_str)? {
            "chat" => Kind::Chat,
            "system" => Kind::System,
            "private" => Kind::Private { to: text("to")? },
            "file" => {
                let file = value.get("file")?;
                Kind::File {
                    name: file.get("name").and_then(Value::as_str).and_then(shown)?,
                    size: file.get("size").and_then(whole)?,
                    content: match file.get("content") {
                        Some(Value::Cap(Cap::Stub(stub))) => Some(*stub),
                        _ => None,
                    },
                }
            }
            _ => return None,
        };
        Some(Self { username: text("username")?, text: text("text")?, kind })
    }
}

/// The text, fit for a terminal; emoji may have made it a little longer than it was sent.
fn shown(text: &str) -> Option<String> {
    (text.len() <= 4 * MAX_MESSAGE).then(|| clean(text.as_bytes()))
}
