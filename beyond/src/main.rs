//! The chat of lab 5 on an existing engine, [rust-libp2p](https://libp2p.io).
//!
//! What lab 5 does with a broadcast and a full mesh, this does with four protocols that work on
//! the internet. **identify**: two peers that are connected tell each other their addresses.
//! **Kademlia**: a table of peers, spread over all of them; one address to begin with, and a peer
//! finds the others. **gossipsub**: a message goes to a few neighbours, who pass it on. **relay**
//! and **dcutr**: a peer behind a router that lets no caller in (NAT) is called through another
//! peer, until both have punched a hole. Each connection is encrypted, and a peer's id is its key,
//! so nobody can pass for another peer.
//!
//! It is asynchronous, because the engine is: one task, and an event of the swarm or a typed line
//! at a time. The labs show what is underneath.

use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use libp2p::core::multiaddr::Protocol;
use libp2p::futures::StreamExt;
use libp2p::gossipsub::{self, IdentTopic, MessageAuthenticity};
use libp2p::identity::Keypair;
use libp2p::kad::{self, store::MemoryStore};
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{NetworkBehaviour, Swarm, SwarmEvent};
use libp2p::{Multiaddr, PeerId, SwarmBuilder, dcutr, identify, noise, relay, tcp, yamux};
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin, stdin};

/// The protocol by which peers of this program know each other.
const PROTOCOL: &str = "/p2p-course/1";

/// How often a peer looks in the table for peers that it does not know yet.
const LOOK: Duration = Duration::from_secs(5);

/// The longest message, in bytes, with its speaker's name.
const MAX_MESSAGE: usize = 4096;

/// Lab 5's chat on rust-libp2p.
#[derive(Parser)]
struct Arguments {
    /// Your name, as others see it.
    #[arg(long)]
    name: String,
    /// Where to be dialed: an address of this machine, and 0 for any free port.
    #[arg(long, default_value = "/ip4/127.0.0.1/tcp/0")]
    listen: Multiaddr,
    /// A peer to begin with, /ip4/ADDRESS/tcp/PORT/p2p/ID (repeatable).
    #[arg(long = "peer")]
    peers: Vec<Multiaddr>,
    /// A peer through which others can call us if no call is accepted here.
    #[arg(long)]
    relay: Option<Multiaddr>,
}

#[derive(NetworkBehaviour)]
struct Protocols {
    gossip: gossipsub::Behaviour,
    table: kad::Behaviour<MemoryStore>,
    identify: identify::Behaviour,
    /// Others may call through us, within the engine's limits.
    relay: relay::Behaviour,
    relay_client: relay::client::Behaviour,
    hole_punching: dcutr::Behaviour,
}

