//! Whether somebody listens on a port.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use orch_manifest::{Port, Protocol};

/// How long a connection on this machine may take.
const PATIENCE: Duration = Duration::from_millis(500);

/// Whether a port of this machine cannot be had.
pub fn is_taken(address: IpAddr, protocol: Protocol, port: Port) -> bool {
    let address = SocketAddr::new(address, port.get());
    let bound = match protocol {
        Protocol::Tcp => TcpListener::bind(address).map(drop),
        Protocol::Udp => UdpSocket::bind(address).map(drop),
        // The standard library has no socket to ask with.
        Protocol::Sctp => return false,
    };
    match bound {
        Ok(()) => false,
        // The engine may have the right to it that we lack; who answers has it already.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => answers(address),
        Err(_) => true,
    }
}

/// Whether somebody takes a connection.
pub fn answers(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, PATIENCE).is_ok()
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, TcpListener, UdpSocket};

    use orch_manifest::{Port, Protocol};

    use super::is_taken;

    const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const EVERYWHERE: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

    #[test]
    fn who_listens_on_tcp_has_it_on_every_address_that_is_his() {
        for (held, wanted) in [(LOOPBACK, LOOPBACK), (EVERYWHERE, LOOPBACK), (LOOPBACK, EVERYWHERE)] {
            let listener = TcpListener::bind((held, 0)).unwrap();
            let port = Port::new(listener.local_addr().unwrap().port().into()).unwrap();
            assert!(is_taken(wanted, Protocol::Tcp, port), "{held} {wanted}");
            assert!(!is_taken(wanted, Protocol::Udp, port), "{held} {wanted}");
            drop(listener);
            assert!(!is_taken(wanted, Protocol::Tcp, port), "{held} {wanted}");
        }
    }

    #[test]
    fn who_listens_on_udp_has_that() {
        let socket = UdpSocket::bind((LOOPBACK, 0)).unwrap();
        let port = Port::new(socket.local_addr().unwrap().port().into()).unwrap();
        assert!(is_taken(LOOPBACK, Protocol::Udp, port));
    }
}
