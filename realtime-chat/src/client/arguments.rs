//! What is typed after the program's name:
//! `chat-client [--url URL] [--name NAME] [--token SECRET] [--downloads FOLDER]`.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Command, value_parser};

use crate::client::server_url::ServerUrl;
use crate::name::Name;
use crate::token::Token;

/// The arguments of a client.
pub(crate) struct Arguments {
    /// Where the server is.
    pub server: ServerUrl,
    /// The user's name; asked for if it is missing.
    pub name: Option<Name>,
    /// The secret, if the server was started with one.
    pub token: Option<Token>,
    /// Where files are saved.
    pub downloads: PathBuf,
}

impl Arguments {
    /// Reads the command line. On a mistake it says what was wrong and ends with status 2.
    pub(crate) fn read() -> Self {
        Self::of(&usage().get_matches())
    }

    fn of(matches: &ArgMatches) -> Self {
        const HAS_DEFAULT: &str = "there is a default";
        Self {
            server: matches.get_one::<ServerUrl>("url").expect(HAS_DEFAULT).clone(),
            name: matches.get_one("name").cloned(),
            token: matches.get_one("token").cloned(),
            downloads: matches.get_one::<PathBuf>("downloads").expect(HAS_DEFAULT).clone(),
        }
    }
}

fn usage() -> Command {
    let option = |name, value, help| Arg::new(name).long(name).value_name(value).help(help);
    Command::new("chat-client")
        .about("Talks with everybody in a chat room")
        .after_help(
            "Start chat-server first, in another terminal. /help in the chat lists what can be \
             typed.\nNothing is encrypted: whoever is between you and the server can read along.",
        )
        .args([
            option("url", "URL", "Where the chat server is")
                .value_parser(ServerUrl::read)
                .default_value("ws://127.0.0.1:8080/rpc/ws"),
            option("name", "NAME", "Who you are; without it you are asked")
                .value_parser(Name::read),
            option("token", "SECRET", "What a server that was started with a token wants to see")
                .value_parser(Token::read)
                .env("CHAT_TOKEN")
                .hide_env_values(true),
            option("downloads", "FOLDER", "Where /save puts files")
                .value_parser(value_parser!(PathBuf))
                .default_value("."),
        ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_has_a_default() {
        usage().debug_assert();
        let arguments = Arguments::of(&usage().get_matches_from(["chat-client"]));
        let default = arguments.server.uri.to_string();
        assert_eq!(default, "ws://127.0.0.1:8080/rpc/ws");
        assert!(usage().render_help().to_string().contains(&format!("[default: {default}]")));
        assert_eq!((arguments.name, arguments.downloads), (None, ".".into()));
    }

    #[test]
    fn a_name_that_is_none_is_a_mistake() {
        let words = ["chat-client", "--name", "A]lice"];
        let error = usage().try_get_matches_from(words).unwrap_err();
        assert!(error.to_string().contains("a name cannot contain ']'"), "{error}");
    }
}
