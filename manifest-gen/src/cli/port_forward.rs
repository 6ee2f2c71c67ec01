use std::io;
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use orch_manifest::Port;

use super::engine::{Started, StartedArgs};
use super::failure::Failure;
use crate::exit::Exit;
use crate::output::Output;

/// How long a connection to a container may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Reach a port of a container through one of this machine, until Ctrl-C
///
/// For a port that is not published: connections to 127.0.0.1 are handed on to the container's address. Of a swarm, those
/// of this node's containers are reached that are not in internal networks alone.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The service
    #[arg(value_name = "ID")]
    service: String,
    /// The port of the container, with one of this machine before it or without; 0 for any that is free
    #[arg(value_name = "[LOCAL:]PORT")]
    ports: Ports,
    #[command(flatten)]
    started: StartedArgs,
}

#[derive(Clone, Copy)]
struct Ports {
    local: u16,
    target: Port,
}

impl std::str::FromStr for Ports {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "write a port from 1 to 65535, or two with `:` between, as in `8080:80`".to_owned();
        let (local, target) = text.split_once(':').unwrap_or((text, text));
        let target: u16 = target.parse().map_err(|_| wrong())?;
        Ok(Self { local: local.parse().map_err(|_| wrong())?, target: Port::new(target.into()).map_err(|_| wrong())? })
    }
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let started = args.started.require()?;
    started.known(std::slice::from_ref(&args.service))?;
    if let Some(command) = started.engine.forward(&args.service, args.ports.local, args.ports.target.get()) {
        return Ok(Exit::of(command.attached(&started.interrupt)?));
    }
    let target = reached(&started, &args.service, args.ports.target)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.ports.local)).map_err(|error| {
        Failure::io("listen on", &format!("127.0.0.1:{}", args.ports.local), &error)
            .help(format!("take another port: `{0}:{1}`, or `0:{1}` for any", args.ports.local, args.ports.target))
    })?;
    listener.set_nonblocking(true)?;
    let local = listener.local_addr()?;
    output.data(&format!("{local} leads to {} of `{}`; Ctrl-C ends it\n", args.ports.target, args.service))?;
    while !started.interrupt.is_raised() {
        match listener.accept() {
            Ok((client, _)) => hand_on(client, target)?,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(Duration::from_millis(20)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Exit::Interrupted)
}

/// The address at which this machine reaches a container's port.
fn reached(started: &Started, service: &str, port: Port) -> Result<SocketAddr, Failure> {
    let containers = started.engine.containers(&started.interrupt)?;
    let container = containers.iter().find(|one| one.service == service).ok_or_else(|| {
        Failure::new(Exit::Findings, format!("`{service}` does not run")).help("`cargo orch up` starts it")
    })?;
    let published = container.ports.iter().filter(|live| live.target == port.get() && live.protocol == "tcp");
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let published = published.map(|live| SocketAddr::new(live.address.unwrap_or(loopback), live.port));
    let own = started.engine.addresses(container, &started.interrupt)?;
    let own = own.into_iter().map(|address| SocketAddr::new(address, port.get()));
    let mut addresses = published.chain(own);
    addresses.find(|address| TcpStream::connect_timeout(address, PATIENCE).is_ok()).ok_or_else(|| {
        let publish = match started.engine.publish(service, port.get()) {
            Some(command) => {
                format!(", since the service is in internal networks alone or on another node, `{command}` publishes the port until the next deployment")
            }
            None => ", `cargo orch up --expose-internals` publishes the port".to_owned(),
        };
        Failure::new(Exit::Findings, format!("nobody answers on port {port} of `{service}`"))
            .help(format!("see whether it listens there; where this machine does not reach containers{publish}"))
    })
}

/// Copies both ways until both are done.
fn hand_on(client: TcpStream, target: SocketAddr) -> io::Result<()> {
    client.set_nonblocking(false)?;
    // A container that is started again comes back; until then its clients are turned away.
    let Ok(server) = TcpStream::connect_timeout(&target, PATIENCE) else { return Ok(()) };
    for (mut from, mut to) in [(client.try_clone()?, server.try_clone()?), (server, client)] {
        std::thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    }
    Ok(())
}
