//! Ports and how they are referred to.

use std::fmt;
use std::num::NonZeroU16;

use crate::json::ToJson;
use crate::{Invalid, PortName};

/// A TCP, UDP or SCTP port, 1 to 65535.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Port(NonZeroU16);

impl Port {
    /// The port with this number, which must be 1 to 65535.
    pub fn new(number: u64) -> Result<Self, Invalid> {
        u16::try_from(number)
            .ok()
            .and_then(NonZeroU16::new)
            .map(Self)
            .ok_or_else(|| Invalid::new(format!("`{number}` is not a port")).help("a port is 1 to 65535"))
    }

    /// The number.
    pub fn get(self) -> u16 {
        self.0.get()
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ToJson for Port {
    fn write_json(&self, out: &mut String) {
        self.get().write_json(out);
    }
}

choice! {
    /// The transport protocol of a port.
    pub enum Protocol : "a protocol" {
        /// Transmission Control Protocol.
        Tcp = "tcp",
        /// User Datagram Protocol.
        Udp = "udp",
        /// Stream Control Transmission Protocol.
        Sctp = "sctp",
    }
}

/// A port of a workload, by its number or by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(untagged, expecting = "expected a port number or a port name"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum PortRef {
    /// By its number.
    Number(Port),
    /// By its name.
    Name(PortName),
}

impl fmt::Display for PortRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(port) => port.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

impl ToJson for PortRef {
    fn write_json(&self, out: &mut String) {
        match self {
            Self::Number(port) => port.write_json(out),
            Self::Name(name) => name.write_json(out),
        }
    }
}
