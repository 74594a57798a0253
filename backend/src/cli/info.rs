//! `portbook version` and `portbook openapi`

use super::{Failure, pretty, print};
use crate::config::{BuildConfig, Reader};
use crate::http;

pub(super) fn version(reader: Reader<'_>, json: bool) -> Result<(), Failure> {
    let build = BuildConfig::read(&reader);
    reader.finish()?;
    let version = http::Version::new(&build, None);
    if json {
        return print(&pretty(&version)?);
    }
    let commit = build.commit.map_or_else(String::new, |commit| format!(" ({commit})"));
    print(&format!("portbook {}{commit}", env!("CARGO_PKG_VERSION")))
}

pub(super) fn openapi() -> Result<(), Failure> {
    print(&pretty(&http::document())?)
}
