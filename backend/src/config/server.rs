//! What the server needs.

use super::Reader;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// What the server needs.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// `PORTBOOK_LISTEN`: where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// `PORTBOOK_WEB_ROOT`: the folder with the built pages; none means the API alone.
    pub web_root: Option<PathBuf>,
    /// `PORTBOOK_PUBLIC_BOARD`: whether the board can be read without a token.
    pub public_board: bool,
}

impl ServerConfig {
    /// Reads the concern; mistakes stay with the reader.
    pub fn read(reader: &Reader<'_>) -> Self {
        let web_root = reader.parsed("PORTBOOK_WEB_ROOT", |text| {
            let root = PathBuf::from(text);
            if root.join("index.html").is_file() {
                Ok(root)
            } else {
                Err(format!("expected a folder with an index.html, and {text} is not one"))
            }
        });
        let public_board = reader.parsed("PORTBOOK_PUBLIC_BOARD", |text| match text {
            "true" => Ok(true),
            "false" => Ok(false),
            other => Err(format!("expected `true` or `false`, got {other:?}")),
        });
        Self { listen: listen_address(reader), web_root, public_board: public_board.unwrap_or(true) }
    }
}

/// Where the server listens; the health check asks there.
pub fn listen_address(reader: &Reader<'_>) -> SocketAddr {
    let address = reader.parsed("PORTBOOK_LISTEN", |text| {
        text.parse::<SocketAddr>()
            .map_err(|_| format!("expected <IP address>:<port> such as 0.0.0.0:8080, got {text:?}"))
    });
    address.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)))
}