impl Protocols {
    fn new(key: &Keypair, relay_client: relay::client::Behaviour) -> Result<Self> {
        let me = key.public().to_peer_id();
        let gossip = gossipsub::ConfigBuilder::default()
            .max_transmit_size(MAX_MESSAGE)
            .build()
            .context("the limits of gossipsub")?;
        let signed = MessageAuthenticity::Signed(key.clone());
        let mut table = kad::Config::new(libp2p::StreamProtocol::new(PROTOCOL));
        table.set_periodic_bootstrap_interval(Some(LOOK));
        let mut table = kad::Behaviour::with_config(me, MemoryStore::new(me), table);
        // We answer questions of others, even if we cannot tell yet that they can reach us.
        table.set_mode(Some(kad::Mode::Server));
        Ok(Self {
            gossip: gossipsub::Behaviour::new(signed, gossip).map_err(anyhow::Error::msg)?,
            table,
            identify: identify::Behaviour::new(identify::Config::new(
                PROTOCOL.to_owned(),
                key.public(),
            )),
            relay: relay::Behaviour::new(me, relay::Config::default()),
            relay_client,
            hole_punching: dcutr::Behaviour::new(me),
        })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut swarm = SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(
            tcp::Config::default().nodelay(true),
            noise::Config::new,
            yamux::Config::default,
        )?
        .with_relay_client(noise::Config::new, yamux::Config::default)?
        .with_behaviour(|key, relay_client| {
            Protocols::new(key, relay_client).map_err(Into::into)
        })?
        .build();
    let room = IdentTopic::new("lab-5");
    swarm.behaviour_mut().gossip.subscribe(&room)?;
    swarm.listen_on(arguments.listen).context("cannot listen there")?;
    for peer in arguments.peers {
        swarm.dial(peer.clone()).with_context(|| format!("cannot dial {peer}"))?;
    }
    if let Some(relay) = arguments.relay {
        swarm.listen_on(relay.with(Protocol::P2pCircuit)).context("cannot be called there")?;
    }
    chat(&mut swarm, &room, &arguments.name, BufReader::new(stdin()).lines()).await
}

/// Takes what comes first, an event or a typed line, until the user leaves.
async fn chat(
    swarm: &mut Swarm<Protocols>,
    room: &IdentTopic,
    name: &str,
    mut typed: Lines<BufReader<Stdin>>,
) -> Result<()> {
    loop {
        tokio::select! {
            event = swarm.select_next_some() => on(swarm, event),
            line = typed.next_line() => match line?.as_deref() {
                None | Some("/quit") => return Ok(()), // The connections end with the program.
                Some("") => {}
                Some("/list") => {
                    let peers = swarm.behaviour().gossip.all_peers();
                    for (peer, _) in peers.filter(|(_, topics)| !topics.is_empty()) {
                        println!("  - {}", label(peer));
                    }
                }
                Some(text) => {
                    let message = format!("{name}\n{text}");
                    match swarm.behaviour_mut().gossip.publish(room.clone(), message) {
                        Ok(_) => println!("Sent"),
                        Err(error) => println!("❌ Not sent: {error}"),
                    }
                }
            },
        }
    }
}

/// Shows what happened, and dials peers that are new.
fn on(swarm: &mut Swarm<Protocols>, event: SwarmEvent<ProtocolsEvent>) {
    use ProtocolsEvent::{Gossip, Identify, Table};
    match event {
        SwarmEvent::NewListenAddr { address, .. } => {
            println!("🔗 {address}/p2p/{}", swarm.local_peer_id());
        }
        // It has told us where it can be dialed, so the table may keep it.
        SwarmEvent::Behaviour(Identify(identify::Event::Received {
            peer_id, info, ..
        })) => {
            for address in info.listen_addrs {
                swarm.behaviour_mut().table.add_address(&peer_id, address);
            }
        }
        // The table has learned of a peer from another one.
        SwarmEvent::Behaviour(Table(kad::Event::RoutingUpdated {
            peer,
            is_new_peer: true,
            ..
        })) => {
            let dial =
                DialOpts::peer_id(peer).condition(PeerCondition::DisconnectedAndNotDialing);
            let _ = swarm.dial(dial.build()); // Fails if there is a connection.
        }
        SwarmEvent::Behaviour(Gossip(gossipsub::Event::Subscribed { peer_id, .. })) => {
            println!("🔍 Discovered new peer: {}", label(&peer_id));
        }
        SwarmEvent::Behaviour(Gossip(gossipsub::Event::Message { message, .. })) => {
            let Some(speaker) = message.source else { return };
            let text = String::from_utf8_lossy(&message.data);
            let (name, text) = text.split_once('\n').unwrap_or(("?", &text));
            let (name, text) =
                (terminal::clean(name.as_bytes()), terminal::clean(text.as_bytes()));
            println!("💬 {name} ({}) says: {text}", label(&speaker));
        }
        SwarmEvent::ConnectionClosed { peer_id, num_established: 0, .. } => {
            println!("👋 {} left", label(&peer_id));
        }
        _ => {}
    }
}

/// A few digits of a peer's id, which is the hash of its key.
fn label(peer: &PeerId) -> String {
    let id = peer.to_base58();
    id[id.len() - 6..].to_owned()
}
